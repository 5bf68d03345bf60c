"""Uploads are bounded for all visitors together: Streamlit keeps each in memory until its window is closed.

How large one may be is Streamlit's own setting, server.maxUploadSize; the room for all of them, and for what the
runtime's store holds for visitors, is ATTNVIZ_HELD_MB. The store gives way to uploads; one window may upload a quarter.
"""

from __future__ import annotations

import re
import threading
from collections import Counter
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Message, Receive, Send], Awaitable[None]]

_UPLOAD = re.compile(r"/_stcore/upload_file/([^/]+)/[^/]+/?$")


class BoundedUploads:
    """ASGI middleware: an upload that does not fit beside those that are held is refused before it is read."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._coming: Counter[str] = Counter()  # bytes of uploads on their way, by session
        self._lock = threading.Lock()

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Pass on; refuse what has no length (411), and what there is no room for (413)."""
        upload = scope["type"] == "http" and scope["method"] in ("PUT", "POST")
        place = _UPLOAD.search(scope["path"]) if upload else None
        if place is None:
            await self._app(scope, receive, send)
            return
        session = place[1]
        length = next((value for name, value in scope["headers"] if name.lower() == b"content-length"), b"")
        if not re.fullmatch(rb"[0-9]{1,15}", length):
            await _refuse(send, 411)
            return
        size = int(length)
        with self._lock:
            all_fit = held() + self._coming.total() + size <= limit()
            fits = all_fit and held_by(session) + self._coming[session] + size <= share()
            self._coming[session] += size * fits
        if not fits:
            await _refuse(send, 413)
            return
        try:
            await self._app(scope, receive, send)
        finally:
            with self._lock:
                self._coming[session] -= size
                if not self._coming[session]:
                    del self._coming[session]
            give_way()


def held() -> int:
    """Bytes of all uploads that Streamlit keeps."""
    from streamlit import runtime
    from streamlit.runtime.stats import CacheStat

    if not runtime.exists():
        return 0
    manager = getattr(runtime.get_instance(), "_uploaded_file_mgr", None)
    stats = manager.get_stats() if manager is not None else {}
    return sum(
        each.byte_length for family in stats.values() for each in family if isinstance(each, CacheStat)
    )


def held_by(session: str) -> int:
    """Bytes of the uploads of one window."""
    from streamlit import runtime

    if not runtime.exists():
        return 0
    manager = getattr(runtime.get_instance(), "_uploaded_file_mgr", None)
    files = getattr(manager, "file_storage", {}).get(session, {})
    return sum(len(each.data) for each in list(files.values()))


def limit() -> int:
    """Bytes that all may take."""
    from attnviz.runtime import get_runtime

    return get_runtime().settings.held_bytes


def share() -> int:
    """Bytes that those of one window may take."""
    from attnviz.runtime import get_runtime

    return get_runtime().held.share


def give_way() -> None:
    """Let the store make room for what was just uploaded, and mind it from now on."""
    from attnviz.runtime import get_runtime

    get_runtime().held.give_way(held())


async def _refuse(send: Send, status: int) -> None:
    text = b"There is no room for this upload now."
    headers = [(b"content-type", b"text/plain"), (b"content-length", b"%d" % len(text))]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": text})

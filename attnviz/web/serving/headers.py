"""What browsers are told of every answer: run our scripts only, show it in no foreign frame, tell nobody where it is.

Texts stand in addresses, so an address must not reach other sites as a referrer.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from functools import cache
from typing import Any

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Message, Receive, Send], Awaitable[None]]

ALWAYS = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
    # What nobody sees as a document of the app may neither run nor load anything. The document has its own policy.
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'self'"),
)
_INLINE = re.compile(r"<script(?![^>]*\ssrc=)[^>]*>(.*?)</script>", re.DOTALL)
_HOST = re.compile(r"[\w.-]+(:\d+)?|\[[\da-fA-F:]+\](:\d+)?")


class SafeHeaders:
    """ASGI middleware: every HTTP answer carries `ALWAYS`, unless it brings a header of that name itself."""

    def __init__(self, app: App) -> None:
        self._app = app

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Pass on, adding headers to what is answered."""

        async def marked(message: Message) -> None:
            if message["type"] == "http.response.start":
                own = list(message.get("headers", ()))
                message = {**message, "headers": [*own, *_missing(own)]}
            await send(message)

        await self._app(scope, receive, marked if scope["type"] == "http" else send)


def _missing(own: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    named = {name.lower(): value for name, value in own}
    # A worker takes the policy of its script's answer: it runs under the one of the document that started it.
    script = b"javascript" in named.get(b"content-type", b"")
    return [pair for pair in ALWAYS if pair[0] not in named and not (script and pair is ALWAYS[-1])]


def policy(document: str, host: str) -> str:
    """The Content-Security-Policy of the app's document.

    Scripts: Streamlit's own files; the inline ones of this document by digest; blob:, which Streamlit imports the
    figures from; and BertViz's, which run in a frame that inherits this policy. Styles are made by scripts, hence
    'unsafe-inline' for them.

    Args:
        document: as it is sent.
        host: as the browser named it, for its websocket; left out where it is no plain host.
    """
    sockets = f" ws://{host} wss://{host}" if _HOST.fullmatch(host) else ""
    rules = {
        "default-src": "'self'",
        "script-src": " ".join(("'self'", "blob:", *digests(_INLINE.findall(document)), *_framed())),
        "style-src": "'self' 'unsafe-inline'",
        "img-src": "'self' data: blob:",
        "font-src": "'self' data:",
        "media-src": "'self' data: blob:",
        "connect-src": f"'self' data: blob:{sockets}",
        "worker-src": "'self' blob:",
        "frame-src": "'self' blob: data:",
        "object-src": "'none'",
        "base-uri": "'self'",
        "form-action": "'self'",
        "frame-ancestors": "'self'",
    }
    return "; ".join(f"{name} {value}" for name, value in rules.items())


def digests(scripts: Iterable[str]) -> list[str]:
    """What a policy calls scripts with these sources."""
    hashed = (hashlib.sha256(source.encode()).digest() for source in scripts)
    return [f"'sha256-{base64.b64encode(each).decode()}'" for each in hashed]


@cache
def _framed() -> tuple[str, ...]:
    """The scripts of documents that are shown in frames, each once."""
    from attnviz.figures import bertviz

    return tuple(dict.fromkeys(digest for view in bertviz.VIEWS for digest in bertviz.digests(view)))

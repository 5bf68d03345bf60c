"""What a window holds on the server beyond its address, in the runtime's store, which bounds it for all together.

What had to make room is gone for good: `get` then gives None, and whoever asked says so to the reader.
"""

from __future__ import annotations

import hashlib
import queue
import secrets
import weakref
from typing import Any

import streamlit as st

from attnviz.web.serving import uploads, visitor

WINDOW = "attnviz_window"


# Keys of windows whose sessions have ended. A session is collected in any thread, perhaps in the midst of the store:
# the keys wait here, and whoever holds something next drops them.
_ended: queue.SimpleQueue[tuple[str, ...]] = queue.SimpleQueue()


class _Window:
    """Lives as long as the session of a window; `keys` are those of the store that it holds."""

    def __init__(self) -> None:
        self.name = secrets.token_hex(8)
        self.keys: set[str] = set()
        weakref.finalize(self, lambda keys: _ended.put(tuple(keys)), self.keys).atexit = False


def window() -> str:
    """What tells this window from others, and cannot be guessed."""
    return _window().name


def _window() -> _Window:
    if WINDOW not in st.session_state:
        st.session_state[WINDOW] = _Window()
        drop_ended()
    found: _Window = st.session_state[WINDOW]
    return found


def drop_ended() -> None:
    """Drop what windows have held whose sessions have ended."""
    while not _ended.empty():
        for key in _ended.get():
            visitor.runtime().held.drop(key)


def mark(value: object) -> str:
    """Stands for a value where only equality matters, so that no text is kept for it. Equal where `repr` is."""
    return hashlib.blake2b(repr(value).encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def put(kind: str, value: Any) -> None:
    """Hold a value for this window, in place of the last one of its kind. Raises AttnVizError: it is too large."""
    held = visitor.runtime().held
    held.give_way(uploads.held())
    key = f"{kind}:{window()}"
    held.put(key, value)
    owns(key)


def owns(key: str) -> None:
    """This window holds what stands under this key of the store: it goes when the session ends."""
    _window().keys.add(key)
    drop_ended()


def get(kind: str) -> Any:
    """The value of this kind; None where there is none, or none any more."""
    return visitor.runtime().held.get(f"{kind}:{window()}")


def drop(kind: str) -> None:
    """Hold it no longer."""
    visitor.runtime().held.drop(f"{kind}:{window()}")

"""What a window holds on the server beyond its address, in the runtime's store, which bounds it for all together.

What had to make room is gone for good: `get` then gives None, and whoever asked says so to the reader.
"""

from __future__ import annotations

import hashlib
import secrets
from typing import Any

import streamlit as st

from attnviz.web.serving import uploads, visitor

WINDOW = "attnviz_window"


def window() -> str:
    """What tells this window from others, and cannot be guessed."""
    if WINDOW not in st.session_state:
        st.session_state[WINDOW] = secrets.token_hex(8)
    return str(st.session_state[WINDOW])


def mark(value: object) -> str:
    """Stands for a value where only equality matters, so that no text is kept for it. Equal where `repr` is."""
    return hashlib.blake2b(repr(value).encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def put(kind: str, value: Any) -> None:
    """Hold a value for this window, in place of the last one of its kind. Raises AttnVizError: it is too large."""
    held = visitor.runtime().held
    held.give_way(uploads.held())
    held.put(f"{kind}:{window()}", value)


def get(kind: str) -> Any:
    """The value of this kind; None where there is none, or none any more."""
    return visitor.runtime().held.get(f"{kind}:{window()}")


def drop(kind: str) -> None:
    """Hold it no longer."""
    visitor.runtime().held.drop(f"{kind}:{window()}")

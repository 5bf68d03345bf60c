"""Who asks: set by the web for the thread that serves a visitor, read where turns and room are shared out.

A request without a visitor (a script, a test, the server's own warm-up) counts as one by itself, and is the operator's.
"""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(frozen=True)
class Visitor:
    """One window of a browser.

    Attributes:
        name: tells visitors apart; nothing else is made of it.
        at_home: whether the browser runs on this machine, so that its files are the visitor's own.
    """

    name: str
    at_home: bool = False


_current: ContextVar[Visitor | None] = ContextVar("attnviz_visitor", default=None)


def set_visitor(visitor: Visitor | None) -> None:
    """Say for whom this thread works from now on."""
    _current.set(visitor)


def current_visitor() -> Visitor | None:
    """For whom this thread works; None: for nobody in particular."""
    return _current.get()

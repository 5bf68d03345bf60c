"""Beam search for a translation: what it found, and what it gave up on the way, each to be gone on with."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from attnviz.explanation.translation.records import Translation
    from attnviz.runtime import Query
    from attnviz.web.state.address import State


def draw(query: Query, state: State, translation: Translation) -> None:
    """Nothing."""

"""Badges: the verdict on an explanation in a few words each, with what it means or its numbers beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from streamlit.delta_generator import DeltaGenerator

    from attnviz.explanation.evaluation.verdict import Badge


def badges(found: tuple[Badge, ...], row: DeltaGenerator, meanings: DeltaGenerator) -> None:
    """Badges in one place, and in another what the red ones mean, and the numbers of the others."""
    for badge in found:
        icon, color = (":material/check:", "blue") if badge.holds else (":material/close:", "red")
        row.badge(badge.words, icon=icon, color=color)  # type: ignore[arg-type]
        if badge.meaning:
            meanings.markdown(f"The red badge “{badge.words}” means: {badge.meaning}")
        elif badge.note:
            meanings.caption(badge.note)

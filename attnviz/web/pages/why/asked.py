"""What the page asks the runtime, each with its progress: the parts of a score, their traces, what the head writes."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from attnviz.web.pages.why import sentences
from attnviz.web.shell import progress
from attnviz.web.state import session

if TYPE_CHECKING:
    from attnviz.types import ScoreParts, Trace, Writes
    from attnviz.web.pages.why.cell import Cell

MOST = 5  # parts of a side among which one that is named as a reason is tested


def parts(cell: Cell, anew: bool = False) -> ScoreParts:
    """The parts, those that are named as reasons tested; with `anew`, also by computing all that follows again (slow).

    What takes most away may be larger than what adds most: then more parts are tested, up to the one that is named.
    """

    def ask(tests: int) -> ScoreParts:
        with progress.loading() as report:
            return session.runtime().why(
                cell.question, *cell.head, cell.query, cell.key, cell.kind, cell.against, tests, anew, report
            )

    found = ask(1)
    ranks = []
    for side, reason in sentences.reasons(found):
        known = [part for part, _ in found.strongest(side, MOST) if part.kind != "bias"]
        ranks += [known.index(reason)] if reason in known else []
    return ask(max(ranks) + 1) if any(ranks) else found


def trace(cell: Cell) -> Trace:
    """Where the strongest parts come from, each score held against the mean of its row."""
    with progress.loading() as report:
        return session.runtime().traces(
            cell.question, *cell.head, cell.query, cell.key, cell.kind, progress=report
        )


def writes(cell: Cell) -> Writes:
    """What the head writes at the query, and where that goes, in the very reading that the cell is one of.

    A text that is read alone is compared with the other of the page; two that are read together have no similarity.
    """
    question, whole = cell.question, session.query()
    target = None
    if question.pair and session.runtime().card(question.model).kind == "encoder":  # type: ignore[union-attr]
        target = "none"
    elif not question.pair and whole.pair:
        question = replace(question, pair=whole.pair if question.text == whole.text else whole.text)
    with progress.loading() as report:
        return session.runtime().writes(question, *cell.head, cell.query, target, cell.kind, progress=report)

"""What the page asks the runtime, each with its progress: the parts of a score, their traces, what the head writes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attnviz.web.shell import progress
from attnviz.web.state import session

if TYPE_CHECKING:
    from attnviz.types import ScoreParts, Trace, Writes
    from attnviz.web.pages.why.cell import Cell


def parts(cell: Cell, anew: bool = False) -> ScoreParts:
    """The parts, the strongest one tested; with `anew`, also by computing all that follows again (slow)."""
    with progress.loading() as report:
        return session.runtime().why(
            cell.question,
            *cell.head,
            cell.query,
            cell.key,
            cell.kind,
            cell.against,
            tests=1,
            anew=anew,
            progress=report,
        )


def trace(cell: Cell) -> Trace:
    """Where the strongest parts come from."""
    with progress.loading() as report:
        return session.runtime().traces(
            cell.question, *cell.head, cell.query, cell.key, cell.kind, cell.against, progress=report
        )


def writes(cell: Cell) -> Writes:
    """What the head writes at the query."""
    with progress.loading() as report:
        return session.runtime().writes(cell.question, *cell.head, cell.query, cell.kind, progress=report)

"""What a change led to, as plain text, for a figure that stands alone: a sentence, tables, and what to know of them.

On a page they stand around the figure and are not sent.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Table:
    """Rows of cells as they are read; the first cell of each names it. `note` stands below."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    note: str = ""


@dataclass(frozen=True)
class Results:
    """A sentence above the figure; tables and a note below it."""

    sentence: str
    tables: Sequence[Table] = ()
    note: str = ""


def results_header(results: Results | None) -> dict[str, Any] | None:
    """As the header of a message holds it."""
    return None if results is None else asdict(results)

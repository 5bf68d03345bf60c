"""Word alignments that are known to be right, as they come with a model."""

from __future__ import annotations

from dataclasses import dataclass

Links = frozenset[tuple[int, int]]  # (source, target), both counted from 0


@dataclass(frozen=True)
class GoldAlignment:
    """A sentence, its translation into `language`, and which of their tokens belong together.

    Attributes:
        sure: links on which there is no doubt. possible: those, and others that one may draw (Och and Ney 2003); both
            count tokens without special ones.
    """

    language: str
    source: str
    target: str
    sure: Links
    possible: Links

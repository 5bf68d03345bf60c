"""Where the graphemes and words of a text begin, found for all characters at once.

Most borders follow from the classes of two or three neighbouring characters, which arrays answer. Stretches that need
more of Unicode's rules (UAX #29: accents, emoji sequences, Hangul, Hebrew) are handed to the `regex` module.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, cached_property
from itertools import accumulate
from typing import Annotated

import numpy as np
import numpy.typing as npt
import regex

from attnviz.types import BoolArray, IntArray

# \X alone looks back over a whole run of regional indicators: quadratic time for a wall of flags.
GRAPHEME = regex.compile(r"\p{RI}{2}(?![\p{GCB=Extend}\p{GCB=ZWJ}\p{GCB=SpacingMark}])|\X")
_WORD_BORDER = regex.compile(r"(?wV1)\b")
# The module sees no border between an opening quotation mark and a vowel: 'apple'.
_OPENING_QUOTE = regex.compile(
    r"""(?V1)(?<![\p{WB=ALetter}\p{WB=Hebrew_Letter}][\p{WB=Extend}\p{WB=Format}\p{WB=ZWJ}]*)
    ['’][\p{WB=Extend}\p{WB=Format}\p{WB=ZWJ}]*+(?=\p{WB=ALetter})""",
    regex.VERBOSE,
)

(
    SPACE,
    JOINING,
    LETTER,
    NUMERIC,
    KATAKANA,
    CONNECTOR,
    MID_LETTER,
    MID_NUMBER,
    BLANK,
    COMPLEX,
    RUN,
    HIRAGANA,
) = (1 << k for k in range(12))
_CLASSES = {
    JOINING: r"[^\p{GCB=Other}\p{GCB=Control}\p{GCB=LF}]",
    LETTER: r"\p{WB=ALetter}",
    NUMERIC: r"\p{WB=Numeric}",
    KATAKANA: r"\p{WB=Katakana}",
    CONNECTOR: r"\p{WB=ExtendNumLet}",
    MID_LETTER: r"[\p{WB=MidLetter}\p{WB=MidNumLet}\p{WB=Single_Quote}]",
    MID_NUMBER: r"[\p{WB=MidNum}\p{WB=MidNumLet}\p{WB=Single_Quote}]",
    BLANK: r"\p{WB=WSegSpace}",
    COMPLEX: r"[\p{WB=Extend}\p{WB=Format}\p{WB=ZWJ}\p{WB=Regional_Indicator}\p{WB=Hebrew_Letter}]",
    # Scripts that are written without spaces and need a dictionary, and Hiragana, stay in runs.
    RUN: r"[\p{Line_Break=SA}\p{M}]",
    HIRAGANA: r"[\p{Script=Hiragana}ーゝゞ\p{M}]",
}
_PAGE = 256  # code points classified at a time


class Characters:
    """A text of N characters, and what is known of each of them.

    Attributes:
        codes: (N,) code points. flags: (N,) the classes above, or-ed.
        space: (N,) bool, as `str.isspace` says of the character.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self.codes: npt.NDArray[np.uint32] = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), "<u4")
        self.flags = _flags(self.codes)
        self.space: BoolArray = (self.flags & SPACE) != 0

    def __len__(self) -> int:
        return len(self.text)

    @cached_property
    def solid(self) -> Annotated[IntArray, "N+1"]:
        """How many characters before each place are no white space."""
        return np.concatenate([[0], np.cumsum(~self.space)])

    @cached_property
    def next_solid(self) -> Annotated[IntArray, "N+1"]:
        """The first place from each one on that is no white space; N where there is none."""
        places = np.where(self.space, len(self), np.arange(len(self)))
        return np.append(np.minimum.accumulate(places[::-1])[::-1], len(self))

    @cached_property
    def last_solid(self) -> Annotated[IntArray, "N+1"]:
        """The place behind the last character before each one that is no white space; 0 where there is none."""
        places = np.where(self.space, 0, np.arange(1, len(self) + 1))
        return np.concatenate([[0], np.maximum.accumulate(places)])

    @cached_property
    def graphemes(self) -> Annotated[IntArray, "G+1"]:
        """The start of every user-perceived character (extended grapheme cluster), and N."""
        joining = (self.flags & JOINING) != 0
        first = np.ones(len(self), dtype=bool)
        if joining.any():
            first[1:] = ~(joining[1:] | joining[:-1])
            first = _refined(self.text, first, np.ones_like(first), _grapheme_starts)
        return np.append(np.flatnonzero(first), len(self))

    @cached_property
    def grapheme_of(self) -> Annotated[IntArray, "N"]:
        """The number of the grapheme that each character is part of."""
        return np.repeat(np.arange(len(self.graphemes) - 1), np.diff(self.graphemes))

    @cached_property
    def words(self) -> Annotated[IntArray, "W+1"]:
        """The start of every word, punctuation mark and run of white space, and N."""
        if not len(self):
            return np.zeros(1, dtype=np.int64)
        first = np.concatenate([[True], ~_within_words(self.codes, self.flags)])
        hard = (self.flags & COMPLEX) != 0
        if hard.any():
            first = self._refined_words(first, hard)
        return np.append(np.flatnonzero(first)[self._not_in_run(np.flatnonzero(first))], len(self))

    def _refined_words(self, first: BoolArray, hard: BoolArray) -> BoolArray:
        """Border by border as `regex` has it, in stretches between white space that hold a hard character."""
        blank = ((self.flags & BLANK) != 0) | np.isin(self.codes, (10, 11, 12, 13, 0x85, 0x2028, 0x2029))
        cuts = np.concatenate([[True], blank[:-1] & ~blank[1:] & ~hard[1:]])
        return _refined(self.text, cuts, hard, _word_starts, first)

    def _not_in_run(self, starts: IntArray) -> BoolArray:
        """Which words do not go on from the one before, in scripts that are written without spaces."""
        result = np.ones(len(starts), dtype=bool)
        sizes = np.diff(np.append(starts, len(self)))
        inside = np.zeros(len(starts), dtype=bool)
        for kind in (RUN, HIRAGANA):
            member = (self.flags & kind) != 0
            if member.any():
                inside |= np.add.reduceat(member, starts, dtype=np.int64) == sizes
        result[1:] = ~(inside[1:] & inside[:-1])
        return result


def _flags(codes: npt.NDArray[np.uint32]) -> npt.NDArray[np.uint16]:
    pages = codes // _PAGE
    used = np.flatnonzero(np.bincount(pages))
    if not len(used):
        return np.zeros(0, np.uint16)
    row = np.zeros(used[-1] + 1, dtype=np.int64)
    row[used] = np.arange(len(used)) * _PAGE
    table = np.concatenate([_page(int(page)) for page in used])
    return table[row[pages] + codes % _PAGE]


@cache
def _page(number: int) -> npt.NDArray[np.uint16]:
    """The classes of 256 code points; at most 4,352 pages of 512 bytes."""
    text = "".join(map(chr, range(number * _PAGE, (number + 1) * _PAGE)))
    flags = np.array([SPACE if character.isspace() else 0 for character in text], dtype=np.uint16)
    for flag, pattern in _CLASSES.items():
        flags[[match.start() for match in regex.finditer(pattern, text)]] |= flag
    return flags


def _within_words(
    codes: npt.NDArray[np.uint32], flags: npt.NDArray[np.uint16]
) -> Annotated[BoolArray, "N-1"]:
    """Whether no word border is between each character and the next, by the rules that name no COMPLEX one."""
    here, after = flags[:-1], flags[1:]
    both = here & after
    within = (both & BLANK) != 0  # WB3d
    within |= (codes[:-1] == 13) & (codes[1:] == 10)  # WB3
    for kinds in (LETTER | NUMERIC | CONNECTOR, KATAKANA | CONNECTOR):  # WB5, WB8 to WB10, WB13 to WB13b
        within |= ((here & kinds) != 0) & ((after & kinds) != 0)
    for kind, middle in ((LETTER, MID_LETTER), (NUMERIC, MID_NUMBER)):  # WB6, WB7, WB11, WB12
        around = ((flags[:-2] & flags[2:] & kind) != 0) & ((flags[1:-1] & middle) != 0)
        within[:-1] |= around
        within[1:] |= around
    return within


def _refined(
    text: str,
    cuts: BoolArray,
    hard: BoolArray,
    starts_of: Callable[[str], list[int]],
    first: BoolArray | None = None,
) -> BoolArray:
    """Borders found by `starts_of` in each stretch between `cuts` that is longer than one character and holds a
    `hard` one; elsewhere those of `first`, or the cuts. Neighbouring stretches are read as one."""
    result = (cuts if first is None else first).copy()
    starts = np.flatnonzero(cuts)
    ends = np.append(starts[1:], len(cuts))
    read = (ends - starts > 1) & np.logical_or.reduceat(hard, starts)
    begins = read & ~np.concatenate([[False], read[:-1]])
    stops = read & ~np.concatenate([read[1:], [False]])
    for start, end in zip(starts[begins].tolist(), ends[stops].tolist(), strict=True):
        result[start:end] = False
        result[[start + place for place in starts_of(text[start:end])]] = True
    return result


def _grapheme_starts(text: str) -> list[int]:
    return list(accumulate(map(len, GRAPHEME.findall(text)), initial=0))[:-1]


def _word_starts(text: str) -> list[int]:
    borders = {0, *(match.start() for match in _WORD_BORDER.finditer(text))}
    return sorted((borders | {match.end() for match in _OPENING_QUOTE.finditer(text)}) - {len(text)})

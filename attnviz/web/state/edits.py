"""Words changed in place: taken away in one of several ways, or swapped; how that stands in an address and in a text.

An edit names its word by the position of one of the word's tokens; edits stand in the order in which they were made.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, unquote

import numpy as np

from attnviz.text import groups
from attnviz.types import BoolArray, Tokens
from attnviz.web.escape import clean

SWAP = "swap"
LETTERS = {"attention-mask": "h", "mask": "m", "delete": "d", SWAP: "s"}
MAX_SWAP = 100  # letters that take the place of a word
MAX_EDITS = 400
_WAYS = {letter: how for how, letter in LETTERS.items()}
_EDIT = re.compile(r"([hmds])([0-9]{1,5})(?:~([A-Za-z0-9_.~%-]+))?")
_SECOND = "2:"  # before edits of the second text


@dataclass(frozen=True)
class Edit:
    """A word changed: `place` is the position of one of its tokens, `text` what is there instead if it is swapped."""

    place: int
    how: str
    text: str = ""


@dataclass(frozen=True)
class Edits:
    """The changes of one text, in the order in which they were made; side 1 is the second text of a pair."""

    side: int = 0
    made: tuple[Edit, ...] = ()

    @property
    def taken(self) -> dict[int, str]:
        """The words that are taken away, and how."""
        return {each.place: each.how for each in self.made if each.how != SWAP}

    @property
    def swaps(self) -> dict[int, str]:
        """The words that are swapped, and for what."""
        return {each.place: each.text for each in self.made if each.how == SWAP}


def read(word: str) -> Edits:
    """The edits that a word of the address names. Raises ValueError."""
    side = int(word.startswith(_SECOND))
    parts = word.removeprefix(_SECOND).split(",")
    found = [_EDIT.fullmatch(part) for part in parts if part or len(parts) > 1]
    made = []
    for match in found:
        if match is None or (match[3] is not None) != (match[1] == _letter(SWAP)):
            raise ValueError(f"not an edit of a word: {word[:80]!r}")
        made.append(Edit(int(match[2]), _WAYS[match[1]], clean(unquote(match[3] or ""))[:MAX_SWAP]))
    return Edits(side, tuple(made[:MAX_EDITS]))


def write(edits: Edits) -> str:
    """The inverse of `read`; "" for no edit of the first text."""
    parts = (
        f"{_letter(each.how)}{each.place}" + (f"~{quote(each.text, safe='')}" if each.how == SWAP else "")
        for each in edits.made
    )
    return _SECOND * edits.side + ",".join(parts)


def reported(value: Any) -> tuple[Edit, ...] | None:
    """The edits that a browser reports as [place, how, text]; None for anything else."""
    if not isinstance(value, list) or len(value) > MAX_EDITS:
        return None
    made = []
    for each in value:
        if not isinstance(each, (list, tuple)) or len(each) != 3:
            return None
        place, how, text = each
        if not isinstance(how, str) or how not in LETTERS or not isinstance(text, str):
            return None
        if not isinstance(place, (int, float)) or not 0 <= place < 10**5:
            return None
        if (how == SWAP) != bool(clean(text).strip()):
            return None
        made.append(Edit(int(place), how, clean(text).strip()[:MAX_SWAP]))
    return tuple(made)


def fitted(edits: Edits, tokens: Tokens, free: BoolArray, ways: Collection[str]) -> Edits | None:
    """The same edits, each word named by its first token and once; None where one of them cannot be made here."""
    index, _ = groups(tokens, "word")
    made: dict[int, Edit] = {}
    for each in edits.made:
        if each.place >= len(tokens) or not free[each.place] or each.how not in (*ways, SWAP):
            return None
        first = int(np.flatnonzero((index == index[each.place]) & free)[0])
        made.pop(first, None)
        made[first] = Edit(first, each.how, each.text)
    return Edits(edits.side, tuple(made.values()))


@dataclass(frozen=True)
class Rewritten:
    """Texts with other words in some places, and where the words of the old ones have gone.

    Attributes:
        text, pair: of the tokens that were rewritten.
        starts: (segment, first character) of every word in the new texts, by the positions of its tokens.
    """

    text: str
    pair: str | None
    starts: Mapping[int, tuple[int, int]]

    def place(self, old: int, tokens: Tokens) -> int | None:
        """The first position, in the new texts' tokens, of the word with the token `old`; None where there is none."""
        segment, start = self.starts[old]
        there = (tokens.segments == segment) & ~tokens.special & (tokens.spans[:, 1] > start)
        found = np.flatnonzero(there & (tokens.spans[:, 0] <= start))
        return int(found[0]) if len(found) else None


def rewritten(tokens: Tokens, words: Mapping[int, str]) -> Rewritten:
    """The texts with other words in place of those that hold the given tokens; "" leaves a word out."""
    texts = (tokens.text, tokens.pair or "")
    new, cursors = ["", ""], [0, 0]
    starts: dict[int, tuple[int, int]] = {}
    for segment, start, end, members in _words(tokens):
        text = texts[segment]
        piece = next((words[each] for each in members if each in words), text[start:end])
        if not piece and text[start - 1 : start].strip() == "":
            end += len(text[end:]) - len(
                text[end:].lstrip()
            )  # one of the two spaces around a word goes with it
        new[segment] += text[cursors[segment] : start]
        starts.update(dict.fromkeys(members, (segment, len(new[segment]))))
        new[segment] += piece
        cursors[segment] = end
    whole = [each + text[cursor:] for each, text, cursor in zip(new, texts, cursors, strict=True)]
    return Rewritten(whole[0], None if tokens.pair is None else whole[1], starts)


def _words(tokens: Tokens) -> Iterable[tuple[int, int, int, list[int]]]:
    """Segment, first and last character and tokens of each word, without the white space around it, in order."""
    index, _ = groups(tokens, "word")
    ends = [0, 0]
    for group in dict.fromkeys(index[~tokens.special].tolist()):
        members = np.flatnonzero((index == group) & ~tokens.special)
        segment = int(tokens.segments[members[0]])
        text = (tokens.pair or "") if segment else tokens.text
        start, end = int(tokens.spans[members, 0].min()), int(tokens.spans[members, 1].max())
        body = text[start:end].strip()
        start = max(ends[segment], start + text[start:end].index(body))
        ends[segment] = end = start + len(body)
        yield segment, start, end, members.tolist()


def _letter(how: str) -> str:
    return LETTERS[how]

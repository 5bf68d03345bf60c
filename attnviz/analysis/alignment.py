"""Which tokens of two texts stand for each other, and how much each head's attention changed between them.

Units of one or more tokens on either side are matched; the change is one number for each head.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Annotated, Any, Literal

import numpy as np

from attnviz.analysis.entropy import distributions, jensen_shannon_distance
from attnviz.analysis.groups import sum_by_group
from attnviz.types import FloatArray, IntArray, Tokens, readonly

LONG = 600  # labels; above, the matcher's own shortcut for frequent labels keeps it from taking minutes

Way = Literal["same", "labels", "characters", "words"]


@dataclass(frozen=True)
class Matching:
    """Units that two axes share: each is one or more neighbouring positions on either side.

    Attributes:
        first, second: (T,) and (T',) int64: the unit of each position, -1 where it has no counterpart. Units count
            from 0 in the order of the first side, and each has positions on both sides.
        labels: of the units; "a ⇄ b" where the sides differ.
        way: how they were found: the same tokens, equal labels, equal characters, or words with equal labels.
    """

    first: Annotated[IntArray, "T"]
    second: Annotated[IntArray, "T'"]
    labels: tuple[str, ...]
    way: Way

    def __post_init__(self) -> None:
        for name in ("first", "second"):
            object.__setattr__(self, name, readonly(getattr(self, name), np.int64))

    @property
    def nbytes(self) -> int:
        """Bytes of the arrays, and about what the labels take."""
        return self.first.nbytes + self.second.nbytes + 80 * len(self.labels)

    @property
    def alone(self) -> tuple[int, int]:
        """How many positions of each side have no counterpart."""
        return int((self.first < 0).sum()), int((self.second < 0).sum())


def align(first: Sequence[str], second: Sequence[str]) -> Annotated[IntArray, "P 2"]:
    """Positions of the first and of the second sequence that stand for each other, in order.

    Equal labels are matched by difflib's SequenceMatcher (the longest run first); a run that was replaced by one of
    the same length is matched one by one, so that a changed word stands for the word in its place. Positions of
    anything else have no counterpart and are left out.
    """
    matcher = SequenceMatcher(None, first, second, autojunk=max(len(first), len(second)) > LONG)
    pairs = [
        (i, j)
        for tag, i0, i1, j0, j1 in matcher.get_opcodes()
        if tag == "equal" or (tag == "replace" and i1 - i0 == j1 - j0)
        for i, j in zip(range(i0, i1), range(j0, j1), strict=True)
    ]
    return np.array(pairs, dtype=np.int64).reshape(-1, 2)


def match(first: Tokens, second: Tokens, unit: str = "token", alike: bool = True) -> Matching:
    """The units that two tokenized texts share.

    `unit`: what a position is, one of `attnviz.text.GRANULARITIES`. `alike`: whether one tokenizer made both.
    The same text under two tokenizers is matched by characters: a unit is the shortest run of characters at whose
    ends both have a boundary between tokens. Two texts under two tokenizers are matched by words. Special tokens of
    different tokenizers stand for each other by their place: the first before the text for the first, and so on.
    """
    from attnviz.text import groups

    sides = [groups(tokens, unit) for tokens in (first, second)]
    names = (sides[0][1], sides[1][1])
    labels = [[label.strip() or label for label in side] for side in names]
    same_text = (first.text, first.pair) == (second.text, second.pair)
    if unit == "token" and not alike and not (same_text and _same_tokens(first, second)):
        return _by_characters(first, second) if same_text else _by_words(first, second)
    if labels[0] == labels[1]:
        every = np.arange(len(labels[0]))
        return _matching(np.stack([every, every], 1), names, "same")
    if alike:
        return _matching(align(*labels), names, "labels")
    special = [_special(tokens, index) for tokens, (index, _) in zip((first, second), sides, strict=True)]
    return _matching(_words_and_roles(labels, special), names, "labels")


def _same_tokens(first: Tokens, second: Tokens) -> bool:
    return first.pieces == second.pieces and np.array_equal(first.spans, second.spans)


def _special(tokens: Tokens, index: IntArray) -> list[bool]:
    flags = np.zeros(int(index.max(initial=-1)) + 1, bool)
    flags[index[tokens.special]] = True
    return flags.tolist()


def _roles(special: list[bool]) -> list[tuple[str, int] | None]:
    """The place of each special token: before the text, after it, or between two texts; None for the others."""
    real = [n for n, flag in enumerate(special) if not flag]
    start, end = (real[0], real[-1]) if real else (len(special), len(special))
    return [
        None
        if not flag
        else ("before", n)
        if n < start
        else ("after", n - end)
        if n > end
        else ("between", 0)
        for n, flag in enumerate(special)
    ]


def _words_and_roles(labels: list[list[str]], special: list[list[bool]]) -> Annotated[IntArray, "P 2"]:
    """Words by `align`, special tokens by their roles."""
    real = [np.flatnonzero(~np.array(flags, bool)) for flags in special]
    words = align(*([labels[side][n] for n in real[side]] for side in (0, 1)))
    roles = [_roles(flags) for flags in special]
    both = [(i, roles[1].index(role)) for i, role in enumerate(roles[0]) if role and role in roles[1]]
    pairs = [*both, *zip(real[0][words[:, 0]].tolist(), real[1][words[:, 1]].tolist(), strict=True)]
    return np.array(sorted(pairs), dtype=np.int64).reshape(-1, 2)


def _matching(pairs: IntArray, labels: tuple[Sequence[str], Sequence[str]], way: Way) -> Matching:
    """One position for one."""
    units = [np.full(len(side), -1, dtype=np.int64) for side in labels]
    for side in (0, 1):
        units[side][pairs[:, side]] = np.arange(len(pairs))
    names = tuple(_both(labels[0][i], labels[1][j]) for i, j in pairs.tolist())
    return Matching(units[0], units[1], names, way)


def _both(one: str, other: str) -> str:
    one, other = one.strip() or one, other.strip() or other
    return one if one == other else f"{one} ⇄ {other}"


def _by_words(first: Tokens, second: Tokens) -> Matching:
    from attnviz.text import groups

    words = match(first, second, "word", alike=False)
    index = [groups(tokens, "word")[0] for tokens in (first, second)]
    return Matching(words.first[index[0]], words.second[index[1]], words.labels, "words")


def _by_characters(first: Tokens, second: Tokens) -> Matching:
    """Two tokenizations of one text: units end where neither has a token that goes on."""
    offset = len(first.text) + 1  # of the second text of a pair
    sides = (first, second)
    spans = [each.spans + (each.segments * offset)[:, None] for each in sides]
    inside = np.zeros(offset + len(first.pair or "") + 2, dtype=np.int64)  # tokens that go on at a position
    for tokens, ends in zip(sides, spans, strict=True):
        real = ~tokens.special & (ends[:, 1] > ends[:, 0])
        np.add.at(inside, ends[real, 0] + 1, 1)
        np.add.at(inside, ends[real, 1], -1)
    cuts = np.flatnonzero(np.cumsum(inside) == 0)
    keys = []
    for tokens, ends in zip(sides, spans, strict=True):
        units = np.searchsorted(cuts, ends[:, 0], side="right").tolist()
        roles = _roles(tokens.special.tolist())
        empty = (ends[:, 1] <= ends[:, 0]).tolist()  # stands for no character
        keys.append(
            [role or (None if none else unit) for role, none, unit in zip(roles, empty, units, strict=True)]
        )
    return _matching_units(sides, keys)


def _matching_units(sides: tuple[Tokens, Tokens], keys: list[list[Any]]) -> Matching:
    """Units of the positions with equal keys."""
    shared = set(keys[1]) - {None}
    numbers = {key: n for n, key in enumerate(dict.fromkeys(key for key in keys[0] if key in shared))}
    units = [np.array([numbers.get(key, -1) for key in side], dtype=np.int64) for side in keys]
    texts = [_unit_texts(tokens, found, len(numbers)) for tokens, found in zip(sides, units, strict=True)]
    return Matching(units[0], units[1], tuple(map(_both, *texts)), "characters")


def _unit_texts(tokens: Tokens, units: IntArray, count: int) -> list[str]:
    """What stands in the text from the first to the last token of each unit; a special token's own name."""
    ends: dict[int, list[int]] = {}
    for n, unit in enumerate(units.tolist()):
        ends.setdefault(unit, [n, n])[1] = n
    texts = []
    for low, high in (ends[unit] for unit in range(count)):
        text = (tokens.pair or "") if tokens.segments[low] else tokens.text
        label = text[tokens.spans[low, 0] : tokens.spans[high, 1]]
        texts.append(tokens.pieces[low] if tokens.special[low] else label)
    return texts


def change(
    first: Annotated[FloatArray, "H Q K"],
    second: Annotated[FloatArray, "H Q' K'"],
    queries: Matching,
    keys: Matching,
) -> Annotated[FloatArray, "H"]:
    """How much the rows of the units changed: mean Jensen-Shannon distance, 0 to 1.

    Each row (the mean over the tokens of a unit) is read as a distribution over the units of keys (sums over their
    tokens) and one more place for all other keys. NaN where no query has a counterpart.
    """
    if not queries.labels:
        return np.full(len(first), np.nan, np.float32)
    others = any(keys.alone)  # without them, there is no other place to look at
    changed = []
    for one, other in zip(
        first, second, strict=True
    ):  # head by head: what stays in the processor's cache is fast
        sides = (
            _matched(one, queries.first, keys.first, others),
            _matched(other, queries.second, keys.second, others),
        )
        changed.append(np.nanmean(jensen_shannon_distance(*sides)))
    return np.array(changed, np.float32)


def _matched(
    matrix: Annotated[FloatArray, "Q K"],
    rows: Annotated[IntArray, "Q"],
    columns: Annotated[IntArray, "K"],
    others: bool,
) -> Annotated[np.ndarray, "U U'+1"]:
    """The rows of units over units of keys, and what is left of each for all other keys where there are `others`."""
    asked, seen = np.flatnonzero(rows >= 0), np.flatnonzero(columns >= 0)
    whole = matrix if len(asked) == len(rows) else matrix[asked]
    kept = sum_by_group(whole if len(seen) == len(columns) else whole[:, seen], columns[seen])
    if others:
        rest = whole.sum(-1, keepdims=True, dtype=np.float64) - kept.sum(-1, keepdims=True, dtype=np.float64)
        rest[rest < 1e-6] = 0  # what float32 sums leave over
        kept = np.concatenate([kept, rest.astype(np.float32)], axis=-1)
    # Rescaled, so that a sum over the rows of a unit is as good as their mean.
    return distributions(sum_by_group(kept.T, rows[asked]).T)

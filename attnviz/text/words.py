"""Words, sentences and paragraphs of a text, independent of any tokenizer.

Words follow Unicode's default word boundaries (UAX #29), where a Han character, a punctuation mark and an emoji each
stand alone. Scripts that are written without spaces and need a dictionary (Thai, Lao, Khmer, Burmese), and Hiragana,
are kept in runs instead of single letters.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated

import numpy as np
import regex

from attnviz.text.characters import Characters
from attnviz.text.labels import Span
from attnviz.types import IntArray

# Possessive, and only at the start of a run of marks: the time stays linear in any text.
_END = regex.compile(
    r"""(?V1)(?:(?<![.!?…؟۔।॥።])[.!?…؟۔।॥።]++['"”’»)\]]*+(?=\s) | [。！？｡．…]++[」』”’》）)\]]*+ | \R)\s*+""",
    regex.VERBOSE,
)
_BLANK_LINES = regex.compile(r"(?V1)\R(?:[^\S\r\n\v\f\x85\u2028\u2029]*\R)+\s*")
_LINE_BREAKS = regex.compile(r"(?V1)\R\s*")
_LAST_WORD = regex.compile(r"[\p{L}\p{M}.]+(?=\.$)")
_ABBREVIATIONS = frozenset(
    regex.findall(
        r"\S+",
        """dr mr mrs ms prof st sr jr vs etc e.g i.e eg ie cf fig no vol pp inc ltd co corp approx dept est gen col
        lt sgt rev hon jan feb mar apr jun jul aug sep sept oct nov dec u.s u.k a.m p.m ca bzw z.b d.h""",
    )
)


def word_spans(text: str) -> list[Span]:
    """Start and end of every word, punctuation mark and run of white space; together they cover the text."""
    return list(pairwise(Characters(text).words.tolist()))


def sentence_spans(text: str) -> list[Span]:
    """Start and end of every sentence, with the white space after it; together they cover the text.

    A line break always ends a sentence; a full stop does not after an abbreviation ("Dr."), an initial, inside
    a number, or where the text goes on in lower case.
    """
    cuts = [0]
    for match in _END.finditer(text):
        if match.end() > cuts[-1] and match.end() < len(text) and not _goes_on(text, match):
            cuts.append(match.end())
    return [(start, end) for start, end in zip(cuts, [*cuts[1:], len(text)], strict=True) if end > start]


def paragraph_spans(text: str) -> list[Span]:
    """Start and end of every paragraph, with the line breaks after it; together they cover the text.

    Blank lines part paragraphs; in a text without any (apart from its ends), every line break does.
    """
    inner = text.strip()
    lead = len(text) - len(text.lstrip())
    breaks = _BLANK_LINES if _BLANK_LINES.search(inner) else _LINE_BREAKS
    cuts = [0, *(lead + match.end() for match in breaks.finditer(inner)), len(text)]
    return [(start, end) for start, end in pairwise(cuts) if end > start]


def _goes_on(text: str, match: regex.Match[str]) -> bool:
    """Whether the sentence goes on after this full stop."""
    mark = match.group()
    if mark.strip() != "." or "\n" in mark or "\r" in mark:
        return False
    if text[match.end()].islower():
        return True
    word = _LAST_WORD.search(text, max(0, match.start() - 20), match.start() + 1)
    if word is None:
        return False
    return word.group().lower() in _ABBREVIATIONS or (len(word.group()) == 1 and word.group().isupper())


def word_indices(characters: Characters, starts: Annotated[IntArray, "T"]) -> Annotated[IntArray, "T"]:
    """The word of the token that starts at each place, counted from 0 without gaps over the words that have tokens.

    A token that covers several words belongs to the first. A token for the one space between two words
    belongs to the word after it (at the end: before it); a line break, a tab and longer white space are words
    of their own.
    """
    borders = characters.words
    count = len(borders) - 1
    if count < 1:
        return np.zeros(len(starts), dtype=np.int64)
    units = np.minimum(np.searchsorted(borders[1:], starts, side="right"), count - 1)
    white = np.diff(characters.solid[borders]) == 0
    space = (np.diff(borders) == 1) & (characters.codes[borders[:-1]] == ord(" "))
    if count > 1:
        moved = np.arange(count) + (space & ~np.append(white[1:], True))
        moved[-1] -= space[-1]
        units = moved[units]
    _, first, numbers = np.unique(units, return_index=True, return_inverse=True)
    return np.argsort(np.argsort(first))[numbers]

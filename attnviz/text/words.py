"""Words, sentences and paragraphs of a text, independent of any tokenizer.

A text flows in, spans flow out. Words follow Unicode's default word boundaries (UAX #29), where a Han
character, a punctuation mark and an emoji each stand alone. Scripts that are written without spaces and need a
dictionary (Thai, Lao, Khmer, Burmese), and Hiragana, are kept in runs instead of single letters.
"""

from __future__ import annotations

import bisect
from collections.abc import Sequence
from itertools import pairwise

import regex

from attnviz.text.labels import Span

_BOUNDARY = regex.compile(r"(?wV1)\b")
_RUN = regex.compile(r"(?V1)(?:[\p{Line_Break=SA}\p{M}]+|[\p{Script=Hiragana}ーゝゞ\p{M}]+)")
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
    cuts = sorted({0, len(text), *(match.start() for match in _BOUNDARY.finditer(text))})
    spans: list[Span] = []
    in_run = False
    for start, end in pairwise(cuts):
        run = _RUN.fullmatch(text, start, end) is not None
        if run and in_run:
            spans[-1] = (spans[-1][0], end)
        else:
            spans.append((start, end))
        in_run = run
    return spans


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


def word_indices(text: str, spans: Sequence[Span]) -> list[int]:
    """The word of each token, counted from 0 without gaps over the words that have tokens.

    A token that covers several words belongs to the first. A token for the one space between two words
    belongs to the word after it (at the end: before it); a line break, a tab and longer white space are words
    of their own.
    """
    units = word_spans(text)
    if not units:
        return [0] * len(spans)
    ends = [end for _, end in units]
    white = [text[start:end].isspace() for start, end in units]
    numbers: dict[int, int] = {}
    result = []
    for start, _ in spans:
        unit = min(bisect.bisect_right(ends, start), len(units) - 1)
        if text[slice(*units[unit])] == " " and len(units) > 1:
            if unit + 1 == len(units):
                unit -= 1
            elif not white[unit + 1]:
                unit += 1
        result.append(numbers.setdefault(unit, len(numbers)))
    return result

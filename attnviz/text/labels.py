"""Labels that a person can read: whole graphemes, on the first token that holds a part of them.

A text and the spans of its tokens flow in; one label for each token flows out. The labels, continuation marks
left out, concatenate to the text, whatever the tokenizer split, dropped or merged.
"""

from __future__ import annotations

from collections.abc import Sequence

import regex

Span = tuple[int, int]

# U+FDD0 is a noncharacter, reserved by Unicode for use inside a program. `clean` takes it out of every
# text, so no label that comes from a text can ever be equal to the mark.
CONTINUATION = "\ufdd0↪"

_UNUSABLE = regex.compile(r"[\ud800-\udfff\ufdd0]")
# \X alone looks back over a whole run of regional indicators: quadratic time for a wall of flags.
GRAPHEME = regex.compile(r"\p{RI}{2}(?![\p{GCB=Extend}\p{GCB=ZWJ}\p{GCB=SpacingMark}])|\X")


def clean(text: str) -> str:
    """The text with what no tokenizer or label can hold (lone surrogates, U+FDD0) as U+FFFD, one for one."""
    return _UNUSABLE.sub("\ufffd", text)


def graphemes(text: str) -> list[Span]:
    """Start and end of every user-perceived character (extended grapheme cluster, Unicode UAX #29)."""
    return [match.span() for match in GRAPHEME.finditer(text)]


def labels(text: str, spans: Sequence[Span]) -> list[str]:
    """One label for each token; `spans` are in reading order.

    A grapheme belongs to the first token that overlaps it. Text between tokens (white space, characters that
    the tokenizer dropped) goes to the token after it, and at the end to the last one. A token without a
    grapheme of its own is a `CONTINUATION`; one that stands for no text at all has the label "".
    """
    parts: list[list[str]] = [[] for _ in spans]
    pending: list[str] = []
    last, token = -1, 0
    for start, end in graphemes(text):
        while token < len(spans) and (spans[token][1] <= start or spans[token][0] == spans[token][1]):
            token += 1
        if token < len(spans) and spans[token][0] < end:
            parts[token] += [*pending, text[start:end]]
            pending, last = [], token
        else:
            pending.append(text[start:end])
    if pending and spans:
        parts[last if last >= 0 else 0] += pending
    return [
        "".join(part) if part or start == end else CONTINUATION
        for part, (start, end) in zip(parts, spans, strict=True)
    ]

"""What must hold for any tokenizer and any text."""

from __future__ import annotations

import numpy as np
import regex

from attnviz.text import CONTINUATION
from attnviz.types import Tokens


def own_labels(tokens: Tokens, segment: int = 0) -> list[str]:
    rows = zip(tokens.labels, tokens.special, tokens.segments, strict=True)
    return [label for label, special, own in rows if not special and own == segment and label != CONTINUATION]


def own_spans(tokens: Tokens) -> list[tuple[int, int]]:
    return [
        (int(a), int(b)) for (a, b), special in zip(tokens.spans, tokens.special, strict=True) if not special
    ]


def check(tokens: Tokens, segment: int = 0) -> None:
    """What must hold for any tokenizer and any text."""
    text = (tokens.pair or "") if segment else tokens.text
    labels = own_labels(tokens, segment)
    assert "".join(labels) == text
    boundaries = {0, *(match.end() for match in regex.finditer(r"\X", text))}
    ends = np.cumsum([len(label) for label in labels])
    assert set(ends.tolist()) <= boundaries, "a label ends inside a grapheme"
    own = ~tokens.special & (tokens.segments == segment)
    spans = tokens.spans[own]
    assert (spans >= 0).all()
    assert (spans[:, 0] <= spans[:, 1]).all()
    assert (spans <= len(text)).all()
    assert (np.diff(spans[:, 0]) >= 0).all()
    for start, end in spans.tolist():
        covered = text[start:end]
        assert covered == covered.strip() or covered.isspace()
    words = tokens.words[own]
    assert (np.diff(words) >= 0).all()
    assert (np.diff(words) <= 1).all()
    assert (tokens.words[tokens.special] == -1).all()
    assert (tokens.spans[tokens.special] == 0).all()

"""Tokens grouped into words, sentences or paragraphs, for coarser axes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

import numpy as np

from attnviz.errors import UnknownName
from attnviz.text.labels import Span
from attnviz.text.words import paragraph_spans, sentence_spans
from attnviz.types import IntArray, Tokens

GRANULARITIES = ("token", "word", "sentence", "paragraph")
_SPANS = {"sentence": sentence_spans, "paragraph": paragraph_spans}


def groups(tokens: Tokens, granularity: str) -> tuple[Annotated[IntArray, "T"], tuple[str, ...]]:
    """The group of each token, (T,) int64 in order of first appearance, and the label of each group.

    Every special token is a group of its own. Labels of all others are slices of the text,
    without the white space around them.
    Raises UnknownName.
    """
    if granularity not in GRANULARITIES:
        raise UnknownName("granularity", granularity, GRANULARITIES)
    if granularity == "token":
        return np.arange(len(tokens), dtype=np.int64), tokens.labels
    units = tokens.words.tolist() if granularity == "word" else _stretches(tokens, _SPANS[granularity])
    numbers: dict[tuple[int, int], int] = {}
    index = np.empty(len(tokens), dtype=np.int64)
    for token, (unit, special, segment) in enumerate(
        zip(units, tokens.special.tolist(), tokens.segments.tolist(), strict=True)
    ):
        key = (-1, token) if special else (segment, unit)
        index[token] = numbers.setdefault(key, len(numbers))
    return index, _group_labels(tokens, index, len(numbers))


def _stretches(tokens: Tokens, spans_of: Callable[[str], list[Span]]) -> list[int]:
    """The sentence, or paragraph, of each token."""
    ends = [
        np.array([end for _, end in spans_of(text)], dtype=np.int64)
        for text in (tokens.text, tokens.pair or "")
    ]
    return [
        int(np.searchsorted(ends[segment][:-1], start, side="right"))
        for segment, start in zip(tokens.segments.tolist(), tokens.spans[:, 0].tolist(), strict=True)
    ]


def _group_labels(tokens: Tokens, index: IntArray, count: int) -> tuple[str, ...]:
    starts = np.full(count, np.iinfo(np.int64).max)
    ends = np.zeros(count, dtype=np.int64)
    np.minimum.at(starts, index, tokens.spans[:, 0])
    np.maximum.at(ends, index, tokens.spans[:, 1])
    first = np.unique(index, return_index=True)[1]
    labels = []
    for group, token in enumerate(first.tolist()):
        text = (tokens.pair or "") if tokens.segments[token] else tokens.text
        label = text[starts[group] : ends[group]]
        labels.append(tokens.pieces[token] if tokens.special[token] else label.strip() or label)
    return tuple(labels)

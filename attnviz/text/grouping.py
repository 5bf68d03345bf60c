"""Items grouped for coarser axes: tokens into words and sentences, frames into seconds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

import numpy as np

from attnviz.errors import UnknownName
from attnviz.language import say
from attnviz.text.labels import Span
from attnviz.text.words import paragraph_spans, sentence_spans
from attnviz.types import Frames, IntArray, Items, Tokens

GRANULARITIES = Tokens.groups
_SPANS = {"sentence": sentence_spans, "paragraph": paragraph_spans}


def groups(items: Items, granularity: str) -> tuple[Annotated[IntArray, "T"], tuple[str, ...]]:
    """The group of each item, (T,) int64 in order of first appearance, and the label of each group.

    Every special item is a group of its own. Labels of words, sentences and paragraphs are slices of the text, without
    the white space around them; those of seconds and tenths are their beginnings.
    Raises UnknownName where these items have no such group.
    """
    if granularity not in items.groups:
        raise UnknownName(say("granularity"), granularity, items.groups)
    if granularity == items.unit:
        return np.arange(len(items), dtype=np.int64), items.labels
    if isinstance(items, Tokens):
        return _of_tokens(items, granularity)
    assert isinstance(items, Frames)
    return _of_frames(items, granularity)


def _of_frames(frames: Frames, granularity: str) -> tuple[IntArray, tuple[str, ...]]:
    """By the stretch that the middle of a frame lies in; padding is grouped like sound, but never with it."""
    a_second = 10 if granularity == "tenth" else 1
    stretches = np.floor(frames.seconds.mean(1) * a_second).astype(np.int64)
    pairs = np.stack([frames.special.astype(np.int64), stretches], axis=1)
    present, index = np.unique(pairs, axis=0, return_inverse=True)  # padding is behind the sound: in order
    digits = 1 if granularity == "tenth" else 0
    return index.reshape(-1), tuple(f"{n / a_second:.{digits}f} s" for n in present[:, 1].tolist())


def _of_tokens(tokens: Tokens, granularity: str) -> tuple[IntArray, tuple[str, ...]]:
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

"""The prose of a text, cut at the borders of its tokens, words or sentences, for figures that show it to be read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import regex

from attnviz.text import CONTINUATION, GRANULARITIES, groups, visible
from attnviz.types import BoolArray, IntArray, Tokens

Run = tuple[str, int]

# Letters that join their neighbours: what stands between two of them would tear the word apart.
_JOINING = regex.compile(
    r"[\p{Script=Arabic}\p{Script=Syriac}\p{Script=Nko}\p{Script=Mongolian}\p{Script=Adlam}]"
)


def prose_runs(tokens: Tokens, index: IntArray, labels: Sequence[str]) -> list[Run]:
    """The prose in order: pieces of the text with their group, what lies between groups with -1.

    The first token of a grapheme shows all of it. A group without characters of its own (a special token, the
    continuation of a grapheme) is shown by its label; between letters that join, continuations wait for the
    end of the word. White space at the borders of a group stays outside it, so that colour covers words, not gaps.
    """
    runs: list[Run] = []
    waiting: list[Run] = []
    cursor, segment = 0, 0
    texts = (tokens.text, tokens.pair or "")
    # What a template added is no part of the text; special tokens that the text names are.
    added = tokens.special & (tokens.spans[:, 0] == tokens.spans[:, 1])
    extents = _extents(tokens, added)

    def add(run: Run) -> None:
        if waiting and not (run[1] >= 0 and _JOINING.match(run[0])):
            runs.extend(waiting)
            waiting.clear()
        runs.append(run)

    for group in dict.fromkeys(int(g) for g in index):
        members = np.flatnonzero(index == group)
        if tokens.segments[members[0]] != segment and not added[members[0]]:
            add((texts[segment][cursor:], -1))
            cursor, segment = 0, int(tokens.segments[members[0]])
        text = texts[segment]
        start, end = int(extents[members, 0].min()), int(extents[members, 1].max())
        body = text[start:end].strip()
        if added[members].all() or start < cursor or not body:
            continues = all(tokens.labels[member] == CONTINUATION for member in members.tolist())
            joined = continues and runs and _JOINING.match(runs[-1][0][-1:])
            (waiting.append if joined else add)((labels[group], group))
            continue
        begin = start + text[start:end].index(body)
        if begin > cursor:
            add((text[cursor:begin], -1))
        add((body, group))
        cursor = begin + len(body)
    add((texts[segment][cursor:], -1))
    return [run for run in runs if run[0]]


def _extents(tokens: Tokens, added: BoolArray) -> IntArray:
    """First and last character of each token's label in its text, (T, 2): labels, one after the other, are the text."""
    extents = np.zeros((len(tokens), 2), np.int64)
    place, segment = 0, 0
    for token, label in enumerate(tokens.labels):
        if not added[token] and tokens.segments[token] != segment:
            place, segment = 0, int(tokens.segments[token])
        length = 0 if added[token] or label == CONTINUATION else len(label)
        extents[token] = place, place + length
        place += length
    return extents


def text_in_groups(title: str, tokens: Tokens) -> tuple[dict[str, Any], dict[str, IntArray]]:
    """One text for a figure: by granularity the labels and the prose in runs; and, (T,), the group of each token."""
    granularities: dict[str, Any] = {}
    indices: dict[str, Any] = {}
    for kind in GRANULARITIES:
        index, labels = groups(tokens, kind)
        index = np.asarray(index)
        special = np.zeros(len(labels), bool)
        special[index[tokens.special]] = True
        shown = [visible(label) for label in labels]
        granularities[kind] = {
            "labels": shown,
            "special": special.astype(int).tolist(),
            "runs": prose_runs(tokens, index, shown),
        }
        indices[kind] = index.astype(np.int32)
    return {"title": title, "text": tokens.text, "granularities": granularities}, indices

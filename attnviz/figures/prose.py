"""The prose of a text, cut at the borders of its tokens, words or sentences, for figures that show it to be read.

Tokens, the group of each and the groups' labels go in; pieces in reading order come out.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from attnviz.types import IntArray, Tokens

Run = tuple[str, int]


def prose_runs(tokens: Tokens, index: IntArray, labels: Sequence[str]) -> list[Run]:
    """The prose in order: pieces of the text with their group, what lies between groups with -1.

    A group without characters of its own (a special token, the continuation of a grapheme) is shown by its
    label. White space at the borders of a group stays outside it, so that colour covers words, not gaps.
    """
    runs: list[Run] = []
    cursor, segment = 0, 0
    texts = (tokens.text, tokens.pair or "")
    for group in dict.fromkeys(int(g) for g in index):
        members = np.flatnonzero(index == group)
        if tokens.segments[members[0]] != segment and not tokens.special[members[0]]:
            runs.append((texts[segment][cursor:], -1))
            cursor, segment = 0, int(tokens.segments[members[0]])
        text = texts[segment]
        start, end = int(tokens.spans[members, 0].min()), int(tokens.spans[members, 1].max())
        if tokens.special[members].all() or start < cursor or not text[start:end].strip():
            runs.append((labels[group], group))
            continue
        body = text[start:end].strip()
        begin = start + text[start:end].index(body)
        runs.append((text[cursor:begin], -1))
        runs.append((body, group))
        cursor = begin + len(body)
    runs.append((texts[segment][cursor:], -1))
    return [run for run in runs if run[0]]

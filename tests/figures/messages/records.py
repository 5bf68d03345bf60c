"""Tokens and attributions from which messages are packed in tests."""

from __future__ import annotations

import numpy as np

from attnviz.types import Tokens


def tokens(text: str, pieces: list[tuple[int, int]], words: list[int]) -> Tokens:
    """[CLS], the pieces of the text at the spans, [SEP]."""
    return Tokens(
        text=text,
        ids=np.arange(len(pieces) + 2),
        pieces=("[CLS]", *(text[a:b] for a, b in pieces), "[SEP]"),
        labels=("[CLS]", *(text[a:b] for a, b in pieces), "[SEP]"),
        spans=np.array([(0, 0), *pieces, (0, 0)]),
        special=np.array([True, *[False] * len(pieces), True]),
        words=np.array([-1, *words, -1]),
        segments=np.zeros(len(pieces) + 2, int),
    )


def split(text: str) -> Tokens:
    """Pieces of at most four characters, words at white space."""
    spans: list[tuple[int, int]] = []
    words: list[int] = []
    word = -1
    for start, character in enumerate(text):
        if character == " ":
            continue
        if start == 0 or text[start - 1] == " ":
            word += 1
        elif start - spans[-1][0] < 4 and words[-1] == word:
            spans[-1] = (spans[-1][0], start + 1)
            continue
        spans.append((start, start + 1))
        words.append(word)
    return tokens(text, spans, words)

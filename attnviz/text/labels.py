"""Labels that a person can read: whole graphemes, on the first token that holds a part of them.

The labels of a text's tokens, continuation marks left out, concatenate to the text, whatever the tokenizer split,
dropped or merged.
"""

from __future__ import annotations

from typing import Annotated

import numpy as np
import regex

from attnviz.text.characters import Characters
from attnviz.types import IntArray

Span = tuple[int, int]

# U+FDD0 is a noncharacter, reserved by Unicode for use inside a program. `clean` takes it out of every
# text, so no label that comes from a text can ever be equal to the mark.
CONTINUATION = "\ufdd0↪"

_UNUSABLE = regex.compile(r"[\ud800-\udfff\ufdd0]")


def clean(text: str) -> str:
    """The text with what no tokenizer or label can hold (lone surrogates, U+FDD0) as U+FFFD, one for one."""
    return text if text.isascii() else _UNUSABLE.sub("\ufffd", text)


def labels(characters: Characters, spans: Annotated[IntArray, "T 2"]) -> list[str]:
    """One label for each token; `spans` are in reading order.

    A grapheme belongs to the first token that overlaps it. Text between tokens (white space, characters that
    the tokenizer dropped) goes to the token after it, and at the end to the last one. A token without a
    grapheme of its own is a `CONTINUATION`; one that stands for no text at all has the label "".
    """
    text = characters.text
    starts, ends = np.asarray(spans, np.int64).reshape(-1, 2).T
    result = np.where(starts < ends, CONTINUATION, "").astype(object)
    if not text or not len(starts):
        return list(result.tolist())
    # A token owns a grapheme if it reaches further than all tokens before it, to one that begins behind their ends.
    reach = np.maximum.accumulate(np.where(starts < ends, ends, 0))
    before = np.concatenate([[0], reach[:-1]])
    last = characters.grapheme_of[np.maximum(reach, 1) - 1]
    owners = np.flatnonzero((reach > before) & (characters.graphemes[last] >= before))
    cuts = characters.graphemes[last[owners] + 1].tolist()
    if not cuts:
        owners, cuts = np.zeros(1, np.int64), [len(text)]
    cuts[-1] = len(text)
    result[owners] = [text[start:end] for start, end in zip([0, *cuts[:-1]], cuts, strict=True)]
    return list(result.tolist())

"""Packs the pairs of tokens of two texts for the figure "pairs": both texts facing each other, a line for each pair.

The message has the scores of all pairs of tokens and the groups of both texts; the browser sums pairs of groups.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from attnviz.figures.messages.axes import GRANULARITIES
from attnviz.figures.messages.prose import text_in_groups
from attnviz.figures.wire import pack
from attnviz.language import say
from attnviz.types import Attribution


def pairs_data(
    attribution: Attribution, *, granularity: str = "word", model: str = "", title: str = ""
) -> bytes:
    """The message of the figure "pairs".

    Args:
        attribution: one with a `matrix` (T, T'), of the method "token-pairs": its sum is the similarity.
        granularity: one of `GRANULARITIES`, to begin with. title: a headline; may be empty.

    Header: figure, title, granularity, model, value (the similarity), residual (it less the sum of all pairs),
    sumHolds, texts [{title, text, granularities: {name: {labels, special, runs}}}]. Sections: pairs f32 (T, T'),
    {granularity}{n} i32 the group of each token of text n.

    Raises:
        UnknownName: an unknown granularity.
        InputInvalid: the attribution scores no pairs.
    """
    from attnviz.errors import InputInvalid, UnknownName

    if granularity not in GRANULARITIES:
        raise UnknownName(say("granularity"), granularity, GRANULARITIES)
    if attribution.matrix is None or attribution.pair_tokens is None:
        raise InputInvalid(
            say("An explanation by {method!r} scores words, not pairs of words.", method=attribution.method),
            say("Explain the similarity of two texts by 'token-pairs'."),
        )
    sections: dict[str, Any] = {"pairs": np.asarray(attribution.matrix, np.float32)}
    texts = []
    named = (("Text", attribution.tokens), ("Second text", attribution.pair_tokens))
    for number, (name, tokens) in enumerate(named):
        text, indices = text_in_groups(name, tokens)
        texts.append(text)
        sections.update({f"{kind}{number}": index for kind, index in indices.items()})
    header = {
        "figure": "pairs",
        "title": title,
        "granularity": granularity,
        "model": model,
        "value": attribution.value,
        "residual": attribution.residual,
        "sumHolds": attribution.sum_holds,
        "texts": texts,
    }
    return pack(header, sections)

"""Packs a beam search for the figure "beams": a tree of tokens with the fate of each."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from attnviz.figures.wire import pack

if TYPE_CHECKING:
    from attnviz.explanation.translation.records import BeamTree

FATES = ("pruned", "kept", "ended")


def beams_data(tree: BeamTree, *, prefix: str = "", note: str = "", model: str = "") -> bytes:
    """The message of the figure "beams".

    Args:
        prefix: the text that all hypotheses begin with. note: one line under the figure. model: for file names.

    Header: figure, labels [N], hypotheses [[node, score], ...], prefix, note, model. Sections: parents i32 (N,), fates
    u8 (N,) places in `FATES`, logProbs f32 (N,), totals f32 (N,).
    """
    header = {
        "figure": "beams",
        "labels": [shown_label(label) for label in tree.labels],
        "hypotheses": [[each.node, each.score] for each in tree.hypotheses],
        "prefix": prefix,
        "note": note,
        "model": model,
    }
    return pack(
        header,
        {
            "parents": np.asarray(tree.parents, np.int32),
            "fates": np.array([FATES.index(fate) for fate in tree.fates], np.uint8),
            "logProbs": tree.log_probs,
            "totals": tree.totals,
        },
    )


def shown_label(label: str) -> str:
    """What a token adds to a text, as it can be shown: with the space that it begins with; "" for the end of a text."""
    from attnviz.text import visible

    if not label.strip():
        return visible(label) if label else ""
    return label[: len(label) - len(label.lstrip())] + visible(label)

"""Packs how far every head is from gold for the figure "errors": a wall of heads for each task of a translator."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from attnviz.figures.messages.alignment import MEAN, Place
from attnviz.figures.wire import pack

if TYPE_CHECKING:
    from attnviz.explanation.translation.records import HeadErrors


def errors_data(
    errors: Sequence[HeadErrors],
    titles: Sequence[str],
    shown: Place | None = None,
    *,
    note: str = "",
    model: str = "",
) -> bytes:
    """The message of the figure "errors".

    Args:
        errors: one for each task, of one model. titles: of the tasks. shown: the place that is looked at.

    Header: figure, note, model, mean (-1), shown null or [layer, head or mean], tasks [{title, sentences, diagonal}].
    Section: rates f32 (N, L, H + 1), last the mean of a layer's heads.
    """
    tasks = [
        {"title": title, "sentences": each.sentences, "diagonal": each.diagonal}
        for each, title in zip(errors, titles, strict=True)
    ]
    header = {
        "figure": "errors",
        "note": note,
        "model": model,
        "mean": MEAN,
        "shown": None if shown is None else list(shown),
        "tasks": tasks,
    }
    return pack(header, {"rates": np.stack([each.rates for each in errors])})

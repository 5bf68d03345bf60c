"""Packs a text that is being written for the figure "writing": every token a step, with what it could have been."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

import numpy as np

from attnviz.figures.messages.prose import prose_runs
from attnviz.figures.wire import pack
from attnviz.types import Candidate, FloatArray, Tokens, WrittenToken


@dataclass(frozen=True)
class HeadRead:
    """What one head read at a step: how much it paid to the token that it read most; `reads` is its position."""

    layer: int
    head: int
    weight: float
    reads: int


@dataclass(frozen=True)
class Fork:
    """A branch, as it is listed: at which step it parts from which other branch, and its text from there on."""

    parent: int
    at: int
    text: str
    probability: float | None = None


def writing_data(
    prompt: Tokens,
    steps: Sequence[WrittenToken],
    written: Tokens,
    *,
    step: int,
    candidates: Sequence[Candidate],
    entropy: float | None,
    row: Annotated[FloatArray, "K"],
    head: tuple[int, int] | None,
    heads: Sequence[HeadRead],
    forks: Sequence[Fork],
    current: int,
    beside: bool = False,
    greedy: bool = True,
    ended: bool = False,
    model: str = "",
    identity: str = "",
) -> bytes:
    """The message of the figure "writing".

    Args:
        prompt: what was read first. steps, written: the tokens that were written, as records and as tokens of a text.
        step: which of them is looked at; their number for the token to come.
        candidates, entropy: of that step. row: (K,) the attention that led there: over the prompt and what was
            written before the step, or with `beside` over the prompt alone (an encoder-decoder).
        head: whose row it is; None for the mean of all. heads: the first of all, the one that read most first.
        forks: all branches; current: the one that is shown. greedy: whether nothing is drawn.
        identity: of prompt and model; with another one, what the reader has set in the figure is forgotten.

    Header: figure, prompt {runs, labels, special}, written [{label, name, special, probability, after, entropy}], step,
    candidates [[id, label, before, after, special]], entropy, chosen (an id, or -1), head, heads [[layer, head, weight,
    position]], forks [[parent, at, text, probability]], current, and the words. Sections: row f32 (K,).
    """
    from attnviz.text import visible

    index = np.arange(len(prompt))
    labels = [visible(label) for label in prompt.labels]
    shown = [
        {
            "label": label if not special else visible(label),
            "name": visible(label),
            "special": bool(special),
            "probability": each.token.probability,
            "after": each.token.after,
            "entropy": each.entropy,
        }
        for label, special, each in zip(written.labels, written.special, steps, strict=True)
    ]
    header = {
        "figure": "writing",
        "identity": identity,
        "prompt": {
            "runs": prose_runs(prompt, index, labels),
            "labels": labels,
            "special": prompt.special.astype(int).tolist(),
        },
        "written": shown,
        "step": step,
        "candidates": [
            [each.id, visible(each.label), each.probability, each.after, each.special] for each in candidates
        ],
        "entropy": entropy,
        "chosen": steps[step].token.id if step < len(steps) else -1,
        "head": None if head is None else list(head),
        "heads": [[each.layer, each.head, each.weight, each.reads] for each in heads],
        "forks": [[each.parent, each.at, each.text, each.probability] for each in forks],
        "current": current,
        "beside": beside,
        "greedy": greedy,
        "ended": ended,
        "model": model,
    }
    return pack(header, {"row": np.asarray(row, np.float32)})

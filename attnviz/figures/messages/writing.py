"""Packs a text that is being written for the figure "writing": every token a step, with what it could have been."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Annotated, Any

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


@dataclass(frozen=True)
class Source:
    """Where in the prompt a written token was read: `reads` is the position, `share` of the passage's attention."""

    reads: int
    share: float
    sure: bool


@dataclass(frozen=True)
class Sources:
    """Of the first tokens that were written, where in the prompt's tokens `place` each was read; `note` in words."""

    place: tuple[int, int]
    links: tuple[Source, ...]
    chance: float
    note: str


@dataclass(frozen=True)
class Side:
    """One of two branches from where they part: its text, tokens, log-probability (nats) and mean entropy (nats)."""

    number: int
    text: str
    tokens: int
    probability: float
    log_probability: float
    entropy: float


@dataclass(frozen=True)
class Beside:
    """Two branches side by side.

    Attributes:
        at: the step at which they part. sides: the one that is looked at, and the other.
        reads: (label, weights) of the tokens that are read most: by the step where both part, and by the next step of
            either; None where there is none.
    """

    at: int
    sides: tuple[Side, Side]
    reads: tuple[tuple[str, tuple[float | None, float | None, float | None]], ...]


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
    sources: Sources | None = None,
    compared: Beside | None = None,
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
        sources: where in a passage of the prompt the answer was read. compared: the branch beside another.
        identity: of prompt and model; with another one, what the reader has set in the figure is forgotten.

    Header: figure, prompt {runs, labels, special}, written [{label, name, special, probability, after, entropy}], step,
    candidates [[id, label, before, after, special]], entropy, chosen (an id, or -1), head, heads [[layer, head, weight,
    position]], forks [[parent, at, text, probability]], current, sources {place, links [[position,
    share, sure]], chance, note}, compared {at, sides, reads}, and the words. Sections: row f32 (K,).
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
        "sources": None if sources is None else _sources(sources),
        "compared": None if compared is None else _compared(compared),
        "model": model,
    }
    return pack(header, {"row": np.asarray(row, np.float32)})


def _sources(found: Sources) -> dict[str, Any]:
    links = [[each.reads, each.share, each.sure] for each in found.links]
    return {"place": list(found.place), "links": links, "chance": found.chance, "note": found.note}


def _compared(found: Beside) -> dict[str, Any]:
    from attnviz.text import visible

    return {
        "at": found.at,
        "sides": [asdict(side) for side in found.sides],
        "reads": [[visible(label), list(weights)] for label, weights in found.reads],
    }

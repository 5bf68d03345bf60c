"""A small translation with known attention, for the figures that show translations."""

from __future__ import annotations

import numpy as np

from attnviz.explanation.translation.records import BeamTree, Hypothesis, Translation
from attnviz.types import Tokens

SOURCES, TARGETS = ("red", " cars", " stop"), ("carros", " vermelhos", " param")
BEST = (1, 0, 2)


def tokens(labels: tuple[str, ...]) -> Tokens:
    ends = np.cumsum([len(each) for each in labels])
    spans = np.stack([ends - [len(each) for each in labels], ends], 1)
    count = len(labels)
    return Tokens(
        "".join(labels), np.arange(count + 1), (*labels, "</s>"), (*labels, "</s>"), np.array([*spans, (0, 0)]),
        np.array([False] * count + [True]), np.array([*range(count), -1]), np.zeros(count + 1, int),
    )  # fmt: skip


def translation(
    sources: tuple[str, ...] = SOURCES, targets: tuple[str, ...] = TARGETS, rival: str = " azuis"
) -> Translation:
    """Two layers of two heads; layer 1, head 0 links as BEST says, its last row is flat; the others are flat."""
    source, target = tokens(sources), tokens(targets)
    attention = np.full((2, 2, len(target), len(source)), 1 / len(source), np.float32)
    for row in range(len(targets) - 1):
        attention[1, 0, row] = 0.1 / (len(source) - 1)
        attention[1, 0, row, BEST[row % 3]] = 0.9
    count = len(target)
    return Translation(
        source, target, 0, np.full(count, -0.1), np.full(count, 0.5), np.tile([900, 901], (count, 1)),
        np.tile([-2.0, -3.0], (count, 1)), ((rival, ""),) * count, attention,
    )  # fmt: skip


def beams(rival: str = " azuis") -> BeamTree:
    """carros -> vermelhos -> (end), or carros -> azuis -> (end); "barcos" was given up at once."""
    return BeamTree(
        np.array([-1, -1, 0, 0, 2, 3]), np.arange(6), ("carros", "barcos", " vermelhos", rival, "", ""),
        np.array([-0.1, -3, -0.2, -1, 0, 0]), np.array([-0.1, -3, -0.3, -1.1, -0.3, -1.1]),
        ("kept", "pruned", "kept", "kept", "ended", "ended"), (Hypothesis(4, -0.1), Hypothesis(5, -0.37)), 2, 1.0,
    )  # fmt: skip

"""Two heads that tell attention from importance: strong attention that is not needed, spread-out attention that is.

How they were found is written here, and shown to readers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np

from attnviz.types import FloatArray

Head = tuple[int, int]
RESTING = 0.5  # of a head's attention on special tokens or a sink; with more, it rests rather than looks
RULE = (
    "Strong: of the heads that give at most half of their attention to special tokens (where no token sees a later "
    "one: to the first token), and are in the half whose "
    "removal changes the result least, the one with the least spread attention. Spread out: of the third of all "
    "heads with the most spread attention, the one whose removal changes the result most."
)


@dataclass(frozen=True)
class Contrast:
    """`strong`: a head with strong attention that is hardly needed. `spread`: one with spread-out attention that is."""

    strong: Head
    spread: Head


def contrast(
    entropy: Annotated[FloatArray, "L H"],
    resting: Annotated[FloatArray, "L H"],
    falls: Annotated[FloatArray, "L H"],
) -> Contrast | None:
    """The two heads that `RULE` describes; None where the text has none, or the first one is needed more.

    Args:
        entropy: of the rows of each head, mean, nats. resting: share of its attention where heads rest, see `RULE`.
        falls: how far the result falls without each head. NaN, in any of them: this head is passed over.
    """
    sizes = np.abs(np.asarray(falls, np.float64))
    known = np.isfinite(sizes) & np.isfinite(entropy) & np.isfinite(resting)
    if not known.any():
        return None
    small = known & (resting <= RESTING) & (sizes <= np.median(sizes[known]))
    wide = known & (entropy >= np.quantile(entropy[known], 2 / 3))
    if not small.any():
        return None
    strong = _first(np.where(small, -entropy, -np.inf))
    spread = _first(np.where(wide, sizes, -np.inf))
    if sizes[strong] >= sizes[spread] or entropy[strong] >= entropy[spread]:
        return None
    return Contrast(strong, spread)


def _first(values: Annotated[FloatArray, "L H"]) -> Head:
    layer, head = np.unravel_index(int(values.argmax()), values.shape)
    return int(layer), int(head)

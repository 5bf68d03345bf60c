"""Whether a part does what is said of it: it is taken away, and the score is computed again."""

from __future__ import annotations

import numpy as np
import torch

from attnviz.explanation.circuits.parts import Vectors
from attnviz.explanation.circuits.records import Pass
from attnviz.explanation.circuits.streams import Cell, written
from attnviz.types import PartTest, ScorePart, Side

Tensor = torch.Tensor
RANDOM = 3  # parts of the same size in random directions, beside each that is tested


def without_part(
    cell: Cell,
    side: Side,
    part: ScorePart,
    said: float,
    vectors: Vectors,
    anew: bool = False,
    random: int = RANDOM,
) -> PartTest:
    """What taking one part away does to a score.

    Directly: from the stream of the query or key token alone, on its way to this head; everything else that was
    written stays, norms are computed anew. Random parts of the same length show what any part would do.
    """
    token = cell.query if side == "query" else cell.key
    places = vectors.places[vectors.parts.index(part)]
    taken = {number: written(cell.found.writes[number], part.head, token) for number in places}
    whole = cell.product + cell.position
    generator = torch.Generator().manual_seed(0)
    falls = [
        whole
        - cell.after(_without(cell, {n: _like(each, generator) for n, each in taken.items()}, token), side)
        for _ in range(random)
    ]
    return PartTest(
        side=side,
        part=part,
        said=said,
        fell=whole - cell.after(_without(cell, taken, token), side),
        random=np.array(falls),
        anew=whole - cell.anew(_anew(cell, taken, token)) if anew else None,
    )


def _like(part: Tensor, generator: torch.Generator) -> Tensor:
    direction = torch.randn(part.shape, generator=generator).to(part)
    return direction * (part.norm() / direction.norm())


def _without(cell: Cell, taken: dict[int, Tensor], token: int) -> Pass:
    """All writes as they were, but for one token, at which something is missing."""

    def change(number: int, value: Tensor) -> Tensor:
        recorded = cell.found.writes[number].leaf.detach() if number < len(cell.found.writes) else value
        return less(recorded, taken[number], token) if number in taken else recorded

    return cell.streams.again(cell.kind, cell.look.layer, change)


def _anew(cell: Cell, taken: dict[int, Tensor], token: int) -> Pass:
    """Something is missing where it was written, and what comes after knows nothing of it."""

    def change(number: int, value: Tensor) -> Tensor:
        return less(value, taken[number], token) if number in taken else value

    return cell.streams.again(cell.kind, cell.look.layer, change)


def less(value: Tensor, taken: Tensor, token: int) -> Tensor:
    """A write without something at one token."""
    changed = value.detach().clone()
    changed.reshape(-1, changed.shape[-1])[token] -= taken
    return changed

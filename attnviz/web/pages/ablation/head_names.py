"""Heads as they are named in a sentence, and what was done to them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from attnviz.web.state.address import Head

NAMED = 4  # heads and layers that are named one by one


def condition(names: str, gate: float | None) -> str:
    """The first words of the sentence."""
    if gate is None:
        return f"With {names} frozen at the mean over the reference text"
    return f"Without {names}" if gate == 0 else f"With {names} at {gate:.0%}"


def describe(heads: tuple[Head, ...], values: np.ndarray) -> str:
    """“layer 2 head 5”, “layer 2 heads 5 and 7”, “all heads of layer 3”, “14 heads”."""
    rows: dict[int, list[int]] = {}
    for layer, head in heads:
        rows.setdefault(layer, []).append(head)
    if len(heads) == int(np.isfinite(values).sum()):
        return "any head"
    whole = {layer for layer, row in rows.items() if len(row) == int(np.isfinite(values[layer]).sum())}
    if sum(1 if layer in whole else len(row) for layer, row in rows.items()) > NAMED:
        return f"{len(heads)} heads"
    return listed(
        [
            f"all heads of layer {layer}"
            if layer in whole
            else f"layer {layer} head{'s' if len(row) > 1 else ''} {listed([str(head) for head in row])}"
            for layer, row in sorted(rows.items())
        ]
    )


def listed(names: list[str]) -> str:
    """“a”, “a and b”, “a, b and c”."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"

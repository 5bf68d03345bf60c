"""Rows of cross-attention set to chosen source tokens while a target is read or written; all rows are noted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import torch

from attnviz.explanation.intervention.forcing import shown_output
from attnviz.explanation.translation.records import Head, Link

if TYPE_CHECKING:
    from attnviz.capture.recording.recorder import Call


class ForcedLinks:
    """An `Attend`: in some heads the linked target tokens look at their source tokens only, at each of them alike.

    Attributes:
        seen: (H, T, S) weights of each call of cross-attention by its number, of the latest pass, as they were forced.
    """

    def __init__(self, cross: tuple[int, ...], links: tuple[Link, ...], heads: tuple[Head, ...]) -> None:
        self.links, self.heads = links, heads
        self._heads = {
            number: [head for layer, head in heads if layer == n] for n, number in enumerate(cross)
        }
        self.seen: dict[int, Annotated[torch.Tensor, "H T S"]] = {}

    def reaches(self, count: int) -> bool:
        """Whether a pass over `count` target tokens has a forced row."""
        return bool(self.heads) and any(link.first < count for link in self.links)

    def __call__(self, number: int, call: Call) -> torch.Tensor | None:
        if number not in self._heads:
            return None
        wide = torch.promote_types(shown_output(call).dtype, torch.float32)
        weights = call.scores.weights_block(slice(None), slice(None), 0, dtype=wide)
        if not isinstance(weights, torch.Tensor):
            weights = torch.as_tensor(weights)
        self.seen[number] = weights = weights.clone()
        rows = self._rows(weights.shape[1])
        heads = self._heads[number]
        if not rows or not heads:
            return None
        changed = shown_output(call).clone()
        for row, link in rows.items():
            weights[heads, row] = 0
            weights[heads, row, link.key : link.key_end] = 1 / (link.key_end - link.key)
        for head in heads:
            own = weights[head, list(rows)]
            if call.v is None:
                changed[0, head, list(rows)] = own.to(changed.dtype)
            else:
                values = call.v[0, head * call.v.shape[1] // call.shape[1]]
                changed[0, list(rows), head] = (own @ values.to(own.dtype)).to(changed.dtype)
        return changed

    def _rows(self, count: int) -> dict[int, Link]:
        """The rows that are forced in a pass over `count` target tokens; of two links of one row the later holds."""
        return {row: link for link in self.links for row in range(link.first, min(link.end, count))}

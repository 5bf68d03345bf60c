"""Variants of a text with tokens hidden by the attention mask, run without most of the hidden columns.

Nothing looks at a hidden token, so a row without its column gives the same result, as long as every other token is told
the position at which it stood. Half of the tokens cost half of the time.
"""

from __future__ import annotations

import inspect
from functools import cached_property
from typing import TYPE_CHECKING, Annotated

import torch

if TYPE_CHECKING:
    from attnviz.explanation.problem import Problem

EQUAL = 1e-5  # of the value: rounding leaves up to 3e-6, a wrong position 2e-2 and more
WORTH = 0.9  # of the columns: where more would stay, nothing is gained


class CompactRows:
    """F of variants of one text; whether the model bears rows without hidden columns is tried out once."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem

    def values(self, kept: Annotated[torch.Tensor, "N T"]) -> Annotated[torch.Tensor, "N"]:
        """F of each variant; `kept` is 0 where a token is hidden. Rows of one length together are the quickest.

        With `kept` on the CPU nothing waits for the model's device.
        """
        shown = self._shown(kept)
        width = int(shown.sum(1).max())
        if width > WORTH * shown.shape[1] or self._first_position is None:
            return self.problem.evaluate(mask=self.problem.mask * self._there(kept))
        return self._narrow(kept, shown, width, self._first_position)

    @cached_property
    def _first_position(self) -> int | None:
        """The position that the model gives to the first column; None where columns cannot be dropped.

        Positions counted from elsewhere, relative to columns, or windows over columns show in the result.
        """
        if "position_ids" not in inspect.signature(self.problem.module.forward).parameters:
            return None
        kept = torch.ones_like(self.problem.mask, device="cpu")
        kept[:, 1::2] = 0
        kept[:, self.problem.fixed] = 1
        shown = self._shown(kept)
        expected = self.problem.evaluate(mask=self.problem.mask * self._there(kept))
        # RoBERTa's positions begin behind the id of the padding.
        padding = getattr(self.problem.module.get_input_embeddings(), "padding_idx", None)  # type: ignore[operator]
        for first in (0,) if padding is None else (0, padding + 1):
            found = self._narrow(kept, shown, int(shown.sum()), first)
            if bool((found - expected).abs() <= EQUAL * expected.abs().clamp(min=1)):
                return first
        return None

    def _shown(self, kept: torch.Tensor) -> Annotated[torch.Tensor, "N W"]:
        """The columns that are needed: those kept, and those that a target may read by their place."""
        count, width = kept.shape[1], self.problem.inputs["input_ids"].shape[1]
        shown = torch.ones(len(kept), width, dtype=torch.bool, device=kept.device)
        shown[:, :count] = kept.bool()
        shown[:, [0, count - 1, *self.problem.held, *self.problem.read_at]] = True
        return shown

    def _there(self, rows: torch.Tensor) -> torch.Tensor:
        """On the device of the model; nothing waits for the copy."""
        return rows.to(self.problem.mask.device, non_blocking=True)

    def _narrow(self, kept: torch.Tensor, shown: torch.Tensor, width: int, first: int) -> torch.Tensor:
        """Rows with as many columns as the longest needs; a shorter one keeps some that are hidden."""
        inputs = self.problem.inputs
        columns = self._there(torch.argsort(~shown, dim=1, stable=True)[:, :width].sort(1).values)
        rows = {
            name: each.expand(len(columns), *each.shape[1:])
            if name.startswith("decoder")
            else each.expand(len(columns), -1).gather(1, columns)
            for name, each in inputs.items()
        }
        mask = inputs["attention_mask"].repeat(len(kept), 1)
        mask[:, : kept.shape[1]] *= self._there(kept)
        rows["attention_mask"] = mask.gather(1, columns)
        rows["position_ids"] = columns + first
        moved = torch.zeros(shown.shape, dtype=torch.int64, device=columns.device)
        moved.scatter_(1, columns, torch.arange(width, device=columns.device).expand_as(columns))
        return self.problem.evaluate_rows(rows, moved)

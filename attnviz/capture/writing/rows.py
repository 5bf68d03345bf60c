"""The rows of attention that led to the tokens of a text that is being written, those that were looked at kept."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import numpy as np
import torch

from attnviz.capture.arrays import to_numpy
from attnviz.capture.writing.passes import Passes, common_length
from attnviz.errors import ModelUnsupported
from attnviz.language import say
from attnviz.types import FloatArray, Kind, readonly

if TYPE_CHECKING:
    from attnviz.capture.recording.recorder import Role

MOST_BYTES = 8_000_000  # of rows that are kept, so that to look again, or at another branch, reads nothing


class Rows:
    """Rows behind a sequence of chosen tokens.

    Args:
        passes: of the model. start: the ids that are fed before the first chosen one.
        both: whether there is an encoder.
    """

    def __init__(self, passes: Passes, start: Sequence[int], both: bool, device: torch.device) -> None:
        self._passes, self._start, self._both, self._device = passes, list(start), both, device
        self._kept: dict[
            tuple[Kind, tuple[int, ...]], FloatArray
        ] = {}  # the one that was asked for last is last
        # Of `of_prompt`: the prompt's tokens, what stands before the last row, and the rows.
        self._traced: tuple[tuple[int, int], tuple[int, ...], FloatArray] = (
            (0, 0),
            (),
            np.zeros(0, np.float32),
        )

    def row(self, chosen: Sequence[int], kind: Kind) -> Annotated[FloatArray, "L H K"]:
        """The row that predicts what comes behind these tokens, of every head. Raises ModelUnsupported."""
        key = (kind, tuple(chosen))
        found = self._kept.pop(key, None)
        if found is None:
            weights = self._weights(chosen, kind, 1)
            found = readonly(np.stack([each[:, 0] for each in weights]), np.float32)
        self._kept[key] = found
        while len(self._kept) > 1 and sum(each.nbytes for each in self._kept.values()) > MOST_BYTES:
            del self._kept[next(iter(self._kept))]
        return found

    def of_prompt(
        self, chosen: Sequence[int], first: int, last: int, count: int
    ) -> Annotated[FloatArray, "count L H P"]:
        """What the last `count` rows gave to the prompt's tokens from `first` to before `last`; there are no others.

        The row of a token depends on the tokens before it: those of the same beginning are not computed again.
        """
        place, before, rows = self._traced
        same = common_length(before, chosen) + 1 if place == (first, last) else 0
        rows = rows[: min(same, count)]
        if len(rows) < count:
            weights = self._weights(chosen, "cross" if self._both else "self", count - len(rows))
            new = np.stack([each[..., first:last] for each in weights]).transpose(2, 0, 1, 3)
            rows = np.concatenate([rows, new]) if len(rows) else new
            self._traced = ((first, last), tuple(chosen), rows)
        return readonly(rows, np.float32)

    def _weights(
        self, chosen: Sequence[int], kind: Kind, count: int
    ) -> list[Annotated[FloatArray, "H count K"]]:
        """The last rows of every layer's attention over what was read."""
        fed = [*self._start, *chosen]
        self._passes.hold(fed)
        role: Role = "cross" if kind == "cross" else "decoder"
        calls = [call for call in self._passes.calls(len(fed)) if call.role == role]
        if not calls:
            raise ModelUnsupported(
                say("This model has no {role} attention to look at.", role=role), reason="not-captured"
            )
        places = torch.arange(len(fed) - count, len(fed), device=self._device)
        return [to_numpy(call.scores.weights_block(slice(None), places)) for call in calls]

    @property
    def nbytes(self) -> int:
        """Bytes of what is kept."""
        return self._traced[2].nbytes + sum(each.nbytes for each in self._kept.values())

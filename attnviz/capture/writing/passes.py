"""The passes of a model over a text that grows: what was read stays, as far as a new text begins in the same way.

With keys and values kept where the family allows it, proven by what its attention was seen to read; else each step
reads the whole text again.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import torch

from attnviz.capture.recording.interface import trusted_view
from attnviz.capture.recording.recorder import Call, active, record
from attnviz.capture.writing.buffers import BufferCache, encoder_decoder_cache
from attnviz.capture.writing.tape import Tape

Inputs = Mapping[str, torch.Tensor]


class NotKept(Exception):
    """The family's attention did not read what was kept: each step has to read the whole text."""


def common_length(first: Sequence[int], second: Sequence[int]) -> int:
    """How many numbers two sequences begin with in common."""
    count = min(len(first), len(second))
    return next((n for n in range(count) if first[n] != second[n]), count)


class Passes:
    """What a writer asks: logits behind a sequence of ids, and the attention calls over it.

    Args:
        module: the model. inputs: (1, T) tensors of the prompt; an encoder reads them once, and `fed` of `logits` is
            what the decoder reads. A decoder reads the prompt's ids as the beginning of `fed`.
    """

    def __init__(self, module: Any, inputs: Inputs, both: bool) -> None:
        self._module, self._inputs, self._both = module, inputs, both
        self._way: _Kept | _Whole | None = None

    def logits(self, fed: Sequence[int], count: int) -> Annotated[torch.Tensor, "count V"]:
        """The scores behind the last `count` ids of a sequence. Raises ModelUnsupported."""
        with torch.no_grad():
            if self._way is None:
                view = trusted_view(self._module, self._first(fed)) if _keeps(self._module) else None
                self._way = _Whole(self) if view is None else _Kept(self, view)
            try:
                return self._way.logits(fed, count)
            except NotKept:
                self._way = _Whole(self)
                return self._way.logits(fed, count)

    def hold(self, fed: Sequence[int]) -> None:
        """Read a sequence, unless what was read last begins with it."""
        if self._way is None or self._way.fed[: len(fed)] != list(fed):
            self.logits(fed, 1)

    def calls(self, rows: int) -> tuple[Call, ...]:
        """The attention calls of one pass over the first `rows` ids that were read last."""
        assert self._way is not None
        return self._way.calls(rows)

    @property
    def nbytes(self) -> int:
        """Bytes that are kept for the steps to come."""
        return 0 if self._way is None else self._way.nbytes

    @property
    def keeps(self) -> bool:
        """Whether a step reads its new token alone."""
        return isinstance(self._way, _Kept)

    def _first(self, fed: Sequence[int]) -> dict[str, Any]:
        """The inputs of a pass over everything."""
        ids = self._ids(fed)
        if self._both:
            return {**self._inputs, "decoder_input_ids": ids, "use_cache": False}
        return {**self._beside(len(fed)), "input_ids": ids, "use_cache": False}

    def _beside(self, length: int) -> dict[str, torch.Tensor]:
        """What a decoder is given beside its ids, for a text of this length: its last value goes on."""
        given = {}
        for name, tensor in self._inputs.items():
            if name != "input_ids":
                more = max(0, length - tensor.shape[1])
                given[name] = torch.cat([tensor, tensor[:, -1:].expand(-1, more)], 1)[:, :length]
        return given

    def _ids(self, ids: Sequence[int]) -> torch.Tensor:
        return torch.tensor([list(ids)], device=next(iter(self._inputs.values())).device)


def _keeps(module: Any) -> bool:
    """Whether the family says that it takes keys and values of a former pass, which can be cut off at any place."""
    names = inspect.signature(module.forward).parameters
    return (
        "past_key_values" in names
        and hasattr(module.config, "use_cache")
        and not getattr(module, "_is_stateful", False)
    )


def _last(module: Any, count: int) -> dict[str, int]:
    return (
        {"logits_to_keep": count} if "logits_to_keep" in inspect.signature(module.forward).parameters else {}
    )


class _Kept:
    """Each pass reads what is new."""

    def __init__(self, passes: Passes, view: Any) -> None:
        self._passes, self._view = passes, view
        self._tape = Tape(view)
        self.fed: list[int] = []
        self._states: Any = None  # the encoder's output
        self._cache: Any
        self._own: BufferCache
        if passes._both:
            self._cache, self._own = encoder_decoder_cache()
        else:
            self._cache = self._own = BufferCache()

    def logits(self, fed: Sequence[int], count: int) -> torch.Tensor:
        common = min(common_length(self.fed, fed), len(fed) - count)
        if common < len(self.fed):
            self._own.cut(common)
            self._tape.cut(common)
        inputs = self._inputs_of(fed, common)
        self._tape.begin()
        self.fed = []  # until the pass has ended: one that was interrupted leaves nothing to build on
        try:
            with active(self._tape):
                output = self._view(**inputs, **_last(self._view, count))
        except BaseException:
            self._own.cut(0)
            self._tape.cut(0)
            raise
        if self._tape.shown or self._own.lengths != {len(fed)} or not self._tape.holds(len(fed)):
            raise NotKept
        if not common and not self._tape.causal:
            raise NotKept
        self.fed = list(fed)
        if self._passes._both:
            self._states = (output.encoder_last_hidden_state,)
        return output.logits[0, -count:]

    def _inputs_of(self, fed: Sequence[int], common: int) -> dict[str, Any]:
        ids = self._passes._ids(fed[common:])
        kept = {"past_key_values": self._cache, "use_cache": True}
        if not self._passes._both:
            beside = self._passes._beside(len(fed))
            more = {n: t if n == "attention_mask" else t[:, common:] for n, t in beside.items()}
            return {"input_ids": ids, **more, **kept}
        if self._states is None:
            return {**self._passes._inputs, "decoder_input_ids": ids, **kept}
        from transformers.modeling_outputs import BaseModelOutput

        mask = {n: t for n, t in self._passes._inputs.items() if n == "attention_mask"}
        states = BaseModelOutput(last_hidden_state=self._states[0])
        return {"encoder_outputs": states, **mask, "decoder_input_ids": ids, **kept}

    def calls(self, rows: int) -> tuple[Call, ...]:
        def lent(tensor: torch.Tensor, count: int) -> None:
            if (buffer := self._own.buffer_of(tensor)) is not None:
                buffer.lend(count)

        return self._tape.calls(rows, lent)

    @property
    def nbytes(self) -> int:
        return self._tape.nbytes


class _Whole:
    """Each pass reads everything; what the encoder said is kept."""

    def __init__(self, passes: Passes) -> None:
        self._passes = passes
        self.fed: list[int] = []
        self._calls: tuple[Call, ...] = ()
        self._logits: torch.Tensor | None = None

    def logits(self, fed: Sequence[int], count: int) -> torch.Tensor:
        if list(fed) != self.fed or self._logits is None or len(self._logits) < count:
            module = self._passes._module
            output, self._calls = record(module, {**self._passes._first(fed), **_last(module, count)})
            self.fed, self._logits = list(fed), output.logits[0, -count:]
        assert self._logits is not None
        return self._logits[-count:]

    def calls(self, rows: int) -> tuple[Call, ...]:
        if rows != len(self.fed):
            self.logits(self.fed[:rows], 1)
        return self._calls

    @property
    def nbytes(self) -> int:
        from attnviz.capture.recompute.blocks import source

        return sum(source(call.scores).untyped_storage().nbytes() for call in self._calls)

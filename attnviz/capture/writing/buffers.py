"""Keys and values of what was read so far, in buffers that grow: every step gets a view, none a copy.

A prefix that was handed out is never overwritten: who goes back and writes on makes a new buffer first.
"""

from __future__ import annotations

from typing import Any

import torch
from transformers.cache_utils import Cache, CacheLayerMixin, EncoderDecoderCache

ROOM = 32  # rows that a buffer has to spare at least; and at most an eighth of what it holds


class Buffer:
    """Rows along one axis of a tensor, appended and cut off at the end.

    `lent` rows were handed out for good. Appending where they stand copies the rows before them, so that what was
    handed out stays as it is.
    """

    def __init__(self, axis: int) -> None:
        self.axis, self.rows, self.lent = axis, 0, 0
        self._tensor: torch.Tensor | None = None

    def append(self, new: torch.Tensor) -> torch.Tensor:
        """Put rows at the end; returns all, as a view."""
        count = self.rows + new.shape[self.axis]
        if self._tensor is None or count > self._tensor.shape[self.axis] or self.lent > self.rows:
            self._grow(count, new)
        assert self._tensor is not None
        self._tensor.narrow(self.axis, self.rows, new.shape[self.axis]).copy_(new)
        self.rows = count
        return self._tensor.narrow(self.axis, 0, count)

    def _grow(self, count: int, like: torch.Tensor) -> None:
        shape = list(like.shape)
        # The first rows, a whole text or prompt, get no room: most buffers of an encoder never grow.
        shape[self.axis] = count if self._tensor is None else count + max(ROOM, count // 8)
        larger = like.new_empty(shape)
        if self._tensor is not None and self.rows:
            larger.narrow(self.axis, 0, self.rows).copy_(self._tensor.narrow(self.axis, 0, self.rows))
        self._tensor, self.lent = larger, 0

    def cut(self, rows: int) -> None:
        """Forget all but the first rows."""
        self.rows = min(self.rows, rows)

    def lend(self, rows: int) -> torch.Tensor:
        """The first rows, which stay as they are from now on."""
        assert self._tensor is not None
        self.lent = max(self.lent, rows)
        return self._tensor.narrow(self.axis, 0, rows)

    @property
    def nbytes(self) -> int:
        """Bytes that it takes."""
        return 0 if self._tensor is None else self._tensor.untyped_storage().nbytes()


class BufferLayer(CacheLayerMixin):
    """One layer of transformers' cache over two buffers. Windows are the mask's business: nothing is thrown away."""

    is_sliding = False
    is_croppable = True

    def __init__(self, **_: Any) -> None:
        super().__init__()
        self.buffers = (Buffer(2), Buffer(2))

    def lazy_initialization(self, key_states: torch.Tensor, value_states: torch.Tensor) -> None:
        self.is_initialized = True

    def update(
        self, key_states: torch.Tensor, value_states: torch.Tensor, *args: Any, **kwargs: Any
    ) -> tuple[torch.Tensor, torch.Tensor]:
        self.is_initialized = True
        keys, values = self.buffers
        self.keys, self.values = keys.append(key_states), values.append(value_states)
        return self.keys, self.values

    def get_mask_sizes(self, query_length: int) -> tuple[int, int]:
        return self.get_seq_length() + query_length, 0

    def get_seq_length(self) -> int:
        return self.buffers[0].rows

    def get_max_length(self) -> int:
        return -1

    def cut(self, rows: int) -> None:
        """Forget all but the first rows."""
        for buffer in self.buffers:
            buffer.cut(rows)
        if self.is_initialized:
            assert self.keys is not None
            assert self.values is not None
            self.keys, self.values = self.keys[:, :, :rows], self.values[:, :, :rows]


class BufferCache(Cache):
    """transformers' cache, made of such layers as the model asks for them."""

    def __init__(self) -> None:
        super().__init__(layer_class_to_replicate=BufferLayer)
        self.layers: list[Any]

    @property
    def lengths(self) -> set[int]:
        """How many rows its layers hold: one number where all hold the same."""
        return {layer.get_seq_length() for layer in self.layers}

    def cut(self, rows: int) -> None:
        """Forget all but the first rows, in every layer."""
        for layer in self.layers:
            layer.cut(rows)

    def buffer_of(self, tensor: torch.Tensor) -> Buffer | None:
        """The buffer that a tensor is a view into."""
        place = tensor.untyped_storage().data_ptr()
        for layer in self.layers:
            for buffer in layer.buffers:
                if buffer.rows and buffer.lend(0).untyped_storage().data_ptr() == place:
                    return buffer
        return None


def encoder_decoder_cache() -> tuple[EncoderDecoderCache, BufferCache]:
    """A cache for a decoder beside an encoder, and the part of it that grows."""
    own = BufferCache()
    return EncoderDecoderCache(own, BufferCache()), own

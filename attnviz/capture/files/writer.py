"""The parts of a capture as JSON and named arrays: what `store` puts into a file, and `store_reader` reads."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import numpy.typing as npt

from attnviz.capture.arrays import Array
from attnviz.capture.capture import Layer
from attnviz.capture.masks import Bias, DenseMask, Mask, SpanMask, ToeplitzBias
from attnviz.capture.recompute.scores import DenseScores, Scores
from attnviz.types import Frames, Items, Patches, Tokens

OUTPUT = {"v": 3, "pulls": 3, "bias": 1}  # arrays of OutputParts, and their dimensions


class Writer:
    """Turns layers into JSON, and their arrays into named entries; what layers share is written once."""

    def __init__(self) -> None:
        self.arrays: dict[str, npt.NDArray[Any]] = {}
        self._names: dict[int, tuple[object, str]] = {}

    def layer(self, layer: Layer) -> dict[str, Any]:
        norms = layer.norms
        if norms is not None and not isinstance(norms, np.ndarray):
            norms = norms.values
        return {
            "scores": self._scores(layer.scores),
            "norms": None if norms is None else self._array(norms),
        }

    def output(self, layer: Layer) -> dict[str, Any] | None:
        """What contributions are made of, None where it is not known."""
        parts = layer.parts()
        return None if parts is None else {name: self._array(getattr(parts, name)) for name in OUTPUT}

    def _scores(self, scores: Scores) -> dict[str, Any]:
        if isinstance(scores, DenseScores):
            return {"weights": self._array(scores.weights)}
        return {
            "q": self._array(scores.q),
            "k": self._array(scores.k),
            "scale": scores.scale,
            "softcap": scores.softcap,
            "sinks": None if scores.sinks is None else self._array(scores.sinks),
            "mask": None if scores.mask is None else self._rule(scores.mask),
            "bias": None if scores.bias is None else self._rule(scores.bias),
        }

    def _rule(self, rule: Mask | Bias) -> dict[str, Any]:
        if isinstance(rule, SpanMask):
            names = {part: self._array(getattr(rule, part)) for part in ("first", "stop", "keys")}
            return {"rule": "span", **names}
        if isinstance(rule, DenseMask):
            return {"rule": "dense", "allowed": self._array(rule.allowed)}
        if isinstance(rule, ToeplitzBias):
            return {"rule": "toeplitz", "diagonals": self._array(rule.diagonals), "queries": rule.queries}
        return {"rule": "bias", "values": self._array(rule.values)}

    def _array(self, array: Array) -> dict[str, str]:
        known = self._names.get(id(array))
        if known is None:
            name = f"a{len(self.arrays)}"
            self.arrays[name] = _portable(array)
            known = self._names[id(array)] = (array, name)  # the array is kept, so that its id stays its own
        return {"array": known[1], "dtype": str(array.dtype).removeprefix("torch.")}


def _portable(array: Array) -> npt.NDArray[Any]:
    """A contiguous numpy array; numpy knows no bfloat16, which is kept as its bits."""
    if hasattr(array, "detach"):
        import torch

        array = array.detach().cpu().contiguous()
        array = (array.view(torch.int16) if array.dtype == torch.bfloat16 else array).numpy()
    return np.ascontiguousarray(array)


def items_out(items: Items | None) -> dict[str, Any] | None:
    """The fields that the items are made again from; those of pictures and sounds begin with what they are."""
    if items is None:
        return None
    assert isinstance(items, Tokens | Patches | Frames)
    names = [field.name for field in dataclasses.fields(items) if field.init]
    values = {name: getattr(items, name) for name in names}
    plain = {
        name: value.tolist() if isinstance(value, np.ndarray) else value for name, value in values.items()
    }
    return plain if isinstance(items, Tokens) else {"items": items.unit, **plain}

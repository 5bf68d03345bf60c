"""A capture from what a file says, checked piece by piece: the file may come from a stranger.

Whatever does not fit together raises one of the errors that `store` turns into CaptureInvalid.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, cast

import numpy as np
import numpy.typing as npt

from attnviz.capture.capture import Capture, Layer
from attnviz.capture.files.items import card_in, items_in, tokens_in
from attnviz.capture.files.writer import OUTPUT
from attnviz.capture.masks import Bias, DenseBias, DenseMask, Mask, SpanMask, ToeplitzBias
from attnviz.capture.recompute.contribution import OutputParts
from attnviz.capture.recompute.scores import LOWEST, DenseScores, QueryKeyScores, Scores
from attnviz.loading.safetensors_header import Tensor
from attnviz.types import Kind

_KINDS = ("self", "encoder", "decoder", "cross")
# Stored dtypes and numpy's, by the name that the document gives an array's dtype.
_DTYPES = {
    "bool": ("BOOL", np.bool_), "int32": ("I32", np.int32), "int64": ("I64", np.int64), "bfloat16": ("I16", np.uint16),
    "float16": ("F16", np.float16), "float32": ("F32", np.float32), "float64": ("F64", np.float64),
}  # fmt: skip


class Arrays:
    """The arrays of a file: views of its bytes, each made once however many layers mention it."""

    def __init__(self, tensors: Mapping[str, Tensor], data: bytes, offset: int) -> None:
        self._tensors, self._data, self._offset = tensors, data, offset
        self._made: dict[tuple[str, str], tuple[npt.NDArray[Any], float]] = {}

    def get(self, reference: Mapping[str, str]) -> tuple[npt.NDArray[Any], float]:
        """An array and its largest magnitude, which is not finite where one of its numbers is not."""
        key = (reference["array"], reference["dtype"])
        if key not in self._made:
            array = self._view(*key)
            largest = (
                max(abs(float(array.min())), abs(float(array.max()))) if array.dtype.kind == "f" else 0.0
            )
            self._made[key] = array, largest
        return self._made[key]

    def unused(self) -> bool:
        """Whether the file holds arrays that nothing mentioned: bytes that would be kept for nothing."""
        return {name for name, _ in self._made} != set(self._tensors)

    def _view(self, name: str, dtype: str) -> npt.NDArray[Any]:
        tensor, (stored, form) = self._tensors[name], _DTYPES[dtype]
        _check(tensor.dtype == stored, f"an array of {tensor.dtype} where {dtype} was promised")
        flat: npt.NDArray[Any] = np.frombuffer(
            self._data, form, math.prod(tensor.shape), self._offset + tensor.begin
        )
        if dtype == "bool":
            _check(not flat.size or int(flat.view(np.uint8).max()) <= 1, "flags")
        elif dtype == "bfloat16":
            wide = flat.astype(np.uint32)
            wide <<= 16
            flat = wide.view(np.float32)
        array = flat.reshape(tensor.shape)
        array.flags.writeable = False
        return array


class Reader:
    """Builds a Capture from what a file says, and checks that every size agrees."""

    def __init__(self, document: Mapping[str, Any], arrays: Arrays) -> None:
        self._document, self._arrays = document, arrays

    def capture(self) -> Capture:
        document = self._document
        kinds: dict[Kind, tuple[Layer, ...]] = {}
        for kind, layers in document["kinds"].items():
            if kind not in _KINDS or not layers:
                raise ValueError(f"kind of attention {kind[:20]!r}")
            kinds[cast("Kind", kind)] = tuple(self._layer(layer) for layer in layers)
        _check(len(kinds) == 1 or "cross" in kinds, "no attention, or kinds that do not go together")
        tokens = items_in(document["tokens"])
        target, fed = tokens_in(document["target_tokens"]), tokens_in(document["fed_tokens"])
        capture = Capture(card_in(document["card"]), tokens, target, kinds, fed)
        read = tokens if fed is None else fed
        _check(target is None or len(target) <= len(read), "more target tokens than rows")
        for kind in capture.kinds:
            sizes = (len(capture.query_tokens(kind)), len(capture.key_tokens(kind)))
            _check(len({layer.scores.shape for layer in kinds[kind]}) == 1, "layers of different sizes")
            _check(capture.shape(kind)[2:] == sizes, "tokens and attention of different sizes")
        _check(not self._arrays.unused(), "arrays that belong to no layer")
        return capture

    def _layer(self, layer: Mapping[str, Any]) -> Layer:
        scores = self._scores(layer["scores"])
        norms = None if layer["norms"] is None else self._numbers(layer["norms"], 2)
        _check(norms is None or norms.shape == (scores.shape[1], scores.shape[3]), "norms")
        _check(norms is None or float(norms.min()) >= 0, "norms below zero")
        return Layer(scores, norms, output=self._output(layer.get("output"), scores.shape))

    def _output(
        self, output: Mapping[str, Any] | None, shape: tuple[int, int, int, int]
    ) -> OutputParts | None:
        """What contributions are made of; files of before there were any have none."""
        if output is None:
            return None
        v, pulls, bias = (self._numbers(output[name], dimensions) for name, dimensions in OUTPUT.items())
        _, heads, queries, keys = shape
        _check(pulls.shape[:2] == (heads, queries) and bias.shape == (queries,), "the output of a layer")
        _check(
            v.shape[0] > 0 and heads % v.shape[0] == 0 and v.shape[1:] == (keys, pulls.shape[2]),
            "the values of a layer",
        )
        self._bounded(v.shape[2], output["v"], output["pulls"])
        return OutputParts(v, pulls, bias)

    def _scores(self, scores: Mapping[str, Any]) -> Scores:
        if "weights" in scores:
            weights = self._numbers(scores["weights"], 4)
            _check(weights.shape[0] == 1, "weights")
            # Half precision may round a weight up.
            _check(float(weights.min()) >= 0 and float(weights.max()) <= 1.01, "weights outside 0 to 1")
            return DenseScores(weights)
        q, k = self._numbers(scores["q"], 4), self._numbers(scores["k"], 4)
        _check(q.shape[3] == k.shape[3] and q.shape[0] == k.shape[0] == 1, "queries and keys")
        _check(q.shape[1] % k.shape[1] == 0, "heads of queries and keys")
        size = (q.shape[1], q.shape[2], k.shape[2])
        scale, softcap = _finite(scores["scale"]), scores["softcap"]
        self._bounded(q.shape[3] * max(1.0, abs(scale)), scores["q"], scores["k"])
        sinks = None if scores["sinks"] is None else self._numbers(scores["sinks"], 1)
        _check(sinks is None or len(sinks) == size[0], "sinks")
        return QueryKeyScores(
            q, k, scale, self._mask(scores["mask"], size), self._bias(scores["bias"], size),
            None if softcap is None else _finite(softcap), sinks,
        )  # fmt: skip

    def _mask(self, rule: Mapping[str, Any] | None, size: tuple[int, int, int]) -> Mask | None:
        if rule is None:
            return None
        if rule["rule"] == "span":
            span = SpanMask(*(self._array(rule[part], 2) for part in ("first", "stop", "keys")))
            _check(
                span.first.shape == span.stop.shape == (1, size[1]) and span.keys.shape == (1, size[2]),
                "mask",
            )
            _check(
                span.first.dtype.kind == span.stop.dtype.kind == "i" and span.keys.dtype == np.bool_, "mask"
            )
            inside = (span.first >= 0) & (span.first <= span.stop) & (span.stop <= size[2])
            _check(bool(inside.all()), "mask")
            return span
        if rule["rule"] != "dense":
            raise ValueError("mask")
        dense = DenseMask(self._array(rule["allowed"], 4))
        _check(dense.allowed.dtype == np.bool_ and dense.allowed.shape[0] == 1, "mask")
        _check(dense.allowed.shape[1] in (1, size[0]) and dense.allowed.shape[2:] == size[1:], "mask")
        return dense

    def _bias(self, rule: Mapping[str, Any] | None, size: tuple[int, int, int]) -> Bias | None:
        if rule is None:
            return None
        if rule["rule"] == "toeplitz":
            bias = ToeplitzBias(self._numbers(rule["diagonals"], 2), int(rule["queries"]))
            _check(bias.queries == size[1] and bias.diagonals.shape[1] == size[1] + size[2] - 1, "bias")
            _check(bias.diagonals.shape[0] in (1, size[0]), "bias")
            self._bounded(1, rule["diagonals"])
            return bias
        if rule["rule"] != "bias":
            raise ValueError("bias")
        dense = DenseBias(self._array(rule["values"], 4))
        _check(dense.values.dtype.kind == "f" and dense.values.shape[0] == 1, "bias")
        _check(dense.values.shape[1] in (1, size[0]) and dense.values.shape[2:] == size[1:], "bias")
        highest = dense.values.max(-1)
        _check(bool(np.isfinite(highest).all()), "a bias that leaves nothing to look at")
        _check(float(highest.max()) < -LOWEST, "numbers that are too large")
        return dense

    def _bounded(self, factor: float, *references: Mapping[str, str]) -> None:
        """Products of these arrays must stay numbers, and above what a mask puts in their place."""
        largest = math.prod(max(1.0, self._arrays.get(each)[1]) for each in references)
        _check(largest * factor < -LOWEST, "numbers that are too large")

    def _numbers(self, reference: Mapping[str, str], dimensions: int) -> npt.NDArray[Any]:
        array = self._array(reference, dimensions)
        finite = math.isfinite(self._arrays.get(reference)[1])
        _check(array.dtype.kind == "f" and array.size > 0 and finite, "an array of other than numbers")
        return array

    def _array(self, reference: Mapping[str, str], dimensions: int) -> npt.NDArray[Any]:
        array, _ = self._arrays.get(reference)
        _check(array.ndim == dimensions, f"an array of {array.ndim} dimensions, not {dimensions}")
        return array


def _check(holds: bool, what: str) -> None:
    if not holds:
        raise ValueError(what)


def _finite(value: Any) -> float:
    number = float(value)
    _check(math.isfinite(number) and number != 0, "a scale that is no number")
    return number

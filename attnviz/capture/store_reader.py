"""A capture from what a file says, checked piece by piece: the file may come from a stranger.

Whatever does not fit together raises one of the errors that `store` turns into CaptureInvalid.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from typing import Any, cast, get_args

import numpy as np
import numpy.typing as npt

from attnviz.capture.capture import Capture, Layer
from attnviz.capture.contribution import OutputParts
from attnviz.capture.masks import Bias, DenseBias, DenseMask, Mask, SpanMask, ToeplitzBias
from attnviz.capture.scores import DenseScores, QueryKeyScores, Scores
from attnviz.capture.store_writer import OUTPUT, Arrays
from attnviz.types import Kind, ModelCard, ModelKind, Tokens

_KINDS = ("self", "encoder", "decoder", "cross")


class Reader:
    """Builds a Capture from what a file says, and checks that every size agrees."""

    def __init__(self, document: Mapping[str, Any], arrays: Arrays) -> None:
        self._document, self._arrays = document, arrays

    def capture(self) -> Capture:
        document = self._document
        kinds: dict[Kind, tuple[Layer, ...]] = {}
        for kind, layers in document["kinds"].items():
            if kind not in _KINDS or not layers:
                raise ValueError(f"kind of attention {kind!r}")
            kinds[cast("Kind", kind)] = tuple(self._layer(layer) for layer in layers)
        if not kinds:
            raise ValueError("no attention")
        tokens = _tokens_in(document["tokens"])
        if tokens is None:
            raise ValueError("no tokens")
        target, fed = _tokens_in(document["target_tokens"]), _tokens_in(document["fed_tokens"])
        capture = Capture(_card_in(document["card"]), tokens, target, kinds, fed)
        for kind in capture.kinds:
            sizes = (len(capture.query_tokens(kind)), len(capture.key_tokens(kind)))
            _check(len({layer.scores.shape for layer in kinds[kind]}) == 1, "layers of different sizes")
            _check(capture.shape(kind)[2:] == sizes, "tokens and attention of different sizes")
        return capture

    def _layer(self, layer: Mapping[str, Any]) -> Layer:
        scores = self._scores(layer["scores"])
        norms = None if layer["norms"] is None else self._numbers(layer["norms"], 2)
        _check(norms is None or norms.shape == (scores.shape[1], scores.shape[3]), "norms")
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
        return OutputParts(v, pulls, bias)

    def _scores(self, scores: Mapping[str, Any]) -> Scores:
        if "weights" in scores:
            weights = self._numbers(scores["weights"], 4)
            _check(weights.shape[0] == 1 and min(weights.shape) > 0, "weights")
            return DenseScores(weights)
        q, k = self._numbers(scores["q"], 4), self._numbers(scores["k"], 4)
        _check(q.shape[3] == k.shape[3] and q.shape[0] == k.shape[0] == 1, "queries and keys")
        _check(
            min(q.shape) > 0 and min(k.shape) > 0 and q.shape[1] % k.shape[1] == 0,
            "heads of queries and keys",
        )
        size = (q.shape[1], q.shape[2], k.shape[2])
        softcap = scores["softcap"]
        sinks = None if scores["sinks"] is None else self._numbers(scores["sinks"], 1)
        _check(sinks is None or len(sinks) == size[0], "sinks")
        return QueryKeyScores(
            q, k, _finite(scores["scale"]), self._mask(scores["mask"], size), self._bias(scores["bias"], size),
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
            _check(bool((span.first >= 0).all() and (span.stop <= size[2]).all()), "mask")
            _check(span.keys.dtype == np.bool_, "mask")
            return span
        if rule["rule"] != "dense":
            raise ValueError("mask")
        dense = DenseMask(self._array(rule["allowed"], 4))
        _check(dense.allowed.dtype == np.bool_ and dense.allowed.shape[1] in (1, size[0]), "mask")
        _check(dense.allowed.shape[2:] == size[1:], "mask")
        return dense

    def _bias(self, rule: Mapping[str, Any] | None, size: tuple[int, int, int]) -> Bias | None:
        if rule is None:
            return None
        if rule["rule"] == "toeplitz":
            bias = ToeplitzBias(self._numbers(rule["diagonals"], 2), int(rule["queries"]))
            _check(bias.queries == size[1] and bias.diagonals.shape[1] == size[1] + size[2] - 1, "bias")
            _check(bias.diagonals.shape[0] in (1, size[0]), "bias")
            return bias
        if rule["rule"] != "bias":
            raise ValueError("bias")
        dense = DenseBias(self._array(rule["values"], 4))
        _check(not bool((np.isnan(dense.values) | np.isposinf(dense.values)).any()), "bias")
        _check(dense.values.shape[1] in (1, size[0]) and dense.values.shape[2:] == size[1:], "bias")
        return dense

    def _numbers(self, reference: Mapping[str, str], dimensions: int) -> npt.NDArray[Any]:
        array = self._array(reference, dimensions)
        _check(array.dtype.kind == "f" and bool(np.isfinite(array).all()), "an array of other than numbers")
        return array

    def _array(self, reference: Mapping[str, str], dimensions: int) -> npt.NDArray[Any]:
        array = self._arrays[reference["array"]]
        if reference["dtype"] == "bfloat16":
            array = (array.view(np.uint16).astype(np.uint32) << 16).view(np.float32)
        _check(array.ndim == dimensions, f"an array of {array.ndim} dimensions, not {dimensions}")
        array.flags.writeable = False
        return array


def _check(holds: bool, what: str) -> None:
    if not holds:
        raise ValueError(what)


def _finite(value: Any) -> float:
    number = float(value)
    _check(math.isfinite(number) and number != 0, "a scale that is no number")
    return number


def _card_in(fields: Mapping[str, Any]) -> ModelCard:
    numbers = ("layers", "heads", "width", "max_tokens", "parameters")
    names = [field.name for field in dataclasses.fields(ModelCard)]
    _check(fields["kind"] in get_args(ModelKind), "the kind of model")
    return ModelCard(**{name: int(fields[name]) if name in numbers else str(fields[name]) for name in names})  # type: ignore[arg-type]


def _tokens_in(fields: Mapping[str, Any] | None) -> Tokens | None:
    if fields is None:
        return None
    pair = fields["pair"]
    tokens = Tokens(
        text=str(fields["text"]),
        ids=np.asarray(fields["ids"]),
        pieces=tuple(str(piece) for piece in fields["pieces"]),
        labels=tuple(str(label) for label in fields["labels"]),
        spans=np.asarray(fields["spans"]).reshape(-1, 2),
        special=np.asarray(fields["special"]),
        words=np.asarray(fields["words"]),
        segments=np.asarray(fields["segments"]),
        pair=None if pair is None else str(pair),
    )
    lengths = np.array([len(tokens.text), len(tokens.pair or "")])
    _check(bool(np.isin(tokens.segments, (0, 1)).all()), "segments")
    _check(bool((tokens.words >= -1).all() and (tokens.words < len(tokens)).all()), "words")
    starts, ends = tokens.spans[:, 0], tokens.spans[:, 1]
    _check(bool(((starts >= 0) & (starts <= ends) & (ends <= lengths[tokens.segments])).all()), "spans")
    return tokens

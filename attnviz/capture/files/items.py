"""The card and the items of a saved capture, checked value by value: the file may come from a stranger.

Whatever is wrong raises ValueError, KeyError or TypeError, which `store` turns into CaptureInvalid.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from typing import Any, get_args

import numpy as np

from attnviz.types import Frames, IntArray, Items, ModelCard, ModelKind, Patches, Tokens

NUMBERS = ("layers", "heads", "width", "max_tokens", "parameters")


def card_in(fields: Mapping[str, Any]) -> ModelCard:
    """The model's card."""
    names = [field.name for field in dataclasses.fields(ModelCard)]
    _check(fields["kind"] in get_args(ModelKind), "the kind of model")
    values: dict[str, Any] = {name: (_number if name in NUMBERS else _text)(fields[name]) for name in names}
    return ModelCard(**values)


def tokens_in(fields: Mapping[str, Any] | None) -> Tokens | None:
    """The tokens of one text, each field of the length of the others."""
    if fields is None:
        return None
    pair = fields["pair"]
    tokens = Tokens(
        text=_text(fields["text"]),
        ids=_numbers(fields["ids"]),
        pieces=tuple(map(_text, fields["pieces"])),
        labels=tuple(map(_text, fields["labels"])),
        spans=_numbers([edge for span in fields["spans"] for edge in _two(span)]).reshape(-1, 2),
        special=_flags(fields["special"]),
        words=_numbers(fields["words"]),
        segments=_numbers(fields["segments"]),
        pair=None if pair is None else _text(pair),
    )
    lengths = np.array([len(tokens.text), len(tokens.pair or "")])
    _check(bool(np.isin(tokens.segments, (0, 1)).all()), "segments")
    _check(bool((tokens.words >= -1).all() and (tokens.words < len(tokens)).all()), "words")
    starts, ends = tokens.spans[:, 0], tokens.spans[:, 1]
    _check(bool(((starts >= 0) & (starts <= ends) & (ends <= lengths[tokens.segments])).all()), "spans")
    return tokens


def items_in(fields: Mapping[str, Any]) -> Items:
    """The tokens of a text, the patches of a picture or the frames of a sound."""
    kind = fields.get("items")
    if kind is None:
        tokens = tokens_in(fields)
        assert tokens is not None
        return tokens
    if kind == "patch":
        return _patches_in(fields)
    _check(kind == "frame", "items of no known kind")
    return _frames_in(fields)


def _patches_in(fields: Mapping[str, Any]) -> Patches:
    box = fields["box"]
    width, height = _number(fields["width"]), _number(fields["height"])
    if box is not None:
        _check(isinstance(box, list) and len(box) == 4, "what the grid covers")
        left, top, right, bottom = box = [_finite(edge) for edge in box]
        _check(0 <= left < right <= width + 1 and 0 <= top < bottom <= height + 1, "what the grid covers")
    return Patches(
        _number(fields["rows"]),
        _number(fields["columns"]),
        width,
        height,
        None if box is None else tuple(box),
        tuple(map(_text, fields["leading"])),
        _text(fields["digest"]),
        tuple(map(_text, fields["notes"])),
    )


def _frames_in(fields: Mapping[str, Any]) -> Frames:
    seconds = np.array([[_finite(edge) for edge in _two(span)] for span in fields["seconds"]], np.float64)
    _check(bool((seconds[:, 0] < seconds[:, 1]).all() and (np.diff(seconds[:, 0]) > 0).all()), "times")
    _check(seconds.min() >= 0, "times")
    return Frames(
        seconds,
        _finite(fields["duration"]),
        _number(fields["sampling_rate"]),
        _text(fields["digest"]),
        tuple(map(_text, fields["notes"])),
    )


def _finite(value: Any) -> float:
    _check(type(value) in (int, float) and math.isfinite(value) and abs(value) < 1e9, "a number that is none")
    return float(value)


def _text(value: Any) -> str:
    _check(isinstance(value, str), "a text that is none")
    value.encode()  # half a surrogate pair cannot be sent to a browser: a ValueError
    return str(value)


def _number(value: Any) -> int:
    _check(type(value) is int and 0 <= value < 1 << 62, "a count that is none")
    return int(value)


def _numbers(values: list[Any]) -> IntArray:
    _check(isinstance(values, list) and all(type(value) is int for value in values), "whole numbers")
    return np.array(values, np.int64)


def _flags(values: list[Any]) -> Any:
    _check(isinstance(values, list) and all(type(value) is bool for value in values), "flags")
    return np.array(values, np.bool_)


def _two(span: Any) -> list[Any]:
    _check(isinstance(span, list) and len(span) == 2, "spans")
    return list(span)


def _check(holds: bool, what: str) -> None:
    if not holds:
        raise ValueError(what)

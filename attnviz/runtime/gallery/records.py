"""Attributions and tokens as JSON values and back, exactly: what the stored examples are made of."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import numpy as np

from attnviz.types import Attribution, Tokens


def _plain(value: Any) -> Any:
    return value.tolist() if isinstance(value, np.ndarray) else value


def tokens_to_json(tokens: Tokens | None) -> dict[str, Any] | None:
    """The fields of the record as JSON values."""
    if tokens is None:
        return None
    return {each.name: _plain(getattr(tokens, each.name)) for each in fields(tokens)}


def tokens_from_json(data: dict[str, Any] | None) -> Tokens | None:
    """The inverse of `tokens_to_json`. Raises TypeError, ValueError or KeyError on data of another shape."""
    if data is None:
        return None
    texts = {name: tuple(data[name]) for name in ("pieces", "labels")}
    return Tokens(**{**data, **texts, "spans": np.asarray(data["spans"], np.int64).reshape(-1, 2)})


def attribution_to_json(attribution: Attribution) -> dict[str, Any]:
    """The record as JSON values; float32 survives the way there and back."""
    plain = {each.name: _plain(getattr(attribution, each.name)) for each in fields(attribution)}
    for name in ("tokens", "pair_tokens"):
        plain[name] = tokens_to_json(getattr(attribution, name))
    return plain


def attribution_from_json(data: dict[str, Any]) -> Attribution:
    """The inverse of `attribution_to_json`. Raises TypeError, ValueError or KeyError on other data."""
    tokens = {name: tokens_from_json(data[name]) for name in ("tokens", "pair_tokens")}
    pairs = {name: _frozen(data.get(name, ())) for name in ("options", "outcomes")}
    return Attribution(**{**data, **tokens, **pairs})


def _frozen(value: Any) -> Any:
    """JSON's lists as tuples, all the way down."""
    return tuple(_frozen(each) for each in value) if isinstance(value, list | tuple) else value

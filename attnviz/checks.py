"""What every layer asks of what it is given: whole numbers, texts, finite numbers; a refusal says what to give."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from attnviz.errors import InputInvalid, NumbersInvalid, UnknownName
from attnviz.language import say
from attnviz.types import Items, Tokens


def whole(value: object) -> int | None:
    """The integer that a value is, numpy's included; None for anything else, True and False among it."""
    if isinstance(value, (bool, np.bool_)):
        return None
    try:
        return operator.index(value)  # type: ignore[arg-type]
    except TypeError:
        return None


def index(what: str, value: object, count: int) -> int:
    """A place from 0 to count - 1. Raises UnknownName."""
    number = whole(value)
    if number is not None and 0 <= number < count:
        return number
    raise UnknownName(what, value, (f"0 to {count - 1}",))


def between(what: str, value: object, least: int, most: int) -> int:
    """A whole number within bounds. Raises UnknownName."""
    number = whole(value)
    if number is None or not least <= number <= most:
        raise UnknownName(what, value, (f"{least} to {most}",))
    return number


def at_least(what: str, value: object, least: float) -> float:
    """A finite number that is not below a bound. Raises UnknownName."""
    number = isinstance(value, (int, float, np.number)) and not isinstance(value, bool)
    if not number or not np.isfinite(value) or value < least:  # type: ignore[call-overload, operator]
        raise UnknownName(what, value, (f"a number from {least:g} up",))
    return float(value)  # type: ignore[arg-type]


def text(what: str, value: object) -> str:
    """A text. Raises InputInvalid for anything else."""
    if isinstance(value, str):
        return value
    raise InputInvalid(
        say("The {what} is not a string but {kind}.", what=what, kind=type(value).__name__),
        say("Give it as a string."),
    )


def tokens(what: str, items: Items) -> Tokens:
    """The tokens of a text. Raises InputInvalid for the patches of a picture and the frames of a sound.

    `what` begins the sentence that says what needs a text.
    """
    if isinstance(items, Tokens):
        return items
    kind = "picture" if items.unit == "patch" else "sound"
    raise InputInvalid(
        say("{what} needs a text, and this is a {kind}.", what=what, kind=kind),
        say("Look at its attention, or choose a model that reads text."),
    )


def finite(values: Any, where: str, dtype: object = "", layer: int | None = None) -> None:
    """Nothing where all numbers of an array, a tensor or a float are finite. Raises NumbersInvalid."""
    found = values.isfinite() if hasattr(values, "isfinite") else np.isfinite(values)
    if not bool(found.all()):
        raise NumbersInvalid(where, str(dtype).removeprefix("torch."), layer)

"""Every error that a user can meet. Each says what was given, what is allowed, and what to do.

AttnVizError
├── ModelNotFound            no such catalogue name, directory or Hub id
│   └── HubUnreachable       the Hub did not answer, and the model is not on this machine
├── ModelUnsupported         found, but cannot be used: see `reason`
├── ModelTooLarge            more bytes than the memory at hand
├── FetchFailed              a model of the catalogue could not be fetched: see `cause`
├── InputInvalid             a text that is no string, a malformed message, a token that the model lacks, options
│                            that do not go together
│   └── UnknownWords         words that a vocabulary of whole words lacks: names them
├── InputEmpty               no text, or nothing left of it after tokenization
├── InputTooLong             more tokens than the model, or the limit of this server, allows
├── UnknownName              a method, target, metric or kind that does not exist: lists the valid names
├── TargetUnsupported        the model cannot serve that target: lists those that it can
├── CaptureInvalid           a file that is not a capture, or a damaged one
├── NumbersInvalid           the model computed NaN or infinity: names where, and in which precision
├── DeviceMemoryExhausted    the device ran out of memory; what could be freed was freed
└── Cancelled                the user stopped the work
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Any, Literal

from attnviz.language import say

UnsupportedReason = Literal[
    "no-attention",
    "unknown-architecture",
    "needs-remote-code",
    "pickle-weights",
    "damaged",
    "not-captured",
    "not-linear",
]

FetchCause = Literal["offline", "missing", "changed", "disk", "damaged", "pip", "refused"]


class AttnVizError(Exception):
    """Base of all errors of this package.

    Args:
        message: what happened, naming what was given.
        remedy: what to do about it, as a sentence; may be empty.
    """

    def __init__(self, message: str, remedy: str = "") -> None:
        super().__init__(message, remedy)
        self.message = message
        self.remedy = remedy

    def __str__(self) -> str:
        """In the language of who reads it, where message and remedy are sentences."""
        return f"{self.message} {self.remedy}".strip()

    def __reduce__(self) -> tuple[Any, ...]:
        """As pickle needs it: the constructors of some take keywords, which `args` does not hold."""
        return _unpickled, (type(self), self.args), self.__dict__


def _unpickled(kind: type[AttnVizError], args: tuple[Any, ...]) -> AttnVizError:
    return kind.__new__(kind, *args)


class ModelNotFound(AttnVizError):
    """No such catalogue name, local directory or Hub id."""


class HubUnreachable(ModelNotFound):
    """The Hub did not answer, and the model is not on this machine."""


class ModelUnsupported(AttnVizError):
    """The model exists, but cannot be used; `reason` says why in one of a few fixed words."""

    def __init__(self, message: str, remedy: str = "", *, reason: UnsupportedReason) -> None:
        super().__init__(message, remedy)
        self.reason = reason


class ModelTooLarge(AttnVizError):
    """The weights need more memory (`needed` bytes) than is at hand (`available` bytes)."""

    def __init__(self, message: str, remedy: str = "", *, needed: int, available: int) -> None:
        super().__init__(message, remedy)
        self.needed = needed
        self.available = available


class FetchFailed(AttnVizError):
    """A model of the catalogue could not be fetched; nothing of it was kept.

    `cause`: "offline" (no index was reached), "missing" (the index lacks the package), "changed" (other bytes than the
    catalogue names), "disk" (full, or not to be written), "damaged" (not the model that it should be), "pip",
    "refused" (by the settings of a server).
    """

    def __init__(self, message: str, remedy: str = "", *, cause: FetchCause) -> None:
        super().__init__(message, remedy)
        self.cause = cause


class InputInvalid(AttnVizError):
    """What was given is not what is read here: no string, a malformed message, a token that the model lacks."""


class UnknownWords(InputInvalid):
    """The text has `words` that the model has no token for: it would read each as nothing, and make something up."""

    def __init__(self, words: Iterable[str]) -> None:
        self.words = tuple(words)
        named = ", ".join(f"“{word}”" for word in self.words[:12])
        more = f" and {len(self.words) - 12} more" if len(self.words) > 12 else ""
        super().__init__(
            f"The model does not know {named}{more}: its vocabulary is one of whole words.",
            "Use other words, or the other language if it translates both ways.",
        )


class InputEmpty(AttnVizError):
    """There is no text, or nothing of it is left after tokenization."""


class InputTooLong(AttnVizError):
    """The text has more `tokens` than the `limit`."""

    def __init__(self, message: str, remedy: str = "", *, tokens: int, limit: int) -> None:
        super().__init__(message, remedy)
        self.tokens = tokens
        self.limit = limit


class UnknownName(AttnVizError):
    """A name that does not exist; the message lists the valid ones and the closest match."""

    def __init__(self, what: str, given: object, valid: Iterable[str]) -> None:
        self.valid = tuple(valid)
        near = difflib.get_close_matches(given, self.valid, n=1) if isinstance(given, str) else []
        names = ", ".join(self.valid) or "(none)"
        super().__init__(
            say("There is no {what} {given!r}.", what=what, given=given),
            say("Did you mean {near!r}? Choose one of: {names}.", near=near[0], names=names)
            if near and near[0] != given
            else say("Choose one of: {names}.", names=names),
        )


class TargetUnsupported(AttnVizError):
    """The model cannot serve the target; `available` holds the targets that it can."""

    def __init__(self, message: str, available: Iterable[str]) -> None:
        self.available = tuple(available)
        super().__init__(
            message,
            say("This model offers: {targets}.", targets=", ".join(self.available))
            if self.available
            else say("This model offers no target."),
        )


class CaptureInvalid(AttnVizError):
    """A file that is not a capture, or a damaged one."""


class NumbersInvalid(AttnVizError):
    """The model computed NaN or infinity: after which `layer` (from 0; None: unknown), in which `dtype`."""

    def __init__(self, where: str, dtype: str = "", layer: int | None = None) -> None:
        self.dtype, self.layer = dtype, layer
        place = (
            where if layer is None else say("{where}, first after layer {layer}", where=where, layer=layer)
        )
        if dtype == "float16":
            remedy = say('Its range is small: load the model with dtype="bfloat16" or "float32".')
        elif dtype == "bfloat16":
            remedy = say(
                'Load the model with dtype="float32"; if that does not help, its weights are damaged.'
            )
        else:
            remedy = say(
                "The weights of the model are damaged, or what was changed in it went beyond all bounds."
            )
        super().__init__(
            say("Not a number, or infinity in {dtype}: {place}.", dtype=dtype, place=place)
            if dtype
            else say("Not a number, or infinity: {place}.", place=place),
            remedy,
        )


class DeviceMemoryExhausted(AttnVizError):
    """The device ran out of memory; what could be freed was freed, and the next request can work."""


class Cancelled(AttnVizError):
    """The user stopped the work."""

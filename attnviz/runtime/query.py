"""What a page asks the runtime about, and what the machine says of itself: frozen records without torch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from attnviz.types import Items, Kind, ModelCard

ROLES = ("user", "assistant")
FILE = "file"  # what stands before the colon in the name of an opened file


@dataclass(frozen=True)
class Query:
    """What to look at: a model by name, a text, and for some models a second or a target text.

    A blank `pair`, `target_text` or language counts as none.

    Attributes:
        special: whether names of special tokens in the texts are those tokens. "only": and no others are added, as in
            a text that a chat template has made.
        chat: whether the text is a message of a user, which the tokenizer's own template makes a text of.
        turns: of a chat, the messages before this one: of the user and of the model in turn.
        source_language, target_language: of a multilingual model; None for its default.
        image, audio: in place of a text, a picture or a sound that the runtime holds, by the digest that
            `Runtime.hold` gave.
    """

    model: str
    text: str
    pair: str | None = None
    target_text: str | None = None
    special: bool | Literal["only"] = False
    chat: bool = False
    source_language: str | None = None
    target_language: str | None = None
    image: str | None = None
    audio: str | None = None
    turns: tuple[str, ...] = ()

    @property
    def media(self) -> bool:
        """Whether it is about a picture or a sound."""
        return self.image is not None or self.audio is not None

    def __post_init__(self) -> None:
        object.__setattr__(self, "model", self.model.strip())
        for name in ("pair", "target_text", "source_language", "target_language"):
            if not (getattr(self, name) or "").strip():
                object.__setattr__(self, name, None)

    def rewritten(self, text: str, pair: str | None) -> Query:
        """The same question about a text that was made of the tokens of this one, the template of a chat included."""
        special = "only" if self.chat else self.special
        return replace(self, text=text, pair=pair, chat=False, turns=(), special=special)

    @property
    def content(self) -> str | tuple[Mapping[str, str], ...]:
        """What the model is given to read: the text, or it as a message behind those before."""
        if not self.chat:
            return self.text
        messages = (*self.turns, self.text)
        return tuple({"role": ROLES[n % 2], "content": message} for n, message in enumerate(messages))

    @property
    def reading(self) -> dict[str, Any]:
        """How the texts are read: options of `Model.capture` and of `attnviz.explain`."""
        given = {name: getattr(self, name) for name in ("special", "source_language", "target_language")}
        return {name: value for name, value in given.items() if value}

    @property
    def texts(self) -> tuple[Any, ...]:
        """All that tells two questions to one model apart."""
        names = ("text", "pair", "target_text", "image", "audio", "chat", "turns")
        return (*(getattr(self, name) for name in names), *self.reading.items())


@dataclass(frozen=True)
class KindInfo:
    """One kind of attention of a capture.

    Attributes:
        shape: (L, H, Q, K). queries, keys: what its rows and columns stand for.
        quantities: what can be computed of a head (see `Capture.quantities`).
    """

    shape: tuple[int, int, int, int]
    queries: Items
    keys: Items
    quantities: tuple[str, ...]


@dataclass(frozen=True)
class CaptureInfo:
    """What there is to know of a capture without its arrays: what pages get of it.

    Attributes:
        card: the model. tokens: what it read.
        kinds: its kinds of attention, by name.
    """

    card: ModelCard
    tokens: Items
    kinds: Mapping[Kind, KindInfo]


@dataclass(frozen=True)
class DeviceFacts:
    """The machine and what the runtime holds in its memory (bytes).

    `device` and `dtype` are those of the model used last, or of the settings before any was loaded.
    """

    device: str
    device_title: str
    dtype: str
    engine_started: bool
    models: tuple[str, ...]
    model_bytes: int
    capture_bytes: int
    map_bytes: int
    held_bytes: int
    waiting: int


def is_file(model: str) -> bool:
    """Whether the name is that of an opened file, not of a model."""
    return model.startswith(f"{FILE}:")

"""What a page asks the runtime about, and what the machine says of itself: frozen records without torch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from attnviz.types import Items, Kind, ModelCard

FILE = "file"  # what stands before the colon in the name of an opened file


@dataclass(frozen=True)
class Query:
    """What to look at: a model by name, a text, and for some models a second or a target text.

    A blank `pair` or `target_text` counts as none.
    """

    model: str
    text: str
    pair: str | None = None
    target_text: str | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "model", self.model.strip())
        for name in ("pair", "target_text"):
            if not (getattr(self, name) or "").strip():
                object.__setattr__(self, name, None)


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

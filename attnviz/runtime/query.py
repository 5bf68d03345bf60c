"""What a page asks the runtime about, and what the machine says of itself: frozen records without torch."""

from __future__ import annotations

from dataclasses import dataclass

FILE = "file"  # what stands before the colon in the name of an opened file


@dataclass(frozen=True)
class Query:
    """What to look at: a model by name, a text, and for some models a second or a target text.

    A blank `pair` or `target_text` counts as none. `image` and `audio` name, in place of a text, a picture or a sound
    that the runtime holds, by the digest that `Runtime.hold` gave.
    """

    model: str
    text: str
    pair: str | None = None
    target_text: str | None = None
    image: str | None = None
    audio: str | None = None

    @property
    def media(self) -> bool:
        """Whether it is about a picture or a sound."""
        return self.image is not None or self.audio is not None

    def __post_init__(self) -> None:
        object.__setattr__(self, "model", self.model.strip())
        for name in ("pair", "target_text"):
            if not (getattr(self, name) or "").strip():
                object.__setattr__(self, name, None)


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

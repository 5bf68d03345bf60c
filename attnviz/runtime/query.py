"""What a page asks the runtime about, and what the machine says of itself: frozen records without torch."""

from __future__ import annotations

from dataclasses import dataclass, replace

FILE = "file"  # what stands before the colon in the name of an opened file
# How a text can be read otherwise than as it was typed: see `Query`.
SPECIAL, CHAT, TEMPLATE = "special", "chat", "template"


@dataclass(frozen=True)
class Query:
    """What to look at: a model by name, a text, and for some models a second or a target text.

    A blank `pair` or `target_text` counts as none.

    Attributes:
        reading: "special": names of special tokens in the texts ("[MASK]") are those tokens. "chat": the text is a
            user's message to a chat model, with the template around it, up to where the answer begins; the
            second text plays no part then. "template": the text is what a chat template has made. "": text is text.
    """

    model: str
    text: str
    pair: str | None = None
    target_text: str | None = None
    reading: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "model", self.model.strip())
        for name in ("pair", "target_text"):
            if not (getattr(self, name) or "").strip():
                object.__setattr__(self, name, None)

    def rewritten(self, text: str, pair: str | None) -> Query:
        """The same question about a text that was made of the tokens of this one, the template of a chat included."""
        return replace(self, text=text, pair=pair, reading=TEMPLATE if self.reading == CHAT else self.reading)


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

"""What a page and the runtime tell each other: the question (`Query`), how far the work is (`Stage`), facts.

Plain frozen records without torch, so that they can cross to a runtime in another process one day.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

# Names of stages, as a person reads them.
STARTING = "starting the engine"
LOADING = "loading the model"
READING = "reading the text"
WAITING = "waiting"
COMPUTING = "computing"
OVERVIEWS = "drawing every head"
STATISTICS = "statistics"
EXPLAINING = "explaining"
TESTING = "testing the explanation"
ABLATING = "switching heads off"
STAGES = (
    STARTING,
    LOADING,
    READING,
    WAITING,
    COMPUTING,
    OVERVIEWS,
    STATISTICS,
    EXPLAINING,
    TESTING,
    ABLATING,
)


@dataclass(frozen=True)
class Stage:
    """How far a request is: what is being done, the fraction done (0 to 1) where it is known, and the
    position in the queue while it waits (1: next)."""

    name: str
    fraction: float | None = None
    position: int | None = None


# Called in the thread of the caller, now and then with an unchanged stage. What it raises ends the request:
# that is how a page cancels (`attnviz.errors.Cancelled`, or the web framework's own signal to stop).
Progress = Callable[[Stage], None]


def silent(stage: Stage) -> None:
    """The progress of a caller who does not want to know."""


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
    waiting: int

"""How far the work on a question is: what a page hears of it while it waits.

Plain frozen records without torch, so that they can cross to a runtime in another process.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

# Names of stages, as a person reads them.
STARTING = "starting the engine"
LOADING = "loading the model"
FETCHING = "fetching the model"
READING = "reading the text"
WAITING = "waiting"
COMPUTING = "computing"
WRITING = "writing"
OVERVIEWS = "drawing every head"
STATISTICS = "statistics"
EXPLAINING = "explaining"
TESTING = "testing the explanation"
ABLATING = "switching heads off"
TRACING = "taking the score apart"
TRANSLATING = "translating"
OPENING = "opening the file"
SAVING = "saving the capture"
STAGES = (
    STARTING,
    LOADING,
    FETCHING,
    READING,
    WAITING,
    COMPUTING,
    WRITING,
    OVERVIEWS,
    STATISTICS,
    EXPLAINING,
    TESTING,
    ABLATING,
    TRACING,
    TRANSLATING,
    OPENING,
    SAVING,
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

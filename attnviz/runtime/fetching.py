"""Models of the catalogue that are not at hand: fetched in the background, for visitors who may, while others work.

A fetch goes on when whoever began it looks elsewhere; whoever asks for the same model finds it under way, and waits for
it. It ends when it is done, when it fails, or when somebody who may stops it.
"""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass

from attnviz.errors import AttnVizError, Cancelled, FetchFailed
from attnviz.language import say
from attnviz.runtime.engine.engine import Engine
from attnviz.runtime.engine.visitors import current_visitor, set_visitor
from attnviz.runtime.progress import FETCHING, Progress, Stage, silent

POLL = 0.2  # seconds between two reports to who waits


@dataclass(frozen=True)
class Fetch:
    """A model that is being fetched, or whose last fetch failed.

    Attributes:
        share: what is done, 0 to 1. seconds: since it began.
        problem: why it failed; None while it is under way.
    """

    name: str
    share: float
    seconds: float
    problem: AttnVizError | None = None


class Fetching:
    """Asks for no turn at the gate: the device is free meanwhile."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._jobs: dict[str, _Job] = {}
        self._lock = threading.Lock()

    def may_fetch(self) -> bool:
        """Whether this server lets the current visitor fetch models, and evict loaded ones."""
        return self._engine.names.may_fetch()

    def fetch(self, name: str, progress: Progress | None = None) -> None:
        """Fetch a model of the catalogue, once, and wait for it. `progress` hears a fraction; what it raises ends the
        waiting, not the fetch: see `stop_fetching`.

        Raises FetchFailed, also where this server does not allow it; UnknownName; Cancelled where somebody stopped it.
        """
        self._check(
            f"The model {name!r} is not fetched: this server does not let its visitors fetch models.", name
        )
        report = progress or silent
        job = self._begun(name)
        while not job.ended.wait(POLL):
            report(Stage(FETCHING, job.share))
        if job.problem is not None:
            raise job.problem
        report(Stage(FETCHING, 1.0))

    def fetching(self) -> tuple[Fetch, ...]:
        """The models that are being fetched, and those whose last fetch failed."""
        now = time.monotonic()
        with self._lock:
            jobs = list(self._jobs.values())
        return tuple(
            Fetch(job.model, job.share, now - job.began, job.problem)
            for job in jobs
            if not job.ended.is_set() or job.problem is not None
        )

    def stop_fetching(self, name: str) -> None:
        """End a fetch that is under way; nothing of it is kept. Raises FetchFailed as `fetch` does."""
        self._check(
            f"Fetching {name!r} goes on: this server does not let its visitors fetch or stop it.", name
        )
        with self._lock:
            job = self._jobs.pop(name, None)
        if job is not None:
            job.stopped.set()

    def evict(self, name: str) -> None:
        """Give up a loaded model, to make room. Raises FetchFailed where this server does not allow it."""
        self._check(f"The model {name!r} stays: this server does not let its visitors evict models.", name)
        self._engine.models.evict(name)

    def _begun(self, name: str) -> _Job:
        """The fetch of this model: the one under way, or a new one."""
        with self._lock:
            job = self._jobs.get(name)
            if job is None or job.ended.is_set():
                job = self._jobs[name] = _Job(name)
                job.start()
            return job

    def _check(self, refusal: str, name: str) -> None:
        if not self.may_fetch():
            remedy = f"Ask whoever runs the server to run: python -m attnviz fetch {name}"
            raise FetchFailed(refusal, remedy, cause="refused")


class _Job(threading.Thread):
    """One fetch, in a thread of its own."""

    def __init__(self, model: str) -> None:
        super().__init__(name=f"fetch {model}", daemon=True)
        self.model = model
        self.share, self.began = 0.0, time.monotonic()
        self.problem: AttnVizError | None = None
        self.ended, self.stopped = threading.Event(), threading.Event()
        self._visitor = current_visitor()

    def run(self) -> None:
        from attnviz.loading import fetch

        set_visitor(self._visitor)
        try:
            fetch(self.model, self._report)
        except AttnVizError as error:
            self.problem = error
        except Exception as error:
            logging.getLogger("attnviz").exception("the model %r was not fetched", self.model)
            self.problem = AttnVizError(
                say("The model could not be fetched: {kind}.", kind=type(error).__name__)
            )
        finally:
            self.ended.set()

    def _report(self, share: float) -> None:
        if self.stopped.is_set():
            raise Cancelled(say("Fetching was stopped."))
        self.share = share

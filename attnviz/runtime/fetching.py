"""Models of the catalogue that are not at hand: fetched for a visitor who may, while others go on working."""

from __future__ import annotations

from attnviz.errors import FetchFailed
from attnviz.runtime.engine.engine import Engine
from attnviz.runtime.progress import FETCHING, Progress, Stage, silent


class Fetching:
    """Asks for no turn at the gate: the device is free meanwhile."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def may_fetch(self) -> bool:
        """Whether this server lets the current visitor fetch models, and evict loaded ones."""
        return self._engine.names.may_fetch()

    def fetch(self, name: str, progress: Progress | None = None) -> None:
        """Fetch a model of the catalogue, once. `progress` hears a fraction; what it raises ends the work.

        Raises FetchFailed, also where this server does not allow it; UnknownName.
        """
        from attnviz.loading import fetch

        self._check(
            f"The model {name!r} is not fetched: this server does not let its visitors fetch models.", name
        )
        report = progress or silent
        fetch(name, lambda share: report(Stage(FETCHING, share)))

    def evict(self, name: str) -> None:
        """Give up a loaded model, to make room. Raises FetchFailed where this server does not allow it."""
        self._check(f"The model {name!r} stays: this server does not let its visitors evict models.", name)
        self._engine.models.evict(name)

    def _check(self, refusal: str, name: str) -> None:
        if not self.may_fetch():
            remedy = f"Ask whoever runs the server to run: python -m attnviz fetch {name}"
            raise FetchFailed(refusal, remedy, cause="refused")

"""Questions about circuits: why a head looks there, what made that, and what the head does with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attnviz.runtime.engine.engine import Engine, Tell
from attnviz.runtime.progress import TRACING, Progress
from attnviz.runtime.query import Query
from attnviz.types import Against, Kind, ScoreParts, Trace, Writes

if TYPE_CHECKING:
    from attnviz.capture import Model


class Circuits:
    """What `Runtime` answers about where a head's looks come from and where they lead."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def why(
        self,
        query: Query,
        layer: int,
        head: int,
        row: int,
        key: int,
        kind: Kind | None = None,
        against: Against = "mean",
        tests: int = 1,
        anew: bool = False,
        progress: Progress | None = None,
    ) -> ScoreParts:
        """One score in its parts, the strongest of each side tested; see `attnviz.why`, also for its errors."""

        def work(model: Model, tell: Tell) -> ScoreParts:
            from attnviz.explanation import why

            return why(
                model.reads(**query.reading), query.content, layer, head, row, key, query.pair, against, kind=kind,
                target_text=query.target_text, tests=tests, anew=anew, progress=tell,
            )  # fmt: skip

        what = ("why", layer, head, row, key, kind, against, tests, anew)
        return self._engine.on_model(query, what, TRACING, work, progress, joined=True)

    def traces(
        self,
        query: Query,
        layer: int,
        head: int,
        row: int,
        key: int,
        kind: Kind | None = None,
        depth: int = 3,
        links: int = 12,
        progress: Progress | None = None,
    ) -> Trace:
        """A look followed back to what made it; see `attnviz.traces`, also for its errors."""

        def work(model: Model, tell: Tell) -> Trace:
            from attnviz.explanation import traces

            return traces(
                model.reads(**query.reading), query.content, layer, head, row, key, query.pair, kind=kind,
                target_text=query.target_text, depth=depth, links=links, progress=tell,
            )  # fmt: skip

        what = ("traces", layer, head, row, key, kind, depth, links)
        return self._engine.on_model(query, what, TRACING, work, progress, joined=True)

    def writes(
        self,
        query: Query,
        layer: int,
        head: int,
        row: int | None = None,
        target: str | None = None,
        kind: Kind | None = None,
        words: int = 10,
        token: int | None = None,
        progress: Progress | None = None,
    ) -> Writes:
        """What a head writes at a token, or at all, and what becomes of it; see `attnviz.writes`."""

        def work(model: Model, tell: Tell) -> Writes:
            from attnviz.explanation import writes

            return writes(
                model.reads(**query.reading), query.content, layer, head, row, target, query.pair, kind=kind,
                target_text=query.target_text, words=words, token=token, progress=tell,
            )  # fmt: skip

        what = ("writes", layer, head, row, target, kind, words, token)
        return self._engine.on_model(query, what, TRACING, work, progress)

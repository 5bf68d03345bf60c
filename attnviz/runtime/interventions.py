"""Questions about a changed model or text: the answer without words, with heads switched off or rows forced."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from attnviz.runtime import limits
from attnviz.runtime.engine.engine import Engine, Tell
from attnviz.runtime.explanations import option_key, with_continuation
from attnviz.runtime.progress import ABLATING, TESTING, Progress
from attnviz.runtime.query import Query
from attnviz.types import Kind

if TYPE_CHECKING:
    from attnviz.capture import Model
    from attnviz.explanation import Ablation, Attended, HeadImportance, Removal


class Interventions:
    """What `Runtime` answers about what words and heads are needed for."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def without(
        self,
        query: Query,
        words: Mapping[int, str],
        target: str | None = None,
        side: int = 0,
        progress: Progress | None = None,
        **options: Hashable,
    ) -> Removal:
        """The target without words, each given by the position of a token and taken away in a way of its own.

        See `attnviz.without`, also for its errors.
        """

        def work(model: Model, tell: Tell) -> Removal:
            from attnviz.explanation import without

            more: dict[str, Any] = with_continuation(model, query, target, options)
            return without(model, query.content, words, target, query.pair, side=side, **more)

        what = ("without", tuple(sorted(words.items())), target, side, option_key(options))
        return self._engine.on_model(query, what, TESTING, work, progress)

    def ablate(
        self,
        query: Query,
        heads: tuple[tuple[int, int], ...] = (),
        target: str | None = None,
        layers: tuple[int, ...] = (),
        scale: float = 0.0,
        reference: str | None = None,
        kind: Kind | None = None,
        progress: Progress | None = None,
        force: str | None = None,
        queries: tuple[int, ...] | None = None,
        keys: tuple[int, ...] | None = None,
        **options: Hashable,
    ) -> Ablation:
        """The target and the predictions with some heads changed; see `attnviz.ablate`, also for its errors."""

        def work(model: Model, tell: Tell) -> Ablation:
            from attnviz.explanation import ablate

            if reference is not None:
                asked = replace(query, text=reference, pair=None)
                limits.check_separately(model, asked, self._engine.settings)
                if query.chat:
                    how["reference"] = model.chat(asked.content, add_generation_prompt=True).text  # type: ignore[arg-type]
            more: dict[str, Any] = with_continuation(model, query, target, options)
            return ablate(model, query.content, heads, target, query.pair, **how, **more)

        how: dict[str, Any] = {"layers": layers, "scale": scale, "reference": reference, "kind": kind}
        how |= {"force": force, "queries": queries, "keys": keys}
        what = ("ablate", tuple(heads), target, *how.values(), option_key(options))
        return self._engine.on_model(query, what, ABLATING, work, progress)

    def attended(
        self,
        query: Query,
        heads: tuple[tuple[int, int], ...] = (),
        target: str | None = None,
        kind: Kind | None = None,
        progress: Progress | None = None,
        **options: Hashable,
    ) -> Attended:
        """Where heads, by default all, look in the pass that a target reads; see `attnviz.explanation.attended`."""

        def work(model: Model, tell: Tell) -> Attended:
            from attnviz.explanation import attended

            more: dict[str, Any] = with_continuation(model, query, target, options)
            return attended(model, query.content, heads, target, query.pair, kind=kind, **more)

        return self._engine.on_model(
            query, ("attended", heads, target, kind, option_key(options)), ABLATING, work, progress
        )

    def head_importance(
        self,
        query: Query,
        target: str | None = None,
        exact: bool = False,
        kind: Kind | None = None,
        progress: Progress | None = None,
        **options: Hashable,
    ) -> HeadImportance:
        """How far the target falls without each head, estimated at once or exactly; see `attnviz.head_importance`."""

        def work(model: Model, tell: Tell) -> HeadImportance:
            from attnviz.explanation import head_importance

            more: dict[str, Any] = with_continuation(model, query, target, options)
            return head_importance(
                model, query.content, target, query.pair, exact=exact, kind=kind, progress=tell, **more
            )

        what = ("head-importance", target, exact, kind, option_key(options))
        return self._engine.on_model(query, what, ABLATING, work, progress)

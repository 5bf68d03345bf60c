"""Questions to the model itself: what each word contributed, whether the answer holds, what heads are needed for.

A part of the Runtime: each answer is computed with the loaded model, through the gate, and kept in the cache of
maps.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import TYPE_CHECKING, Any

from attnviz.runtime import files, gallery, limits
from attnviz.runtime.engine.engine import Desk, Tell
from attnviz.runtime.query import ABLATING, EXPLAINING, TESTING, Progress, Query
from attnviz.types import Attribution, Kind

if TYPE_CHECKING:
    from attnviz.capture import Model
    from attnviz.explanation import (
        Ablation,
        Answer,
        Attended,
        HeadImportance,
        LayerByLayer,
        MethodInfo,
        Operator,
        Removal,
        TargetInfo,
    )

Options = Mapping[str, Hashable]


class Examiner(Desk):
    """What `Runtime` answers about results, explanations and heads of one text."""

    def methods(self, target: str | None = None) -> tuple[MethodInfo, ...]:
        """The attribution methods, of all targets or of one, the default first. Does not import torch."""
        from attnviz.explanation import methods, methods_for

        return methods() if target is None else methods_for(target)

    def targets(self, name: str) -> tuple[TargetInfo, ...]:
        """What can be explained of a model, its default first. Before it is loaded: what its kind has."""
        from attnviz.explanation import targets, targets_for

        if files.is_file(name):
            return ()
        model, card = self._models.peek(name), self.card(name)
        if model is not None:
            served = targets_for(model)
            return tuple(info for info in targets() if info.name in served)
        return tuple(
            info for info in targets() if card is None or (card.kind in info.kinds and not info.needs)
        )

    def operators(self, name: str, progress: Progress | None = None) -> tuple[Operator, ...]:
        """The ways to take words away, the default first; of a model that is not loaded, those that all have.

        With a progress callback the model is loaded first. Raises what loading raises.
        """
        from attnviz.explanation import operators_for

        model = self._models.get(name, progress) if progress else self._models.peek(name)
        return operators_for(model)

    def explain(
        self,
        query: Query,
        target: str | None = None,
        method: str = "integrated-gradients",
        progress: Progress | None = None,
        **options: Hashable,
    ) -> Attribution:
        """How much each token contributed to the target.

        A target that explains a continuation takes the query's target text for it.

        Raises:
            UnknownName, TargetUnsupported: no such method or target, or not for this model.
            InputEmpty, InputTooLong: before anything is computed.
        """
        if not options:
            for each in self._stored_attributions(query):
                if each.method == method and target in (None, each.target):
                    return each

        def work(model: Model, tell: Tell) -> Attribution:
            from attnviz.explanation import explain

            more = _with_continuation(model, query, target, options)
            return explain(model, query.text, target, query.pair, method, tell, **more)

        return self._on_model(
            query, ("explain", target, method, option_key(options)), EXPLAINING, work, progress
        )

    def answer(
        self,
        query: Query,
        target: str | None = None,
        progress: Progress | None = None,
        **options: Hashable,
    ) -> Answer:
        """The target itself, and what the model says. Raises what `explain` raises."""

        def work(model: Model, tell: Tell) -> Answer:
            from attnviz.explanation import answer

            more = _with_continuation(model, query, target, options)
            return answer(model, query.text, target, query.pair, **more)

        return self._on_model(query, ("answer", target, option_key(options)), EXPLAINING, work, progress)

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

            more: dict[str, Any] = _with_continuation(model, query, target, options)
            return without(model, query.text, words, target, query.pair, side=side, **more)

        what = ("without", tuple(sorted(words.items())), target, side, option_key(options))
        return self._on_model(query, what, TESTING, work, progress)

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
                limits.check_separately(model, Query(query.model, reference), self.settings)
            more: dict[str, Any] = _with_continuation(model, query, target, options)
            return ablate(model, query.text, heads, target, query.pair, **how, **more)

        how: dict[str, Any] = {"layers": layers, "scale": scale, "reference": reference, "kind": kind}
        how |= {"force": force, "queries": queries, "keys": keys}
        what = ("ablate", tuple(heads), target, *how.values(), option_key(options))
        return self._on_model(query, what, ABLATING, work, progress)

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

            more: dict[str, Any] = _with_continuation(model, query, target, options)
            return attended(model, query.text, heads, target, query.pair, kind=kind, **more)

        return self._on_model(
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

            more: dict[str, Any] = _with_continuation(model, query, target, options)
            return head_importance(
                model, query.text, target, query.pair, exact=exact, kind=kind, progress=tell, **more
            )

        what = ("head-importance", target, exact, kind, option_key(options))
        return self._on_model(query, what, ABLATING, work, progress)

    def layer_by_layer(
        self, query: Query, target: str | None = None, progress: Progress | None = None, **options: Hashable
    ) -> LayerByLayer:
        """The target and the predictions after each layer; see `attnviz.layer_by_layer`."""

        def work(model: Model, tell: Tell) -> LayerByLayer:
            from attnviz.explanation import layer_by_layer

            more: dict[str, Any] = _with_continuation(model, query, target, options)
            return layer_by_layer(model, query.text, target, query.pair, progress=tell, **more)

        return self._on_model(
            query, ("layer-by-layer", target, option_key(options)), EXPLAINING, work, progress
        )

    def _stored_attributions(self, query: Query) -> tuple[Attribution, ...]:
        example = gallery.stored_example(query)
        if example is None:
            return ()
        key = (gallery.STORED, example.name, "explain")
        return self._maps.get(key, lambda tell: gallery.open_attributions(example))


def option_key(options: Options) -> tuple[tuple[str, Hashable], ...]:
    """The options as a part of a cache's key."""
    return tuple(sorted(options.items()))


def _with_continuation(model: Model, query: Query, target: str | None, options: Options) -> dict[str, Any]:
    """The options, and the query's target text for a target that explains a given continuation."""
    from attnviz.explanation import targets, targets_for

    name = target or next(iter(targets_for(model)), None)
    reads = any(info.name == name and "continuation" in info.options for info in targets())
    return {**({"continuation": query.target_text} if reads and query.target_text else {}), **options}

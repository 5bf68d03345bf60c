"""Questions to the model itself: what it says, and what each word contributed to that."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import TYPE_CHECKING, Any

from attnviz.runtime import gallery
from attnviz.runtime.engine.engine import Engine, Key, Tell
from attnviz.runtime.progress import EXPLAINING, Progress, silent
from attnviz.runtime.query import Query, is_file
from attnviz.types import Attribution

if TYPE_CHECKING:
    from attnviz.capture import Model
    from attnviz.explanation import (
        Answer,
        LayerByLayer,
        MethodInfo,
        Operator,
        TargetInfo,
    )

Options = Mapping[str, Hashable]


class Explanations:
    """What `Runtime` answers about results and explanations of one text."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def methods(self, target: str | None = None) -> tuple[MethodInfo, ...]:
        """The attribution methods, of all targets or of one, the default first. Does not import torch."""
        from attnviz.explanation import methods, methods_for

        return methods() if target is None else methods_for(target)

    def targets(self, name: str) -> tuple[TargetInfo, ...]:
        """What can be explained of a model, its default first. Before it is loaded: what its kind has."""
        from attnviz.explanation import targets

        if is_file(name):
            return ()
        loaded, card = self._engine.models.peek(name), self._engine.card(name)
        if loaded is not None:
            return targets(loaded.model)
        return tuple(
            info for info in targets() if card is None or (card.kind in info.kinds and not info.needs)
        )

    def operators(self, name: str, progress: Progress | None = None) -> tuple[Operator, ...]:
        """The ways to take words away, the default first; of a model that is not loaded, those that all have.

        With a progress callback the model is loaded first. Raises what loading raises.
        """
        from attnviz.explanation import operators_for

        models = self._engine.models
        loaded = models.get(name, progress) if progress else models.peek(name)
        return operators_for(loaded.model if loaded else None)

    def explain(
        self,
        query: Query,
        target: str | None = None,
        method: str | None = None,
        progress: Progress | None = None,
        **options: Hashable,
    ) -> Attribution:
        """How much each token contributed to the target, by the default method for the kind of model if none is named.

        A target that explains a continuation takes the query's target text for it.

        Raises:
            UnknownName, TargetUnsupported: no such method or target, or not for this model.
            InputEmpty, InputTooLong: before anything is computed.
        """
        method = method or self.default_method(query.model, progress)
        if not options:
            for each in self._stored_attributions(query):
                if each.method == method and target in (None, each.target):
                    return each

        def work(model: Model, tell: Tell) -> Attribution:
            from attnviz.explanation import explain

            more = with_continuation(model, query, target, options)
            return explain(model, query.content, target, query.pair, method, tell, **more)

        return self._engine.on_model(
            query, ("explain", target, method, option_key(options)), EXPLAINING, work, progress
        )

    def default_method(self, name: str, progress: Progress | None) -> str:
        """Of explanations, by the kind of the model, which is loaded where nothing is known of it."""
        from attnviz.explanation import default_method

        card = self._engine.card(name)
        if card is None:
            card = self._engine.models.get(name, progress or silent).model.card
        return default_method(card.kind)

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

            more = with_continuation(model, query, target, options)
            return answer(model, query.content, target, query.pair, **more)

        return self._engine.on_model(
            query, ("answer", target, option_key(options)), EXPLAINING, work, progress
        )

    def layer_by_layer(
        self, query: Query, target: str | None = None, progress: Progress | None = None, **options: Hashable
    ) -> LayerByLayer:
        """The target and the predictions after each layer; see `attnviz.layer_by_layer`."""

        def work(model: Model, tell: Tell) -> LayerByLayer:
            from attnviz.explanation import layer_by_layer

            more: dict[str, Any] = with_continuation(model, query, target, options)
            return layer_by_layer(model, query.content, target, query.pair, progress=tell, **more)

        return self._engine.on_model(
            query, ("layer-by-layer", target, option_key(options)), EXPLAINING, work, progress
        )

    def _stored_attributions(self, query: Query) -> tuple[Attribution, ...]:
        example = gallery.stored_example(query)
        if example is None:
            return ()
        key = (Key(gallery.STORED, texts=example.name), "explain")
        found: tuple[Attribution, ...] = self._engine.results.get(
            key, lambda tell: gallery.open_attributions(example)
        )
        return found


def option_key(options: Options) -> tuple[tuple[str, Hashable], ...]:
    """The options as a part of a cache's key."""
    return tuple(sorted(options.items()))


def with_continuation(model: Model, query: Query, target: str | None, options: Options) -> dict[str, Any]:
    """The options, how the texts are read, and the target text for a target that explains a given continuation."""
    from attnviz.explanation import targets, targets_for

    name = target or next(iter(targets_for(model)), None)
    reads = any(info.name == name and "continuation" in info.options for info in targets())
    given = {"continuation": query.target_text} if reads and query.target_text else {}
    return {**query.reading, **given, **options}

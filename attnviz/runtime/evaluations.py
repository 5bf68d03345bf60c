"""Questions about an explanation: does it hold, do others agree, does it depend on what the model learned.

What random orders do is kept by itself, since all methods share it.
"""

from __future__ import annotations

from collections.abc import Hashable
from contextlib import suppress
from typing import TYPE_CHECKING

from attnviz.errors import InputEmpty, ModelUnsupported
from attnviz.explanation.evaluation.curves import SEEDS
from attnviz.runtime.engine.engine import Engine, Tell
from attnviz.runtime.explanations import Explanations, Options, option_key
from attnviz.runtime.progress import TESTING, Progress
from attnviz.runtime.query import Query

if TYPE_CHECKING:
    from attnviz.capture import Model
    from attnviz.explanation import Agreement, Faithfulness, RandomOrders, Sanity
    from attnviz.explanation.evaluation.agreement import Rebaselined
    from attnviz.types import Attribution


class Evaluations:
    """What `Runtime` answers about explanations of one text."""

    def __init__(self, engine: Engine, explanations: Explanations) -> None:
        self._engine = engine
        self._explain, self._default_method = explanations.explain, explanations.default_method

    def faithfulness(
        self,
        query: Query,
        target: str | None = None,
        method: str | None = None,
        operator: str = "attention-mask",
        seeds: int = SEEDS,
        side: int = 0,
        progress: Progress | None = None,
        keep_first: bool | None = None,
        **options: Hashable,
    ) -> Faithfulness:
        """What taking away the words that an explanation puts first does, beside random words.

        The arguments are those of `explain`, with the way in which words are taken, the number of random orders, which
        of two texts is tested, and whether the first token stays (see `attnviz.faithfulness`), in methods that can
        keep it, too. Raises what `explain` raises, and UnknownName for these.
        """
        attribution = self._explained(query, target, method, keep_first, progress, options)
        method = attribution.method
        shared = (operator, seeds, side, keep_first)

        def orders(model: Model, tell: Tell) -> RandomOrders:
            from attnviz.explanation import random_orders

            return random_orders(
                model, attribution, operator, seeds, side=side, keep_first=keep_first, progress=tell
            )

        asked = ("random-orders", attribution.target, attribution.options, *shared)
        random = self._engine.on_model(query, asked, TESTING, orders, progress)

        def work(model: Model, tell: Tell) -> Faithfulness:
            from attnviz.explanation import faithfulness

            return faithfulness(
                model,
                attribution,
                operator,
                seeds,
                side=side,
                keep_first=keep_first,
                random=random,
                progress=tell,
            )

        what = ("faithfulness", target, method, option_key(options), *shared)
        return self._engine.on_model(query, what, TESTING, work, progress)

    def _explained(
        self,
        query: Query,
        target: str | None,
        method: str | None,
        keep_first: bool | None,
        progress: Progress | None,
        options: Options,
    ) -> Attribution:
        """The explanation, with the first token kept or not where its method has a say in that."""
        from attnviz.explanation import methods

        name = method or self._default_method(query.model, progress)
        keeps = keep_first is not None and any(
            info.name == name and "keep_first" in info.options for info in methods()
        )
        more = {**options, **({"keep_first": keep_first} if keeps else {})}
        return self._explain(query, target, name, progress, **more)

    def sanity(
        self,
        query: Query,
        target: str | None = None,
        method: str | None = None,
        fraction: float = 0.5,
        seed: int = 0,
        progress: Progress | None = None,
        **options: Hashable,
    ) -> Sanity:
        """The explanation once more, with the upper layers shuffled; see `attnviz.sanity`.

        The options are the target's only: both explanations use the method as it is by default.
        """
        attribution = self._explain(query, target, method, progress, **options)
        method = attribution.method

        def work(model: Model, tell: Tell) -> Sanity:
            from attnviz.explanation import sanity

            return sanity(model, attribution, fraction=fraction, seed=seed, progress=tell)

        what = ("sanity", target, method, fraction, seed, option_key(options))
        return self._engine.on_model(query, what, TESTING, work, progress)

    def agreement(
        self,
        query: Query,
        target: str | None = None,
        method: str | None = None,
        side: int = 0,
        baseline: bool = True,
        progress: Progress | None = None,
        keep_first: bool | None = None,
        **options: Hashable,
    ) -> Agreement | None:
        """How alike an explanation is to those of cheap other methods, and to its own from another baseline.

        `baseline`: whether to make the latter, which costs as much as the explanation itself.
        The options are the target's only. A method that cannot serve this model is left out. None where the text has
        too few words to compare. `keep_first`: as in `faithfulness`.
        """
        from attnviz.explanation.evaluation import agreement as checks

        attribution = self._explained(query, target, method, keep_first, progress, options)
        method = attribution.method
        others = []
        for name in checks.compared_with(method, attribution.target):
            with suppress(ModelUnsupported, InputEmpty):
                others.append(self._explained(query, target, name, keep_first, progress, options))
        second = None
        if baseline and checks.has_baseline(method):

            def work(model: Model, tell: Tell) -> Rebaselined:
                return checks.from_another_baseline(model, attribution, tell)

            what = ("another-baseline", target, method, keep_first, option_key(options))
            second = self._engine.on_model(query, what, TESTING, work, progress)
        return checks.agreement(attribution, others, second, side)

"""How far an explanation agrees with others of the same question: by other methods, and from another baseline.

The measure is Kendall's tau over the words that matter most to either. Attributions are compared by words, special
tokens left out, and by the sizes of their scores, since some methods have no sign.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import numpy.typing as npt

from attnviz.errors import UnknownName
from attnviz.explanation.declarations import MethodInfo, Progress
from attnviz.explanation.removal import OPERATORS
from attnviz.language import say
from attnviz.types import Attribution, FloatArray, Tokens

if TYPE_CHECKING:
    from attnviz.capture import Model

LEAST_WORDS = 5  # with fewer, chance alone gives every tau
# One cheap method of each kind: leaving out, gradients, attention.
CHEAP = ("leave-one-out", "gradient-norm", "attention-relevance")
BLANKS = {"mask": "the mask token as the blank", "zero": "the zero vector as the blank"}


@dataclass(frozen=True)
class Agreement:
    """How alike an explanation is to others of one question: those of other methods, and its own from another baseline.

    Attributes:
        method, target: of the explanation. side: as in Faithfulness.
        methods, taus: the methods that it was compared with, and Kendall's tau with each over the words that matter
            most to either of the two (`attnviz.analysis.rank_correlation`); NaN where the scores of one do not vary.
        baseline: what stands for words that are not there in the second explanation, in words; "" where there is none.
        baseline_tau: the tau with that one, or NaN.
    """

    method: str
    target: str
    side: int
    methods: tuple[str, ...]
    taus: tuple[float, ...]
    baseline: str = ""
    baseline_tau: float = float("nan")

    @property
    def tau(self) -> float:
        """The lowest of the methods'; NaN where fewer than two can be compared."""
        found = [tau for tau in self.taus if not np.isnan(tau)]
        return float(min(found)) if len(found) > 1 else float("nan")

    @property
    def nbytes(self) -> int:
        """Bytes, roughly."""
        return 200


@dataclass(frozen=True)
class Rebaselined:
    """An explanation from another baseline than its own, and what that is, in words; None where there is no other."""

    attribution: Attribution | None = None
    baseline: str = ""

    @property
    def nbytes(self) -> int:
        """Bytes of the attribution."""
        return 100 if self.attribution is None else self.attribution.nbytes


def compared_with(method: str, target: str) -> tuple[str, ...]:
    """The methods to compare one with: cheap, of other kinds than its own, and fit for the target.

    Raises UnknownName: no such target.
    """
    from attnviz.explanation.attribution.run import methods, methods_for

    kinds = {info.name: _kind(info) for info in methods()}
    fitting = {info.name for info in methods_for(target)}
    return tuple(name for name in CHEAP if name in fitting and kinds[name] != kinds.get(method))


def _kind(info: MethodInfo) -> str:
    """What a method looks at. Attention that is weighted by gradients counts as attention."""
    return "attention" if "attention" in info.needs else info.needs[0]


def word_scores(
    attributions: Sequence[Attribution], side: int = 0
) -> tuple[Annotated[npt.NDArray[np.floating[Any]], "M W"], tuple[str, ...]]:
    """The scores of M attributions of one text summed over each of its W words, and the words; special tokens left out.

    `side`: 1 for the second text of a pair.
    """
    from attnviz.text import groups

    sides = [_side(each, side) for each in attributions]
    tokens = sides[0][0]
    index, labels = groups(tokens, "word")
    sums = np.array([np.bincount(index, scores, len(labels)) for _, scores in sides], np.float64)
    kept = np.array([not tokens.special[index == group].all() for group in range(len(labels))])
    return sums[:, kept], tuple(label for label, keep in zip(labels, kept.tolist(), strict=True) if keep)


def agreement(
    attribution: Attribution,
    others: Sequence[Attribution],
    rebaselined: Rebaselined | None = None,
    side: int = 0,
) -> Agreement | None:
    """How alike an explanation is to those of other methods, and to its own from another baseline.

    Args:
        attribution, others: of one question, by different methods; see `compared_with`.
        rebaselined: of `from_another_baseline`.
        side: 1 compares the scores of the second text.

    Returns:
        None where the text has fewer than LEAST_WORDS words.
    """
    from attnviz.analysis.rank_correlation import kendall_taus

    second = None if rebaselined is None else rebaselined.attribution
    scores, words = word_scores([attribution, *others, *([] if second is None else [second])], side)
    if len(words) < LEAST_WORDS:
        return None
    found = kendall_taus(scores)[0, 1:].tolist()
    return Agreement(
        method=attribution.method,
        target=attribution.target,
        side=side,
        methods=tuple(each.method for each in others),
        taus=tuple(found[: len(others)]),
        baseline="" if rebaselined is None else rebaselined.baseline,
        baseline_tau=float("nan") if second is None else found[-1],
    )


def from_another_baseline(
    model: Model, attribution: Attribution, progress: Progress | None = None
) -> Rebaselined:
    """The same explanation with something else in place of words that are not there.

    Integrated gradients start from another blank; leaving out and Shapley values delete words, which the attention
    mask hides by default. Other methods have no baseline, and a model may have no other blank: then it holds None.

    Args:
        model: that the attribution was made with.
        attribution: of `attnviz.explain`, with the options that the method has by default.
        progress: called with a fraction from 0 to 1; what it raises stops the work and reaches the caller.
    """
    from attnviz.explanation.attribution.run import explain

    option, words = _other_baseline(model, attribution)
    if not option:
        return Rebaselined()
    changed = explain(
        model,
        attribution.tokens.text,
        attribution.target,
        attribution.second_text,
        attribution.method,
        progress,
        **option,
        **{name: value for name, value in attribution.method_options if name == "keep_first"},
        **dict(attribution.options),
    )
    return Rebaselined(changed, words)


def has_baseline(method: str) -> bool:
    """Whether a method has a baseline that can be changed. Raises UnknownName."""
    return bool({"baseline", "operator"} & set(_options_of(method)))


def _options_of(method: str) -> tuple[str, ...]:
    from attnviz.explanation.attribution.run import methods

    found = {info.name: info.options for info in methods()}
    if method not in found:
        raise UnknownName(say("attribution method"), method, found)
    return found[method]


def _other_baseline(model: Model, attribution: Attribution) -> tuple[dict[str, Any], str]:
    from attnviz.explanation.attribution.methods.integrated_gradients import other_baseline
    from attnviz.explanation.attribution.run import find_target, pose

    options = _options_of(attribution.method)
    if "operator" in options:
        deleted = next(each for each in OPERATORS if each.name == "delete")
        return {"operator": deleted.name}, f"words {deleted.title} in place of {OPERATORS[0].title}"
    if "baseline" not in options:
        return {}, ""
    target, given = find_target(model, attribution.target), dict(attribution.options)
    problem = pose(model, target, attribution.tokens.text, attribution.second_text, given)[0]
    name = other_baseline(problem)
    return ({}, "") if name is None else ({"baseline": name}, BLANKS[name])


def _side(attribution: Attribution, side: int) -> tuple[Tokens, FloatArray]:
    if side == 0:
        return attribution.tokens, attribution.scores
    if side != 1 or attribution.pair_tokens is None or attribution.pair_scores is None:
        raise UnknownName(say("side"), side, ["0"] if attribution.pair_scores is None else ["0", "1"])
    return attribution.pair_tokens, attribution.pair_scores

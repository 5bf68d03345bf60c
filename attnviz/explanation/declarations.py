"""What methods and targets say of themselves (the pages are built from this), and what they have to offer.

No torch here: the declarations can be listed before a model is loaded.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any, Literal, Protocol

from attnviz.types import FloatArray, ModelKind

if TYPE_CHECKING:
    from attnviz.capture import Model
    from attnviz.explanation.problem import Problem

Need = Literal["gradients", "attention", "forward passes"]
Progress = Callable[[float], None]


@dataclass(frozen=True)
class MethodInfo:
    """An attribution method, declared.

    Attributes:
        name, title: in the registry and URLs, and as people read it.
        needs: what it asks of the model.
        signed: whether a negative score means "pushes away".
        sums_up: whether the scores claim to add up to F(x) - F(x').
        cost: in passes through the model, for one text of T tokens.
        source: paper, with its equation or section.
        description, positive, negative, caveat: what it measures, how to read a score of either sign, and
            what it does not show; sentences for people, plain text. `negative` is "" for unsigned methods.
        options: names of the keyword options that `explain` passes on.
        targets: the only targets that it works for; empty where it works for all.
    """

    name: str
    title: str
    needs: tuple[Need, ...]
    signed: bool
    sums_up: bool
    cost: str
    source: str
    description: str
    positive: str
    negative: str
    caveat: str
    options: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()


@dataclass(frozen=True)
class TargetInfo:
    """A quantity to explain, declared.

    Attributes:
        name, title: in the registry and URLs, and as people read it.
        kinds: the kinds of models that can have it.
        needs_pair: whether it needs two texts. Where it compares them, each encoded alone, both are explained.
        needs: the head that few models of these kinds have, in words; "" where nearly all of them can have it.
        takes_pair: whether it reads a second text, where there is one, in the same sequence as the first.
        contest: whether it sets labels against each other, which says little where several may hold at once.
        unit: of the value and the scores.
        description, positive, negative, caveat: as in MethodInfo, for what is explained.
        options: names of the keyword options that `explain` passes on.
    """

    name: str
    title: str
    kinds: tuple[ModelKind, ...]
    needs_pair: bool
    unit: str
    description: str
    positive: str
    negative: str
    caveat: str
    options: tuple[str, ...] = ()
    takes_pair: bool = False
    needs: str = ""
    contest: bool = False


@dataclass(frozen=True)
class Scores:
    """What a method found for one text; the fields as in `attnviz.types.Attribution`.

    `options`: the method's options, those left open decided.
    """

    scores: Annotated[FloatArray, "T"]
    baseline_value: float | None = None
    residual: float | None = None
    note: str = ""
    error: Annotated[FloatArray, "T"] | None = None
    matrix: Annotated[FloatArray, "T T'"] | None = None
    options: Mapping[str, Any] = field(default_factory=dict)


class Method(Protocol):
    """A way to spread a target over the tokens; one file in attribution/methods/, one line in the registry."""

    info: MethodInfo

    def attribute(self, problem: Problem, progress: Progress, **options: Any) -> Scores:
        """The scores of one text. Calls `progress` with 0 to 1; what that raises passes through."""


class Target(Protocol):
    """A quantity to explain; one file in attribution/targets/, one line in the registry."""

    info: TargetInfo

    def supports(self, model: Model) -> bool:
        """Whether this model, of a kind in `info.kinds`, has what the target reads. Cheap: runs nothing."""

    def problems(self, model: Model, text: str, pair: str | None, **options: Any) -> tuple[Problem, ...]:
        """One problem for the text, then one for the other text where the target explains both."""

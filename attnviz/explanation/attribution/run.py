"""`explain`, and the lists of what there is: look-ups, refusals and the assembly of the result."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

from attnviz import checks
from attnviz.capture.reading import READING, Messages, Special, is_messages
from attnviz.errors import InputEmpty, InputInvalid, TargetUnsupported, UnknownName
from attnviz.explanation.attribution.registry import DEFAULT_METHODS, METHODS, TARGETS
from attnviz.explanation.declarations import Method, MethodInfo, Progress, Target, TargetInfo
from attnviz.explanation.results import Answer
from attnviz.language import say
from attnviz.types import Attribution, ModelKind

if TYPE_CHECKING:
    from attnviz.capture import Model
    from attnviz.explanation.problem import Problem

Entry = TypeVar("Entry", Method, Target)


def methods() -> tuple[MethodInfo, ...]:
    """All attribution methods, whatever the model."""
    return tuple(method.info for method in METHODS)


def targets(model: Model | None = None) -> tuple[TargetInfo, ...]:
    """All targets, or those that a model can serve, its default first; may be empty."""
    if model is None:
        return tuple(target.info for target in TARGETS)
    check_model(model)
    from attnviz.explanation.attribution.targets.label import has_independent_labels

    served = [target.info for target in TARGETS if _serves(model, target)]
    if has_independent_labels(model):  # one label by itself comes before a contest of two
        others = [info for info in served if not info.contest]
        served = [*others[:1], *(info for info in served if info.contest), *others[1:]]
    return tuple(served)


def targets_for(model: Model) -> tuple[str, ...]:
    """The names of the targets that this model can serve, its default first; may be empty."""
    return tuple(info.name for info in targets(model))


def methods_for(target: str, kind: ModelKind | None = None) -> tuple[MethodInfo, ...]:
    """The attribution methods that work for a target, the default for this kind of model first. Raises UnknownName.

    Without a kind: the default of the kinds that can have this target, where it is one for all of them.
    """
    info = _find(TARGETS, "target", target).info
    fitting = [each for each in methods() if info.name in (each.targets or (info.name,))]
    defaults = {DEFAULT_METHODS[each] for each in ((kind,) if kind else info.kinds)}
    return tuple(sorted(fitting, key=lambda each: {each.name} != defaults))


def default_method(kind: ModelKind) -> str:
    """The method that explanations of such models begin with, chosen by what `benchmarks/faithfulness.py` measures."""
    return DEFAULT_METHODS[kind]


def explain(
    model: Model,
    text: str | Messages,
    target: str | None = None,
    pair: str | None = None,
    method: str | None = None,
    progress: Progress | None = None,
    *,
    special: Special = False,
    source_language: str | None = None,
    target_language: str | None = None,
    **options: Any,
) -> Attribution:
    """What each token contributed to a target.

    Args:
        model: a loaded model; it is only read, from any number of threads at once.
        text: the text to explain; or messages as in `Model.chat`, up to where the answer begins.
        target: a name of `targets()`; the model's default when None.
        pair: the other text, for targets that compare two or read two as one; others do not, and the note says so.
        method: a name of `methods()`; None means the default for this kind of model, see `methods_for`.
        progress: called with a fraction from 0 to 1; what it raises stops the work and reaches the caller.
        special: names of special tokens in the texts ("[MASK]") are those tokens; else they are text.
        source_language, target_language: of a multilingual model, codes of `Model.languages`; by default its own.
        **options: those that the method's and the target's info name.

    Returns:
        Scores for every token, special ones too, so that sums can be checked.

    Raises:
        UnknownName: no such method (or not for this target), target, option or option value.
        TargetUnsupported: the model cannot serve the target; lists those that it can.
        InputEmpty: no text, or no second text where the target needs one.
        InputTooLong: more tokens than the model can take.
        InputInvalid: no model, no string, or options that do not go together.
        NumbersInvalid: the model computed NaN or infinity.
        ModelUnsupported: the method needs something that the model has not (attention maps, an embedding).
    """
    how = {"special": special, "source_language": source_language, "target_language": target_language}
    options |= {name: value for name, value in how.items() if value}
    chosen_target = find_target(model, target)
    if method is None:
        method = methods_for(chosen_target.info.name, model.card.kind)[0].name
    chosen_method = _find(METHODS, "attribution method", method)
    method_options, target_options = _split(options, chosen_method.info, chosen_target.info)
    info = chosen_target.info
    if info.name not in (chosen_method.info.targets or (info.name,)):
        fitting = [each.name for each in methods_for(info.name)]
        raise UnknownName(say("attribution method for the target {name!r}", name=info.name), method, fitting)
    report = progress or (lambda fraction: None)
    report(0.0)

    problems = pose(model, chosen_target, text, pair, target_options)
    results = [
        chosen_method.attribute(problem, _share(report, place, len(problems)), **method_options)
        for place, problem in enumerate(problems)
    ]
    for result in results:
        checks.finite(result.scores, f"the scores of {method!r}", model.dtype)
    report(1.0)

    first, other = results[0], results[1] if len(results) > 1 else None
    notes = [problems[0].note, first.note]
    if other is not None and other.note != first.note:
        notes.append(f"Second text: {other.note}")
    if pair is not None and not (info.needs_pair or info.takes_pair):
        notes.append("The second text plays no part in this target.")
    return Attribution(
        tokens=problems[0].tokens,
        scores=first.scores,
        pair_tokens=None if other is None else problems[1].tokens,
        pair_scores=None if other is None else other.scores,
        method=method,
        target=info.name,
        value=problems[0].value,
        baseline_value=first.baseline_value,
        residual=first.residual,
        signed=chosen_method.info.signed,
        note=" ".join(note for note in notes if note),
        options=tuple(sorted(problems[0].options.items())),
        outcomes=problems[0].outcomes(),
        outcome_unit=problems[0].outcome_unit,
        error=first.error,
        pair_error=None if other is None else other.error,
        matrix=first.matrix,
        pair_baseline_value=None if other is None else other.baseline_value,
        pair_residual=None if other is None else other.residual,
        method_options=tuple(sorted(first.options.items())),
        marks=problems[0].marks,
    )


def answer(
    model: Model, text: str | Messages, target: str | None = None, pair: str | None = None, **options: Any
) -> Answer:
    """The target itself, and what the model says, without attributing it to anything.

    The arguments are those of `explain`, and so is what it raises. With the options of one answer, another text is
    asked the same.
    """
    chosen = find_target(model, target)
    first = pose(model, chosen, text, pair, options)[0]
    return Answer(
        tokens=first.tokens,
        target=chosen.info.name,
        options=tuple(sorted(first.options.items())),
        value=first.value,
        note=first.note,
        outcomes=first.outcomes(),
        outcome_unit=first.outcome_unit,
        marks=first.marks,
    )


def pose(
    model: Model, target: Target, text: str | Messages, pair: str | None, options: Mapping[str, Any]
) -> tuple[Problem, ...]:
    """The target's problems for the text (and the other one). Raises what `explain` raises for them."""
    info, valid = target.info, (*target.info.options, *READING)
    for name in options:
        if name not in valid:
            raise UnknownName(say("option"), name, valid)
    own = {name: value for name, value in options.items() if name in info.options}
    how = {name: value for name, value in options.items() if name in READING}
    if is_messages(text):
        text, how = model.chat(text, add_generation_prompt=True).text, {**how, "special": "only"}  # type: ignore[arg-type]
    text = checks.text("text", text)
    if pair is not None:
        checks.text("second text", pair)
    if info.needs_pair and pair is None:
        raise InputEmpty(
            say("The target {name!r} needs two texts; there is only one.", name=info.name),
            say("Give a second text."),
        )
    from attnviz.explanation.problem import check_value

    reader = model.reads(**how)
    problems = target.problems(reader, text, pair if info.needs_pair or info.takes_pair else None, **own)
    for problem in problems:
        check_value(problem, problem.value)
    read = reader.reading.decided(model.loaded)
    return tuple(replace(problem, options={**problem.options, **read}) for problem in problems)


def check_model(model: object) -> None:
    """Raises InputInvalid where something else than a loaded model was given."""
    from attnviz.capture import Model

    if not isinstance(model, Model):
        given = f"the text {model!r}" if isinstance(model, str) else f"of type {type(model).__name__}"
        remedy = "Load it first: attnviz.load(name) gives the model."
        raise InputInvalid(say("A loaded model is needed; what was given is {given}.", given=given), remedy)


def _serves(model: Model, target: Target) -> bool:
    reads_text = model.loaded.tokenizer is not None
    return reads_text and model.card.kind in target.info.kinds and target.supports(model)


def _find(registry: Sequence[Entry], what: str, name: str) -> Entry:
    for entry in registry:
        if entry.info.name == name:
            return entry
    raise UnknownName(what, name, [entry.info.name for entry in registry])


def find_target(model: Model, name: str | None) -> Target:
    """The target by name, or the model's default. Raises UnknownName, TargetUnsupported, InputInvalid."""
    check_model(model)
    available = targets_for(model)
    if name is None:
        if not available:
            raise TargetUnsupported(
                say("There is nothing to explain with the model {name!r}.", name=model.card.name), ()
            )
        return _find(TARGETS, "target", available[0])
    target = _find(TARGETS, "target", name)
    if name not in available:
        kinds = " or ".join(target.info.kinds)
        head = f" with {target.info.needs}" if target.info.needs else " that computes it"
        raise TargetUnsupported(
            say(
                "The target {name!r} needs a model of kind {kinds}{head}; {model!r} is a model of kind "
                "{kind}.",
                name=name,
                kinds=kinds,
                head=head,
                model=model.card.name,
                kind=model.card.kind,
            ),
            available,
        )
    return target


def _split(
    options: dict[str, Any], method: MethodInfo, target: TargetInfo
) -> tuple[dict[str, Any], dict[str, Any]]:
    valid = (*method.options, *target.options, *READING)
    for name in options:
        if name not in valid:
            raise UnknownName(say("option"), name, valid)
    return (
        {name: value for name, value in options.items() if name in method.options},
        {
            name: value
            for name, value in options.items()
            if name not in method.options or name in target.options
        },
    )


def _share(report: Progress, place: int, count: int) -> Progress:
    return lambda fraction: report((place + fraction) / count)

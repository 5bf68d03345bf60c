"""Heads switched off, scaled, frozen or forced, and what becomes of a target: what attention is needed for.

A gate of 1 changes nothing, bit for bit; a gate of 0 is what removing the head's output would be. The model itself
is not touched: passes of a view over its weights, on this thread, go on with other attention outputs.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

from attnviz.errors import UnknownName
from attnviz.explanation.declarations import Progress
from attnviz.explanation.intervention.experiment import Experiment, Head
from attnviz.explanation.intervention.forcing import FORCES, Forcing
from attnviz.explanation.results import Ablation, HeadImportance
from attnviz.language import say
from attnviz.types import Kind

if TYPE_CHECKING:
    from attnviz.capture import Model
    from attnviz.capture.reading import Messages


def ablate(
    model: Model,
    text: str | Messages,
    heads: Iterable[Head] = (),
    target: str | None = None,
    pair: str | None = None,
    *,
    layers: Iterable[int] = (),
    scale: float = 0.0,
    reference: str | None = None,
    force: str | None = None,
    queries: Iterable[int] | None = None,
    keys: Iterable[int] | None = None,
    kind: Kind | None = None,
    **options: Any,
) -> Ablation:
    """A target and the model's predictions with and without some heads, or with some of their rows forced.

    Heads are changed in all texts that the target reads; rows are forced in `text` only.

    Args:
        model: a loaded model; it is only read, from any number of threads at once.
        text, target, pair, **options: as in `attnviz.explain`. What the options leave open is decided with the
            model as it is, so that before and after answer the same question.
        heads: (layer, head) pairs, counted from 0.
        layers: whole layers, besides.
        scale: what the heads' outputs are multiplied by; 0 switches them off, 1 changes nothing.
        reference: a text; the heads then give, at every position, their mean output over that text.
        force: in place of these, what the heads' rows become: "uniform" over what the mask allows, the "previous"
            token (of the first: itself), the "first" token, the token "self", or "block": `keys` out of sight, as
            if masked before the softmax.
        queries: positions of the tokens whose rows are forced; None means all. Those that see nothing but `keys`
            are then left as they are, and `Ablation.forced` names them.
        keys: positions of the tokens that "block" keeps out of sight.
        kind: of attention, for encoder-decoders; None means the only kind, or "cross".

    Raises:
        UnknownName: no such layer, head, kind, target, option, force or position.
        InputEmpty: no head or key is chosen, a text is missing, or a named row would have nothing to look at.
        ModelUnsupported: nothing can be changed in this family, or not replaced by a mean.
        TargetUnsupported, InputTooLong: as in `attnviz.explain`.
    """
    _check_together(force, scale, reference, queries, keys)
    experiment = Experiment(model, text, target, pair, options, kind)
    chosen = experiment.chosen(heads, layers)
    forced = None
    if force is not None:
        forcing = Forcing(experiment.sites.calls, experiment.places(chosen), force, queries, keys)
        after = experiment.attending(forcing)
        how, forced = forcing.how(), forcing.record()
    elif reference is None:
        how = "switched off" if scale == 0 else f"scaled by {scale:g}"
        after = experiment.under(experiment.scaling(dict.fromkeys(chosen, float(scale))))
    else:
        how = "replaced by their mean over a reference text"
        after = experiment.under(experiment.freezing(chosen, reference))
    before = experiment.problems[0]
    return Ablation(
        heads=chosen,
        kind=experiment.kind,
        how=how,
        target=experiment.target.info.name,
        options=tuple(sorted(before.options.items())),
        before=before.value,
        after=after[0],
        outcomes_before=before.outcomes(),
        outcomes_after=after[1],
        outcome_unit=before.outcome_unit,
        forced=forced,
    )


def _check_together(force: str | None, scale: float, reference: str | None, *rows: Any) -> None:
    """Rows are forced or heads changed, not both. Raises UnknownName."""
    if force is not None and (scale != 0 or reference is not None):
        raise UnknownName(say("option beside force"), "scale" if scale else "reference", ("queries", "keys"))
    if force is None and any(each is not None for each in rows):
        raise UnknownName(say("force"), force, FORCES)


def head_importance(
    model: Model,
    text: str | Messages,
    target: str | None = None,
    pair: str | None = None,
    *,
    exact: bool = False,
    kind: Kind | None = None,
    progress: Progress | None = None,
    **options: Any,
) -> HeadImportance:
    """How far the target falls without each head: at once from one gradient, or by switching off every one.

    The estimate is the derivative of the target by a gate on the head's output, at 1 (Michel, Levy & Neubig 2019,
    equation 2, with its sign): exact where the model is a straight line in the gate. Where the target compares the
    text with label texts, their vectors are held fixed in the estimate.

    Args:
        exact: switch off one head after the other; takes one run of the target for each.
        progress: called with a fraction from 0 to 1; what it raises stops the work and reaches the caller.
        model, text, target, pair, kind, **options: as in `ablate`.

    Raises what `ablate` raises.
    """
    report = progress or (lambda fraction: None)
    report(0.0)
    experiment = Experiment(model, text, target, pair, options, kind)
    if not exact:
        report(0.4)  # two of five passes
    values = experiment.falls(report) if exact else experiment.slopes()
    report(1.0)
    first = experiment.problems[0]
    return HeadImportance(
        values.astype(np.float32),
        exact,
        first.value,
        experiment.target.info.name,
        tuple(sorted(first.options.items())),
        experiment.kind,
    )

"""Whether a text entails another, by a model of natural language inference: entailment against contradiction.

The other text is given, or made of a label ("This text is about sports."), which sorts texts by labels that nobody
trained the model for (Yin, Hay & Roth 2019). The text is explained; what is made of a label is held fixed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from attnviz.checks import text as text_of
from attnviz.errors import InputInvalid
from attnviz.explanation.attribution.targets.label_prompt import DEFAULT_LABELS
from attnviz.explanation.declarations import TargetInfo
from attnviz.language import say

if TYPE_CHECKING:
    import torch

    from attnviz.capture import Model
    from attnviz.explanation.attribution.targets.label import Classified
    from attnviz.explanation.problem import Outcomes, Problem, Run

TEMPLATE = "This text is about {}."


class Entailment:
    info = TargetInfo(
        name="entailment",
        title="Does it follow?",
        kinds=("encoder", "encoder-decoder"),
        needs_pair=False,
        takes_pair=True,
        needs="a head that tells entailment from contradiction",
        unit="logit",
        description="The model says whether the second text follows from the first. How far the score (logit) of "
        "‘follows’ lies above that of ‘contradicts’ is explained. Without a second text, labels of your own take its "
        "place, each in a sentence, and are ranked.",
        positive="The word speaks for what is said in the second text.",
        negative="The word speaks against it.",
        caveat="The model was not trained for your labels: whether they sort texts well must be tried out.",
        options=("labels", "label", "template"),
    )

    def supports(self, model: Model) -> bool:
        from attnviz.explanation.attribution.targets.label import Label, label_names

        return Label().supports(model) and _ends(label_names(model.loaded.module.config)) is not None

    def problems(
        self,
        model: Model,
        text: str,
        pair: str | None,
        labels: tuple[str, ...] | list[str] | None = None,
        label: str | int | None = None,
        template: str = TEMPLATE,
        **options: Any,
    ) -> tuple[Problem, ...]:
        """`labels`: two or more, where there is no second text. `label`: the likeliest of them by default.

        `template`: a sentence with {} in the place of the label.
        """
        from attnviz.explanation.attribution.targets.label import Classified, label_names
        from attnviz.explanation.attribution.targets.label_prompt import distinct_labels
        from attnviz.explanation.attribution.targets.logits import place_of

        entails, contradicts = _ends(label_names(model.loaded.module.config)) or (0, 0)
        own = labels is not None and label is not None and pair == template.replace("{}", str(label))
        if pair is not None and not own:  # a label's own sentence comes back as the second text of its tokens
            found = Classified(model, text, pair)
            note = f"Explained: the logit of {found.title(entails)} less that of {found.title(contradicts)}."
            return (found.problem(note, {}, entails, contradicts),)
        if text_of("template", template).count("{}") != 1:
            raise InputInvalid(
                say("The template {template_!r} has no place for the label.", template_=template),
                say("Write {} there, once."),
            )
        names = distinct_labels(DEFAULT_LABELS if labels is None else labels)
        ranked = _Ranked(
            [Classified(model, text, template.replace("{}", name)) for name in names], names, entails
        )
        place = ranked.best if label is None else place_of("label", label, names)
        which = "the likeliest of the labels" if label is None else "as asked for"
        note = (
            f"Explained: how far ‘{template.replace('{}', names[place])}’ follows from the text rather than "
            f"contradicts it (logits), for the label {names[place]!r}, {which}."
        )
        return (
            ranked.sides[place].problem(
                note,
                {"labels": names, "label": names[place], "template": template},
                entails,
                contradicts,
                held=ranked.hypothesis(place),
                predict=ranked.predict_from(place),
            ),
        )


def _ends(names: tuple[str, ...]) -> tuple[int, int] | None:
    """The places of entailment and of its contrary among the labels; None where a model does not name them."""
    lower = [name.lower() for name in names]
    entails = [n for n, name in enumerate(lower) if name.startswith("entail")]
    contrary = [
        n for n, name in enumerate(lower) if name.startswith(("contradict", "not_entail", "not entail"))
    ]
    return (entails[0], contrary[0]) if entails and contrary else None


class _Ranked:
    """A text with the sentence of each label behind it, and the labels by how far they follow."""

    def __init__(self, sides: list[Classified], names: tuple[str, ...], entails: int) -> None:
        self.sides, self.names, self.entails = sides, names, entails
        self.best = int(np.argmax([float(side.logits[entails]) for side in sides]))

    def hypothesis(self, place: int) -> tuple[int, ...]:
        """The positions of a label's sentence."""
        tokens = self.sides[place].tokens
        return tuple(np.flatnonzero((tokens.segments == 1) & ~tokens.special).tolist())

    def predict_from(self, place: int) -> Any:
        """All labels with their probabilities, from a pass with one of them: its sentence is replaced by each other's.

        As the zero-shot pipeline of transformers: the softmax of the labels' logits of entailment.
        """
        import torch

        def predict(run: Run, mask: torch.Tensor) -> Outcomes:
            logits = torch.stack([self._logit(run, place, other) for other in range(len(self.sides))])
            shares = logits.softmax(0).tolist()
            return tuple(sorted(zip(self.names, shares, strict=True), key=lambda pair: -pair[1]))

        return predict

    def _logit(self, run: Run, place: int, other: int) -> torch.Tensor:
        """Entailment of another label's sentence, behind the text as it is in this pass."""
        import torch

        from attnviz.explanation.problem import Run

        side, own = self.sides[other], self.hypothesis(place)[0]
        behind = len(self.sides[place].tokens) - own  # the sentence and what closes it
        kept = run.rows["input_ids"].shape[1] - behind
        first = self.hypothesis(other)[0]
        rows = {
            name: torch.cat([each[:1, :kept], side.inputs[name][:, first:]], 1)
            for name, each in run.rows.items()
            if name in side.inputs
        }
        moved = Run(run.module, rows)
        logits: torch.Tensor = side.read_all(moved, rows["attention_mask"])
        return logits[0, self.entails]

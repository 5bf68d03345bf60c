"""The label that a sequence classifier gives: its logit, or its logit against that of a rival.

The logit is explained, not the probability, which saturates; probabilities are shown beside it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from attnviz.errors import ModelUnsupported
from attnviz.explanation.declarations import TargetInfo
from attnviz.language import say

if TYPE_CHECKING:
    import torch

    from attnviz.capture import Model
    from attnviz.explanation.problem import Outcomes, Problem, Read, Run


class Label:
    info = TargetInfo(
        name="label",
        title="Label",
        kinds=("encoder", "decoder", "encoder-decoder"),
        needs_pair=False,
        takes_pair=True,
        needs="a classifier's head",
        unit="logit",
        description="The model gives every label a score (a logit). The score of the predicted label, or of a "
        "label of your choice, is explained.",
        positive="The word raises the score of the label.",
        negative="The word lowers the score of the label.",
        caveat="The score of one label is explained on its own: what raises it may raise its rivals too.",
        options=("label",),
    )

    def supports(self, model: Model) -> bool:
        return _label_count(model) >= 1

    def problems(
        self, model: Model, text: str, pair: str | None, label: str | int | None = None, **options: Any
    ) -> tuple[Problem, ...]:
        """`label`: a name or number of the model's labels; the predicted one by default."""
        from attnviz.explanation.attribution.targets.logits import place_of

        found = Classified(model, text, pair)
        chosen = found.best if label is None else place_of("label", label, found.names)
        which = "the predicted label" if label is None and len(found.names) > 1 else "as asked for"
        note = f"Explained: the logit of {found.title(chosen)}, {which}."
        if len(found.names) == 1:
            note = f"Explained: {found.title(chosen)}, the only number that the model gives."
        return (found.problem(note, {"label": found.key(chosen)}, chosen),)


class LabelDifference:
    info = TargetInfo(
        name="label-difference",
        title="Label against label",
        kinds=("encoder", "decoder", "encoder-decoder"),
        needs_pair=False,
        takes_pair=True,
        contest=True,
        needs="a classifier's head",
        unit="logit",
        description="How far the score (logit) of one label lies above that of another: by default the predicted "
        "label against the runner-up. This is what decides.",
        positive="The word speaks for the first label, against the second.",
        negative="The word speaks for the second label, against the first.",
        caveat="What raises both labels alike is not seen in their difference.",
        options=("label", "against"),
    )

    def supports(self, model: Model) -> bool:
        return _label_count(model) >= 2

    def problems(
        self,
        model: Model,
        text: str,
        pair: str | None,
        label: str | int | None = None,
        against: str | int | None = None,
        **options: Any,
    ) -> tuple[Problem, ...]:
        """`label`, `against`: names or numbers of the model's labels; the predicted one and its runner-up."""
        from attnviz.explanation.attribution.targets.logits import place_of, two_of

        found = Classified(model, text, pair)
        first, second = (
            None if each is None else place_of("label", each, found.names) for each in (label, against)
        )
        chosen, other = two_of(found.logits, first, second)
        note = f"Explained: the logit of {found.title(chosen)} less that of {found.title(other)}."
        options = {"label": found.key(chosen), "against": found.key(other)}
        return (found.problem(note, options, chosen, other),)


def has_independent_labels(model: Model) -> bool:
    """Whether several labels may hold at once, each with a probability of its own."""
    config: Any = model.loaded.module.config
    return getattr(config, "problem_type", None) == "multi_label_classification"


def _label_count(model: Model) -> int:
    """How many labels a sequence classifier has; 0 for any other model."""
    module: Any = model.loaded.module
    if not type(module).__name__.endswith("ForSequenceClassification"):
        return 0
    if model.card.kind == "decoder" and not hasattr(module, "score"):
        return 0
    return int(module.config.num_labels)


def label_names(config: Any) -> tuple[str, ...]:
    """The names of the labels, in the order of the logits."""
    names = {int(number): str(name) for number, name in (config.id2label or {}).items()}
    return tuple(names.get(number, f"LABEL_{number}") for number in range(config.num_labels))


class Classified:
    """A text, or two joined to one, and what the classifier says of it."""

    def __init__(self, model: Model, text: str, pair: str | None) -> None:
        import torch

        from attnviz.explanation.problem import Run, encode

        self.model = model
        root: Any = model.loaded.module
        # Run by itself, a decoder's classifier looks for the last token by its id: it cannot see that one is masked.
        self.module: Any = root.base_model if model.card.kind == "decoder" else root
        self.score: Any = root.score if model.card.kind == "decoder" else None
        self.tokens, self.inputs = encode(model, self.module, text, pair)
        if model.echoes and root.config.eos_token_id not in self.tokens.ids:
            raise ModelUnsupported(
                say(
                    "The tokenizer of {name} does not end a text with the token that the classifier reads.",
                    name=model.card.name,
                ),
                say("Choose a model that comes with its own tokenizer."),
                reason="damaged",
            )
        self.names = label_names(root.config)
        self.independent = has_independent_labels(model)
        with torch.no_grad():
            self.logits = self.read_all(Run(self.module, self.inputs), self.inputs["attention_mask"])[0]
        self.best = int(self.logits.argmax())

    def read_all(self, run: Run, mask: torch.Tensor) -> torch.Tensor:
        """(N, C) float32 logits."""
        if self.model.echoes:
            return run(decoder_attention_mask=_later(mask)).logits.float()
        if self.score is None:
            return run().logits.float()
        import torch

        from attnviz.explanation.pooling import last_position

        hidden = run(use_cache=False).last_hidden_state
        rows = torch.arange(len(hidden), device=hidden.device)
        return self.score(hidden[rows, last_position(mask)]).float()

    def probabilities(self, logits: torch.Tensor) -> torch.Tensor:
        """(C,): of each label by itself where several may hold at once, else of all together."""
        return logits.sigmoid() if self.independent else logits.softmax(-1)

    def key(self, place: int) -> str | int:
        """The name of a label; its number where several have that name."""
        return self.names[place] if self.names.count(self.names[place]) == 1 else place

    def title(self, place: int) -> str:
        if len(self.names) == 1:
            return repr(self.names[place])
        return f"{self.names[place]!r} (probability {float(self.probabilities(self.logits)[place]):.3g})"

    def predict(self, run: Run, mask: torch.Tensor) -> Outcomes:
        logits = self.read_all(run, mask)[0]
        values = logits if len(self.names) == 1 else self.probabilities(logits)
        pairs = zip(self.names, values.tolist(), strict=True)
        return tuple(sorted(pairs, key=lambda pair: -pair[1]))

    def problem(
        self, note: str, options: dict[str, Any], chosen: int, against: int | None = None, **more: Any
    ) -> Problem:
        """F is the logit of a label, or its difference to another; `more` are further fields of the problem."""
        from attnviz.explanation.problem import Problem

        value = self.logits[chosen] - (0 if against is None else self.logits[against])
        return Problem(
            model=self.model,
            module=self.module,
            tokens=self.tokens,
            inputs=self.inputs,
            read=self._reader(chosen, against),
            query_weights=self._query_weights(),
            value=float(value),
            note=note,
            options=options,
            outcome_unit="logit" if len(self.names) == 1 else "probability",
            echoed=self.model.echoes,
            **{"predict": self.predict, **more},
        )

    def _reader(self, chosen: int, against: int | None) -> Read:
        def read(run: Run, mask: torch.Tensor) -> torch.Tensor:
            logits = self.read_all(run, mask)
            return logits[:, chosen] if against is None else logits[:, chosen] - logits[:, against]

        return read

    def _query_weights(self) -> np.ndarray[Any, np.dtype[np.float32]]:
        """Which positions the head reads: the last of a decoder, the first of an encoder, or what the config says."""
        from attnviz.explanation.pooling import query_weights

        config: Any = self.model.loaded.module.config
        if self.model.echoes:  # the decoder's place at the text's last end-of-sequence token
            weights = np.zeros(len(self.tokens), np.float32)
            weights[np.flatnonzero(np.array(self.tokens.ids) == config.eos_token_id)[-1]] = 1
            return weights
        said = getattr(config, "classifier_pooling", None) or getattr(config, "summary_type", None)
        names = {"mean": "mean", "last": "lasttoken", "first": "cls", "cls": "cls"}
        default = "lasttoken" if self.score is not None else "cls"
        pooling = default if self.score is not None else names.get(str(said), default)
        return query_weights(len(self.tokens), pooling)


def _later(mask: torch.Tensor) -> torch.Tensor:
    """The mask of a decoder that is fed the same text one place later, behind a token that is always there."""
    import torch

    return torch.cat([torch.ones_like(mask[:, :1]), mask[:, :-1]], 1)

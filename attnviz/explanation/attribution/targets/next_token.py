"""The token that follows the text: its logit, or its logit against that of a rival.

The logit is explained, not the probability: a probability saturates, and its gradient vanishes with it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from attnviz.explanation.declarations import TargetInfo

if TYPE_CHECKING:
    import torch

    from attnviz.capture import Model
    from attnviz.explanation.problem import Outcomes, Problem, Read, Run


class NextToken:
    info = TargetInfo(
        name="next-token",
        title="Next token",
        kinds=("decoder",),
        needs_pair=False,
        unit="logit",
        description="The model gives every token of its vocabulary a score (a logit) for coming next. The score "
        "of the most likely one, or of a token of your choice, is explained.",
        positive="The word makes the token more likely to come next.",
        negative="The word makes the token less likely to come next.",
        caveat="The score of one token is explained on its own: what raises it may raise its rivals too.",
        options=("token",),
    )

    def supports(self, model: Model) -> bool:
        return generates(model)

    def problems(
        self, model: Model, text: str, pair: str | None, token: str | int | None = None, **options: Any
    ) -> tuple[Problem, ...]:
        """`token`: an id, or a string that is exactly one token (a leading space counts), see `reading.token_id`."""
        from attnviz.explanation.attribution.targets.logits import token_id

        found = _Predicted(model, text)
        chosen = found.best if token is None else token_id(found.tokenizer, token, len(found.logits))
        which = "the most likely next token" if token is None else "as asked for"
        note = f"Explained: the logit of {found.name(chosen)}, {which}; its probability is {found.share(chosen)}."
        return (found.problem(note, {"token": chosen}, chosen),)


class TokenDifference:
    info = TargetInfo(
        name="token-difference",
        title="Next token: one against another",
        kinds=("decoder",),
        needs_pair=False,
        unit="logit",
        description="How far the score (logit) of one next token lies above that of another: by default of the "
        "two most likely ones; ‘is’ against ‘are’, for instance.",
        positive="The word speaks for the first token, against the second.",
        negative="The word speaks for the second token, against the first.",
        caveat="What raises both tokens alike is not seen in their difference.",
        options=("token", "against"),
    )

    def supports(self, model: Model) -> bool:
        return generates(model)

    def problems(
        self,
        model: Model,
        text: str,
        pair: str | None,
        token: str | int | None = None,
        against: str | int | None = None,
        **options: Any,
    ) -> tuple[Problem, ...]:
        """`token`, `against`: ids, or strings that are exactly one token; the likeliest and its runner-up."""
        from attnviz.explanation.attribution.targets.logits import token_id, two_of

        found = _Predicted(model, text)
        size = len(found.logits)
        named = (None if each is None else token_id(found.tokenizer, each, size) for each in (token, against))
        chosen, other = two_of(found.logits, *named)
        note = (
            f"Explained: the logit of {found.name(chosen)} less that of {found.name(other)}; "
            f"their probabilities are {found.share(chosen)} and {found.share(other)}."
        )
        return (found.problem(note, {"token": chosen, "against": other}, chosen, other),)


def generates(model: Model) -> bool:
    """Whether the model has a head that gives logits of tokens."""
    head = getattr(model.loaded.module, "get_output_embeddings", None)
    return head is not None and head() is not None


class _Predicted:
    """A text, and what the model says of the token after it."""

    def __init__(self, model: Model, text: str) -> None:
        import torch

        from attnviz.explanation.attribution.targets.logits import logits_after
        from attnviz.explanation.problem import Run, encode

        self.model, self.module, self.tokenizer = model, model.loaded.module, model.loaded.tokenizer
        self.tokens, self.inputs = encode(model, self.module, text)
        with torch.no_grad():
            run = Run(self.module, self.inputs)
            self.logits = logits_after(self.module, run, self.inputs["attention_mask"])[0]
        self.best = int(self.logits.argmax())

    def name(self, token: int) -> str:
        from attnviz.explanation.attribution.targets.logits import token_name

        return token_name(self.tokenizer, token)

    def share(self, token: int) -> str:
        return f"{float(self.logits.softmax(-1)[token]):.3g}"

    def problem(self, note: str, options: dict[str, Any], chosen: int, against: int | None = None) -> Problem:
        from attnviz.explanation.attribution.targets.logits import likeliest, logits_after
        from attnviz.explanation.problem import Problem

        def predict(run: Run, mask: torch.Tensor) -> Outcomes:
            return likeliest(self.tokenizer, logits_after(self.module, run, mask)[0])

        value = self.logits[chosen] - (0 if against is None else self.logits[against])
        return Problem(
            model=self.model,
            module=self.module,
            tokens=self.tokens,
            inputs=self.inputs,
            read=_logit_of(self.module, chosen, against),
            query_weights=np.eye(len(self.tokens), dtype=np.float32)[-1],
            value=float(value),
            note=note,
            options=options,
            predict=predict,
            said=likeliest(self.tokenizer, self.logits),
            outcome_unit="probability",
        )


def _logit_of(module: torch.nn.Module, token: int, against: int | None = None) -> Read:
    def read(run: Run, mask: torch.Tensor) -> torch.Tensor:
        from attnviz.explanation.attribution.targets.logits import logits_after

        logits = logits_after(module, run, mask)
        return logits[:, token] if against is None else logits[:, token] - logits[:, against]

    return read

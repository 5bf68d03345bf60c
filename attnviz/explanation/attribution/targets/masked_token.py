"""The token that a masked language model puts in a gap of the text: its logit.

One token of the text is hidden behind the mask token; the question is what made the model guess it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from attnviz.checks import whole
from attnviz.errors import InputEmpty, UnknownName
from attnviz.explanation.declarations import TargetInfo
from attnviz.language import say

if TYPE_CHECKING:
    import torch

    from attnviz.capture import Model
    from attnviz.explanation.problem import Outcomes, Problem, Run
    from attnviz.types import Tokens


class MaskedToken:
    info = TargetInfo(
        name="masked-token",
        title="A hidden word",
        kinds=("encoder",),
        needs_pair=False,
        needs="a masked-language head",
        unit="logit",
        description="One token of the text is hidden behind the mask, and the model guesses it from the others. "
        "The score (logit) of the hidden token, or of another guess, is explained.",
        positive="The word helps the model to this guess.",
        negative="The word speaks against this guess.",
        caveat="The score of one token is explained on its own: what raises it may raise its rivals too.",
        options=("position", "token"),
    )

    def supports(self, model: Model) -> bool:
        from attnviz.explanation.attribution.targets.next_token import generates

        named = type(model.loaded.module).__name__.endswith("ForMaskedLM")
        has_mask = getattr(model.loaded.tokenizer, "mask_token_id", None) is not None
        return named and has_mask and generates(model)

    def problems(
        self,
        model: Model,
        text: str,
        pair: str | None,
        position: int | None = None,
        token: str | int | None = None,
        **options: Any,
    ) -> tuple[Problem, ...]:
        """`position`: of the token to hide, the last word by default. `token`: the guess, the hidden one by default."""
        import torch

        from attnviz.explanation.attribution.targets.logits import (
            likeliest,
            logits_at,
            token_id,
            token_name,
        )
        from attnviz.explanation.problem import Problem, Run, encode

        module, tokenizer = model.loaded.module, model.loaded.tokenizer
        tokens, inputs = encode(model, module, text)
        place = _last_word(tokens) if position is None else _checked(position, tokens)
        ids = inputs["input_ids"].clone()
        ids[0, place] = tokenizer.mask_token_id
        inputs["input_ids"] = ids

        def logits(run: Run) -> torch.Tensor:
            return logits_at(module, run, run.columns(place)[:, None])[:, 0]

        def predict(run: Run, mask: torch.Tensor) -> Outcomes:
            return likeliest(tokenizer, logits(run)[0])

        with torch.no_grad():
            found = logits(Run(module, inputs))[0]
        chosen = int(tokens.ids[place]) if token is None else token_id(tokenizer, token, len(found))
        probability = float(torch.softmax(found, -1)[chosen])
        return (
            Problem(
                model=model,
                module=module,
                tokens=tokens,
                inputs=inputs,
                read=lambda run, mask: logits(run)[:, chosen],
                query_weights=np.eye(len(tokens), dtype=np.float32)[place],
                value=float(found[chosen]),
                note=f"Explained: the logit of {token_name(tokenizer, chosen)} in place of "
                f"{tokens.labels[place].strip()!r} (position {place}), which is hidden from the model; its probability "
                f"is {probability:.3g}.",
                options={"position": place, "token": chosen},
                held=(place,),
                predict=predict,
                outcome_unit="probability",
            ),
        )


def _last_word(tokens: Tokens) -> int:
    """The last token that is a whole word; else the last that is not special."""
    words = tokens.words.tolist()
    own = [place for place, special in enumerate(tokens.special.tolist()) if not special]
    if not own:
        raise InputEmpty(say("The text has no token that could be hidden."), say("Type a sentence."))
    whole = [
        place for place in own if words.count(words[place]) == 1 and tokens.labels[place].strip().isalnum()
    ]
    return (whole or own)[-1]


def _checked(position: int, tokens: Tokens) -> int:
    allowed = np.flatnonzero(~tokens.special).tolist()
    number = whole(position)
    if number not in allowed:
        raise UnknownName(say("position of a word to hide"), position, [str(place) for place in allowed])
    return int(number or 0)

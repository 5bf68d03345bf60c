"""The tag that a token classifier gives to one token (a name, a part of speech): its logit against another tag's."""

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
    from attnviz.types import Mark, Tokens

OUTSIDE = "O"  # the tag of tokens that belong to nothing, by the convention of Ramshaw & Marcus 1995


class Tag:
    info = TargetInfo(
        name="tag",
        title="Tag of a word",
        kinds=("encoder", "decoder"),
        needs_pair=False,
        takes_pair=True,
        needs="a head that tags tokens",
        unit="logit",
        description="The model tags every token, as a person or a place for instance. How far the score (logit) of "
        "one token’s tag lies above that of another tag is explained; by default against ‘O’, no name at all.",
        positive="The word speaks for the tag.",
        negative="The word speaks for the other tag.",
        caveat="The tag of one token is explained; words of several tokens have several tags.",
        options=("position", "label", "against"),
    )

    def supports(self, model: Model) -> bool:
        module: Any = model.loaded.module
        return type(module).__name__.endswith("ForTokenClassification") and module.config.num_labels >= 2

    def problems(
        self,
        model: Model,
        text: str,
        pair: str | None,
        position: int | None = None,
        label: str | int | None = None,
        against: str | int | None = None,
        **options: Any,
    ) -> tuple[Problem, ...]:
        """`position`: of the token; by default the one that is tagged most surely with another tag than "O".

        `label`, `against`: names or numbers of tags; the predicted one, and "O" or the runner-up.
        """
        import torch

        from attnviz.explanation.attribution.targets.label import label_names
        from attnviz.explanation.attribution.targets.logits import place_of, two_of
        from attnviz.explanation.problem import Problem, Run, encode

        module: Any = model.loaded.module
        tokens, inputs = encode(model, module, text, pair)
        names = label_names(module.config)
        with torch.no_grad():
            logits = Run(module, inputs)().logits[0, : len(tokens)].float()
        place, which = _place(logits, tokens, names) if position is None else (_checked(position, tokens), "")
        first, second = (None if each is None else place_of("tag", each, names) for each in (label, against))
        if second is None and OUTSIDE in names:
            outside = names.index(OUTSIDE)
            second = (
                None if outside in (int(logits[place].argmax()) if first is None else first,) else outside
            )
        chosen, other = two_of(logits[place], first, second)
        probability = float(logits[place].softmax(-1)[chosen])

        def read(run: Run, mask: torch.Tensor) -> torch.Tensor:
            rows = run().logits
            found = rows[torch.arange(len(rows), device=rows.device), run.columns(place)].float()
            return found[:, chosen] - found[:, other]

        def predict(run: Run, mask: torch.Tensor) -> Outcomes:
            shares = run().logits[0, run.columns(place)[0]].float().softmax(-1).tolist()
            return tuple(sorted(zip(names, shares, strict=True), key=lambda pair: -pair[1]))

        return (
            Problem(
                model=model,
                module=module,
                tokens=tokens,
                inputs=inputs,
                read=read,
                query_weights=np.eye(len(tokens), dtype=np.float32)[place],
                value=float(logits[place, chosen] - logits[place, other]),
                note=f"Explained: the logit of {names[chosen]!r} (probability {probability:.3g}) less that of "
                f"{names[other]!r}, for {tokens.labels[place].strip()!r} (position {place}{which}), which is never "
                "taken away.",
                options={"position": place, "label": names[chosen], "against": names[other]},
                read_at=(place,),
                predict=predict,
                outcome_unit="probability",
                marks=tags_of(logits, tokens, names),
            ),
        )


def tags_of(logits: torch.Tensor, tokens: Tokens, names: tuple[str, ...]) -> tuple[Mark, ...]:
    """The predicted tag of every token that the tokenizer did not add, "O" left out."""
    best = logits.softmax(-1).max(-1)
    found = zip(best.indices.tolist(), best.values.tolist(), tokens.special.tolist(), strict=True)
    return tuple(
        (place, place + 1, names[tag], share)
        for place, (tag, share, special) in enumerate(found)
        if not special and names[tag] != OUTSIDE
    )


def _place(logits: torch.Tensor, tokens: Tokens, names: tuple[str, ...]) -> tuple[int, str]:
    """The token to explain where none is named, and why it is that one."""
    marks = tags_of(logits, tokens, names)
    if marks:
        return max(marks, key=lambda mark: mark[3])[0], ", the surest tag of this text"
    own = np.flatnonzero(~tokens.special)
    if not len(own):
        raise InputEmpty(say("The text has no token that could be tagged."), say("Type a sentence."))
    return int(own[-1]), f", the last token: all are tagged {OUTSIDE!r}"


def _checked(position: int, tokens: Tokens) -> int:
    allowed = np.flatnonzero(~tokens.special).tolist()
    number = whole(position)
    if number is None or number not in allowed:
        raise UnknownName(say("position of a tagged token"), position, [str(place) for place in allowed])
    return number

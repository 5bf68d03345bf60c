"""Labels that the user types, with a model that only embeds: how much nearer the text is to one than to another.

Zero-shot classification by cosine: a text belongs to the label whose embedding is nearest to its own. The
margin between two labels' cosines is explained, with the labels' vectors held fixed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from attnviz.errors import InputEmpty
from attnviz.explanation.declarations import TargetInfo
from attnviz.language import say

if TYPE_CHECKING:
    import torch

    from attnviz.capture import Model
    from attnviz.explanation.problem import Outcomes, Problem, Read, Run
    from attnviz.loading.pooling import Pooling

DEFAULT_LABELS = ("complaint", "praise")


class LabelPrompt:
    info = TargetInfo(
        name="label-prompt",
        title="Labels of your own",
        kinds=("encoder",),
        needs_pair=False,
        unit="cosine",
        description="You name some labels; the text belongs to the one whose vector is most similar to its own. "
        "How far the similarity to one label lies above that to another is explained.",
        positive="The word brings the text nearer to the first label than to the second.",
        negative="The word brings the text nearer to the second label than to the first.",
        caveat="The model was not trained for these labels: whether they sort texts well must be tried out.",
        options=("labels", "label", "against", "length"),
    )

    def supports(self, model: Model) -> bool:
        return True

    def problems(
        self,
        model: Model,
        text: str,
        pair: str | None,
        labels: tuple[str, ...] | list[str] = DEFAULT_LABELS,
        label: str | int | None = None,
        against: str | int | None = None,
        length: str = "model",
        **options: Any,
    ) -> tuple[Problem, ...]:
        """`labels`: two or more short texts. `label`, `against`: two of them; the nearest and its runner-up.

        `length`: as for the similarity of two texts.
        """
        import torch

        from attnviz.explanation.attribution.targets.logits import place_of, two_of
        from attnviz.explanation.attribution.targets.similarity import (
            base_of,
            embedding,
            length_note,
            read_for_embedding,
        )
        from attnviz.explanation.pooling import query_weights
        from attnviz.explanation.problem import Problem, encode

        names = distinct_labels(labels)
        module, pooling = base_of(model.loaded.module), model.loaded.pooling
        whole, inputs = encode(model, module, text)
        tokens, inputs = read_for_embedding(whole, inputs, pooling, length)
        longer = length_note(len(whole), pooling.max_seq_length, length)
        with torch.no_grad():
            sides = [embedding(module, encode(model, module, name)[1], pooling) for name in names]
            vectors = torch.nn.functional.normalize(torch.cat(sides), dim=-1)
            own = torch.nn.functional.normalize(embedding(module, inputs, pooling), dim=-1)
            cosines = (own @ vectors.T)[0]
        places = (None if each is None else place_of("label", each, names) for each in (label, against))
        chosen, other = two_of(cosines, *places)
        first, second = float(cosines[chosen]), float(cosines[other])
        return (
            Problem(
                model=model,
                module=module,
                tokens=tokens,
                inputs=inputs,
                read=_margin(vectors[chosen] - vectors[other], pooling),
                query_weights=query_weights(len(tokens), pooling),
                value=first - second,
                note=f"Explained: the similarity to {names[chosen]!r} ({first:.3f}) less that to {names[other]!r} "
                f"({second:.3f}).{longer and f' {longer}'}",
                options={
                    "labels": names,
                    "label": names[chosen],
                    "against": names[other],
                    **({"length": length} if longer else {}),
                },
                predict=_nearest(names, vectors, pooling),
                outcome_unit="cosine",
            ),
        )


def distinct_labels(labels: tuple[str, ...] | list[str]) -> tuple[str, ...]:
    """The labels without those that are blank or named before. Raises InputEmpty where fewer than two are left."""
    if isinstance(labels, str) or not all(isinstance(name, str) for name in labels):
        raise InputEmpty(say("The labels are not a list of texts."), say("Give two labels or more."))
    names = tuple(dict.fromkeys(name.strip() for name in labels if name.strip()))
    if len(names) < 2:
        raise InputEmpty(
            say("There are {names} different labels.", names=len(names)), say("Type at least two labels.")
        )
    return names


def _margin(direction: torch.Tensor, pooling: Pooling) -> Read:
    """cos(x, a) - cos(x, b) = x / |x| . (a - b), for a and b of length 1."""

    def read(run: Run, mask: torch.Tensor) -> torch.Tensor:
        return _unit(run, mask, pooling) @ direction

    return read


def _nearest(names: tuple[str, ...], vectors: torch.Tensor, pooling: Pooling) -> Any:
    def predict(run: Run, mask: torch.Tensor) -> Outcomes:
        cosines = (_unit(run, mask, pooling) @ vectors.T)[0].tolist()
        return tuple(sorted(zip(names, cosines, strict=True), key=lambda pair: -pair[1]))

    return predict


def _unit(run: Run, mask: torch.Tensor, pooling: Pooling) -> torch.Tensor:
    import torch

    from attnviz.explanation.pooling import pool

    return torch.nn.functional.normalize(pool(run().last_hidden_state, mask, pooling), dim=-1)

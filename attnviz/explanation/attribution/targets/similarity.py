"""The similarity of two texts: the cosine of their embeddings, each text encoded alone.

As a function of one text's tokens, with the other text's embedding held fixed; then the other way round.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from attnviz.errors import UnknownName
from attnviz.explanation.declarations import TargetInfo
from attnviz.language import say

if TYPE_CHECKING:
    import torch

    from attnviz.capture import Model
    from attnviz.explanation.problem import Problem, Read, Run
    from attnviz.loading.pooling import Pooling
    from attnviz.types import Tokens

LENGTHS = ("model", "own")


class Similarity:
    info = TargetInfo(
        name="similarity",
        title="Similarity of two texts",
        kinds=("encoder",),
        needs_pair=True,
        unit="cosine",
        description="The model turns each text into one vector; their similarity is the cosine of the two "
        "vectors: 1 for the same direction, 0 for nothing in common. Each text is explained with the other "
        "one held fixed.",
        positive="The word makes the two texts more similar to the model.",
        negative="The word makes the two texts less similar to the model.",
        caveat="The model's idea of similarity is topic more than truth: a negated sentence can be very similar.",
        options=("length",),
    )

    def supports(self, model: Model) -> bool:
        return True

    def problems(
        self, model: Model, text: str, pair: str | None, length: str = "model", **options: Any
    ) -> tuple[Problem, ...]:
        """`length`: "model" reads all that the model can; "own" the beginning, as sentence-transformers does."""
        import torch

        from attnviz.explanation.pooling import pool, query_weights, shares
        from attnviz.explanation.problem import Problem, encode

        module, pooling = base_of(model.loaded.module), model.loaded.pooling
        whole = [encode(model, module, side) for side in (text, pair or "")]
        sides = [read_for_embedding(*side, pooling, length) for side in whole]
        notes = [length_note(len(tokens), pooling.max_seq_length, length) for tokens, _ in whole]
        with torch.no_grad():
            hidden = [module(**inputs).last_hidden_state for _, inputs in sides]
            vectors = [
                pool(each, inputs["attention_mask"], pooling)
                for each, (_, inputs) in zip(hidden, sides, strict=True)
            ]
            value = float(torch.cosine_similarity(vectors[0], vectors[1]))

        def both_shares(side: int) -> tuple[torch.Tensor, torch.Tensor]:
            """What each token adds to its text's vector of length 1: of this side, and of the other."""
            one, other = (shares(hidden[n], pooling) / vectors[n].norm() for n in (side, 1 - side))
            return one, other

        return tuple(
            Problem(
                model=model,
                module=module,
                tokens=tokens,
                inputs=inputs,
                read=_cosine_with(vectors[1 - side], pooling),
                query_weights=query_weights(len(tokens), pooling),
                value=value,
                vectors=partial(both_shares, side) if pooling.is_additive else None,
                note=" ".join(dict.fromkeys(filter(None, notes))),
                options={"length": length} if any(notes) else {},
            )
            for side, (tokens, inputs) in enumerate(sides)
        )


def length_note(tokens: int, own: int | None, length: str) -> str:
    """What a reader must know where sentence-transformers reads less of a text than the model can."""
    if own is None or tokens <= own:
        return ""
    if length == "own":
        return f"Of {tokens:,} tokens the first {own:,} are read, as sentence-transformers does."
    return (
        f"All {tokens:,} tokens are read; sentence-transformers reads the first {own:,} with this model, "
        "as length='own' does."
    )


def read_for_embedding(
    tokens: Tokens, inputs: dict[str, torch.Tensor], pooling: Pooling, length: str
) -> tuple[Tokens, dict[str, torch.Tensor]]:
    """All tokens ("model"), or as many as sentence-transformers reads ("own"). Raises UnknownName.

    Of a longer text these are the first ones and those that the template puts behind them; the text stays whole.
    """
    import torch

    if length not in LENGTHS:
        raise UnknownName(say("length"), length, LENGTHS)
    own = pooling.max_seq_length
    if length == "model" or own is None or len(tokens) <= own:
        return tokens, inputs
    last = int(np.flatnonzero(~tokens.special)[-1])  # what stands behind it is the template's
    behind = len(tokens) - 1 - last
    kept = np.r_[: own - behind, last + 1 : len(tokens)]
    cut = replace(
        tokens,
        pieces=tuple(tokens.pieces[k] for k in kept),
        labels=tuple(tokens.labels[k] for k in kept),
        **{name: getattr(tokens, name)[kept] for name in ("ids", "spans", "special", "words", "segments")},
    )
    places = torch.as_tensor(kept)
    return cut, {name: each[:, places.to(each.device)] for name, each in inputs.items()}


def base_of(module: torch.nn.Module) -> torch.nn.Module:
    """The encoder inside a model with a head on top, or the module itself."""
    return getattr(module, "base_model", module)


def embedding(module: torch.nn.Module, inputs: dict[str, torch.Tensor], pooling: Pooling) -> torch.Tensor:
    """(1, d) float32: the text's vector."""
    from attnviz.explanation.pooling import pool

    return pool(module(**inputs).last_hidden_state, inputs["attention_mask"], pooling)


def _cosine_with(other: torch.Tensor, pooling: Pooling) -> Read:
    def read(run: Run, mask: torch.Tensor) -> torch.Tensor:
        import torch

        from attnviz.explanation.pooling import pool

        return torch.cosine_similarity(pool(run().last_hidden_state, mask, pooling), other)

    return read

"""Ways to take tokens away: hidden by the attention mask, deleted, or replaced by the mask token.

A problem and what is kept of its text flow in; the results of many variants flow out, computed in batches. Absolute
numbers mean nothing without the way in which tokens were taken, so each has a name in words.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np

from attnviz.errors import UnknownName
from attnviz.explain.records import Progress
from attnviz.types import BoolArray

if TYPE_CHECKING:
    import torch

    from attnviz.capture import Model
    from attnviz.explain.problem import Problem

    Kept = Annotated[torch.Tensor, "N T"]


@dataclass(frozen=True)
class Operator:
    """A way to take tokens away.

    Attributes:
        name, title: in the API, and as people read it: "the words are ...".
        description: what it does to the rest of the text, a sentence.
    """

    name: str
    title: str
    description: str


OPERATORS = (
    Operator(
        "attention-mask",
        "hidden by the attention mask",
        "No token can look at a hidden one; all others keep their positions.",
    ),
    Operator("delete", "deleted", "The text is run without them; what follows moves up."),
    Operator(
        "mask",
        "replaced by the mask token",
        "Each becomes the token with which the model was taught to guess words.",
    ),
)


def operators_for(model: Model | None) -> tuple[Operator, ...]:
    """The ways that make sense for a model, the default first; without a model, for any.

    A mask token means something to encoders only.
    """
    if model is None or model.card.kind != "encoder":
        return OPERATORS[:2]
    return OPERATORS if getattr(model.loaded.tokenizer, "mask_token_id", None) is not None else OPERATORS[:2]


def operator_of(model: Model, name: str) -> Operator:
    """The way of that name. Raises UnknownName where the model has none."""
    available = operators_for(model)
    for each in available:
        if each.name == name:
            return each
    raise UnknownName("way to take words away", name, [each.name for each in available])


def values_of(
    problem: Problem, kept: Annotated[BoolArray, "N T"], operator: str, progress: Progress
) -> Annotated[np.ndarray[Any, np.dtype[np.float64]], "N"]:
    """F of each variant of the text, batch by batch; special tokens must be among the kept ones."""
    import torch

    from attnviz.explain.batches import rows_at_once

    step = rows_at_once(problem.inputs["attention_mask"].shape[1])
    run = _WAYS[operator]
    found = []
    with torch.no_grad():
        for first in range(0, len(kept), step):
            progress(first / len(kept))
            rows = torch.as_tensor(np.array(kept[first : first + step]), device=problem.mask.device)
            found.append(run(problem, rows).double().cpu().numpy())
    return np.concatenate(found)


def _hide(problem: Problem, kept: Kept) -> torch.Tensor:
    return problem.evaluate(mask=problem.mask * kept)


def _delete(problem: Problem, kept: Kept) -> torch.Tensor:
    """Kept columns move together to the left, in order; what is left over on the right is masked."""
    import torch

    inputs, device = problem.inputs, kept.device
    behind = torch.ones(
        len(kept), inputs["input_ids"].shape[1] - kept.shape[1], dtype=torch.bool, device=device
    )
    whole = torch.cat([kept, behind], 1)
    order = torch.argsort(~whole, dim=1, stable=True)
    rows = {
        name: each.expand(len(kept), *each.shape[1:])
        if name.startswith("decoder")
        else each.expand(len(kept), -1).gather(1, order)
        for name, each in inputs.items()
    }
    width = int(whole.sum(1).max())
    own = [name for name in inputs if not name.startswith("decoder")]
    there = torch.arange(width, device=device) < whole.sum(1, keepdim=True)
    rows.update({name: rows[name][:, :width] for name in own})
    rows["attention_mask"] = rows["attention_mask"] * there
    pad = getattr(problem.model.loaded.tokenizer, "pad_token_id", None)
    if pad is not None and pad < problem.embed_rows():
        rows["input_ids"] = rows["input_ids"].masked_fill(~there, pad)
    return problem.evaluate_rows(rows, moved=order.argsort(1))


def _replace(problem: Problem, kept: Kept) -> torch.Tensor:
    rows = {name: each.expand(len(kept), *each.shape[1:]) for name, each in problem.inputs.items()}
    rows["input_ids"] = rows["input_ids"].masked_fill(~kept, problem.model.loaded.tokenizer.mask_token_id)
    return problem.evaluate_rows(rows)


_WAYS: dict[str, Callable[[Problem, Kept], torch.Tensor]] = {
    "attention-mask": _hide,
    "delete": _delete,
    "mask": _replace,
}

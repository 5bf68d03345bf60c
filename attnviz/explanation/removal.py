"""Ways to take tokens away: hidden by the attention mask, deleted, or replaced by the mask token.

The results of many variants of a text are computed in batches. Absolute numbers mean nothing without the way in which
tokens were taken, so each has a name in words.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np

from attnviz.capture.arrays import to_numpy
from attnviz.checks import finite
from attnviz.errors import UnknownName
from attnviz.explanation.declarations import Progress
from attnviz.language import say
from attnviz.types import BoolArray

if TYPE_CHECKING:
    import torch

    from attnviz.capture import Model
    from attnviz.explanation.problem import Problem, Run

    Kept = Annotated[torch.Tensor, "N W"]
    Rows = Mapping[str, torch.Tensor]
    Changed = tuple[Rows, torch.Tensor | None]


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
    raise UnknownName(say("way to take words away"), name, [each.name for each in available])


def something_left(problem: Problem, kept: Annotated[BoolArray, "T"]) -> Annotated[BoolArray, "T"]:
    """What is kept, and at least one token: where the tokenizer adds no special one, the last one stays."""
    if problem.fixed.any() or kept.any():
        return kept | problem.fixed
    kept = kept.copy()
    kept[-1] = True
    return kept


def values_of(
    problem: Problem, kept: Annotated[BoolArray, "N T"], operator: str, progress: Progress
) -> Annotated[np.ndarray[Any, np.dtype[np.float64]], "N"]:
    """F of each variant of the text, batch by batch; special tokens must be among the kept ones."""
    import torch

    from attnviz.explanation.batches import rows_at_once
    from attnviz.explanation.compact_rows import CompactRows

    variants, places = np.unique(kept, axis=0, return_inverse=True)
    order = np.argsort(variants.sum(1), kind="stable")  # a batch is as wide as its longest row
    step = max(1, rows_at_once(problem) // 2)
    compact = CompactRows(problem) if operator == "attention-mask" else None
    found = []
    with torch.no_grad():
        for first in range(0, len(order), step):
            progress(first / len(order))
            batch = order[first : first + step]
            if compact is not None:
                found.append(compact.values(torch.from_numpy(variants[batch])))
            else:
                run = run_without(problem, {operator: variants[batch]})
                found.append(problem.read(run, run.rows["attention_mask"]))
    values = np.empty(len(variants))
    values[order] = to_numpy(torch.cat(found), wide=True)  # the only time that a device is waited for
    finite(values, "the result without some tokens", problem.model.dtype)
    return values[places]


def run_without(problem: Problem, kept: Mapping[str, Annotated[BoolArray, "N T"]]) -> Run:
    """A pass of N variants of the text, each without some tokens: what each way keeps, by its name."""
    import torch

    from attnviz.explanation.problem import Run

    count = len(next(iter(kept.values())))
    rows: Rows = {name: each.expand(count, *each.shape[1:]) for name, each in problem.inputs.items()}
    moved = None
    for name, way in _WAYS.items():
        if name in kept:
            there = torch.as_tensor(np.array(kept[name]), device=problem.mask.device)
            behind = rows["input_ids"].shape[1] - there.shape[1]
            whole = torch.cat([there, there.new_ones(count, behind)], 1)
            rows, moved = way(problem, rows, whole)
    return Run(problem.module, rows, moved)


def _replace(problem: Problem, rows: Rows, kept: Kept) -> Changed:
    mask_id = problem.model.loaded.tokenizer.mask_token_id
    return {**rows, "input_ids": rows["input_ids"].masked_fill(~kept, mask_id)}, None


def _hide(problem: Problem, rows: Rows, kept: Kept) -> Changed:
    return {**rows, "attention_mask": rows["attention_mask"] * kept}, None


def _delete(problem: Problem, rows: Rows, kept: Kept) -> Changed:
    """Kept columns move together to the left, in order; what is left over on the right is masked."""
    import torch

    order = torch.argsort(~kept, dim=1, stable=True)
    width = int(kept.sum(1).max())
    there = torch.arange(width, device=kept.device) < kept.sum(1, keepdim=True)
    shorter = {
        name: each if name.startswith("decoder") else each.gather(1, order)[:, :width]
        for name, each in rows.items()
    }
    shorter["attention_mask"] = shorter["attention_mask"] * there
    pad = getattr(problem.model.loaded.tokenizer, "pad_token_id", None)
    if pad is not None and pad < problem.embed_rows():
        shorter["input_ids"] = shorter["input_ids"].masked_fill(~there, pad)
    return shorter, order.argsort(1)


# In the order in which they are used together: deleting comes last, since it moves what is left.
_WAYS: dict[str, Callable[[Problem, Rows, Kept], Changed]] = {
    "mask": _replace,
    "attention-mask": _hide,
    "delete": _delete,
}

"""Two branches side by side: how probable each is, and what the steps read at the place where they part."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from attnviz.web.shell import progress
from attnviz.web.state import session

if TYPE_CHECKING:
    from attnviz.figures import Beside, Side
    from attnviz.runtime import Draft, Written
    from attnviz.types import FloatArray
    from attnviz.web.state.tree import Tree

READ = 10  # tokens whose weights are shown
LONGEST = 200  # letters of a branch


def compared(draft: Draft, tree: Tree, other: str | None, head: tuple[int, int] | None) -> Beside | None:
    """The branch that is looked at beside another; None where the address names none that parts from it."""
    from attnviz.figures import Beside

    number = int(other) if other else -1
    if not 0 <= number < len(tree.branches) or number == tree.current:
        return None
    paths = tree.path, tree.path_of(number)
    at = next((n for n, (a, b) in enumerate(zip(*paths, strict=False)) if a != b), min(map(len, paths)))
    drafts = [replace(draft, chosen=path) for path in paths]
    with progress.loading() as report:
        texts = [session.runtime().write(each, 0, at, report) for each in drafts]
        rows = [_row(drafts[0], at, head), *(_row(each, at + 1, head) for each in drafts)]
    sides = (_side(tree.current, texts[0], at), _side(number, texts[1], at))
    return Beside(at, sides, _reads(texts, rows, at))


def _row(draft: Draft, place: int, head: tuple[int, int] | None) -> FloatArray | None:
    if place > len(draft.chosen):
        return None
    rows = session.runtime().step_rows(draft, place)
    return rows.mean((0, 1)) if head is None else rows[head]


def _side(number: int, told: Written, at: int) -> Side:
    from attnviz.figures import Side

    shares = [max(each.token.probability, 1e-300) for each in told.steps]
    return Side(
        number,
        "".join(told.tokens.labels[at:])[:LONGEST],
        len(shares),
        shares[0] if shares else 1.0,
        float(np.log(shares).sum()),
        float(np.mean([each.entropy for each in told.steps])) if shares else 0.0,
    )


def _reads(
    texts: list[Written], rows: list[FloatArray | None], at: int
) -> tuple[tuple[str, tuple[float | None, float | None, float | None]], ...]:
    """What the step where both part read, and the next of either: the tokens that matter most, in reading order.

    The token by which the branches differ stands last, under no name: each reads its own.
    """
    prompt = texts[0].prompt
    labels = (*prompt.labels, *texts[0].tokens.labels[:at])
    longest = max(len(row) for row in rows if row is not None)
    cross = longest == len(prompt) and all(row is None or len(row) == longest for row in rows)
    first = 0 if cross else 1  # heads rest on a decoder's first token
    table = np.full((longest, 3), np.nan)
    for column, row in enumerate(rows):
        if row is not None:
            table[: len(row), column] = row
    strongest = np.argsort(-np.nan_to_num(table[first:]).max(1), kind="stable")[:READ] + first
    names = {len(labels): "the token of its own"} if not cross else {}
    return tuple(
        (
            names.get(int(n), labels[n] if n < len(labels) else ""),
            (_cell(table[n, 0]), _cell(table[n, 1]), _cell(table[n, 2])),
        )
        for n in sorted(strongest.tolist())
    )


def _cell(value: float) -> float | None:
    return None if np.isnan(value) else float(value)

"""How a map of attention was made, in words: what a report says beside it.

In flow choices of a page; out flow rows of (name, value), all of them our own words.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from attnviz.figures import QUANTITIES
from attnviz.web.pages.attention.view import KIND_TITLES, VIEW_TITLES

if TYPE_CHECKING:
    from attnviz.figures import Pool
    from attnviz.types import Kind
    from attnviz.web.state.address import Head

Rows = tuple[tuple[str, str], ...]

FORMS = {"heatmap": "heatmap", "text": "shaded text", "lines": "lines"}
HIDDEN = {"special": "special tokens", "first": "the first token"}


def kind_of(kind: Kind) -> str:
    """The kind of attention."""
    return KIND_TITLES[kind]


def of_map(
    kind: Kind,
    shown: Head,
    shape: tuple[int, int],
    pool: Pool | None,
    view: str,
    quantity: str = "attention",
    form: str = "heatmap",
    hide: tuple[str, ...] = (),
    keep: int | None = None,
) -> Rows:
    """The settings of one map; `shape` is how many layers and heads there are."""
    if pool is None:
        place: Rows = (("Layer", str(shown[0])), ("Head", str(shown[1])))
    else:
        place = (("Heads", pool.words(*shape).format(layer=shown[0])),)
    rows = (
        *place,
        ("Of the model’s", f"{shape[0]} layers of {shape[1]} heads, counted from 0"),
        ("Attention", kind_of(kind)),
        ("What is shown", QUANTITIES[quantity].title),
        ("Rows and columns", VIEW_TITLES[view].lower()),
        ("Form", FORMS.get(form, FORMS["heatmap"])),
    )
    hidden = " and ".join(HIDDEN[name] for name in hide)
    kept = "" if keep is None else f"those outside {keep} % of each row’s mass"
    return (*rows, *((name, words) for name, words in (("Left out", hidden), ("Faded", kept)) if words))

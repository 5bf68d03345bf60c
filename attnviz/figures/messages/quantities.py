"""What a map can hold: the quantities of the attention page, and many heads in the place of one.

Names and words only; the numbers come from a Capture, or from a runtime that keeps them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

Head = tuple[int, int]


@dataclass(frozen=True)
class Quantity:
    """One quantity: its words, and `method`, the name under which `Capture` and `Runtime` compute it.

    `sums_to_one`: whether the values of a row do, so that they can be renormalised where some are hidden. `signed`:
    they may be negative. `pools`: how many heads can be combined. `note`: what a reader must know to read a value.
    """

    title: str
    method: str
    sums_to_one: bool = False
    signed: bool = False
    pools: tuple[str, ...] = ("mean", "max")
    note: str = ""


QUANTITIES = {
    "attention": Quantity("attention weight", "attention", sums_to_one=True),
    "norm": Quantity("value-weighted norm", "value_weighted"),
    "contribution": Quantity(
        "contribution to the output",
        "contribution",
        signed=True,
        pools=("sum", "mean", "max"),
        note=(
            "Contribution: weight · ⟨W_O · value, y⟩ / ‖y‖², where y is what the attention block writes for the row’s "
            "token. Over all heads of the layer, all keys and the bias of W_O, a token’s contributions add up to 1."
        ),
    ),
}

POOLS = {"mean": "mean", "max": "maximum", "sum": "sum"}  # names of `analysis.combine`, and their words


@dataclass(frozen=True)
class Pool:
    """Many heads shown as one map.

    Attributes:
        how: of `POOLS`.
        chosen: which heads; None for all heads of the layer that is shown.
        name: how the chosen ones are called where they are not all, "2.5,3.*" for instance.
    """

    how: str
    chosen: tuple[Head, ...] | None = None
    name: str = ""

    def heads(self, layer: int, count: int) -> tuple[Head, ...]:
        """The heads that are combined where `layer`, of `count` heads, is shown."""
        return self.chosen if self.chosen is not None else tuple((layer, head) for head in range(count))

    def words(self, layers: int, heads: int) -> str:
        """What is shown, "{layer}" standing for the layer where it can be stepped."""
        how = POOLS[self.how]
        if self.chosen is None:
            return f"{how} of the {heads} heads of layer {{layer}}"
        if len(self.chosen) == layers * heads:
            return f"{how} of all {layers * heads} heads"
        named = (
            ", ".join(f"{layer}.{head}" for layer, head in self.chosen) if len(self.chosen) < 7 else self.name
        )
        return f"{how} of {len(self.chosen)} head{'s' if len(self.chosen) > 1 else ''} (layer.head: {named})"

    def header(self, layers: int, heads: int) -> dict[str, Any]:
        """words; layers: whether the layer can be stepped."""
        return {"words": self.words(layers, heads), "layers": self.chosen is None}

    def sums_to_one(self, quantity: Quantity) -> bool:
        """Whether rows do: a mean keeps their sum, a maximum does not."""
        return quantity.sums_to_one and self.how == "mean"

    def note(self, quantity: Quantity) -> str:
        """What a reader must know of the rows, or ""."""
        if self.how != "max":
            return ""
        if quantity.signed:
            return f"A cell is the {quantity.title} that is farthest from 0 among these heads."
        sums = " Rows of such cells do not add up to 1." if quantity.sums_to_one else ""
        return f"A cell is the largest {quantity.title} of these heads.{sums}"


def note_of(quantity: Quantity, pool: Pool | None) -> str:
    """What a reader must know of such a map."""
    return " ".join(filter(None, (quantity.note, pool.note(quantity) if pool else "")))

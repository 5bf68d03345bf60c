"""Packs what is shown over a picture for the figure "patches": where one patch looks, or what made a label."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
import numpy.typing as npt

from attnviz.figures.wire import pack
from attnviz.types import FloatArray, Patches

PATCH_FORMS = ("colour", "opacity", "spotlight")


@dataclass(frozen=True)
class PatchView:
    """What the values over a picture are.

    Attributes:
        name, title: of the view, and as people read it. unit: "share" (shown in percent), or "value".
        signed: whether values below zero mean the opposite. top: the end of the scale; None: the largest value.
        places: names of what the steps of the first axis are: "layer 0", or "before layer 0".
    """

    name: str
    title: str
    unit: str
    signed: bool = False
    top: float | None = None
    places: tuple[str, ...] = ()


def patches_data(
    patches: Patches,
    values: Annotated[FloatArray, "L H K"],
    view: PatchView,
    *,
    grid: tuple[int, int] | None = None,
    picture: Annotated[npt.NDArray[np.uint8], "height width 3"] | None = None,
    item: int | None = None,
    layer: int = 0,
    heads: Sequence[int] = (),
    covered: Sequence[int] = (),
    form: str = "colour",
    title: str = "",
    note: str = "",
    model: str = "",
    agreed: bool = False,
) -> bytes:
    """The message of the figure "patches".

    Args:
        patches: the items that the last axis of `values` counts, those before the grid first; with `grid` it counts
            the cells of that grid alone.
        picture: a reduced copy; None leaves it out, and a plain ground stands for it.
        item: whose row it is; None where the values are no row of an item. layer, heads: what is shown at first;
            the mean of several heads. covered: cells that are taken away.
        form: one of PATCH_FORMS. agreed: whether files that the figure saves may hold the picture.

    Header: figure, rows, columns, width, height, box, leading, item, layers, heads, layer, chosen [heads], view {name,
    title, unit, signed, top, places}, covered, form, agreed, and the words. Sections: values f32 (L, H, K), picture u8
    (height, width, 3) where there is one.

    Raises:
        ValueError: values of another number of items, or an unknown form.
    """
    rows, columns = grid or (patches.rows, patches.columns)
    leading = () if grid else patches.leading
    if values.ndim != 3 or values.shape[2] != len(leading) + rows * columns or form not in PATCH_FORMS:
        raise ValueError(
            f"values {values.shape} for {len(leading)} + {rows} x {columns} items, form {form!r}"
        )
    header = {
        "figure": "patches",
        "rows": rows,
        "columns": columns,
        "width": patches.width,
        "height": patches.height,
        "box": list(patches.box) if patches.box else None,
        "leading": list(leading),
        "item": item,
        "layers": values.shape[0],
        "heads": values.shape[1],
        "layer": min(layer, values.shape[0] - 1),
        "chosen": [head for head in heads if head < values.shape[1]] or list(range(values.shape[1])),
        "view": {**vars(view), "places": list(view.places)},
        "covered": list(covered),
        "form": form,
        "title": title,
        "note": note,
        "model": model,
        "agreed": agreed,
    }
    sections: dict[str, Any] = {"values": np.asarray(values, np.float32)}
    if picture is not None:
        sections["picture"] = np.asarray(picture, np.uint8)
    return pack(header, sections)

"""What a change led to, as plain text, for a figure that stands alone: a sentence, tables, and what to know of them.

On a page they stand around the figure and are not sent.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Annotated, Any

import numpy as np
import numpy.typing as npt

from attnviz.figures.wire import pack


@dataclass(frozen=True)
class Table:
    """Rows of cells as they are read; the first cell of each names it. `note` stands below."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    note: str = ""


@dataclass(frozen=True)
class Results:
    """A sentence above the figure; tables and a note below it."""

    sentence: str
    tables: Sequence[Table] = ()
    note: str = ""


def results_header(results: Results | None) -> dict[str, Any] | None:
    """As the header of a message holds it."""
    return None if results is None else asdict(results)


@dataclass(frozen=True)
class Curve:
    """A number at one place after the other. `settled`: the place from which on it stays near its end.

    Attributes:
        names: of the places, as they are read out. title: of the axis of values, with the unit.
        places: what the other axis counts.
    """

    values: Annotated[npt.NDArray[np.float64], "N"]
    names: Sequence[str]
    title: str
    places: str
    settled: int


def results_data(results: Results, *, curve: Curve | None = None, model: str = "") -> bytes:
    """The message of the figure "results": what was found, alone, with a curve where there is one.

    `model`: for file names. Header: figure, results, curve {names, title, places, settled} or null, model. Sections:
    curve f32 (N,) where there is one.
    """
    header = {"figure": "results", "results": results_header(results), "curve": None, "model": model}
    if curve is None:
        return pack(header, {})
    header["curve"] = {
        "names": list(curve.names), "title": curve.title, "places": curve.places, "settled": curve.settled,
    }  # fmt: skip
    return pack(header, {"curve": np.asarray(curve.values, np.float32)})

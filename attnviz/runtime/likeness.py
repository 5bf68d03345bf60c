"""How alike the heads of a capture are, and what each of them does: the record, and how it is computed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import numpy as np

from attnviz.runtime.progress import STATISTICS, Progress, Stage
from attnviz.types import FloatArray, HeadTable, IntArray, Items, Kind, Tokens, readonly

if TYPE_CHECKING:
    from attnviz.analysis.allocation import Allocation
    from attnviz.capture import Capture


REPEATED = 4  # tokens that occur again; a text with fewer shows no induction, whatever its heads do


@dataclass(frozen=True)
class Likeness:
    """Of N = L * H heads, layer after layer.

    Attributes:
        distances: (N, N) float32 mean Jensen-Shannon distance over `rows`, 0 to 1.
        order: (N,) heads in the order of the clusters.
        points: (N, 2) float32 map; `stress` says how much it bends the distances (Kruskal's stress-1).
        kinds: (L, H) int64 place in `attnviz.analysis.head_kinds.KINDS`.
        shares: the (L, H) share of attention behind each name.
        rows: (R,) the query rows that were compared.
    """

    distances: Annotated[FloatArray, "N N"]
    order: Annotated[IntArray, "N"]
    points: Annotated[FloatArray, "N 2"]
    stress: float
    kinds: Annotated[IntArray, "L H"]
    shares: Mapping[str, Annotated[FloatArray, "L H"]]
    rows: Annotated[IntArray, "R"]

    @property
    def nbytes(self) -> int:
        """Bytes of the arrays."""
        whole = sum(each.nbytes for each in (self.distances, self.order, self.points, self.kinds, self.rows))
        return whole + sum(share.nbytes for share in self.shares.values())


def likeness(
    capture: Capture,
    table: HeadTable,
    classes: Allocation,
    causal: bool,
    kind: Kind | None,
    report: Progress,
) -> Likeness:
    """Compare all heads with each other, and name each by its shares."""
    from attnviz.analysis import likeness as compared
    from attnviz.analysis.head_kinds import name_heads
    from attnviz.capture.recompute import shares as summed

    layers, heads, queries, keys = capture.shape(kind)
    shares = _shares(table, classes)
    shares["same"] = summed.on_same_token(capture, kind)
    if _repeated(capture.query_tokens(kind)) < REPEATED:
        del shares["induction"]
    even = np.log(np.arange(1, queries + 1)).mean() if causal else np.log(keys)
    kinds = name_heads(shares, table["entropy"], float(even))
    rows = compared.sample_rows(layers * heads, queries, keys)
    report(Stage(STATISTICS, 0.1))
    distances = compared.pairwise(summed.rows_of(capture, rows, kind))
    report(Stage(STATISTICS, 0.6))
    order = compared.cluster_order(distances)
    report(Stage(STATISTICS, 0.7))
    points, stress = compared.plane(distances)
    frozen = {name: readonly(values, np.float32) for name, values in shares.items()}
    return Likeness(
        readonly(distances),
        readonly(order),
        readonly(points),
        stress,
        readonly(kinds),
        frozen,
        readonly(rows),
    )


def _repeated(tokens: Items) -> int:
    """How many tokens have the id of an earlier one."""
    return len(tokens) - len(np.unique(tokens.ids)) if isinstance(tokens, Tokens) else 0


def _shares(table: HeadTable, classes: Allocation) -> dict[str, FloatArray]:
    from attnviz.analysis.token_classes import TITLES

    shares = {name: table[name] for name in ("previous", "next", "self", "first", "induction")}
    for name in ("special", "punctuation"):
        if TITLES[name] in classes.titles:
            shares[name] = classes.shares[:, :, 0, classes.titles.index(TITLES[name])]
    return shares

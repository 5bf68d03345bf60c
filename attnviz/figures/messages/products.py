"""What the q·k form shows of one query token: its vectors and every step to its weights, or why there are none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from attnviz.types import QueryKey


@dataclass(frozen=True)
class Products:
    """One row of one head.

    Attributes:
        layer, head, row: whose it is. query_labels, key_labels: of all tokens, as `Tokens.labels` has them.
        unknown: of queries and of keys, which the vocabulary has no word for; empty: none.
        record: the vectors and steps; None where there are none, and then `problem` says why.
    """

    layer: int
    head: int
    row: int
    query_labels: Sequence[str]
    key_labels: Sequence[str]
    record: QueryKey | None = None
    problem: str = ""
    unknown: tuple[Sequence[bool], Sequence[bool]] = ((), ())

    def header(self) -> dict[str, Any]:
        """layer, head, row, queries, keys, queryUnknown, keyUnknown, problem, scale, softcap, sink."""
        from attnviz.text import visible

        record = self.record
        return {
            "layer": self.layer,
            "head": self.head,
            "row": self.row,
            "queries": [visible(label) for label in self.query_labels],
            "keys": [visible(label) for label in self.key_labels],
            "queryUnknown": [int(each) for each in self.unknown[0]],
            "keyUnknown": [int(each) for each in self.unknown[1]],
            "problem": self.problem,
            "scale": record.scale if record else None,
            "softcap": record.softcap if record else None,
            "sink": record.sink if record else None,
        }

    def sections(self) -> dict[str, npt.NDArray[Any]]:
        """qkQuery f32 (d,), qkKeys f32 (K, d), qkLogits, qkWeights f32 (K,), qkAllowed u8 (K,), maybe qkBias f32."""
        record = self.record
        if record is None:
            return {}
        sections: dict[str, npt.NDArray[Any]] = {
            "qkQuery": record.q,
            "qkKeys": record.k,
            "qkLogits": record.logits,
            "qkWeights": record.weights,
            "qkAllowed": record.allowed.astype(np.uint8),
        }
        return sections if record.bias is None else {**sections, "qkBias": record.bias}

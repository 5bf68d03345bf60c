"""What is known of a model without running it, and the kinds of attention that models have."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Kind = Literal["self", "encoder", "decoder", "cross"]
ModelKind = Literal["encoder", "decoder", "encoder-decoder"]


def default_kind(kinds: Sequence[Kind]) -> Kind:
    """The kind of attention that is meant where none is named: "cross" where there is one, else the first."""
    return "cross" if "cross" in kinds else kinds[0]


@dataclass(frozen=True)
class ModelCard:
    """What is known of a model without running it.

    `parameters` counts weights, 0 where it is unknown before loading; `max_tokens` is 0 where the
    architecture has no limit of its own. `revision` is a Hub commit, a digest or "".
    """

    name: str
    source: str
    revision: str
    family: str
    kind: ModelKind
    modality: str
    layers: int
    heads: int
    width: int
    max_tokens: int
    parameters: int
    license: str
    notes: str

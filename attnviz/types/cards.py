"""What is known of a model without running it, and the kinds of attention that models have."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Literal

from attnviz.types.record import Record

Kind = Literal["self", "encoder", "decoder", "cross"]
ModelKind = Literal["encoder", "decoder", "encoder-decoder"]


def default_kind(kinds: Sequence[Kind]) -> Kind:
    """The kind of attention that is meant where none is named: "cross" where there is one, else the first."""
    return "cross" if "cross" in kinds else kinds[0]


@dataclass(frozen=True, repr=False)
class ModelCard(Record):
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


@dataclass(frozen=True, repr=False)
class CatalogCard(ModelCard):
    """What the catalogue says of a model beside its card, `model`.

    Attributes:
        title: what it is and does, in a few words.
        unknown: what is not known of the weights; "" where their authors and digest are.
        examples: inputs that show something.
        memory_bytes: of the weights, in float32.
        download_bytes, disk_bytes: of what has to be fetched, and becomes of it; 0 for a model that comes along.
        at_hand: whether it can be loaded now; else `attnviz.fetch(name)` first.
    """

    title: str
    unknown: str
    examples: tuple[str, ...]
    memory_bytes: int
    download_bytes: int
    disk_bytes: int
    at_hand: bool

    @property
    def model(self) -> ModelCard:
        """The card of the model itself, as it is once it is loaded."""
        return ModelCard(**{each.name: getattr(self, each.name) for each in fields(ModelCard)})


@dataclass(frozen=True, repr=False)
class Estimate(Record):
    """How large a model is that is not loaded yet; every number is 0 where nobody has asked for it.

    Attributes:
        place: "here", on this machine, or "hub", to be fetched.
        memory_bytes: of the weights, in the dtype that they are loaded in.
        disk_bytes: of its files; download_bytes: of those that have to be fetched.
    """

    place: Literal["here", "hub"]
    parameters: int = 0
    memory_bytes: int = 0
    disk_bytes: int = 0
    download_bytes: int = 0
    license: str = ""

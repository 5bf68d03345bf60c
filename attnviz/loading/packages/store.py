"""Where fetched models lie: ordinary directories in the user's cache, each put there whole or not at all.

A directory is written under another name and renamed when it is complete; `RECORD` in it holds the digest of each file,
which is compared at every load.
"""

from __future__ import annotations

import functools
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from attnviz.errors import ModelUnsupported
from attnviz.loading.packages.package import Package
from attnviz.loading.weights import check_digests, read_json

VARIABLE = "ATTNVIZ_MODEL_CACHE"
RECORD = "fetched.json"
LAYOUT = 1  # of the directories that the conversions write: another number, another directory
POLL = 0.2  # seconds


def models_cache() -> Path:
    """The directory of fetched models: that of ATTNVIZ_MODEL_CACHE, else one in the user's cache."""
    import platformdirs

    own = os.environ.get(VARIABLE, "").strip()
    return (
        Path(own).expanduser()
        if own not in ("", "auto")
        else platformdirs.user_cache_path("attnviz", appauthor=False) / "models"
    )


def directory(name: str, package: Package) -> Path:
    """Where the model of this package is, or would be. Another file of weights is another directory."""
    return models_cache() / f"{name}-{_mark(package.form, package.members['weights'].sha256)}"


@functools.cache
def _mark(form: str, weights: str) -> str:
    return hashlib.sha256(f"{LAYOUT} {form} {weights}".encode()).hexdigest()[:12]


def is_fetched(name: str, package: Package) -> bool:
    return (directory(name, package) / RECORD).is_file()


def digests(path: Path, name: str) -> dict[str, str]:
    """The sha256 of each file as they were when they were written. Raises ModelUnsupported ("damaged")."""
    files = read_json(path / RECORD, name).get("files")
    return {str(file): str(digest) for file, digest in files.items()} if isinstance(files, dict) else {"": ""}


def is_whole(name: str, package: Package) -> bool:
    """Whether it is there and its files are what they were."""
    path = directory(name, package)
    try:
        check_digests(path, digests(path, name), name)
    except ModelUnsupported:
        return False
    return True


def publish(made: Path, name: str, package: Package) -> Path:
    """Put a complete directory in its place, in one step. Raises OSError."""
    files = {each.name: _digest(each) for each in sorted(made.iterdir())}
    record = {
        "model": name,
        "package": f"{package.name}=={package.version}",
        "sha256": package.sha256,
        "files": files,
    }
    (made / RECORD).write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
    for each in made.iterdir():
        _to_disk(each)
    place = directory(name, package)
    if place.exists():  # damaged, or it would not have been fetched
        shutil.rmtree(place)
    made.rename(place)
    return place


@contextmanager
def staging(package: Package, tell: Callable[[], None]) -> Iterator[Path]:
    """A directory of its own for one fetch, in the cache, while no other process fetches the same package.

    What an earlier fetch left behind, because it was killed, is removed. `tell` is called while another one works.
    """
    from filelock import FileLock, Timeout

    cache = models_cache()
    cache.mkdir(parents=True, exist_ok=True)
    lock = FileLock(cache / f".{package.name}.lock")
    while True:
        try:
            lock.acquire(timeout=POLL)
            break
        except Timeout:
            tell()
    try:
        for left in cache.glob(f".{package.name}.partial-*"):
            shutil.rmtree(left, ignore_errors=True)
        made = Path(tempfile.mkdtemp(prefix=f".{package.name}.partial-", dir=cache))
        try:
            yield made
        finally:
            shutil.rmtree(made, ignore_errors=True)
    finally:
        lock.release()


def _digest(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _to_disk(path: Path) -> None:
    with path.open("rb+") as stream:
        os.fsync(stream.fileno())

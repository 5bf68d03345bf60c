"""The cache of models that were fetched: what is in use stays, the rest makes room in the order of its last use."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import threading
import weakref
from pathlib import Path
from typing import TYPE_CHECKING

from attnviz.errors import ModelTooLarge
from attnviz.language import say
from attnviz.loading.memory import gigabytes

if TYPE_CHECKING:
    from huggingface_hub import CachedRepoInfo, CachedRevisionInfo, HFCacheInfo

_IN_USE: dict[Path, weakref.WeakSet[object]] = {}
_LOCK = threading.Lock()


def hold(snapshot: Path, user: object) -> None:
    """Keep a snapshot as long as `user` lives, and note that it was used now."""
    with _LOCK:
        _IN_USE.setdefault(snapshot.resolve(), weakref.WeakSet()).add(user)
    touch(snapshot)


def touch(snapshot: Path) -> None:
    """Note that a snapshot, where it is there, was used now; its time of change says so to other processes, too."""
    with contextlib.suppress(OSError):  # not there, or another program's cache, which may be read-only
        os.utime(snapshot)


def make_room(cache: Path, limit: int | None, needed: int, name: str, snapshot: Path) -> None:
    """Remove the revisions used least recently until `needed` bytes more, of `snapshot`, stay within the limit.

    Raises ModelTooLarge where they cannot.
    """
    from huggingface_hub import scan_cache_dir

    if limit is None:
        return
    if needed > limit:
        raise ModelTooLarge(
            say(
                "The files of the model {name!r} take {gigabytes}; all models that are fetched may take "
                "{most} here.",
                name=name,
                gigabytes=gigabytes(needed),
                most=gigabytes(limit),
            ),
            say("Choose a smaller model, or allow a larger cache."),
            needed=needed,
            available=limit,
        )
    with _LOCK:
        free = limit - _bytes(cache)
        cache.mkdir(parents=True, exist_ok=True)
        scan = scan_cache_dir(cache)
        for repository, revision in _removable(scan, snapshot):
            if free >= needed:
                return
            # A copy of a repository has its commits: nothing but this one may be asked to go.
            only = dataclasses.replace(scan, repos=frozenset((repository,)))
            strategy = only.delete_revisions(revision.commit_hash)
            strategy.execute()
            free += strategy.expected_freed_size
    if free < needed:
        raise ModelTooLarge(
            say(
                "The files of the model {name!r} take {gigabytes}; the models in use leave {most}.",
                name=name,
                gigabytes=gigabytes(needed),
                most=gigabytes(free),
            ),
            say("Try again when fewer models are in use, or allow a larger cache."),
            needed=needed,
            available=max(free, 0),
        )


def discard_partial(cache: Path) -> None:
    """Remove what a fetch that failed left behind."""
    for partial in cache.glob("models--*/blobs/*.incomplete"):
        partial.unlink(missing_ok=True)


def _removable(scan: HFCacheInfo, wanted: Path) -> list[tuple[CachedRepoInfo, CachedRevisionInfo]]:
    """Revisions that nothing uses, the one used least recently first, each with its repository."""
    revisions = [(repository, each) for repository in scan.repos for each in repository.revisions]
    free = [
        pair
        for pair in revisions
        if not _IN_USE.get(pair[1].snapshot_path.resolve()) and pair[1].snapshot_path != wanted.resolve()
    ]
    return sorted(free, key=lambda pair: pair[1].snapshot_path.stat().st_mtime)


def _bytes(cache: Path) -> int:
    return sum(path.lstat().st_size for path in cache.rglob("*") if path.is_file() and not path.is_symlink())

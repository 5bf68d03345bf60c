"""The SHA-256 of a model's weights: made when it is first asked for, of files that are still those that were loaded."""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Sequence
from pathlib import Path


class Digest:
    """Of the weights in `files`, in the order of their names; of one file it is the digest of that file.

    Args:
        known: the digest, where the catalogue has checked it at the load.
    """

    def __init__(self, files: Sequence[Path] = (), known: str = "") -> None:
        self._files = tuple(sorted(files))
        self._stats = _stats(self._files)
        self._made: str | None = known or None
        self._lock = threading.Lock()

    def __str__(self) -> str:
        """64 letters; "" for a model in memory, and where the files were changed since."""
        with self._lock:
            if self._made is None:
                self._made = self._hashed() if self._files else ""
            return self._made

    def _hashed(self) -> str:
        digests = []
        try:
            for path in self._files:
                with path.open("rb") as file:
                    digests.append(hashlib.file_digest(file, "sha256").hexdigest())
        except OSError:
            return ""
        if self._stats is None or _stats(self._files) != self._stats:
            return ""
        return digests[0] if len(digests) == 1 else hashlib.sha256("".join(digests).encode()).hexdigest()


def _stats(files: Sequence[Path]) -> list[tuple[int, int, int]] | None:
    try:
        found = [os.stat(path) for path in files]
    except OSError:
        return None
    return [(each.st_size, each.st_mtime_ns, each.st_ino) for each in found]

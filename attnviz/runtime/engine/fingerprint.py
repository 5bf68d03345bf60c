"""Whether the files of a model's directory are still those that were loaded."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

# Weights, configurations and tokenizers; a log beside them may grow.
SUFFIXES = (".json", ".safetensors", ".txt", ".model", ".spm", ".jinja", ".bpe", ".codes", ".bin")
MAX_FILES = 1000
Fingerprint = tuple[tuple[str, int, int, int, int], ...]


def fingerprint(folder: str | os.PathLike[str]) -> Fingerprint:
    """Name, size, times and identity of every file that a model is read from; empty where there is no model.

    Times alone can be set back, and sizes of weights never change: a replaced file has another inode or change time.
    """
    found = []
    for path in _files(folder):
        try:
            about = path.stat()
        except OSError:
            continue
        found.append((str(path), about.st_size, about.st_mtime_ns, about.st_ctime_ns, about.st_ino))
        if len(found) == MAX_FILES:
            break
    return tuple(sorted(found))


def _files(folder: str | os.PathLike[str]) -> Iterator[Path]:
    """In the directory itself, and one level below it, where pooling and adapters stand."""
    try:
        path = Path(folder).expanduser()
        if (path / "config.json").is_file():
            for pattern in ("*", "*/*"):
                yield from (each for each in path.glob(pattern) if each.suffix in SUFFIXES)
    except (OSError, RuntimeError, ValueError):  # too long, the ~ of nobody, a null byte
        return

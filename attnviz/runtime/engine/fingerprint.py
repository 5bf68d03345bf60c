"""Whether the files of a model's directory are still those that were loaded."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

# Weights, configurations and tokenizers; a log beside them may grow.
SUFFIXES = (".json", ".safetensors", ".txt", ".model", ".spm", ".jinja", ".bpe", ".codes", ".bin")
MODELS = ("config.json", "modules.json", "adapter_config.json")  # one of them makes a directory a model's
MAX_FILES = 1000
MAX_CONFIG = 1 << 20
Fingerprint = tuple[tuple[str, int, int, int, int], ...]


def fingerprint(folder: str | os.PathLike[str]) -> Fingerprint:
    """Name, size, times and identity of every file that a model is read from; empty where there is no model.

    Those of an adapter and of its base, where that is a directory. Times alone can be set back, and sizes of weights
    never change: a replaced file has another inode or change time.
    """
    found = []
    base = _base(folder)
    for path in (*_files(folder), *(_files(base) if base else ())):
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
        if any((path / name).is_file() for name in MODELS):
            for pattern in ("*", "*/*"):
                yield from (each for each in path.glob(pattern) if each.suffix in SUFFIXES)
    except (OSError, RuntimeError, ValueError):  # too long, the ~ of nobody, a null byte
        return


def _base(folder: str | os.PathLike[str]) -> str:
    """What the adapter in a directory names as its base; "" where there is none."""
    try:
        path = Path(folder).expanduser() / "adapter_config.json"
        with path.open("rb") as file:
            config = json.loads(file.read(MAX_CONFIG))
    except (OSError, RuntimeError, ValueError, RecursionError):
        return ""
    named = config.get("base_model_name_or_path") if isinstance(config, dict) else ""
    return named if isinstance(named, str) else ""

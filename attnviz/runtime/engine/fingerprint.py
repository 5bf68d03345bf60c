"""Whether the files of a model's directory are still those that were loaded."""

from __future__ import annotations

import contextlib
import json
import os
from dataclasses import dataclass, field

# Weights, configurations and tokenizers; a log beside them may grow.
SUFFIXES = (".json", ".safetensors", ".txt", ".model", ".spm", ".jinja", ".bpe", ".codes", ".bin")
MODELS = ("config.json", "modules.json", "adapter_config.json")  # one of them makes a directory a model's
MAX_FILES = 1000
MAX_CONFIG = 1 << 20
Fingerprint = tuple[tuple[str, int, int, int, int], ...]


def fingerprint(folder: str | os.PathLike[str]) -> Fingerprint:
    """Name, size, times and identity of every file that a model is read from; empty where there is no model.

    Those of an adapter and of its base, where that is a directory. Times alone can be set back, and sizes of weights
    never change: a replaced file has another inode or change time. Asked many times for each page that is drawn, so
    it does little: one listing, one more for each directory in it.
    """
    found = _files(folder)
    if found.adapter:
        found.files.extend(_files(_base(found.adapter)).files)
    return tuple(sorted(found.files[:MAX_FILES]))


@dataclass
class _Found:
    files: list[tuple[str, int, int, int, int]] = field(default_factory=list)
    adapter: str = ""  # path of the adapter's configuration


def _files(folder: str | os.PathLike[str]) -> _Found:
    """In the directory itself, and one level below it, where pooling and adapters stand."""
    found = _Found()
    if not folder:
        return found
    try:
        with os.scandir(os.path.expanduser(folder)) as listing:
            entries = list(listing)
    except (OSError, ValueError):  # no directory, too long, a null byte
        return found
    files = {entry.name: entry for entry in entries if _is_file(entry)}
    if not any(name in files for name in MODELS):
        return found
    if "adapter_config.json" in files:
        found.adapter = files["adapter_config.json"].path
    for entry in entries:
        if entry.name.endswith(SUFFIXES):
            _note(entry, found)
        if entry.name not in files:
            with contextlib.suppress(OSError), os.scandir(entry.path) as below:
                for each in below:
                    if each.name.endswith(SUFFIXES):
                        _note(each, found)
        if len(found.files) >= MAX_FILES:
            break
    return found


def _is_file(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_file()
    except OSError:
        return False


def _note(entry: os.DirEntry[str], found: _Found) -> None:
    """What is known of a file; what a directory keeps of it may be older than the file that a link leads to."""
    with contextlib.suppress(OSError):
        about = os.stat(entry.path)
        found.files.append((entry.path, about.st_size, about.st_mtime_ns, about.st_ctime_ns, about.st_ino))


def _base(path: str) -> str:
    """What the configuration of an adapter names as its base; "" where it names none."""
    try:
        with open(path, "rb") as file:
            config = json.loads(file.read(MAX_CONFIG))
    except (OSError, RuntimeError, ValueError, RecursionError):
        return ""
    named = config.get("base_model_name_or_path") if isinstance(config, dict) else ""
    return named if isinstance(named, str) else ""

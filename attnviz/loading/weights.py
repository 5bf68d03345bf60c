"""What a checkpoint holds, read from safetensors headers alone: files, tensors, bytes, and whether it is whole.

In flows a directory; out flows `Weights`, or a refusal (pickle only, damaged) before any tensor is read.
"""

from __future__ import annotations

import hashlib
import json
import math
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from attnviz.errors import ModelUnsupported
from attnviz.language import say
from attnviz.loading.safetensors_header import BITS, Tensor, header_length, parse_header

SINGLE, INDEX = "model.safetensors", "model.safetensors.index.json"
MAX_JSON = 16 << 20  # bytes; the index of a checkpoint of a thousand layers takes one
PICKLE_SUFFIXES = (".bin", ".pt", ".pth", ".ckpt", ".pkl")


@dataclass(frozen=True)
class Weights:
    """The safetensors `files` of a checkpoint, its `keys`, and how many elements it has of each stored dtype."""

    files: tuple[Path, ...]
    elements: dict[str, int]
    keys: frozenset[str]

    @property
    def tensors(self) -> int:
        return len(self.keys)

    @property
    def parameters(self) -> int:
        return sum(self.elements.values())

    def nbytes(self, itemsize: int) -> int:
        """Bytes in memory once every floating-point tensor has `itemsize` bytes an element."""
        return nbytes(self.elements, itemsize)


def nbytes(elements: dict[str, int], itemsize: int) -> int:
    """Bytes of `elements` (stored dtype -> count) once floating-point elements take `itemsize` bytes each."""
    return sum(count * (BITS[dtype] // 8 if dtype in BITS else itemsize) for dtype, count in elements.items())


def read_weights(directory: Path, name: str) -> Weights:
    """The checkpoint in `directory`. Raises ModelUnsupported ("pickle-weights", "damaged")."""
    files = tuple(directory / file for file in weight_files(directory, name))
    elements: dict[str, int] = {}
    keys: set[str] = set()
    for file in files:
        for key, tensor in read_tensors(file, name).items():
            keys.add(key)
            elements[tensor.dtype] = elements.get(tensor.dtype, 0) + math.prod(tensor.shape)
    return Weights(files, elements, frozenset(keys))


def weight_files(directory: Path, name: str) -> tuple[str, ...]:
    """The names of the checkpoint's safetensors files, from the index where it is sharded."""
    if (directory / SINGLE).is_file():
        return (SINGLE,)
    if not (directory / INDEX).is_file():
        refuse_without_safetensors([path.name for path in directory.iterdir()], name)
    weight_map = read_json(directory / INDEX, name).get("weight_map")
    listed = list(weight_map.values()) if isinstance(weight_map, dict) else []
    if not listed or not all(isinstance(file, str) and PurePosixPath(file).name == file for file in listed):
        raise damaged(name, f"{INDEX} does not list its files")
    shards = sorted(set(listed))
    for shard in shards:
        if not (directory / shard).is_file():
            raise damaged(name, f"the file {shard}, listed in {INDEX}, is missing")
    return tuple(shards)


def refuse_without_safetensors(files: list[str], name: str) -> None:
    """Raises ModelUnsupported for a model whose `files` include no safetensors checkpoint."""
    pickles = sorted(file for file in files if file.endswith(PICKLE_SUFFIXES))
    if pickles:
        raise ModelUnsupported(
            say(
                "The model {name!r} has its weights only as pickle files ({pickles}), which can run any "
                "code when they are opened.",
                name=name,
                pickles=", ".join(pickles[:3]),
            ),
            say(
                "Convert them to safetensors where you trust them: load the model with transformers, "
                "then model.save_pretrained(directory)."
            ),
            reason="pickle-weights",
        )
    raise damaged(name, f"it holds no weights: neither {SINGLE} nor {INDEX}")


def read_tensors(file: Path, name: str) -> dict[str, Tensor]:
    """The tensors of a file by name, from its header. Raises ModelUnsupported ("damaged")."""
    size = file.stat().st_size
    with file.open("rb") as stream:
        try:
            length = header_length(stream.read(8), size)
            return parse_header(stream.read(length), size - 8 - length)[1]
        except ValueError as error:
            raise damaged(name, f"{file.name} cannot be read: {error}") from error


def check_digests(directory: Path, digests: dict[str, str], name: str) -> None:
    """Raises ModelUnsupported ("damaged") where a file's sha256 differs from the published one."""
    for file, expected in digests.items():
        try:
            with (directory / file).open("rb") as stream:
                actual = hashlib.file_digest(stream, "sha256").hexdigest()
        except OSError as error:
            raise damaged(name, f"{file} cannot be read") from error
        if actual != expected:
            raise damaged(name, f"{file} is not the published one: its sha256 is {actual}, not {expected}")


def read_json(path: Path, name: str) -> dict[str, Any]:
    """The JSON object in a file of the model. Raises ModelUnsupported ("damaged")."""
    try:
        if path.stat().st_size > MAX_JSON:
            raise damaged(name, f"{path.name} is larger than {MAX_JSON:,} bytes")
        return _json_object(path.read_bytes(), name, path.name)
    except OSError as error:
        raise damaged(name, f"{path.name} cannot be read") from error


def _json_object(data: bytes, name: str, file: str) -> dict[str, Any]:
    try:
        value = json.loads(data, parse_constant=_constant)
    except (ValueError, RecursionError) as error:
        raise damaged(name, f"{file} is not valid JSON") from error
    if not isinstance(value, dict):
        raise damaged(name, f"{file} is not a JSON object")
    return value


def _constant(word: str) -> float:
    """What JSON does not have and Python reads: infinities, which configs give as limits, but no NaN."""
    if word == "NaN":
        raise ValueError("a value that is no number")
    return float(word)


def damaged(name: str, what: str) -> ModelUnsupported:
    """The error for a model with files missing or broken; `what` completes 'The model cannot be used: ...'."""
    return ModelUnsupported(
        say("The model {name!r} cannot be used: {what}.", name=name, what=what),
        say("Download, copy or install the model's files again."),
        reason="damaged",
    )

"""What every conversion writes: weights, the config with the class that they are of, and the tokenizer."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

Tensors = Mapping[str, npt.NDArray[Any]]
DTYPES = {"float32": np.float32, "float16": np.float16}


def write_weights(out: Path, tensors: Tensors, dtype: str) -> None:
    """model.safetensors in one precision; "bfloat16", which numpy lacks, is rounded by torch. Raises OSError."""
    from safetensors import SafetensorError

    try:
        _save(out / "model.safetensors", tensors, dtype)
    except SafetensorError as error:  # also where the disk is full
        raise OSError(str(error)) from error


def _save(file: Path, tensors: Tensors, dtype: str) -> None:
    if dtype == "bfloat16":
        import torch
        from safetensors.torch import save_file

        halves = {
            name: torch.from_numpy(np.ascontiguousarray(each)).bfloat16() for name, each in tensors.items()
        }
        save_file(halves, file, {"format": "pt"})
        return
    from safetensors.numpy import save_file as save_arrays

    arrays = {name: np.ascontiguousarray(each, DTYPES[dtype]) for name, each in tensors.items()}
    save_arrays(arrays, file, {"format": "pt"})


def write_config(out: Path, config: Any, architecture: str, dtype: str) -> None:
    """config.json of a transformers config, for a checkpoint of this class."""
    config.architectures, config.dtype = [architecture], dtype
    config.save_pretrained(out)


def write_tokenizer(out: Path, backend: Any, settings: Mapping[str, Any]) -> None:
    """tokenizer.json of a tokenizer of the tokenizers library, and the settings that transformers keeps beside it."""
    (out / "tokenizer.json").write_text(backend.to_str(pretty=True), encoding="utf-8")
    write_json(out / "tokenizer_config.json", {"tokenizer_class": "PreTrainedTokenizerFast", **settings})


def write_json(path: Path, value: Mapping[str, Any]) -> None:
    path.write_text(json.dumps(value, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def json_object(data: bytes) -> dict[str, Any]:
    """Raises ValueError."""
    value = json.loads(data)
    if not isinstance(value, dict):
        raise ValueError("a JSON file is no object")
    return value


def tokenizer_of(data: bytes) -> Any:
    """A tokenizer from the bytes of a tokenizer.json. Raises ValueError."""
    from tokenizers import Tokenizer

    try:
        return Tokenizer.from_str(data.decode("utf-8"))
    except Exception as error:  # the library raises Exception itself
        raise ValueError(f"tokenizer.json is not read: {str(error)[:100]}") from error


def check_shape(tensor: npt.NDArray[Any], shape: tuple[int, ...], name: str) -> None:
    """Raises ValueError."""
    if tensor.shape != shape:
        raise ValueError(f"{name} has the shape {tensor.shape}, not {shape}")

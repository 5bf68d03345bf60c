"""From the files of a package to an ordinary directory of config, tokenizer or processor, and safetensors.

One module for each format and family; `CONVERSIONS` names them as models/catalog.toml does.
"""

from __future__ import annotations

import importlib
import struct
from collections.abc import Mapping
from pathlib import Path

# The name of a format in the catalogue -> the module whose `convert` reads it.
CONVERSIONS = {
    "gguf-llama": "llama",
    "bergamot-marian": "marian",
    "ctranslate2-whisper": "whisper",
    "onnx-dinov2": "dinov2",
}


def convert(form: str, files: Mapping[str, bytes], out: Path) -> None:
    """Write the model in `files` (contents by their part: "weights", "tokenizer", ...) to the empty directory `out`.

    Raises ValueError for content that is not of the format, or not of the family; OSError.
    """
    module = importlib.import_module(f"{__name__}.{CONVERSIONS[form]}")
    try:
        module.convert(files, out)
    except (
        KeyError,
        IndexError,
        TypeError,
        AttributeError,
        OverflowError,
        RecursionError,
        struct.error,
    ) as error:
        raise ValueError(f"it is not a whole model: {type(error).__name__} {error}") from error

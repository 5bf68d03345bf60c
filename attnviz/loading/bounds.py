"""Bounds on what a model's files may ask for, checked against the weights that are there before a module is built.

A config.json of a few bytes can describe a million layers; the checkpoint's headers say what there really is.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attnviz.loading.cards import DECODER_LAYER_KEYS, LAYER_KEYS
from attnviz.loading.weights import Weights, damaged

if TYPE_CHECKING:
    from torch import nn
    from transformers import PreTrainedConfig

MAX_BESIDE = 512 << 20  # bytes of vocabulary, configuration and whatever else lies beside the weights
# A tokenizer makes room for every id below its largest one: a single id of 2**31 takes 8 GB.
VOCABULARIES = ("tokenizer.json", "vocab.json", "added_tokens.json", "tokenizer_config.json")
LARGE_ID = re.compile(rb'[:,\[]\s*[1-9]\d{7,18}\s*[,}\]]|"[1-9]\d{7,}"\s*:\s*{')
READ = {".json", ".txt", ".model", ".spm", ".jinja", ".bpe", ".codes"}
MAX_LAYERS, MAX_SIZE = 100, 1 << 18  # always allowed, however small the checkpoint
# Weights that a module has and a checkpoint need not: tied ones count twice, heads and poolers may be missing.
SPARE_WEIGHTS, SPARE_BUFFERS = 1 << 22, 1 << 28


def check_files(directory: Path, name: str) -> None:
    """Raises ModelUnsupported ("damaged") where what lies beside the weights is too large, or would become so."""
    size = sum(path.stat().st_size for path in directory.iterdir() if path.suffix in READ and path.is_file())
    if size > MAX_BESIDE:
        raise damaged(name, f"its vocabulary and configuration take {size:,} bytes, more than {MAX_BESIDE:,}")
    for file in VOCABULARIES:
        if (directory / file).is_file() and LARGE_ID.search((directory / file).read_bytes()):
            raise damaged(name, f"{file} gives a token an id that no vocabulary reaches")


def check_sizes(config: dict[str, Any], weights: Weights, name: str) -> None:
    """Raises ModelUnsupported ("damaged") for layers and sizes that the checkpoint cannot fill."""
    layers = max(MAX_LAYERS, weights.tensors)
    largest = max(MAX_SIZE, weights.parameters)
    for key, value in _numbers(config):
        limit = layers if key in LAYER_KEYS or key in DECODER_LAYER_KEYS else largest
        if abs(value) > limit and not key.endswith(("_id", "_ids", "_length")):
            raise damaged(
                name,
                f"config.json gives {key} as {value:,}, and its checkpoint holds {weights.parameters:,} weights",
            )


def check_module(model_class: Any, config: PreTrainedConfig, weights: Weights, name: str) -> None:
    """Raises ModelUnsupported ("damaged") where the module would be far larger than its checkpoint.

    Builds it without memory for its weights; whatever the family's code raises gets through.
    """
    import torch
    from transformers.initialization import meta_device_safe_creation_ops, no_init_weights

    with torch.device("meta"), meta_device_safe_creation_ops(), no_init_weights():
        module: nn.Module = _built(model_class, copy.deepcopy(config))
    count = sum(parameter.numel() for parameter in module.parameters())
    beside = sum(buffer.nbytes for buffer in module.buffers())
    if count > 2 * weights.parameters + SPARE_WEIGHTS or beside > 4 * weights.parameters + SPARE_BUFFERS:
        raise damaged(
            name,
            f"its config.json describes {count:,} weights and {beside:,} bytes of tables, "
            f"and its checkpoint holds {weights.parameters:,} weights",
        )


def _built(model_class: Any, config: PreTrainedConfig) -> Any:
    return model_class.from_config(config) if hasattr(model_class, "_model_mapping") else model_class(config)


def _numbers(value: Any, key: str = "") -> Iterator[tuple[str, int]]:
    """Every whole number below a part of a config, with the name of the field that it stands in."""
    if isinstance(value, dict):
        for name, part in value.items():
            yield from _numbers(part, str(name))
    elif isinstance(value, list):
        for part in value:
            yield from _numbers(part, key)
    elif isinstance(value, int) and not isinstance(value, bool):
        yield key, value

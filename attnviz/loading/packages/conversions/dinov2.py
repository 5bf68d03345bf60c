"""A DINOv2 backbone out of an ONNX graph as a directory of Dinov2Model with its image processor.

The export named weights after parameters, those of linear layers excepted: the nodes that use them tell.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from attnviz.loading.packages.conversions.directory import (
    check_shape,
    write_config,
    write_json,
    write_weights,
)
from attnviz.loading.packages.formats.onnx import Node, read_onnx
from attnviz.types import FloatArray

BACKBONE = "backbone."
HEAD_SIZE = 64  # of every DINOv2
RENAMED = (
    ("attention.attention.query", "attention.q_proj"),
    ("attention.attention.key", "attention.k_proj"),
    ("attention.attention.value", "attention.v_proj"),
    ("attention.output.dense", "attention.o_proj"),
)
PIXELS = 224  # to a side, as DINOv2 is evaluated: 16 x 16 patches
PROCESSOR = {
    "image_processor_type": "BitImageProcessor",
    "do_resize": True, "size": {"shortest_edge": 256}, "resample": 3,
    "do_center_crop": True, "crop_size": {"height": PIXELS, "width": PIXELS},
    "do_rescale": True, "rescale_factor": 1 / 255, "do_convert_rgb": True,
    "do_normalize": True, "image_mean": [0.485, 0.456, 0.406], "image_std": [0.229, 0.224, 0.225],
}  # fmt: skip


def convert(files: Mapping[str, bytes], out: Path) -> None:
    """`files`: "weights", the ONNX file. Raises ValueError."""
    from transformers import Dinov2Config

    tensors = state(*read_onnx(files["weights"]))
    width, channels, patch, _ = tensors["embeddings.patch_embeddings.projection.weight"].shape
    places = tensors["embeddings.position_embeddings"].shape[1] - 1
    if channels != 3 or width % HEAD_SIZE or int(places**0.5) ** 2 != places:
        raise ValueError(f"it has {channels} channels, a width of {width} and {places} places")
    config = Dinov2Config(
        hidden_size=width, num_attention_heads=width // HEAD_SIZE, patch_size=patch,
        num_hidden_layers=len({name.split(".")[2] for name in tensors if name.startswith("encoder.layer.")}),
        image_size=int(places**0.5) * patch, use_mask_token=False,
    )  # fmt: skip
    check_shape(tensors["layernorm.weight"], (width,), "layernorm")
    write_weights(out, tensors, "float32")
    write_config(out, config, "Dinov2Model", "float32")
    write_json(out / "preprocessor_config.json", PROCESSOR)


def state(nodes: tuple[Node, ...], arrays: Mapping[str, FloatArray]) -> dict[str, FloatArray]:
    """The backbone's weights under transformers' names. Raises ValueError."""
    tensors = {
        name.removeprefix(BACKBONE): each for name, each in arrays.items() if name.startswith(BACKBONE)
    }
    for node in nodes:
        if node.operation == "MatMul" and len(node.inputs) == 2 and node.inputs[1] in arrays:
            place = node.name.strip("/").split("/")[1:-1]
            tensors[".".join(place) + ".weight"] = arrays[node.inputs[1]].T
    tensors["embeddings.position_embeddings"] = _positions(arrays)
    for old, new in RENAMED:
        tensors = {name.replace(old, new): each for name, each in tensors.items()}
    return tensors


def _positions(arrays: Mapping[str, FloatArray]) -> FloatArray:
    """(1, 1 + places, width): the export has folded the table into one row for the picture, and the patches."""
    tables = [each for name, each in arrays.items() if name.startswith("onnx::") and each.ndim == 3]
    first, rest = sorted(tables, key=lambda each: each.shape[1])
    if first.shape[1] != 1:
        raise ValueError("the table of positions has no row for the picture")
    return np.concatenate([first, rest], axis=1)

"""Captures as files: safetensors for the arrays, JSON in its header for everything else.

A file is read without torch. It may come from a stranger: whatever does not fit together is a CaptureInvalid, and
nothing in it is ever executed.
"""

from __future__ import annotations

import dataclasses
import json
import os
from os import PathLike
from typing import Any

from attnviz.capture.capture import Capture
from attnviz.capture.store_reader import Reader
from attnviz.capture.store_writer import Arrays, Writer, tokens_out
from attnviz.errors import CaptureInvalid

FORMAT = "attnviz-capture"
VERSION = 1

# What a file may take with its values. Larger ones are written without, so that they stay below what servers accept;
# contributions to the output then cannot be computed from them.
WITH_VALUES = 48 << 20


def save(capture: Capture, path: str | PathLike[str]) -> None:
    """Write a capture; the file appears whole or not at all. Raises OSError."""
    data = to_bytes(capture)
    target = os.fspath(path)
    partial = f"{target}.part"
    with open(partial, "wb") as file:
        file.write(data)
    os.replace(partial, target)


def to_bytes(capture: Capture) -> bytes:
    """The content of the file that `save` writes, for a download."""
    from safetensors.numpy import save as pack

    writer = Writer()
    kinds = {kind: [writer.layer(layer) for layer in layers] for kind, layers in capture.layers.items()}
    each = [
        (layer, place)
        for kind in kinds
        for layer, place in zip(capture.layers[kind], kinds[kind], strict=True)
    ]
    values = sum(layer.output.nbytes for layer, _ in each if layer.output is not None)
    if sum(array.nbytes for array in writer.arrays.values()) + values <= WITH_VALUES:
        for layer, place in each:
            place["output"] = writer.output(layer)
    document = {
        "format": FORMAT,
        "version": VERSION,
        "card": dataclasses.asdict(capture.card),
        "tokens": tokens_out(capture.tokens),
        "target_tokens": tokens_out(capture.target_tokens),
        "fed_tokens": tokens_out(capture.fed_tokens),
        "kinds": kinds,
    }
    return pack(writer.arrays, metadata={FORMAT: json.dumps(document)})


def open_capture(path: str | PathLike[str]) -> Capture:
    """Read a capture that `Capture.save` wrote, without torch or a model. Raises CaptureInvalid and OSError."""
    with open(path, "rb") as file:
        return read_capture(file.read(), os.path.basename(os.fspath(path)))


def read_capture(data: bytes, name: str = "the file") -> Capture:
    """A capture from the bytes of a file, an upload for instance. Raises CaptureInvalid."""
    try:
        document, arrays = _parse(data)
    except Exception as error:
        raise CaptureInvalid(
            f"{name} is not an AttnViz capture, or it was cut off.",
            "Choose a file that was saved by AttnViz, and download it again if it is incomplete.",
        ) from error
    if document.get("version") != VERSION:
        raise CaptureInvalid(
            f"{name} was written in version {document.get('version')!r} of the format; this AttnViz reads {VERSION}.",
            "Save it again with this version of AttnViz.",
        )
    try:
        return Reader(document, arrays).capture()
    except (KeyError, TypeError, ValueError, IndexError, AttributeError, OverflowError) as error:
        raise CaptureInvalid(
            f"{name} is damaged: its parts do not fit together ({error}).", "Save the capture again."
        ) from error


def _parse(data: bytes) -> tuple[dict[str, Any], Arrays]:
    from safetensors.numpy import load

    length = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + length])
    document = json.loads(header["__metadata__"][FORMAT])
    if document["format"] != FORMAT:
        raise ValueError("another format")
    return document, load(data)

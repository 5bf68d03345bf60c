"""Captures as files: safetensors for the arrays, JSON in its header for everything else.

A file is read without torch. It may come from a stranger: whatever does not fit together is a CaptureInvalid, and
nothing in it is ever executed.
"""

from __future__ import annotations

import dataclasses
import json
import os
from os import PathLike

from attnviz.capture.capture import Capture
from attnviz.capture.files.header import FORMAT, Facts, Header, Limits, check, read_header
from attnviz.capture.files.reader import Arrays, Reader
from attnviz.capture.files.writer import Writer, items_out
from attnviz.errors import CaptureInvalid
from attnviz.language import say
from attnviz.types import Tokens

VERSION = 1
VERSION_OF_MEDIA = 2  # also of pictures and sounds; texts are written as before, for those who have version 1
VERSIONS = (VERSION, VERSION_OF_MEDIA)
ANY = Limits()  # what is safe for whoever opens a file of their own
# What the pieces of a damaged file raise where they do not fit together.
DAMAGE = (
    KeyError,
    TypeError,
    ValueError,
    IndexError,
    AttributeError,
    OverflowError,
    RecursionError,
    MemoryError,
)

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
        "version": VERSION if isinstance(capture.tokens, Tokens) else VERSION_OF_MEDIA,
        "card": dataclasses.asdict(capture.card),
        "tokens": items_out(capture.tokens),
        "target_tokens": items_out(capture.target_tokens),
        "fed_tokens": items_out(capture.fed_tokens),
        "kinds": kinds,
        "provenance": capture.provenance.document(),
    }
    return pack(writer.arrays, metadata={FORMAT: json.dumps(document)})


def open_capture(path: str | PathLike[str], limits: Limits = ANY) -> Capture:
    """Read a capture that `Capture.save` wrote, without torch or a model.

    Raises CaptureInvalid for another or a damaged file, and for one beyond `limits`; OSError.
    """
    name = os.path.basename(os.fspath(path))
    with open(path, "rb") as file:
        size = os.fstat(file.fileno()).st_size
        start = file.read(8)
        start += file.read(min(int.from_bytes(start, "little"), limits.header, size))
        header = _header(start, size, name, limits)
        file.seek(0)
        return _built(header, file.read(), name)


def read_capture(data: bytes, name: str = "the file", limits: Limits = ANY) -> Capture:
    """A capture from the bytes of a file, an upload for instance.

    Its arrays are views of the bytes, but for bfloat16, which becomes float32. Raises CaptureInvalid for another or a
    damaged file, and for one beyond `limits`.
    """
    return _built(_header(data, len(data), name, limits), data, name)


def peek(data: bytes, name: str = "the file", limits: Limits = ANY) -> Facts:
    """What a file would cost, from its header. Raises CaptureInvalid as `read_capture` does."""
    return _facts(_header(data, len(data), name, limits), name)


def _header(start: bytes, size: int, name: str, limits: Limits) -> Header:
    """The header of a file of this version that is within the limits."""
    try:
        header = read_header(start, size, limits)
        version = header.document.get("version")
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
        raise CaptureInvalid(
            say("{name} is not an AttnViz capture, or it was cut off.", name=name),
            say("Choose a file that was saved by AttnViz, and download it again if it is incomplete."),
        ) from error
    if type(version) is not int or version not in VERSIONS:
        raise CaptureInvalid(
            say(
                "{name} was written in version {version} of the format; this AttnViz reads {map}.",
                name=name,
                version=str(version)[:20],
                map=" and ".join(map(str, VERSIONS)),
            ),
            say("Save it again with this version of AttnViz."),
        )
    check(_facts(header, name), limits, name)
    return header


def _facts(header: Header, name: str) -> Facts:
    try:
        return header.facts()
    except DAMAGE as error:
        raise _damaged(name, error) from error


def _built(header: Header, data: bytes, name: str) -> Capture:
    try:
        return Reader(header.document, Arrays(header.tensors, data, header.offset)).capture()
    except DAMAGE as error:
        raise _damaged(name, error) from error


def _damaged(name: str, error: Exception) -> CaptureInvalid:
    return CaptureInvalid(
        say("{name} is damaged: its parts do not fit together ({error}).", name=name, error=str(error)[:200]),
        say("Save the capture again."),
    )

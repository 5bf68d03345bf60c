"""What a saved capture would cost, read from its header alone: nothing is built before it fits the limits.

The bytes may come from a stranger. Whatever is wrong with them is a ValueError here, which `store` puts into words.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from attnviz.capture.recompute.normalization import kept_bytes
from attnviz.errors import CaptureInvalid
from attnviz.language import say
from attnviz.loading.safetensors_header import Tensor, header_length, parse_header

FORMAT = "attnviz-capture"
# JSON values of one token in all of its fields, in up to three texts; and of what does not grow with tokens.
VALUES_A_TOKEN, VALUES_BESIDE = 30, 300_000


@dataclass(frozen=True)
class Limits:
    """What a file may hold; `read_capture` refuses more before it builds anything.

    Attributes:
        tokens: of the longest text. heads: of all layers together. cells: weights of all heads together.
        nbytes: of the arrays once they are built. header: bytes of its JSON, in which texts and tokens stand.
    """

    tokens: int = 1 << 20
    heads: int = 1 << 17
    cells: int = 1 << 50
    nbytes: int = 1 << 40
    header: int = 1 << 28


@dataclass(frozen=True)
class Facts:
    """What a file says of itself, in the units of `Limits`."""

    tokens: int
    heads: int
    cells: int
    nbytes: int


@dataclass(frozen=True)
class Header:
    """The parsed header: the capture without its arrays, where each array is, and how many bytes stand before them."""

    document: dict[str, Any]
    tensors: dict[str, Tensor]
    offset: int

    def facts(self) -> Facts:
        """Raises ValueError (or KeyError, TypeError) where the document is damaged."""
        scores = [layer["scores"] for layers in self.document["kinds"].values() for layer in layers]
        shapes = [self._shape(each) for each in scores]
        later = sum(
            kept_bytes(*shape) for each, shape in zip(scores, shapes, strict=True) if "weights" not in each
        )
        texts = [self.document[name] for name in ("tokens", "target_tokens", "fed_tokens")]
        lengths = [_length(text) for text in texts if text is not None]
        # An array that layers share is built once.
        shared = {(each["array"], each["dtype"]) for each in references(self.document["kinds"])}
        return Facts(
            tokens=max([*lengths, *(max(queries, keys) for _, queries, keys in shapes)]),
            heads=sum(heads for heads, _, _ in shapes),
            cells=sum(map(math.prod, shapes)),
            nbytes=sum(self._bytes(name, dtype) for name, dtype in shared) + later,
        )

    def _shape(self, scores: Mapping[str, Any]) -> tuple[int, int, int]:
        """(H, Q, K)."""
        if "weights" in scores:
            _, heads, queries, keys = self.tensors[scores["weights"]["array"]].shape
            return heads, queries, keys
        _, heads, queries, _ = self.tensors[scores["q"]["array"]].shape
        return heads, queries, self.tensors[scores["k"]["array"]].shape[2]

    def _bytes(self, name: str, dtype: str) -> int:
        tensor = self.tensors[name]
        return (tensor.end - tensor.begin) * (2 if dtype == "bfloat16" else 1)  # numpy needs float32 for it


def _length(items: Mapping[str, Any]) -> int:
    """How many tokens, patches or frames a part of the document stands for, before they are made."""
    if "items" not in items:
        return len(items["ids"])
    if items["items"] == "frame":
        return len(items["seconds"])
    rows, columns = items["rows"], items["columns"]
    if not (type(rows) is int and type(columns) is int and min(rows, columns) > 0):
        raise ValueError("a grid of patches that is none")
    return rows * columns + len(items["leading"])


def references(value: Any) -> Iterator[Mapping[str, Any]]:
    """Every mention of an array below a part of the document."""
    if isinstance(value, dict):
        if "array" in value:
            yield value
        else:
            for part in value.values():
                yield from references(part)
    elif isinstance(value, list):
        for part in value:
            yield from references(part)


def read_header(start: bytes, size: int, limits: Limits) -> Header:
    """The header of a file of `size` bytes, of which `start` holds at least 8 bytes and the header.

    Raises ValueError for another or a damaged file; CaptureInvalid where there is more JSON than the limits allow.
    """
    length = header_length(start, size, size)
    if length > limits.header:
        raise CaptureInvalid(
            say("The texts and tokens in the file are too large."), say("Choose another file.")
        )
    text = bytes(start[8 : 8 + length])
    _check_values(text, limits)
    metadata, tensors = parse_header(text, size - 8 - length)
    written = metadata[FORMAT]
    _check_values(written.encode(), limits)
    document = json.loads(written)
    if document["format"] != FORMAT:
        raise ValueError("another format")
    return Header(document, tensors, 8 + length)


def check(facts: Facts, limits: Limits, name: str) -> None:
    """Raises CaptureInvalid where a file holds more than the limits allow."""
    if facts.tokens > limits.tokens:
        raise CaptureInvalid(
            say(
                "{name} holds a text of {tokens:,} tokens; at most {most:,} are opened here.",
                name=name,
                tokens=facts.tokens,
                most=limits.tokens,
            ),
            say("Open it in Python with attnviz.open, or on a server that allows more."),
        )
    if facts.heads > limits.heads or facts.cells > limits.cells:
        raise CaptureInvalid(
            say(
                "{name} holds {heads:,} heads with {cells:,} weights, more than is recomputed here.",
                name=name,
                heads=facts.heads,
                cells=facts.cells,
            ),
            say("Open it in Python with attnviz.open."),
        )
    if facts.nbytes > limits.nbytes:
        raise CaptureInvalid(
            say(
                "{name} would take {nbytes:,} bytes of memory; at most {most:,} are allowed here.",
                name=name,
                nbytes=facts.nbytes,
                most=limits.nbytes,
            ),
            say("Open it in Python with attnviz.open, or on a server that allows more."),
        )


def _check_values(text: bytes, limits: Limits) -> None:
    """A value of JSON takes twenty times its bytes once it is parsed: values are counted before that."""
    bare = np.frombuffer(text.replace(rb"\\", b"").replace(rb"\"", b""), np.uint8)
    outside = np.cumsum(bare == ord('"'), dtype=np.uint8) % 2 == 0  # not within a string
    values = sum(int(np.count_nonzero((bare == mark) & outside)) for mark in b",[{")
    if values > VALUES_A_TOKEN * limits.tokens + VALUES_BESIDE:
        raise CaptureInvalid(
            say("The texts and tokens in the file are too many."), say("Choose another file.")
        )

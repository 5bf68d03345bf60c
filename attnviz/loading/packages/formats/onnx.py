"""Reads the weights out of an ONNX file: its initialisers, and the names of the nodes that use them. No graph is run.

ONNX is protobuf; of https://github.com/onnx/onnx/blob/main/onnx/onnx.proto only the few fields named below are read.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from attnviz.loading.packages.formats.cursor import MAX_RANK, MAX_TENSORS, Cursor, array
from attnviz.types import FloatArray

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5  # protobuf's wire types
MODEL_GRAPH = 7
GRAPH_NODE, GRAPH_INITIALIZER = 1, 5
NODE_INPUT, NODE_NAME, NODE_OPERATION = 1, 3, 4
TENSOR_DIMS, TENSOR_TYPE, TENSOR_NAME, TENSOR_RAW = 1, 2, 8, 9
FLOAT = 1
MAX_NODES = 100_000


@dataclass(frozen=True)
class Node:
    """One operation of the graph."""

    name: str
    operation: str
    inputs: tuple[str, ...]


def read_onnx(data: bytes) -> tuple[tuple[Node, ...], dict[str, FloatArray]]:
    """The nodes, and the float32 initialisers by name; others are left out. Raises ValueError."""
    graphs = [value for number, value in fields(data) if number == MODEL_GRAPH]
    if len(graphs) != 1 or isinstance(graphs[0], int):
        raise ValueError("it is no ONNX model with one graph")
    nodes: list[Node] = []
    tensors: dict[str, FloatArray] = {}
    for number, value in fields(graphs[0]):
        if number == GRAPH_NODE:
            nodes.append(_node(_part(value)))
        elif number == GRAPH_INITIALIZER and (found := _tensor(_part(value))) is not None:
            tensors[found[0]] = found[1]
        if len(nodes) > MAX_NODES or len(tensors) > MAX_TENSORS:
            raise ValueError("it has too many nodes or tensors")
    return tuple(nodes), tensors


def fields(data: bytes | memoryview) -> Iterator[tuple[int, int | memoryview]]:
    """The fields of a protobuf message: number, and its value or bytes. Raises ValueError."""
    cursor = Cursor(data)
    while cursor.left:
        key = _varint(cursor)
        number, wire = key >> 3, key & 7
        if wire == VARINT:
            yield number, _varint(cursor)
        elif wire == BYTES:
            yield number, cursor.take(_varint(cursor))
        elif wire in (FIXED32, FIXED64):
            yield number, cursor.take(4 if wire == FIXED32 else 8)
        else:
            raise ValueError(f"a field has the wire type {wire}")


def _varint(cursor: Cursor) -> int:
    value = 0
    for shift in range(0, 70, 7):
        byte = cursor.take(1)[0]
        value |= (byte & 127) << shift
        if byte < 128:
            return value
    raise ValueError("a number has no end")


def _part(value: int | memoryview) -> memoryview:
    if isinstance(value, int):
        raise ValueError("a message is a number")
    return value


def _node(data: memoryview) -> Node:
    name = operation = ""
    inputs = []
    for number, value in fields(data):
        if number in (NODE_INPUT, NODE_NAME, NODE_OPERATION):
            text = bytes(_part(value)).decode("utf-8")
            if number == NODE_INPUT:
                inputs.append(text)
            elif number == NODE_NAME:
                name = text
            else:
                operation = text
    return Node(name, operation, tuple(inputs))


def _tensor(data: memoryview) -> tuple[str, FloatArray] | None:
    """Name and values; None where it is not float32, or does not hold its values as raw bytes."""
    name, kind, raw = "", 0, None
    shape: list[int] = []
    for number, value in fields(data):
        if number == TENSOR_DIMS:
            shape += [value] if isinstance(value, int) else list(_packed(value))
        elif number == TENSOR_TYPE and isinstance(value, int):
            kind = value
        elif number == TENSOR_NAME:
            name = bytes(_part(value)).decode("utf-8")
        elif number == TENSOR_RAW:
            raw = _part(value)
        if len(shape) > MAX_RANK:
            raise ValueError("a tensor has too many dimensions")
    if kind != FLOAT or raw is None:
        return None
    return name, array(raw, "<f4", tuple(shape)).astype(np.float32, copy=False)


def _packed(data: memoryview) -> Iterator[int]:
    cursor = Cursor(data)
    while cursor.left:
        yield _varint(cursor)

"""Reads the model.bin of CTranslate2: named tensors in half or single precision.

The layout is that of CTranslate2's `python/ctranslate2/specs/model_spec.py`, version 6: version, name and revision of
the specification, then for each tensor its name, shape, type, and bytes; last the aliases.
"""

from __future__ import annotations

import numpy as np

from attnviz.loading.packages.formats.cursor import MAX_RANK, MAX_TENSORS, Cursor, array, elements
from attnviz.types import FloatArray

VERSION = 6
TYPES = {0: "<f4", 4: "<f2"}
WHOLE = {1: "<i1", 2: "<i2", 3: "<i4"}  # settings of the run, which no weight is


def read_ctranslate2(data: bytes) -> tuple[str, dict[str, FloatArray]]:
    """The name of the specification, and float32 tensors by name. Raises ValueError."""
    cursor = Cursor(data)
    if (version := cursor.number("I")) != VERSION:
        raise ValueError(f"it is no CTranslate2 model of version {VERSION}, but {version}")
    specification = _text(cursor)
    cursor.number("I")
    tensors: dict[str, FloatArray] = {}
    for _ in range(cursor.count("I", MAX_TENSORS, "tensors")):
        name = _text(cursor)
        shape = tuple(int(cursor.number("I")) for _ in range(cursor.count("B", MAX_RANK, "dimensions")))
        kind, block = cursor.number("B"), cursor.take(cursor.number("I"))
        elements(shape)
        if kind in TYPES:
            tensors[name] = array(block, TYPES[kind], shape).astype(np.float32)
        elif kind not in WHOLE:
            raise ValueError(f"the tensor {name} is of a kind ({kind}) that is not read here")
    for _ in range(cursor.count("I", MAX_TENSORS, "aliases")):
        alias, name = _text(cursor), _text(cursor)
        if name in tensors:
            tensors[alias] = tensors[name]
    return specification, tensors


def _text(cursor: Cursor) -> str:
    return cursor.text(cursor.number("H")).rstrip("\0")

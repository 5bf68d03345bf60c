"""Readers of foreign formats: against the gguf library, against files written by hand, and against hostile bytes."""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from attnviz.loading.packages.formats.bergamot import FLOAT32, INT8, read_bergamot
from attnviz.loading.packages.formats.ctranslate2 import read_ctranslate2
from attnviz.loading.packages.formats.cursor import Cursor, elements
from attnviz.loading.packages.formats.gguf import read_gguf
from attnviz.loading.packages.formats.onnx import Node, read_onnx

from . import tiny_package

MATRIX = np.arange(-6, 6, dtype=np.float32).reshape(3, 4) / 4


def gguf_file(folder: Path) -> bytes:
    return tiny_package.write_gguf(folder / "tiny.gguf").read_bytes()


def bergamot_file(folder: Path) -> bytes:
    """A matrix in int8 with the scale 4, the embedding likewise, a bias in float32, a scale of one number."""
    whole = (MATRIX * 4).astype(np.int8)
    parts = (
        (b"layer_W\0", INT8, (3, 4), whole.T.tobytes() + struct.pack("<f", 4)),
        (b"Wemb\0", INT8, (3, 4), whole.tobytes() + struct.pack("<f", 4)),
        (b"layer_b\0", FLOAT32, (1, 4), MATRIX[0].tobytes()),
        (b"none_QuantMultA\0", INT8, (1, 1), struct.pack("<bf", 1, 1)),
    )
    data = struct.pack("<QQ", 1, len(parts))
    data += b"".join(struct.pack("<4Q", len(name), kind, 2, len(block)) for name, kind, _, block in parts)
    data += b"".join(name for name, *_ in parts)
    data += b"".join(struct.pack("<2i", *shape) for _, _, shape, _ in parts)
    return data + struct.pack("<Q", 8) + bytes(8) + b"".join(block for *_, block in parts)


def ctranslate2_file(folder: Path) -> bytes:
    def text(value: str) -> bytes:
        return struct.pack("<H", len(value) + 1) + value.encode() + b"\0"

    def tensor(name: str, kind: int, array: np.ndarray) -> bytes:
        shape = struct.pack(f"<B{array.ndim}I", array.ndim, *array.shape)
        return text(name) + shape + struct.pack("<BI", kind, array.nbytes) + array.tobytes()

    tensors = (
        tensor("half", 4, MATRIX.astype(np.float16)),
        tensor("single", 0, MATRIX),
        tensor("heads", 1, np.array([4], np.int8)),
    )
    head = struct.pack("<I", 6) + text("WhisperSpec") + struct.pack("<II", 3, len(tensors))
    return head + b"".join(tensors) + struct.pack("<I", 1) + text("tied") + text("half")


def onnx_file(folder: Path) -> bytes:
    def field(number: int, value: bytes | int) -> bytes:
        if isinstance(value, int):
            return varint(number << 3) + varint(value)
        return varint(number << 3 | 2) + varint(len(value)) + value

    def varint(value: int) -> bytes:
        return bytes([value]) if value < 128 else bytes([value & 127 | 128]) + varint(value >> 7)

    weights = (
        field(1, 3) + field(1, 4) + field(2, 1) + field(8, b"onnx::MatMul_1") + field(9, MATRIX.tobytes())
    )
    whole = field(1, 2) + field(2, 7) + field(8, b"shape") + field(9, np.arange(2).tobytes())
    node = field(1, b"x") + field(1, b"onnx::MatMul_1") + field(3, b"/layer/MatMul") + field(4, b"MatMul")
    return field(1, 8) + field(7, field(1, node) + field(5, weights) + field(5, whole))


FILES: dict[str, tuple[Callable[[Path], bytes], Callable[[bytes], object]]] = {
    "gguf": (gguf_file, read_gguf),
    "bergamot": (bergamot_file, read_bergamot),
    "ctranslate2": (ctranslate2_file, read_ctranslate2),
    "onnx": (onnx_file, read_onnx),
}


def test_gguf_is_read_as_the_gguf_library_reads_it(tmp_path):
    from gguf import GGUFReader, dequantize

    metadata, tensors = read_gguf(gguf_file(tmp_path))
    reader = GGUFReader(tmp_path / "tiny.gguf")
    assert {each.name for each in reader.tensors} == set(tensors)
    for each in reader.tensors:
        np.testing.assert_array_equal(tensors[each.name], dequantize(each.data, each.tensor_type))
    own = {name: field.contents() for name, field in reader.fields.items() if not name.startswith("GGUF.")}
    assert metadata == own


def test_bergamot():
    tensors = read_bergamot(bergamot_file(Path()))
    assert set(tensors) == {"layer_W", "Wemb", "layer_b"}
    np.testing.assert_array_equal(tensors["layer_W"], MATRIX)
    np.testing.assert_array_equal(tensors["Wemb"], MATRIX)
    np.testing.assert_array_equal(tensors["layer_b"], MATRIX[:1])


def test_ctranslate2():
    specification, tensors = read_ctranslate2(ctranslate2_file(Path()))
    assert specification == "WhisperSpec"
    assert set(tensors) == {"half", "single", "tied"}
    for values in tensors.values():
        np.testing.assert_array_equal(values, MATRIX)


def test_onnx():
    nodes, tensors = read_onnx(onnx_file(Path()))
    assert nodes == (Node("/layer/MatMul", "MatMul", ("x", "onnx::MatMul_1")),)
    assert set(tensors) == {"onnx::MatMul_1"}
    np.testing.assert_array_equal(tensors["onnx::MatMul_1"], MATRIX)


@pytest.mark.parametrize("form", FILES)
def test_a_file_that_was_cut_off_is_refused(form, tmp_path):
    write, read = FILES[form]
    data = write(tmp_path)
    for end in range(0, len(data) - 1, max(1, len(data) // 300)):
        with pytest.raises(ValueError):  # noqa: PT011  # each place has its own words
            read(data[:end])


@pytest.mark.parametrize("form", FILES)
def test_whatever_the_bytes_are_nothing_but_a_value_error_comes_out(form, tmp_path):
    """Also where they promise billions of things: what is taken is bounded by what is there."""
    write, read = FILES[form]
    data, random = bytearray(write(tmp_path)), np.random.default_rng(1)
    head = min(len(data), 4000)
    refused = 0
    for _ in range(400):
        broken = bytearray(data)
        for at in random.integers(0, head, random.integers(1, 4)):
            broken[at] = random.choice([0, 1, 127, 128, 255, random.integers(256)])
        try:
            read(bytes(broken))
        except ValueError:
            refused += 1
    assert refused > 40


def test_what_is_promised_has_to_be_there():
    with pytest.raises(ValueError, match=r"the number of tensors is 4,294,967,295"):
        Cursor(b"\xff" * 4).count("I", 10_000, "tensors")
    with pytest.raises(ValueError, match="8 bytes are promised at 0, and 4 are left"):
        Cursor(bytes(4)).number("Q")
    with pytest.raises(ValueError, match="shape"):
        elements((1 << 20, 1 << 20))
    with pytest.raises(ValueError, match="shape"):
        elements((3, -1))


@pytest.mark.parametrize(
    ("read", "data", "words"),
    [
        (read_gguf, b"GGUF" + struct.pack("<I", 2), "no GGUF file of version 3"),
        (read_gguf, b"PK\x03\x04" + bytes(8), "no GGUF file"),
        (read_bergamot, struct.pack("<Q", 7), "no Marian file"),
        (read_ctranslate2, struct.pack("<I", 5), "no CTranslate2 model of version 6, but 5"),
        (read_onnx, b"\x08\x08", "no ONNX model"),
        (read_onnx, b"\xff" * 11, "no end"),
        (read_onnx, b"\x0b", "wire type 3"),
    ],
)  # fmt: skip
def test_a_file_of_another_format_is_named(read, data, words):
    with pytest.raises(ValueError, match=words):
        read(data)

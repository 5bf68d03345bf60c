"""The message format: what is packed comes back, text is repaired, and numbers are never converted silently."""

import json
import struct

import numpy as np
import pytest

from attnviz.figures import pack, unpack


def test_header_and_sections_come_back() -> None:
    sections = {
        "maps": np.arange(24, dtype=np.float32).reshape(2, 3, 4),
        "bytes": np.arange(7, dtype=np.uint8),
        "index": np.array([-1, 5], np.int32),
        "none": np.zeros((0, 3, 3), np.float32),
    }
    header, arrays = unpack(pack({"figure": "heatmap", "labels": ["a", "日本", "</script>"]}, sections))
    assert header == {"figure": "heatmap", "labels": ["a", "日本", "</script>"]}
    for name, array in sections.items():
        assert arrays[name].dtype == array.dtype
        np.testing.assert_array_equal(arrays[name], array)


def test_layout_is_as_documented_and_aligned() -> None:
    message = pack({"é": 1}, {"a": np.ones(3, np.uint8), "b": np.ones(1, np.float32)})
    (length,) = struct.unpack("<I", message[:4])
    table = json.loads(message[4 : 4 + length])["sections"]
    assert length % 4 == 0
    assert table["a"] == {"type": "u8", "shape": [3], "offset": 0}
    assert table["b"] == {"type": "f32", "shape": [1], "offset": 4}
    assert len(message) == 4 + length + 8


def test_big_endian_and_strided_arrays_arrive_as_the_same_numbers() -> None:
    array = np.arange(12, dtype=">f4").reshape(3, 4)[:, ::2]
    _, arrays = unpack(pack({}, {"a": array}))
    np.testing.assert_array_equal(arrays["a"], array)


def test_hostile_text_is_repaired_and_stays_strict_json() -> None:
    header, _ = unpack(
        pack({"t": ["lone \ud83d!", "nul\0"], "\udc00": float("nan"), "n": np.float32(0.5)}, {})
    )
    assert header == {"t": ["lone \ufffd!", "nul\0"], "\ufffd": None, "n": 0.5}


def test_other_dtypes_are_refused() -> None:
    with pytest.raises(TypeError, match="section 'a' is float64; send float32, uint8 or int32"):
        pack({}, {"a": np.zeros(2)})


def test_a_header_with_sections_of_its_own_is_refused() -> None:
    with pytest.raises(ValueError, match="may not have a key"):
        pack({"sections": {}}, {})

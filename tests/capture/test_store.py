"""Files of captures: what was saved comes back without torch, and what is damaged is refused with a reason."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import attnviz
from attnviz.capture import Capture, Model, read_capture

Change = Callable[[dict[str, Any]], object]


@pytest.fixture
def saved(capture: Capture, tmp_path: Path) -> bytes:
    capture.save(tmp_path / "one.attnviz")
    assert [path.name for path in tmp_path.iterdir()] == ["one.attnviz"]
    return (tmp_path / "one.attnviz").read_bytes()


def rewritten(data: bytes, change: Change) -> bytes:
    """The file with its JSON changed and everything else in its place."""
    length = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + length])
    document = json.loads(header["__metadata__"]["attnviz-capture"])
    change(document)
    header["__metadata__"]["attnviz-capture"] = json.dumps(document)
    text = json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + data[8 + length :]


def test_everything_comes_back(capture: Capture, saved: bytes) -> None:
    opened = read_capture(saved)
    assert opened.card == capture.card
    assert opened.kinds == capture.kinds
    assert opened.tokens.labels == capture.tokens.labels
    assert np.array_equal(opened.tokens.spans, capture.tokens.spans)
    for layer in range(6):
        assert np.allclose(opened.attention(layer), capture.attention(layer), atol=1e-6)
        assert np.allclose(opened.value_weighted(layer), capture.value_weighted(layer), atol=1e-5)


@pytest.mark.parametrize("family", ["bart", "t5", "gpt2", "llama"])
def test_every_kind_mask_and_bias_comes_back(
    tiny: Callable[[str], Model], tmp_path: Path, family: str
) -> None:
    capture = tiny(family).capture("the cat sat on a mat")
    capture.save(tmp_path / "one.attnviz")
    opened = attnviz.open(tmp_path / "one.attnviz")
    for kind in capture.kinds:
        assert opened.shape(kind) == capture.shape(kind)
        assert opened.query_tokens(kind).pieces == capture.query_tokens(kind).pieces
        for layer in range(2):
            assert np.allclose(
                opened.attention(layer, kind=kind), capture.attention(layer, kind=kind), atol=1e-6
            )


def test_half_precision_comes_back_bit_for_bit(tmp_path: Path) -> None:
    capture = attnviz.load("minilm", device="cpu", dtype="bfloat16").capture("The cat sat.")
    capture.save(tmp_path / "one.attnviz")
    opened = attnviz.open(tmp_path / "one.attnviz")
    q = capture.layers["self"][0].scores.q.float().numpy()  # type: ignore[union-attr]
    assert np.array_equal(opened.layers["self"][0].scores.q, q)  # type: ignore[union-attr]
    assert np.allclose(opened.attention(2, 3), capture.attention(2, 3), atol=1e-6)


def test_a_file_opens_without_torch(saved: bytes, tmp_path: Path) -> None:
    (tmp_path / "two.attnviz").write_bytes(saved)
    code = (
        "import sys, attnviz; c = attnviz.open(sys.argv[1]); c.attention(0, 0); c.statistics(); c.overview(0, 0);"
        "c.value_weighted(0, 0); c.contribution(0, 0); c.output_shares();"
        "assert 'torch' not in sys.modules and 'transformers' not in sys.modules"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "two.attnviz")], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("kept", [0, 7, 100, 5000, -1])
def test_a_truncated_file_is_refused(saved: bytes, kept: int) -> None:
    with pytest.raises(attnviz.CaptureInvalid, match="not an AttnViz capture, or it was cut off"):
        read_capture(saved[:kept])


@pytest.mark.parametrize("data", [b"", b"hello", b"\x00" * 64, b"PK\x03\x04", b"\xff" * 8 + b"{}"])
def test_another_file_is_refused(data: bytes) -> None:
    with pytest.raises(attnviz.CaptureInvalid, match="not an AttnViz capture"):
        read_capture(data)


def _first(document: dict[str, Any]) -> dict[str, Any]:
    return document["kinds"]["self"][0]["scores"]  # type: ignore[no-any-return]


HOSTILE: dict[str, Change] = {
    "no tokens": lambda d: d.update(tokens=None),
    "fewer tokens than rows": lambda d: [
        part.pop() for part in d["tokens"].values() if isinstance(part, list)
    ],
    "labels of another length": lambda d: d["tokens"]["labels"].append("x"),
    "an array that is not there": lambda d: _first(d)["q"].update(array="nowhere"),
    "keys in place of the values' norms": lambda d: d["kinds"]["self"][0].update(norms=_first(d)["k"]),
    "norms in place of the values": lambda d: d["kinds"]["self"][0]["output"].update(
        v=d["kinds"]["self"][0]["norms"]
    ),
    "an output without its bias": lambda d: d["kinds"]["self"][0]["output"].pop("bias"),
    "a scale that is no number": lambda d: _first(d).update(scale="NaN"),
    "a scale beyond all numbers": lambda d: _first(d).update(scale=1e999),
    "a kind of its own": lambda d: d["kinds"].update({"<script>": d["kinds"]["self"]}),
    "no layers": lambda d: d["kinds"].update(self=[]),
    "no kinds": lambda d: d.update(kinds={}),
    "a card of strings": lambda d: d["card"].update(layers="many"),
    "no card": lambda d: d.pop("card"),
    "a mask of another kind": lambda d: _first(d).update(mask={"rule": "exec"}),
    "layers as a number": lambda d: d["kinds"].update(self=7),
    "a model of no kind": lambda d: d["card"].update(kind=""),
    "spans outside the text": lambda d: d["tokens"]["spans"].__setitem__(1, [0, 10**6]),
    "spans that end before they begin": lambda d: d["tokens"]["spans"].__setitem__(1, [3, 1]),
    "a third segment": lambda d: d["tokens"]["segments"].__setitem__(1, 2),
    "a word that cannot be": lambda d: d["tokens"]["words"].__setitem__(1, 10**9),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_parts_that_do_not_fit_are_refused(saved: bytes, name: str) -> None:
    with pytest.raises(attnviz.CaptureInvalid, match="damaged: its parts do not fit together"):
        read_capture(rewritten(saved, HOSTILE[name]), "it")


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_an_array_of_other_than_numbers_is_refused(saved: bytes, value: float) -> None:
    changed = saved[:-4] + np.float32(value).tobytes()
    with pytest.raises(attnviz.CaptureInvalid, match="an array of other than numbers"):
        read_capture(changed)


def test_a_newer_format_says_so(saved: bytes) -> None:
    with pytest.raises(attnviz.CaptureInvalid, match="written in version 99"):
        read_capture(rewritten(saved, lambda d: d.update(version=99)))

"""Files of captures: what was saved comes back without torch, and what is damaged is refused with a reason."""

from __future__ import annotations

import json
import subprocess
import sys
import tracemalloc
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import attnviz
from attnviz.capture import Capture, Limits, Model, peek, read_capture

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
    "ids that are no whole numbers": lambda d: d["tokens"]["ids"].__setitem__(1, 1.5),
    "ids in a second dimension": lambda d: d["tokens"].update(ids=[[n] for n in d["tokens"]["ids"]]),
    "pieces that are lists": lambda d: d["tokens"]["pieces"].__setitem__(1, ["x"]),
    "half a surrogate pair": lambda d: d["tokens"]["labels"].__setitem__(1, "\ud800"),
    "a count below zero": lambda d: d["card"].update(layers=-1),
    "encoder without cross": lambda d: d["kinds"].update(encoder=d["kinds"]["self"]),
    "a scale that makes numbers too large": lambda d: _first(d).update(scale=1e38),
    "more target tokens than rows": lambda d: d.update(
        target_tokens={
            name: part * 2 if isinstance(part, list) else part for name, part in d["tokens"].items()
        }
    ),
    "an array that nothing mentions": lambda d: d["kinds"]["self"][0].update(output=None),
    "an array under another dtype": lambda d: _first(d)["q"].update(dtype="float64"),
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


@pytest.mark.parametrize("name", ["t5", "llama"])
def test_files_of_the_first_version_still_open(root: Path, name: str) -> None:
    """Files that the first version wrote, beside the maps that it drew from them."""
    capture = attnviz.open(root / "tests" / "data" / f"version-1-{name}.attnviz")
    with np.load(root / "tests" / "data" / f"version-1-{name}.npz") as maps:
        assert {key.split(".")[0] for key in maps} == set(capture.kinds)
        for key in maps:
            kind, _, quantity = key.partition(".")
            for layer, expected in enumerate(maps[key]):
                found = getattr(capture, quantity or "attention")(layer, kind=kind)
                np.testing.assert_allclose(found, expected, atol=1e-6)


def test_what_layers_share_is_built_and_counted_once(tiny: Callable[[str], Model]) -> None:
    """A hundred layers over one bfloat16 array take what one takes, in memory, in the facts and in `nbytes`."""
    import torch

    from attnviz.capture.capture import Layer
    from attnviz.capture.recompute.normalization import kept_bytes
    from attnviz.capture.recompute.scores import QueryKeyScores

    whole = tiny("gpt2").capture("the cat sat")
    shared = torch.ones(1, 4, len(whole.tokens), 200_000, dtype=torch.bfloat16)
    layer = Layer(QueryKeyScores(shared, shared, 1.0))
    data = replace(whole, layers={"self": (layer,) * 100}).to_bytes()
    built = 4 * shared.numel()
    later = 100 * kept_bytes(4, len(whole.tokens), len(whole.tokens))  # of each layer's rows and keys
    assert peek(data).nbytes == built + later
    tracemalloc.start()
    opened = read_capture(data)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert opened.nbytes == built + later
    assert peak < 1.3 * built
    assert np.allclose(opened.attention(99, 0), 1 / len(whole.tokens))


def test_a_file_says_what_it_costs_before_it_is_built(capture: Capture, saved: bytes) -> None:
    facts = peek(saved)
    layers, heads, queries, keys = capture.shape()
    assert (facts.tokens, facts.heads) == (queries, layers * heads)
    assert facts.cells == layers * heads * queries * keys
    assert facts.nbytes == read_capture(saved).nbytes
    exact = Limits(facts.tokens, facts.heads, facts.cells, facts.nbytes, int.from_bytes(saved[:8], "little"))
    assert read_capture(saved, limits=exact).kinds == capture.kinds


@pytest.mark.parametrize(
    ("field", "message"),
    [
        ("tokens", r"it holds a text of 16 tokens; at most 15 are opened here\. Open it in Python"),
        ("heads", r"it holds 72 heads with 18,432 weights, more than is recomputed here"),
        ("cells", r"it holds 72 heads with 18,432 weights, more than is recomputed here"),
        ("nbytes", r"it would take [\d,]+ bytes of memory; at most [\d,]+ are allowed here"),
        ("header", r"The texts and tokens in the file are too large"),
    ],
)
def test_more_than_the_limits_allow_is_refused(
    saved: bytes, tmp_path: Path, field: str, message: str
) -> None:
    size = int.from_bytes(saved[:8], "little") if field == "header" else getattr(peek(saved), field)
    limits = Limits(**{field: size - 1})
    with pytest.raises(attnviz.CaptureInvalid, match=message):
        read_capture(saved, "it", limits)
    (tmp_path / "it").write_bytes(saved)
    with pytest.raises(attnviz.CaptureInvalid, match=message):
        attnviz.open(tmp_path / "it", limits)


@pytest.mark.parametrize("inside", [False, True])
def test_json_that_would_fill_the_memory_is_never_parsed(saved: bytes, inside: bool) -> None:
    """Three bytes of `[],` become sixty in memory: the values are counted before."""
    many = "[" + "[]," * 2_000_000 + "[]]"
    text = (json.dumps({"__metadata__": {"attnviz-capture": many}}) if inside else many).encode()
    data = len(text).to_bytes(8, "little") + text
    tracemalloc.start()
    with pytest.raises(attnviz.CaptureInvalid, match="The texts and tokens in the file are too many"):
        read_capture(data, limits=Limits(tokens=4096))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 12 * len(data)

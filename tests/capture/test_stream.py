"""Overviews and statistics: equal to plain formulas on the full matrix, and without ever holding it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from attnviz.capture import Capture, Model, open_capture
from attnviz.capture.masks import causal_mask
from attnviz.capture.recompute import blocks, stream
from attnviz.capture.recompute.scores import DenseScores, QueryKeyScores

RANDOM = np.random.default_rng(0)


def scores(length: int = 37, causal: bool = False) -> QueryKeyScores:
    q, k = (RANDOM.normal(size=(1, 4, length, 8)).astype(np.float32) for _ in "qk")
    return QueryKeyScores(q, k[:, :2], 1.5, causal_mask(q, length, length) if causal else None)


def plain(weights: np.ndarray, ids: np.ndarray, special: np.ndarray) -> dict[str, np.ndarray]:
    """The definitions, on the full (H, T, T) matrix in float64."""
    weights = weights.astype(np.float64)
    length = len(ids)
    i = np.arange(length)
    after = [max((j for j in range(n) if ids[j] == ids[n]), default=-2) + 1 for n in range(length)]
    seen = [n for n in range(length) if after[n] > 0]
    return {
        "entropy": -(weights * np.log(np.where(weights > 0, weights, 1))).sum(-1).mean(-1),
        "distance": (weights * abs(i[:, None] - i)).sum(-1).mean(-1),
        "first": weights[..., 0].mean(-1),
        "self": weights[..., i, i].mean(-1),
        "previous": weights[..., i[1:], i[:-1]].mean(-1),
        "next": weights[..., i[:-1], i[1:]].mean(-1),
        "induction": weights[..., seen, [after[n] for n in seen]].mean(-1),
        "special": weights[..., special].sum(-1).mean(-1),
    }


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("block", [1, 2000, 4 * 2**20])
def test_statistics_are_their_definitions(monkeypatch: pytest.MonkeyPatch, causal: bool, block: int) -> None:
    monkeypatch.setattr(blocks, "CPU_BYTES", block)
    one = scores(causal=causal)
    ids = RANDOM.integers(0, 9, 37)
    special = np.isin(np.arange(37), [0, 5, 36])
    expected = plain(one.weights_block(slice(None), slice(None)), ids, special)
    table = stream.statistics(one, ids, special)
    for (name, _), values in zip(stream.METRICS, table, strict=True):
        assert np.allclose(values, expected[name], atol=1e-5), name


def test_statistics_solved_by_hand() -> None:
    """Two heads of three tokens: one looks at itself, the other everywhere alike."""
    weights = np.stack([np.eye(3), np.full((3, 3), 1 / 3)])[None].astype(np.float32)
    table = stream.statistics(DenseScores(weights), np.array([7, 8, 7]), np.array([True, False, False]))
    named = dict(zip([name for name, _ in stream.METRICS], table, strict=True))
    assert np.allclose(named["entropy"], [0, np.log(3)])
    assert np.allclose(named["distance"], [0, 8 / 9])
    assert np.allclose(named["self"], [1, 1 / 3])
    assert np.allclose(named["first"], [1 / 3, 1 / 3])
    assert np.allclose(named["induction"], [0, 1 / 3])  # token 2 repeats token 0: the weight on token 1
    assert np.allclose(named["special"], [1 / 3, 1 / 3])


def test_what_a_text_cannot_show_is_not_a_number() -> None:
    one = scores()
    table = stream.statistics(one, np.arange(37), np.zeros(37, bool))
    named = dict(zip([name for name, _ in stream.METRICS], table, strict=True))
    assert np.isnan(named["induction"]).all()  # nothing repeats
    cross = stream.statistics(one, None, np.zeros(37, bool))
    assert [bool(np.isnan(row).all()) for row in cross] == [False, True, False, True, True, True, True, False]


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize(("size", "pool"), [(5, "max"), (5, "mean"), (16, "mean"), (37, "max"), (64, "max")])
@pytest.mark.parametrize("block", [1, 4 * 2**20])
def test_an_overview_pools_cells_of_equal_size(
    monkeypatch: pytest.MonkeyPatch, size: int, pool: stream.Pool, causal: bool, block: int
) -> None:
    monkeypatch.setattr(blocks, "CPU_BYTES", block)
    one = scores(causal=causal)
    weights = one.weights_block(slice(1, 3), slice(None))
    side = -(-37 // size)
    cells = -(-37 // side)
    reduce = np.max if pool == "max" else np.mean
    expected = [
        [
            [reduce(head[a * side : (a + 1) * side, b * side : (b + 1) * side]) for b in range(cells)]
            for a in range(cells)
        ]
        for head in weights
    ]
    got = stream.overview(one, slice(1, 3), size, pool)
    assert got.shape == (2, cells, cells)
    assert np.allclose(got, expected, atol=1e-6)


def test_torch_and_numpy_agree(capture: Capture, tmp_path: Path) -> None:
    capture.save(tmp_path / "one.attnviz")
    opened = open_capture(tmp_path / "one.attnviz")
    assert np.allclose(capture.statistics().values, opened.statistics().values, atol=1e-5, equal_nan=True)
    assert np.allclose(capture.overview(1, None, size=6), opened.overview(1, None, size=6), atol=1e-6)


def test_a_decoder_shows_no_future(tiny: Callable[[str], Model]) -> None:
    table = tiny("llama").capture("the cat sat on the mat and the dog ran").statistics()
    assert (table["next"] == 0).all()
    assert table.units[table.metrics.index("entropy")] == "nats"


PEAK = """
import sys
import torch, transformers
from attnviz.capture.recording.recorder import record
from attnviz.capture.capture import Capture, Layer
from attnviz.types import ModelCard, Tokens

def memory(field):
    line = next(line for line in open("/proc/self/status") if line.startswith(field))
    return int(line.split()[1]) * 1024

T = 4096
torch.set_num_threads(1)
torch.manual_seed(0)
config = transformers.BertConfig(vocab_size=50, hidden_size=64, num_hidden_layers=2, num_attention_heads=4,
                                 intermediate_size=64, max_position_embeddings=T)
ids = torch.randint(0, 50, (1, T))
_, calls = record(transformers.BertModel(config).eval(), {"input_ids": ids})
tokens = Tokens("", ids[0].numpy(), ("x",) * T, ("x",) * T, [[0, 0]] * T, [False] * T, [0] * T, [0] * T)
card = ModelCard("m", "", "", "bert", "encoder", "text", 2, 4, 64, T, 0, "", "")
capture = Capture(card, tokens, None, {"self": tuple(Layer(call.scores) for call in calls)})
capture.attention(0, 0, rows=slice(0, 8))  # kernels are loaded once
open("/proc/self/clear_refs", "w").write("5")  # the high-water mark begins here
before = memory("VmRSS")
capture.statistics()
for layer in range(2):
    for head in range(4):
        assert capture.overview(layer, head).shape == (256, 256)
print(memory("VmHWM") - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads the high-water mark of memory from Linux's /proc")
@pytest.mark.slow
def test_overview_and_statistics_of_4096_tokens_never_hold_a_full_matrix() -> None:
    done = subprocess.run([sys.executable, "-c", PEAK], capture_output=True, text=True, timeout=200)
    assert done.returncode == 0, done.stderr
    one_matrix = 4096 * 4096 * 4
    assert int(done.stdout) < one_matrix

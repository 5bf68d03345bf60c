"""The fused kernels and the walk over blocks: both against dense float64, under every rule."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from score_cases import CASES, HEADS, INTERPRETED, Case, deviation, scores_of

from attnviz.capture.masks import SpanMask
from attnviz.capture.recompute import blocks, kernels
from attnviz.capture.recompute.scores import DenseScores, QueryKeyScores

ROOT = Path(__file__).resolve().parents[2]
WITHIN = 2e-6


@pytest.mark.skipif(importlib.util.find_spec("triton") is None, reason="Triton is not installed")
@pytest.mark.slow
def test_the_kernels_under_every_rule_are_dense_float64_in_tritons_interpreter() -> None:
    code = [sys.executable, str(Path(__file__).with_name("score_cases.py")), "cpu", "66"]
    environment = os.environ | {"TRITON_INTERPRET": "1", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(code, capture_output=True, text=True, env=environment, timeout=200)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert list(found) == INTERPRETED
    assert {name: value for name, value in found.items() if value > WITHIN} == {}


@pytest.mark.parametrize("size", [2**16, 2**22, 2**28])
@pytest.mark.parametrize("name", CASES)
def test_blocks_of_any_size_are_dense_float64_at_1024_tokens(
    monkeypatch: pytest.MonkeyPatch, name: str, size: int
) -> None:
    monkeypatch.setattr(blocks, "CPU_BYTES", size)
    assert deviation(name, 1024, pools=((40, "max"), (40, "mean")), served=False) < WITHIN


@pytest.mark.parametrize(
    ("heads", "groups", "length"),
    [(32, 1, 32_000), (32, 4, 32_000), (12, 3, 700), (3, 1, 10), (12, 12, 9000)],
)
@pytest.mark.parametrize("size", [2**22, 2**26])
def test_a_block_never_holds_more_than_it_says(heads: int, groups: int, length: int, size: int) -> None:
    """Heads first, then rows; every row of every head once, and key heads are not cut without need."""
    q, k = torch.zeros(1, heads, length, 1), torch.zeros(1, heads // groups, length, 1)
    places = list(blocks.places(QueryKeyScores(q, k, 1.0), slice(None), size))
    shapes = [(place.heads.stop - place.heads.start, place.stop - place.start) for place in places]
    assert max(4 * length * count * rows for count, rows in shapes) <= size
    assert sum(count * rows for count, rows in shapes) == heads * length
    assert all(
        place.heads.start // groups == (place.heads.stop - 1) // groups
        or place.heads.start % groups == place.heads.stop % groups == 0
        for place in places
    )


def test_what_the_kernels_do_not_serve(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = scores_of(CASES["causal"], 20)
    assert not kernels.serve(plain)  # on a CPU
    monkeypatch.setitem(kernels.SERVED, "a card", lambda scores: True)
    assert kernels.serve(plain) == (importlib.util.find_spec("triton") is not None)
    monkeypatch.setitem(kernels.SERVED, "Triton", lambda scores: True)
    assert kernels.serve(plain)
    assert not kernels.serve(scores_of(Case(dtype=torch.float64), 20))
    assert not kernels.serve(scores_of(Case(size=300), 20))
    sees_nothing = SpanMask(
        torch.tensor([[0, 1]]), torch.tensor([[1, 1]]), torch.ones(1, 2, dtype=torch.bool)
    )
    two = torch.zeros(1, HEADS, 2, 8)
    assert not kernels.serve(QueryKeyScores(two, two, 1.0, sees_nothing))
    assert not kernels.serve(DenseScores(torch.ones(1, 1, 2, 2)))

"""On a CUDA card: kernels and blocks against dense float64, under every rule; large maps come whole to the host."""

from __future__ import annotations

import importlib.util
from dataclasses import replace

import numpy as np
import pytest
import torch
from score_cases import CASES, deviation, scores_of

from attnviz.capture import blocks, kernels, stream
from attnviz.capture.arrays import STAGE_BYTES, to_numpy

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA card")
WITHIN = 4e-6  # tensor cores cut what they add up, by less than float32's own error


@pytest.mark.parametrize(
    ("length", "pools"),
    [(75, ((5, "max"), (100, "mean"))), (1024, ((5, "mean"), (40, "max")))],
    ids=["75", "1024"],
)
@pytest.mark.parametrize("name", CASES)
def test_kernels_are_dense_float64(
    name: str, length: int, pools: tuple[tuple[int, stream.Pool], ...]
) -> None:
    if importlib.util.find_spec("triton") is None:
        pytest.skip("Triton is not installed")
    assert deviation(name, length, "cuda", pools, served=True) < WITHIN


@pytest.mark.parametrize("size", [2**16, 2**26, 2**28])
@pytest.mark.parametrize("name", CASES)
def test_blocks_are_dense_float64(monkeypatch: pytest.MonkeyPatch, name: str, size: int) -> None:
    monkeypatch.setitem(kernels.SERVED, "Triton", lambda scores: False)
    monkeypatch.setattr(blocks, "block_bytes", lambda like: size)
    monkeypatch.setattr(stream, "block_bytes", lambda like: size)
    assert deviation(name, 1024, "cuda", served=False) < WITHIN


def test_blocks_on_a_card_hold_64_to_256_megabytes_and_a_part_of_what_is_free() -> None:
    free = torch.cuda.mem_get_info()[0]
    size = blocks.block_bytes(torch.zeros(1, device="cuda"))
    assert size <= 2**28
    assert size >= min(2**26, free // blocks.FREE_SHARE)


def test_an_overview_of_many_heads_holds_few_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """32 heads of 8,192 tokens are 8.6 GB; what is held beside the capture is four blocks of 64 MB and the cells."""
    monkeypatch.setitem(kernels.SERVED, "Triton", lambda scores: False)
    monkeypatch.setattr(blocks, "block_bytes", lambda like: 2**26)
    q = torch.randn(1, 32, 8192, 16, device="cuda", dtype=torch.bfloat16)
    scores = replace(scores_of(CASES["full"], 8, "cuda"), q=q, k=q)
    torch.cuda.synchronize()
    torch.cuda.reset_peak_memory_stats()
    before = torch.cuda.memory_allocated()
    stream.overview(scores, slice(None), 256, "max")
    assert torch.cuda.max_memory_allocated() - before < 5 * 2**26


@pytest.mark.parametrize("rows", [1, 700, 4000])
def test_large_maps_come_whole_to_the_host(rows: int) -> None:
    array = torch.rand(rows, 10_007, device="cuda")
    assert (array.nbytes > STAGE_BYTES) == (rows > 1)
    assert np.array_equal(to_numpy(array), array.cpu().numpy())

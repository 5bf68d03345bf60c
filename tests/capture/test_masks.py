"""Masks and biases keep their meaning in fewer bytes: hand-made cases, for torch and for numpy."""

import numpy as np
import pytest
import torch

from attnviz.capture.masks import (
    DenseBias,
    DenseMask,
    SpanMask,
    ToeplitzBias,
    causal_mask,
    compact_bias,
    compact_mask,
)

T = 6
I, J = torch.arange(T)[:, None], torch.arange(T)[None, :]
PADDING = torch.tensor([True, True, True, True, False, False])

SPANS = {
    "causal": J <= I,
    "padding": PADDING[None, :].expand(T, T),
    "padding and causal": (J <= I) & PADDING[None, :],
    "left padding and causal": (J <= I) & PADDING.flip(0)[None, :],
    "sliding window": (J <= I) & (J > I - 3),
    "two-sided window": (J - I).abs() <= 1,
    "chunks": (J <= I) & (J // 3 == I // 3),
    "hole in the keys": torch.tensor([True, False, True, True, False, True])[None, :].expand(T, T),
}


@pytest.mark.parametrize("name", SPANS)
def test_a_span_mask_says_what_the_full_mask_said(name: str) -> None:
    full = SPANS[name]
    rule, bias = compact_mask(full[None, None], T)
    assert bias is None
    assert isinstance(rule, SpanMask)
    for low, high in ((0, T), (2, 5)):
        block = rule.block(0, slice(None), slice(1, 4), low, high)
        assert torch.equal(block[0], full[1:4, low:high])
    low, high = rule.reach(0, slice(None))
    assert not full[:, :low].any()
    assert not full[:, high:].any()
    for rows in (slice(start, stop) for start in range(T) for stop in range(start, T + 1)):
        low, high = rule.all_see(0, rows)
        assert full[rows, low:high].all()
    if name in ("causal", "left padding and causal"):  # and it says so where there is something
        assert rule.all_see(0, slice(3, 5)) == (0 if name == "causal" else 2, 4)


def test_a_float_mask_that_only_switches_is_a_rule() -> None:
    full = torch.zeros(T, T).masked_fill(J > I, torch.finfo(torch.float32).min)
    rule, bias = compact_mask(full[None, None], T)
    assert bias is None
    assert isinstance(rule, SpanMask)
    assert torch.equal(rule.block(0, slice(None), slice(None), 0, T)[0], J <= I)


@pytest.mark.parametrize("added", ["by distance", "by key", "by cell"])
def test_a_float_mask_that_also_adds_is_a_mask_and_a_bias(added: str) -> None:
    """Falcon with ALiBi: what it adds to a key, the lowest number where it must not look."""
    slopes = torch.tensor([0.5, 0.25])[:, None, None]
    terms = {
        "by distance": slopes * (J - I),
        "by key": slopes * J.expand(T, T),
        "by cell": slopes * (I * J % 5),
    }
    full = terms[added].masked_fill(J > I, torch.finfo(torch.float32).min)[None]
    rule, bias = compact_mask(full, T)
    assert isinstance(rule, SpanMask)
    assert torch.equal(rule.block(0, slice(None), slice(None), 0, T)[0], J <= I)
    assert isinstance(bias, ToeplitzBias if added == "by distance" else DenseBias)
    seen = bias.block(0, slice(None), slice(None), 0, T)
    assert torch.equal(seen[:, J <= I], terms[added][:, J <= I])
    if added == "by key":
        assert bias.values.untyped_storage().nbytes() == 2 * T * 4


def test_a_mask_that_hides_nothing_is_no_mask() -> None:
    assert compact_mask(torch.ones(1, 1, 1, T, dtype=torch.bool), T) == (None, None)


def test_a_mask_without_a_rule_is_kept() -> None:
    full = (I + J) % 3 != 0
    rule, _ = compact_mask(full[None, None], T)
    assert isinstance(rule, DenseMask)
    assert torch.equal(rule.block(0, slice(None), slice(2, 5), 1, 4)[0], full[2:5, 1:4])


def test_a_batch_keeps_one_rule_each() -> None:
    full = torch.stack([PADDING, torch.ones(T, dtype=torch.bool)])[:, None, None, :]
    rule, _ = compact_mask(full, T)
    assert isinstance(rule, SpanMask)
    assert [rule.block(b, slice(None), slice(0, 1), 0, T).sum().item() for b in (0, 1)] == [4, 6]


def test_a_bias_by_distance_is_kept_as_its_diagonals() -> None:
    table = torch.randn(3, 2 * T - 1)
    full = table[:, (J - I) + T - 1][None]
    bias = compact_bias(full)
    assert isinstance(bias, ToeplitzBias)
    assert bias.diagonals.shape == (3, 2 * T - 1)
    assert torch.equal(bias.block(0, slice(1, 3), slice(2, 5), 1, 4), full[0, 1:3, 2:5, 1:4])


def test_any_other_bias_is_kept_and_no_bias_is_none() -> None:
    full = torch.randn(1, 3, T, T)
    bias = compact_bias(full)
    assert isinstance(bias, DenseBias)
    assert torch.equal(bias.block(0, slice(0, 2), slice(1, 3), 0, 4), full[0, :2, 1:3, :4])
    assert compact_bias(torch.zeros(1, 3, T, T)) is None


def test_the_rules_work_on_numpy_arrays_too() -> None:
    mask = causal_mask(np.zeros(1), T, T)
    assert np.array_equal(mask.block(0, slice(None), slice(None), 0, T)[0], np.tri(T, dtype=bool))
    bias = ToeplitzBias(np.arange(2 * T - 1, dtype=np.float32)[None], T)
    block = bias.block(0, slice(None), slice(0, 2), 0, 3)[0]
    assert np.array_equal(block, [[5, 6, 7], [4, 5, 6]])

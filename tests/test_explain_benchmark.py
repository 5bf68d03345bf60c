"""The table of benchmarks/explain.py: its ratio, its sum and its two promises from seconds made by hand."""

from __future__ import annotations

import pytest

from benchmarks.explain import report

SECONDS = {
    "one pass per token": 0.6,
    "leave-one-out": 0.3,
    "products alone": 0.24,
    "integrated gradients, both texts": 1.0,
    "random orders": 0.5,
    "curves": 0.2,
}


@pytest.mark.parametrize(
    ("changed", "ratio", "whole"),
    [
        (
            {},
            "2.00 times as fast as one pass per token (products alone: 2.50); at least 3 MISSED",
            "1.70 s; at most 3 s kept",
        ),
        (
            {"leave-one-out": 0.15, "random orders": 2.0},
            "4.00 times as fast as one pass per token (products alone: 2.50); at least 3 kept",
            "3.20 s; at most 3 s MISSED",
        ),
    ],
)  # fmt: skip
def test_the_promises_are_held_against_what_was_measured(changed, ratio, whole):
    *rows, first, second = report(SECONDS | changed).splitlines()
    assert [row.split()[-1] for row in rows] == [
        "seconds",
        *(f"{each:.3f}" for each in (SECONDS | changed).values()),
    ]
    assert first == f"leave-one-out is {ratio}"
    assert second == f"integrated gradients with random orders and curves: {whole}"

"""Batches: as large as the device bears, and of no consequence for the numbers."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from attnviz.explanation import batches, explain, faithfulness
from attnviz.explanation.attribution.registry import TARGETS

TEXT, OTHER = "The old bank would not say why it raised its rates again.", "Interest went up."


def test_a_card_takes_as_many_rows_as_keep_it_busy_and_fit(minilm, monkeypatch):
    problem = next(each for each in TARGETS if each.info.name == "similarity").problems(minilm, TEXT, OTHER)[
        0
    ]
    tokens, card = len(problem.tokens), minilm.card
    assert batches.rows_at_once(problem) == batches.rows_at_once(problem, gradients=True) == 32
    large = SimpleNamespace(**vars(problem))
    large.mask = SimpleNamespace(device=SimpleNamespace(type="cuda"))
    large.inputs = {"attention_mask": problem.inputs["attention_mask"]}
    monkeypatch.setattr(batches, "free_bytes", lambda device: 80 * 2**30)
    assert batches.rows_at_once(large) == 2**24 // (tokens * card.width) > 1000
    monkeypatch.setattr(batches, "free_bytes", lambda device: 100 * 2**20)
    small, smaller = (batches.rows_at_once(large, gradients) for gradients in (False, True))
    # A gradient needs what every layer has computed.
    assert 4 * small * tokens * card.width < 10 * 2**20
    assert smaller * card.layers == pytest.approx(small, abs=card.layers)
    monkeypatch.setattr(batches, "free_bytes", lambda device: 0)
    assert batches.rows_at_once(large) == 1


@pytest.mark.parametrize("method", ["shapley", "integrated-gradients", "leave-one-out"])
def test_the_size_of_batches_changes_no_score(minilm, monkeypatch, method):
    options = {"samples": 4} if method == "shapley" else {}
    found = []
    for rows in (3, 1000):
        monkeypatch.setattr(batches, "rows_at_once", lambda problem, gradients=False, rows=rows: rows)
        result = explain(minilm, TEXT, "similarity", OTHER, method, **options)
        found.append([result.scores, faithfulness(minilm, result, seeds=2).random_removed])
    for one, other in zip(*found, strict=True):
        np.testing.assert_allclose(one, other, atol=2e-6)

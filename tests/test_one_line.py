"""Every record and object of the public API shows itself in one short line."""

from __future__ import annotations

import pytest

import attnviz

TEXT, OTHER = "The cat sat on the mat.\nIt slept.", "A kitten rests on a rug."
QUESTION = {"target": "similarity", "pair": OTHER}


@pytest.fixture(scope="module")
def model():
    return attnviz.load("minilm", device="cpu")


def test_reprs_are_one_short_line(model):
    capture = model.capture(TEXT)
    found = attnviz.explain(model, TEXT, method="leave-one-out", **QUESTION)
    records = [
        model, model.card, capture, capture.tokens, capture.statistics(), capture.query_key(0, 0, 1), found,
        attnviz.faithfulness(model, found, seeds=2), attnviz.ablate(model, TEXT, [(0, 0)], **QUESTION),
        attnviz.ablate(model, TEXT, [(0, 0)], force="uniform", **QUESTION).forced,
        attnviz.head_importance(model, TEXT, **QUESTION), attnviz.without(model, TEXT, **QUESTION),
        attnviz.layer_by_layer(model, TEXT, **QUESTION), attnviz.sanity(model, found), attnviz.check(model),
        model.loaded,
    ]  # fmt: skip
    for record in records:
        assert repr(record).startswith(f"{type(record).__name__}("), repr(record)
        assert "\n" not in repr(record)
        assert len(repr(record)) < 1000, repr(record)
    assert repr(capture) == f"Capture('minilm', {len(capture.tokens)} tokens, self 6x12x12x12)"
    assert "scores=float32 (12,)" in repr(found)
    assert repr(model).startswith("Model('minilm', encoder, 6 layers of 12 heads, torch.float32 on cpu)")


def test_a_processor_that_carries_the_tokenizer_is_taken_for_it(model):
    class Processor:
        tokenizer = model.loaded.tokenizer

    taken = attnviz.load(model.loaded.module, processor=Processor())
    assert taken.tokenize(TEXT).ids.tolist() == model.tokenize(TEXT).ids.tolist()

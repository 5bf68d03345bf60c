"""One query's way to its weights: each step, taken again in float64, ends at the weights that `attention` gives."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from attnviz.capture import Capture, Model, open_capture
from attnviz.capture.capture import Layer
from attnviz.capture.masks import SpanMask
from attnviz.capture.recompute.scores import DenseScores, QueryKeyScores
from attnviz.capture.steps import query_key
from attnviz.errors import ModelUnsupported, UnknownName
from attnviz.types import QueryKey

TEXT = "the cat sat on a mat and the dog ran to the old house"


def by_hand(record: QueryKey) -> np.ndarray:
    """Softmax of scale * q.k, soft-capped, biased and masked, with a sink where there is one."""
    scores = record.k.astype(np.float64) @ record.q.astype(np.float64) * record.scale
    if record.softcap is not None:
        scores = record.softcap * np.tanh(scores / record.softcap)
    if record.bias is not None:
        scores = scores + record.bias
    scores = np.where(record.allowed, scores, -np.inf)
    np.testing.assert_allclose(record.logits, scores, atol=2e-4, rtol=1e-4)
    parts = np.exp(scores - scores.max())
    sink = 0 if record.sink is None else np.exp(record.sink - scores.max())
    return parts / (parts.sum() + sink)


@pytest.mark.parametrize(
    ("family", "kind"),
    [("gpt2", None), ("llama", None), ("bart", "encoder"), ("bart", "decoder"), ("bart", "cross"), ("t5", "encoder"),
     ("t5", "decoder"), ("t5", "cross")],
)  # fmt: skip
def test_every_step_leads_to_the_weights(tiny: Callable[[str], Model], family: str, kind: str | None) -> None:
    model = tiny(family)
    target = "a big dog ran" if model.card.kind == "encoder-decoder" else None
    capture = model.capture(TEXT, target_text=target)
    layers, heads, queries, _ = capture.shape(kind)
    for layer, head, row in [(0, 0, 0), (layers - 1, heads - 1, queries - 1), (0, 1, queries // 2)]:
        record = capture.query_key(layer, head, row, kind)
        np.testing.assert_allclose(by_hand(record), capture.attention(layer, head, kind)[row], atol=1e-4)
        np.testing.assert_allclose(record.weights, capture.attention(layer, head, kind)[row], atol=1e-5)
        assert not record.k.flags.writeable
    if family in ("gpt2", "llama") or kind == "decoder":
        assert capture.query_key(0, 0, 2, kind).allowed.tolist() == [
            n <= 2 for n in range(capture.shape(kind)[3])
        ]
    assert (capture.query_key(0, 0, 0, kind).bias is not None) == (family == "t5" and kind != "cross")


def test_a_reopened_capture_takes_the_same_steps(capture: Capture, tmp_path) -> None:
    capture.save(tmp_path / "x.attnviz")
    reopened = open_capture(tmp_path / "x.attnviz").query_key(3, 1, -1)
    fresh = capture.query_key(3, 1, len(capture.tokens) - 1)
    np.testing.assert_allclose(reopened.logits, fresh.logits, atol=2e-2)
    assert reopened.scale == pytest.approx(32**-0.5)


def test_soft_caps_sinks_masks_and_shared_keys_by_hand() -> None:
    rng = np.random.default_rng(0)
    q, k = (rng.normal(size=(1, heads, 3, 4)).astype(np.float32) for heads in (4, 2))
    mask = SpanMask(np.zeros((1, 3), int), np.arange(1, 4)[None], np.ones((1, 3), bool))
    scores = QueryKeyScores(q, k, 0.5, mask, softcap=2.0, sinks=np.array([0.1, 0.2, 0.3, 0.4], np.float32))
    record = query_key(scores, slice(2, 3), 1)
    assert np.array_equal(record.k, k[0, 1])
    assert (record.softcap, record.sink, record.allowed.tolist()) == (
        2.0,
        pytest.approx(0.3),
        [True, True, False],
    )
    assert record.logits[2] == -np.inf
    np.testing.assert_allclose(record.weights, by_hand(record), atol=1e-6)
    assert record.weights.sum() < 0.99


def test_what_there_is_not_is_refused(capture: Capture) -> None:
    for wrong in [(9, 0, 0), (0, 99, 0), (0, 0, 999)]:
        with pytest.raises(UnknownName):
            capture.query_key(*wrong)
    dense = Layer(DenseScores(capture.attention(0)[None]))
    bare = Capture(capture.card, capture.tokens, None, {"self": (dense,)})
    with pytest.raises(ModelUnsupported, match="The queries and keys of"):
        bare.query_key(0, 0, 0)


def test_a_record_whose_parts_disagree_is_refused() -> None:
    with pytest.raises(ValueError, match="q is"):
        QueryKey(np.ones(3), np.ones((2, 4)), 1.0, np.ones(2), np.ones(2), np.ones(2, bool))

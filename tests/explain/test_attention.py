"""Attention and rollout against transformers' eager maps."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from attnviz.explain import explain

TEXT, OTHER = "The cat sat on the mat because it was tired.", "A kitten rests."


def eager_maps(model, text: str) -> list[np.ndarray]:
    """(T, T) head means of every layer, from a second copy of the weights that runs eagerly."""
    module = model.loaded.module
    copy = type(module)._from_config(module.config, attn_implementation="eager").eval()
    copy.load_state_dict(module.state_dict())
    with torch.no_grad():
        output = copy(**model.loaded.tokenizer(text, return_tensors="pt"), output_attentions=True)
    return [layer[0].mean(0).numpy() for layer in output.attentions]


def test_pooled_models_read_all_rows_of_the_last_layer(minilm):
    result = explain(minilm, TEXT, pair=OTHER, method="attention")
    np.testing.assert_allclose(result.scores, eager_maps(minilm, TEXT)[-1].mean(0), atol=1e-6)
    np.testing.assert_allclose(result.pair_scores, eager_maps(minilm, OTHER)[-1].mean(0), atol=1e-6)
    assert result.note == "Layer 5, mean of 12 heads."


@pytest.mark.parametrize("model", ["gpt2", "llama"], indirect=True)
def test_the_next_token_is_read_from_the_last_row(model):
    result = explain(model, TEXT, method="attention")
    np.testing.assert_allclose(result.scores, eager_maps(model, TEXT)[-1][-1], atol=1e-6)
    np.testing.assert_allclose(
        explain(model, TEXT, method="attention", layer=0).scores, eager_maps(model, TEXT)[0][-1], atol=1e-6
    )


@pytest.mark.parametrize(
    ("model", "rows"), [("minilm", slice(None)), ("gpt2", [-1]), ("llama", [-1])], indirect=["model"]
)
def test_rollout_is_the_product_of_the_mixed_maps(model, rows):
    product = None
    for attention in eager_maps(model, TEXT):
        mixed = attention / 2 + np.eye(len(attention)) / 2
        product = mixed if product is None else mixed @ product
    result = explain(model, TEXT, pair=OTHER, method="rollout")
    np.testing.assert_allclose(result.scores, product[rows].mean(0), atol=1e-6)
    assert result.scores.sum() == pytest.approx(1, abs=1e-6)

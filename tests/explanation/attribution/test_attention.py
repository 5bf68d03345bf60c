"""Attention and rollout against transformers' eager maps."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch

from attnviz.explanation import explain

TEXT, OTHER = "The cat sat on the mat because it was tired.", "A kitten rests."


def eager_maps(model, text: str) -> list[np.ndarray]:
    """(T, T) head means of every layer, from a second copy of the weights that runs eagerly."""
    module = model.loaded.module
    config = copy.deepcopy(module.config)  # else the model at hand would run eagerly from here on, too
    eager = type(module)._from_config(config, attn_implementation="eager").eval()
    eager.load_state_dict(module.state_dict())
    with torch.no_grad():
        output = eager(**model.loaded.tokenizer(text, return_tensors="pt"), output_attentions=True)
    return [layer[0].mean(0).numpy() for layer in output.attentions]


def test_pooled_models_read_all_rows_of_the_last_layer(minilm):
    result = explain(minilm, TEXT, pair=OTHER, method="attention")
    np.testing.assert_allclose(result.scores, eager_maps(minilm, TEXT)[-1].mean(0), atol=1e-6)
    np.testing.assert_allclose(result.pair_scores, eager_maps(minilm, OTHER)[-1].mean(0), atol=1e-6)
    assert result.note == "Layer 5, mean of 12 heads."
    mean = explain(minilm, TEXT, pair=OTHER, method="attention", layer="mean")
    np.testing.assert_allclose(mean.scores, np.mean(eager_maps(minilm, TEXT), axis=(0, 1)), atol=1e-6)
    assert mean.note == "All 6 layers, mean of 12 heads."


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
    result = explain(model, TEXT, pair=OTHER, method="rollout", without_first=False)
    np.testing.assert_allclose(result.scores, product[rows].mean(0), atol=1e-6)
    assert result.scores.sum() == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize("model", ["gpt2", "llama"], indirect=True)
def test_rollout_of_a_decoder_leaves_the_first_token_out(model):
    """Every map without its first row and column, the rest of each row as shares of 1, then the same product."""
    product = None
    for attention in eager_maps(model, TEXT):
        rest = attention[1:, 1:] / attention[1:, 1:].sum(1, keepdims=True)
        mixed = rest / 2 + np.eye(len(rest)) / 2
        product = mixed if product is None else mixed @ product
    result = explain(model, TEXT, method="rollout")
    np.testing.assert_allclose(result.scores, [0, *product[-1]], atol=1e-6)
    assert "The first token is left out of every map." in result.note
    assert dict(result.method_options) == {"without_first": True}


def test_value_weighted_attention_counts_what_the_weights_bring_along(minilm):
    """||a_ij W_O W_V x_j|| by the model's own projections, from the states that go into the last layer."""
    # A copy: transformers leaves a hook on a module that it has asked for its hidden states.
    module, tokenizer = copy.deepcopy(minilm.loaded.module), minilm.loaded.tokenizer
    with torch.no_grad():
        states = module(**tokenizer(TEXT, return_tensors="pt"), output_hidden_states=True).hidden_states[-2]
    layer = module.encoder.layer[-1].attention
    capture = minilm.capture(TEXT)
    expected = np.zeros(states.shape[1])
    for head in range(12):
        part = slice(32 * head, 32 * (head + 1))
        values = states[0] @ layer.self.value.weight[part].T + layer.self.value.bias[part]
        moved = (values @ layer.output.dense.weight[:, part].T).norm(dim=1).detach().numpy()
        expected += (capture.attention(5, head) * moved).mean(0)
    result = explain(minilm, TEXT, pair=OTHER, method="value-weighted")
    np.testing.assert_allclose(result.scores, expected / expected.sum(), atol=1e-6)


def test_an_encoder_decoder_looks_at_the_text_from_the_continuation(t5):
    capture = t5.capture("The cat sat.", target_text="The dog slept.")
    words = ~capture.target_tokens.special
    cross = capture.attention(0, kind="cross").mean(0)[words].mean(0)
    options = {"continuation": "The dog slept."}
    result = explain(t5, "The cat sat.", method="attention", **options)
    np.testing.assert_allclose(result.scores, cross, atol=1e-6)
    own = capture.attention(0, kind="encoder").mean(0)
    rolled = explain(t5, "The cat sat.", method="rollout", **options)
    np.testing.assert_allclose(rolled.scores, cross @ (own + np.eye(len(own))) / 2, atol=1e-6)


def test_a_given_continuation_takes_no_share(gpt2):
    capture = gpt2.capture("The cat sat on the mat")
    cut = len(gpt2.tokenize("The cat sat on"))
    row = capture.attention(1).mean(0)[cut - 1 : -1].mean(0)[:cut]
    result = explain(gpt2, "The cat sat on", "sequence", method="attention", continuation=" the mat")
    np.testing.assert_allclose(result.scores, row / row.sum(), atol=1e-6)

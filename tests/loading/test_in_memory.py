"""Models that are already there: the same numbers as from a directory, and the caller's model as it was."""

import pytest
import torch

import attnviz
from attnviz.loading import load

from . import tiny


@pytest.fixture
def module():
    return tiny.build("GPT2LMHeadModel", "GPT2Config", **tiny.GPT2)


def test_the_same_as_from_a_directory(module, tmp_path):
    saved = attnviz.load(str(tiny.save(module, tmp_path)), device="cpu").capture("The cat sat")
    model = attnviz.load(module, tokenizer=tiny.tokenizer())
    capture = model.capture("The cat sat")
    for layer in range(2):
        assert (capture.attention(layer) == saved.attention(layer)).all()
        assert (capture.contribution(layer) == saved.contribution(layer)).all()
    assert (model.card.kind, model.card.layers, model.card.source) == ("decoder", 2, "memory")


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float64])
def test_the_callers_model_is_never_changed(module, dtype):
    module.to(dtype).train()
    module.transformer.wte.weight.requires_grad_(False)
    before = {name: (each.requires_grad, each.clone()) for name, each in module.named_parameters()}
    config, output = module.config.to_dict(), None
    ids = torch.tensor([[5, 6, 7]])
    torch.manual_seed(0)
    output = module(ids).logits
    model = attnviz.load(module, tokenizer=tiny.tokenizer(), device="cpu", dtype="float32")
    assert model.dtype == dtype
    model.capture("The cat sat")
    attnviz.explain(model, "The cat sat", method="gradient-times-input")
    assert all(part.training for part in module.modules())
    assert module.config.to_dict() == config
    for name, parameter in module.named_parameters():
        assert parameter.requires_grad == before[name][0]
        assert parameter.grad is None
        assert torch.equal(parameter, before[name][1])
    torch.manual_seed(0)
    assert torch.equal(module(ids).logits, output)
    assert not any(part.training for part in model.loaded.module.modules())


def test_weights_are_shared_and_ties_kept(module):
    seen = attnviz.load(module, tokenizer=tiny.tokenizer()).loaded.module
    assert seen.lm_head.weight is seen.transformer.wte.weight
    assert seen.lm_head.weight.data_ptr() == module.lm_head.weight.data_ptr()


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (lambda module: torch.nn.Linear(2, 2), "'Linear' cannot be used: it is no model of transformers"),
        (lambda module: 3, "'int' cannot be used: it is no model of transformers"),
        (lambda module: module.to("meta"), "its weights lie on meta. Put all of it on one device"),
    ],
)
def test_what_cannot_be_looked_at_is_refused(module, given, message):
    with pytest.raises(attnviz.ModelUnsupported, match=message):
        attnviz.load(given(module), tokenizer=tiny.tokenizer())


def test_a_model_of_text_needs_its_tokenizer(module):
    with pytest.raises(
        attnviz.ModelUnsupported, match=r"no tokenizer was given. Give it: load\(module, tokenizer"
    ):
        attnviz.load(module)
    with pytest.raises(attnviz.ModelUnsupported, match="str is no tokenizer of transformers"):
        attnviz.load(module, tokenizer="gpt2")


@pytest.mark.parametrize(
    ("given", "error", "message"),
    [
        ({"device": "gpu"}, attnviz.UnknownName, r"no device 'gpu'\. Choose one of: auto, cuda, mps\."),
        ({"device": 3}, attnviz.UnknownName, r"no device '3'\. Choose one of: auto, cuda, mps, cpu\."),
        ({"dtype": "float31"}, attnviz.UnknownName, r"no dtype 'float31'\. Did you mean"),
        ({"dtype": None}, attnviz.UnknownName, r"no dtype 'None'\."),
        ({"name": 3}, attnviz.ModelNotFound, r"named by a text, not by int\. The catalogue has: minilm, "),
        ({"name": b"minilm"}, attnviz.ModelNotFound, r"named by a text, not by bytes\."),
    ],
)  # fmt: skip
def test_our_words_at_the_door(given, error, message):
    with pytest.raises(error, match=message):
        load(**{"name": "minilm", **given})

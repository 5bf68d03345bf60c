"""Heads and adapters that a checkpoint holds: loaded right or refused, never dropped without a word."""

import json

import pytest
import torch
import transformers
from peft import LoraConfig, get_peft_model
from safetensors.torch import load_file, save_file

import attnviz
from attnviz.errors import ModelNotFound, ModelUnsupported
from attnviz.loading import load

from . import tiny
from .tiny import edit


def saved(tmp_path, model):
    return tiny.save(tiny.build(model, "BertConfig", **tiny.BERT), tmp_path / "m")


@pytest.mark.parametrize("named", [["MyOwnClass"], None, []])
@pytest.mark.parametrize(
    "kind", ["BertForMaskedLM", "BertForTokenClassification", "BertForSequenceClassification"]
)
def test_a_head_that_the_config_does_not_name_is_found(tmp_path, kind, named):
    directory = saved(tmp_path, kind)
    expected = load(directory, device="cpu").module
    edit(directory, architectures=named)
    found = load(directory, device="cpu").module
    # The heads of sequences and of tokens have equal weights, but for a pooler.
    assert type(found).__name__ == kind
    for name, weight in expected.state_dict().items():
        assert torch.equal(found.state_dict()[name], weight)


def test_a_head_of_a_class_of_ones_own_is_refused(tmp_path):
    directory = saved(tmp_path, "BertModel")
    edit(directory, architectures=["MyOwnClass"])
    weights = load_file(directory / "model.safetensors")
    save_file(
        weights | {"my_head.weight": torch.ones(2, 16)}, directory / "model.safetensors", {"format": "pt"}
    )
    with pytest.raises(
        ModelUnsupported, match=r"has weights for which transformers has no class: my_head\.weight"
    ):
        load(directory, device="cpu")


def test_what_a_named_class_has_no_place_for_is_told(tmp_path):
    directory = saved(tmp_path, "BertForMaskedLM")
    weights = load_file(directory / "model.safetensors")
    save_file(
        weights | {"cls.extra.weight": torch.ones(2)}, directory / "model.safetensors", {"format": "pt"}
    )
    notes = load(directory, device="cpu").card.notes
    assert notes == "Weights that BertForMaskedLM has no place for are left out: cls.extra."


def test_the_masked_head_of_a_pretraining_model_is_offered(tmp_path):
    directory = saved(tmp_path, "BertForPreTraining")
    loaded = load(directory, device="cpu")
    assert type(loaded.module).__name__ == "BertForMaskedLM"
    assert "seq_relationship" in loaded.card.notes
    ids = torch.tensor([[0, 5, 6, 2]])
    with torch.no_grad():
        expected = transformers.BertForPreTraining.from_pretrained(directory)(ids).prediction_logits
        torch.testing.assert_close(loaded.module(ids).logits, expected)


FAMILIES = {
    "LlamaForCausalLM": ("LlamaConfig", tiny.LLAMA, ["q_proj", "v_proj", "o_proj"], {}),
    "GPT2LMHeadModel": (
        "GPT2Config",
        tiny.GPT2,
        ["c_attn", "c_proj"],
        {"fan_in_fan_out": True, "use_rslora": True},
    ),
}


def adapted(tmp_path, family, **options):
    """A base on disk, an adapter for it with random weights, and PEFT's own model of both."""
    config, values, targets, own = FAMILIES[family]
    base = tiny.save(tiny.build(family, config, **values), tmp_path / "base")
    module = getattr(transformers, family).from_pretrained(base)
    settings = LoraConfig(r=3, lora_alpha=5, target_modules=targets, **own | options)
    model = get_peft_model(module, settings)
    torch.manual_seed(3)
    for name, parameter in model.named_parameters():
        if "lora_" in name:
            torch.nn.init.normal_(parameter.data, std=0.3)
    model.save_pretrained(tmp_path / "adapter")
    return base, tmp_path / "adapter", model.eval()


@pytest.mark.parametrize("family", FAMILIES)
def test_an_adapter_is_merged_into_its_base(tmp_path, family):
    base, directory, theirs = adapted(tmp_path, family)
    loaded = load(directory, device="cpu")
    ids = torch.tensor([[0, 5, 6, 7, 2]])
    with torch.no_grad():
        expected, plain = theirs(ids).logits, load(base, device="cpu").module(ids).logits
        torch.testing.assert_close(loaded.module(ids).logits, expected, atol=1e-5, rtol=1e-5)
        assert (plain - expected).abs().max() > 1e-2
    assert "The adapter is merged into the weights of" in loaded.card.notes
    # In contributions, too: they are those of the model that PEFT merges.
    merged = attnviz.load(theirs.merge_and_unload(), tokenizer=loaded.tokenizer).capture("The cat sat")
    ours = attnviz.load(str(directory), device="cpu").capture("The cat sat")
    for layer in range(2):
        assert abs(ours.contribution(layer) - merged.contribution(layer)).max() < 1e-5


def test_a_model_with_an_adapter_around_it_is_refused_in_memory(tmp_path):
    _, _, model = adapted(tmp_path, "LlamaForCausalLM")
    for given in (model, model.base_model.model):
        with pytest.raises(ModelUnsupported, match=r"an adapter of PEFT .* module\.merge_and_unload"):
            attnviz.load(given, tokenizer=tiny.tokenizer())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"use_dora": True}, "its adapter is one with use_dora, which is not merged here"),
        ({"modules_to_save": ["lm_head"]}, "with modules_to_save"),
        ({"peft_type": "IA3"}, "its adapter is one of the kind 'IA3'"),
        ({"r": 0}, "names no base model, or no rank and alpha"),
        ({"fan_in_fan_out": True}, "its adapter does not fit the base at"),
    ],
)
def test_an_adapter_of_another_kind_is_refused(tmp_path, change, message):
    _, directory, _ = adapted(tmp_path, "LlamaForCausalLM", **{})
    config = json.loads((directory / "adapter_config.json").read_text())
    (directory / "adapter_config.json").write_text(json.dumps(config | change))
    with pytest.raises(ModelUnsupported, match=message):
        load(directory, device="cpu")


def test_an_adapter_without_its_base_says_which(tmp_path):
    _, directory, _ = adapted(tmp_path, "LlamaForCausalLM")
    config = json.loads((directory / "adapter_config.json").read_text())
    (directory / "adapter_config.json").write_text(
        json.dumps(config | {"base_model_name_or_path": "/no/such"})
    )
    with pytest.raises(ModelNotFound, match=r"is an adapter for the model '/no/such', which is not at hand"):
        load(directory, device="cpu")


def test_an_adapter_beside_the_weights_is_refused(tmp_path):
    base, directory, _ = adapted(tmp_path, "LlamaForCausalLM")
    for name in ("adapter_config.json", "adapter_model.safetensors"):
        (base / name).write_bytes((directory / name).read_bytes())
    with pytest.raises(
        ModelUnsupported, match=r"an adapter lies beside the weights of its base\. Merge it with PEFT"
    ):
        load(base, device="cpu")

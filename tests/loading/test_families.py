"""Local directories of tiny random models: class, card and output, against the model that was saved."""

import json

import pytest
import torch

from attnviz.loading import load

from . import tiny
from .tiny import edit

FAMILIES = {
    "bert": ("BertModel", "BertConfig", tiny.BERT, ("encoder", 2, 4, 16, 40)),
    "bert-mlm": ("BertForMaskedLM", "BertConfig", tiny.BERT, ("encoder", 2, 4, 16, 40)),
    "bert-lm": ("BertLMHeadModel", "BertConfig", {**tiny.BERT, "is_decoder": True}, ("decoder", 2, 4, 16, 40)),
    "roberta": ("RobertaModel", "RobertaConfig", tiny.BERT, ("encoder", 2, 4, 16, 38)),
    "mpnet": ("MPNetModel", "MPNetConfig", tiny.BERT, ("encoder", 2, 4, 16, 38)),
    "distilbert": (
        "DistilBertForSequenceClassification", "DistilBertConfig", tiny.DISTILBERT, ("encoder", 2, 4, 16, 40)
    ),
    "gpt2": ("GPT2Model", "GPT2Config", tiny.GPT2, ("decoder", 2, 4, 16, 40)),
    "gpt2-lm": ("GPT2LMHeadModel", "GPT2Config", tiny.GPT2, ("decoder", 2, 4, 16, 40)),
    "llama": ("LlamaForCausalLM", "LlamaConfig", tiny.LLAMA, ("decoder", 2, 4, 16, 40)),
    "t5": ("T5ForConditionalGeneration", "T5Config", tiny.T5, ("encoder-decoder", 3, 4, 16, 64)),
    "t5-encoder": ("T5EncoderModel", "T5Config", tiny.T5, ("encoder", 2, 4, 16, 64)),
    "bart": ("BartForConditionalGeneration", "BartConfig", tiny.TWO_SIDED, ("encoder-decoder", 3, 4, 16, 40)),
    "marian": ("MarianMTModel", "MarianConfig", tiny.TWO_SIDED, ("encoder-decoder", 3, 4, 16, 40)),
    "bloom": ("BloomForCausalLM", "BloomConfig", tiny.BLOOM, ("decoder", 2, 4, 16, 64)),
}  # fmt: skip


def run(module, tokenizer) -> torch.Tensor:
    inputs = tokenizer("The cat sat", return_tensors="pt", return_token_type_ids=False)
    if module.config.is_encoder_decoder and not type(module).__name__.endswith("EncoderModel"):
        inputs["decoder_input_ids"] = torch.tensor([[2, 5, 6]])
    with torch.no_grad():
        return module(**inputs)[0]


@pytest.mark.parametrize("family", FAMILIES)
def test_loads_what_was_saved(family, tmp_path):
    model, config, values, (kind, layers, heads, width, max_tokens) = FAMILIES[family]
    saved = tiny.build(model, config, **values)
    tiny.save(saved, tmp_path)
    loaded = load(str(tmp_path), device="cpu")
    assert type(loaded.module) is type(saved)
    card = loaded.card
    assert (card.kind, card.layers, card.heads, card.width) == (kind, layers, heads, width)
    assert card.max_tokens == max_tokens
    assert card.parameters == sum(p.numel() for p in saved.parameters())
    assert (card.name, card.source, card.modality) == (str(tmp_path), str(tmp_path.resolve()), "text")
    assert (card.revision, card.notes) == ("", "")
    torch.testing.assert_close(
        run(loaded.module, loaded.tokenizer), run(saved, loaded.tokenizer), rtol=0, atol=0
    )


@pytest.mark.parametrize("family", ["bert", "roberta", "mpnet", "gpt2", "distilbert", "bart"])
def test_max_tokens_is_the_last_length_that_runs(family, tmp_path):
    model, config, values, _ = FAMILIES[family]
    tiny.save(tiny.build(model, config, **values), tmp_path)
    loaded = load(tmp_path, device="cpu")
    limit = loaded.card.max_tokens
    loaded.module(torch.full((1, limit), 7))
    with pytest.raises((IndexError, RuntimeError)):
        loaded.module(torch.full((1, limit + 1), 7))


def test_head_without_weights_is_left_out(bert):
    edit(bert, architectures=["BertForMaskedLM"])
    loaded = load(bert, device="cpu")
    assert type(loaded.module).__name__ == "BertModel"
    assert (
        loaded.card.notes == "The checkpoint has no weights for the head of BertForMaskedLM: it is left out."
    )
    assert loaded.module.pooler is not None


def test_pooler_without_weights_is_left_out(tmp_path):
    saved = tiny.build("BertForMaskedLM", "BertConfig", **tiny.BERT)
    tiny.save(saved, tmp_path)
    edit(tmp_path, architectures=["BertModel"])
    loaded = load(tmp_path, device="cpu")
    assert loaded.module.pooler is None
    assert loaded.card.notes == (
        "Weights that BertModel has no place for are left out: cls.predictions, cls.predictions.transform.LayerNorm, "
        "cls.predictions.transform.dense. The checkpoint has no weights for the pooler: it is left out."
    )
    inputs = {"input_ids": torch.tensor([[0, 7, 8, 2]])}
    with torch.no_grad():
        torch.testing.assert_close(
            loaded.module(**inputs).last_hidden_state, saved.bert(**inputs).last_hidden_state, rtol=0, atol=0
        )


def test_classifier_without_weights_is_left_out_and_says_so(bert):
    edit(bert, architectures=["BertForSequenceClassification"])
    loaded = load(bert, device="cpu")
    assert type(loaded.module).__name__ == "BertModel"
    assert "head of BertForSequenceClassification" in loaded.card.notes


@pytest.mark.parametrize(
    ("family", "expected"),
    [("gpt2-lm", "GPT2LMHeadModel"), ("bart", "BartForConditionalGeneration"), ("bert", "BertModel")],
)
def test_class_by_kind_where_the_checkpoint_names_none(family, expected, tmp_path):
    model, config, values, _ = FAMILIES[family]
    tiny.save(tiny.build(model, config, **values), tmp_path)
    edit(tmp_path, architectures=None)
    assert type(load(tmp_path, device="cpu").module).__name__ == expected


def test_a_class_of_another_family_or_no_model_is_not_taken(bert):
    for name in ("GPT2LMHeadModel", "AutoModel", "BertConfig", "PreTrainedModel", "NoSuchModel"):
        edit(bert, architectures=[name])
        assert type(load(bert, device="cpu").module).__name__ == "BertModel"


def test_image_and_speech_models_need_no_tokenizer(tmp_path):
    from attnviz.capture import Model
    from attnviz.errors import ModelUnsupported

    vit = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 16,
           "image_size": 32, "patch_size": 16}  # fmt: skip
    tiny.save(tiny.build("ViTModel", "ViTConfig", **vit), tmp_path, with_tokenizer=False)
    loaded = load(tmp_path, device="cpu")
    assert (loaded.card.modality, loaded.card.kind, loaded.card.max_tokens) == ("image", "encoder", 0)
    assert loaded.tokenizer is None
    with pytest.raises(ModelUnsupported, match="takes image, not text"):
        Model(loaded).tokenize("a cat")


def test_text_and_image_card(tmp_path):
    side = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 16}
    clip = {"text_config": {**side, **tiny.IDS, "max_position_embeddings": 20},
            "vision_config": {**side, "num_hidden_layers": 3, "image_size": 32, "patch_size": 16}}  # fmt: skip
    tiny.save(tiny.build("CLIPModel", "CLIPConfig", **clip), tmp_path)
    card = load(tmp_path, device="cpu").card
    assert (card.modality, card.kind, card.layers, card.max_tokens) == ("text+image", "encoder", 2, 20)


def test_license_from_the_readme(bert):
    (bert / "README.md").write_text("---\nlanguage: en\nlicense: apache-2.0\n---\nlicense: mit\n")
    assert load(bert, device="cpu").card.license == "apache-2.0"


@pytest.mark.parametrize("dtype", ["bfloat16", "float16", "float64"])
def test_dtype(saved_bert, dtype):
    loaded = load(saved_bert, device="cpu", dtype=dtype)
    assert loaded.dtype == getattr(torch, dtype)
    assert {p.dtype for p in loaded.module.parameters()} == {loaded.dtype}


def test_auto_dtype_on_cpu_is_float32_even_for_half_weights(tmp_path):
    tiny.save(tiny.build("BertModel", "BertConfig", **tiny.BERT).half(), tmp_path)
    loaded = load(tmp_path, device="cpu")
    assert {p.dtype for p in loaded.module.parameters()} == {torch.float32}


@pytest.mark.parametrize(
    ("config", "modes"),
    [
        ({"pooling_mode_cls_token": True, "pooling_mode_mean_tokens": False}, ("cls",)),
        ({"pooling_mode_mean_tokens": True, "pooling_mode_max_tokens": True}, ("max", "mean")),
        ({"pooling_mode_mean_sqrt_len_tokens": True}, ("mean_sqrt_len_tokens",)),
        ({"pooling_mode": "cls"}, ("cls",)),
        ({}, ("mean",)),
    ],
)
def test_pooling_as_older_versions_wrote_it(bert, config, modes):
    modules = [{"idx": 0, "path": "", "type": "sentence_transformers.models.Transformer"},
               {"idx": 1, "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"}]  # fmt: skip
    (bert / "modules.json").write_text(json.dumps(modules))
    (bert / "1_Pooling").mkdir()
    (bert / "1_Pooling" / "config.json").write_text(json.dumps({"word_embedding_dimension": 16} | config))
    loaded = load(bert, device="cpu")
    assert (loaded.pooling.modes, loaded.pooling.steps, loaded.card.notes) == (modes, (), "")

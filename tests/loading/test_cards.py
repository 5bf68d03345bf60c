"""Cards from configs alone, for families that are odd in one way or another."""

import pytest
import transformers
from transformers import AutoConfig

from attnviz.loading import card_of

BERT, GPT2, VIT = transformers.BertConfig, transformers.GPT2Config, transformers.ViTConfig


@pytest.mark.parametrize(
    ("family", "kind", "modality", "layers", "heads", "max_tokens"),
    [
        ("bert", "encoder", "text", 12, 12, 512),
        ("albert", "encoder", "text", 12, 64, 512),
        ("xlnet", "encoder", "text", 24, 16, 0),
        ("gpt2", "decoder", "text", 12, 12, 1024),
        ("gptj", "decoder", "text", 28, 16, 2048),
        ("gpt_neo", "decoder", "text", 24, 16, 2048),
        ("mistral", "decoder", "text", 32, 32, 4096 * 32),
        ("mpt", "decoder", "text", 24, 16, 0),
        ("jamba", "decoder", "text", 32, 32, 262144),
        ("qwen3_next", "decoder", "text", 48, 16, 32768),
        ("t5", "encoder-decoder", "text", 6, 8, 0),
        ("bart", "encoder-decoder", "text", 12, 16, 1024),
        ("led", "encoder-decoder", "text", 12, 16, 16384),
        ("whisper", "encoder-decoder", "speech", 4, 6, 0),
        ("wav2vec2", "encoder", "speech", 12, 12, 0),
        ("vit", "encoder", "image", 12, 12, 0),
        ("swin", "encoder", "image", 12, 24, 0),
        ("detr", "encoder-decoder", "image", 6, 8, 0),
        ("clip", "encoder", "text+image", 12, 8, 77),
    ],
)
def test_families(family, kind, modality, layers, heads, max_tokens):
    card = card_of(AutoConfig.for_model(family), family)
    assert (card.kind, card.modality, card.layers, card.heads) == (kind, modality, layers, heads)
    assert card.max_tokens == max_tokens
    assert card.family == family


@pytest.mark.parametrize(
    ("family", "architecture"),
    [
        ("llava", "LlavaForConditionalGeneration"),
        ("qwen2_vl", "Qwen2VLForConditionalGeneration"),
        ("gemma3", "Gemma3ForConditionalGeneration"),
        ("paligemma", "PaliGemmaForConditionalGeneration"),
    ],
)
def test_language_models_that_read_images(family, architecture):
    config = AutoConfig.for_model(family)
    card = card_of(config, family, architecture=architecture)
    assert (card.kind, card.modality, card.layers) == (
        "decoder",
        "text+image",
        config.get_text_config().num_hidden_layers,
    )


def test_flags_and_class_names_decide():
    assert card_of(BERT(is_decoder=True), "m").kind == "decoder"
    assert card_of(transformers.T5Config(), "m", architecture="T5EncoderModel").kind == "encoder"
    assert card_of(transformers.BartConfig(), "m", architecture="BartForCausalLM").kind == "decoder"
    half = transformers.BartConfig(
        is_decoder=True, is_encoder_decoder=False, encoder_layers=2, decoder_layers=5
    )
    assert (card_of(half, "m").kind, card_of(half, "m").layers) == ("decoder", 5)
    embedding = transformers.Gemma3TextConfig(use_bidirectional_attention=True)
    assert card_of(embedding, "m").kind == "encoder"


def test_composite_configs_show_their_decoder():
    both = transformers.EncoderDecoderConfig.from_encoder_decoder_configs(
        BERT(num_hidden_layers=3), GPT2(n_layer=5)
    )
    card = card_of(both, "m")
    assert (card.kind, card.modality, card.layers, card.max_tokens) == ("encoder-decoder", "text", 5, 1024)
    caption = transformers.VisionEncoderDecoderConfig.from_encoder_decoder_configs(VIT(), GPT2(n_layer=5))
    assert (card_of(caption, "m").kind, card_of(caption, "m").modality) == ("encoder-decoder", "image")


def test_tokenizer_limit_stands_in_only_where_positions_have_none():
    t5 = transformers.T5Config()
    assert card_of(t5, "m", tokenizer_limit=512).max_tokens == 512
    assert card_of(t5, "m", tokenizer_limit=10**30).max_tokens == 0
    assert card_of(BERT(), "m", tokenizer_limit=256).max_tokens == 512
    assert card_of(transformers.FalconConfig(alibi=True), "m", tokenizer_limit=99).max_tokens == 99

"""Tiny random vision and speech models with sharp attention, and the processors that prepare for them."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
import transformers

RATE = 16_000
SIDE = {"height": 32, "width": 32}
VISION: dict[str, Any] = {
    "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 64,
    "image_size": 32, "patch_size": 8, "num_channels": 3,
}  # fmt: skip
CROPPED: dict[str, Any] = {"size": {"shortest_edge": 36}, "crop_size": SIDE}
# Name -> config, options, module, image processor, its options, what stands before the patches.
PICTURES: dict[str, tuple[str, dict[str, Any], str, str, dict[str, Any], tuple[str, ...]]] = {
    "vit": ("ViTConfig", {}, "ViTModel", "ViTImageProcessor", {"size": SIDE}, ("[CLS]",)),
    "deit": (
        "DeiTConfig", {}, "DeiTModel", "DeiTImageProcessor",
        {"size": {"height": 36, "width": 40}, "crop_size": SIDE}, ("[CLS]", "[DIST]"),
    ),
    "beit": (
        "BeitConfig", {"use_relative_position_bias": True, "out_indices": [2]}, "BeitModel", "BeitImageProcessor",
        {"size": SIDE, "do_center_crop": False}, ("[CLS]",),
    ),
    "dinov2": ("Dinov2Config", {"mlp_ratio": 2}, "Dinov2Model", "BitImageProcessor", CROPPED, ("[CLS]",)),
    "dinov2-registers": (
        "Dinov2WithRegistersConfig", {"mlp_ratio": 2, "num_register_tokens": 2}, "Dinov2WithRegistersModel",
        "BitImageProcessor", CROPPED, ("[CLS]", "[REG 0]", "[REG 1]"),
    ),
    "clip": ("CLIPVisionConfig", {}, "CLIPVisionModel", "CLIPImageProcessor", CROPPED, ("[CLS]",)),
    "siglip": ("SiglipVisionConfig", {}, "SiglipVisionModel", "SiglipImageProcessor", {"size": SIDE}, ()),
}  # fmt: skip
HEARING: dict[str, Any] = {
    "vocab_size": 32, "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 64,
    "conv_dim": [16, 16, 16], "conv_stride": [5, 2, 2], "conv_kernel": [10, 3, 2], "num_feat_extract_layers": 3,
    "feat_extract_norm": "layer", "num_conv_pos_embeddings": 4, "num_conv_pos_embedding_groups": 2,
}  # fmt: skip
START, PLAIN, END = "<|startoftranscript|>", "<|notimestamps|>", "<|endoftext|>"
TASK = "<|transcribe|>"


def sharp(module: Any) -> Any:
    """Random weights attend to everything alike, which hides errors: make queries and keys large."""
    generator = torch.Generator().manual_seed(3)
    for name, weight in module.named_parameters():
        if any(part in name for part in ("q_proj", "k_proj", "query", "key")) and weight.dim() == 2:
            weight.data.copy_(torch.randn(weight.shape, generator=generator) * 2 / weight.shape[1] ** 0.5)
        elif any(part in name for part in ("token", "embed", "position")):
            weight.data.copy_(0.5 * torch.randn(weight.shape, generator=generator))
    return module.eval()


def vision(name: str, attention: str | None = None) -> Any:
    """The module of one of PICTURES, always with the same weights."""
    config, options, module, *_ = PICTURES[name]
    torch.manual_seed(0)
    more = {} if attention is None else {"attn_implementation": attention}
    return sharp(
        getattr(transformers, module)(getattr(transformers, config)(**{**VISION, **options}, **more))
    )


def image_processor(name: str) -> Any:
    *_, processor, options, _ = PICTURES[name]
    return getattr(transformers, processor)(**options)


def picture(height: int = 60, width: int = 90) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)


def hearing(family: str, attention: str | None = None) -> Any:
    """A tiny "Wav2Vec2" or "Hubert"."""
    torch.manual_seed(0)
    more = {} if attention is None else {"attn_implementation": attention}
    config = getattr(transformers, f"{family}Config")(**HEARING, **more)
    return sharp(getattr(transformers, f"{family}Model")(config))


LANGUAGES = ("<|en|>", "<|fr|>", "<|de|>")


def whisper(attention: str | None = None, multilingual: bool = False) -> Any:
    """A tiny Whisper that hears one second; a multilingual one knows three languages and one task."""
    torch.manual_seed(0)
    more = {} if attention is None else {"attn_implementation": attention}
    tokenizer = transcriber(multilingual)
    ids = {name: tokenizer.convert_tokens_to_ids(token) for name, token in (("start", START), ("end", END))}
    config = transformers.WhisperConfig(
        vocab_size=len(tokenizer), d_model=32, encoder_layers=2, decoder_layers=2, encoder_attention_heads=4,
        decoder_attention_heads=4, encoder_ffn_dim=64, decoder_ffn_dim=64, num_mel_bins=20, max_source_positions=50,
        max_target_positions=24, decoder_start_token_id=ids["start"], bos_token_id=ids["end"], eos_token_id=ids["end"],
        pad_token_id=ids["end"], suppress_tokens=None, begin_suppress_tokens=None, **more,
    )  # fmt: skip
    module = sharp(transformers.WhisperForConditionalGeneration(config))
    module.generation_config = transformers.GenerationConfig(
        decoder_start_token_id=ids["start"], eos_token_id=ids["end"], pad_token_id=ids["end"], bos_token_id=ids["end"],
        no_timestamps_token_id=tokenizer.convert_tokens_to_ids(PLAIN), return_timestamps=False, max_length=24,
        alignment_heads=[[1, 0], [1, 3]],
    )  # fmt: skip
    if multilingual:
        lang_to_id = {name: tokenizer.convert_tokens_to_ids(name) for name in LANGUAGES}
        tasks = {"transcribe": tokenizer.convert_tokens_to_ids(TASK)}
        settings: Any = module.generation_config
        settings.is_multilingual, settings.lang_to_id, settings.task_to_id = True, lang_to_id, tasks
    return module


def transcriber(multilingual: bool = False) -> Any:
    """A tokenizer with Whisper's template: start, no timestamps, the text, end."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors

    letters = pre_tokenizers.ByteLevel.alphabet()
    more = [*LANGUAGES, TASK] if multilingual else []
    vocabulary = {token: n for n, token in enumerate([START, PLAIN, END, *sorted(letters), *more])}
    backend = Tokenizer(models.BPE(vocabulary, []))
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    backend.decoder = decoders.ByteLevel()
    backend.post_processor = processors.TemplateProcessing(
        single=f"{START} {PLAIN} $A {END}", special_tokens=[(START, 0), (PLAIN, 1), (END, 2)]
    )
    return transformers.PreTrainedTokenizerFast(
        tokenizer_object=backend,
        bos_token=START,
        eos_token=END,
        pad_token=END,
        additional_special_tokens=[PLAIN, *more],
    )


def listener(family: str) -> Any:
    """The feature extractor of "Whisper", or of the models that hear samples."""
    if family == "Whisper":
        return transformers.WhisperFeatureExtractor(feature_size=20, chunk_length=1)
    return transformers.Wav2Vec2FeatureExtractor()


def sound(seconds: float = 0.5, rate: int = RATE) -> np.ndarray:
    """A tone that rises, with noise."""
    time = np.arange(int(seconds * rate)) / rate
    noise = np.random.default_rng(1).normal(0, 0.05, len(time))
    return (0.4 * np.sin(2 * np.pi * (300 + 400 * time) * time) + noise).astype(np.float32)

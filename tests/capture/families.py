"""Every model family that capture is tested on, as one registry. A new family is covered by being listed here.

FAMILIES must be captured exactly; UNUSUAL ones exactly or not at all.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any

import tiny_models as tiny
from tiny_models import LONG, SHORT, SOURCE_LONG, SOURCE_SHORT, VOCABULARY, Family, Nested, text
from torch import nn

Options = Mapping[str, Any]

ENCODER: Options = {
    "vocab_size": VOCABULARY, "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4,
    "intermediate_size": 64, "max_position_embeddings": 64,
}  # fmt: skip
GROUPED: Options = {**ENCODER, "num_key_value_heads": 2}
GROUPED_8: Options = {**GROUPED, "head_dim": 8}
SEQ2SEQ: Options = {
    "vocab_size": VOCABULARY, "d_model": 32, "encoder_layers": 2, "decoder_layers": 2, "encoder_attention_heads": 4,
    "decoder_attention_heads": 4, "encoder_ffn_dim": 64, "decoder_ffn_dim": 64, "max_position_embeddings": 64,
}  # fmt: skip
SEQ2SEQ_NO_TEXT = {
    key: value for key, value in SEQ2SEQ.items() if key not in ("vocab_size", "max_position_embeddings")
}
VISION: Options = {
    "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 64,
    "image_size": 16, "patch_size": 4, "num_channels": 3,
}  # fmt: skip
GPT2: Options = {"vocab_size": VOCABULARY, "n_embd": 32, "n_layer": 2, "n_head": 4, "n_positions": 64}
FALCON: Options = {
    "vocab_size": VOCABULARY, "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4,
}  # fmt: skip
XLM: Options = {"vocab_size": VOCABULARY, "emb_dim": 32, "n_layers": 2, "n_heads": 4}
T5: Options = {
    "vocab_size": VOCABULARY, "d_model": 32, "d_kv": 8, "d_ff": 64, "num_layers": 2, "num_decoder_layers": 2,
    "num_heads": 4, "relative_attention_num_buckets": 8, "relative_attention_max_distance": 12,
}  # fmt: skip
DEEPSEEK: Options = {
    **ENCODER, "num_key_value_heads": 4, "q_lora_rank": 12, "kv_lora_rank": 16, "qk_rope_head_dim": 4,
    "qk_nope_head_dim": 8, "v_head_dim": 6, "n_routed_experts": 4, "num_experts_per_tok": 2, "n_group": 1,
    "topk_group": 1, "moe_intermediate_size": 16, "first_k_dense_replace": 1,
}  # fmt: skip
QWEN_NEXT: Options = {
    **GROUPED_8, "num_hidden_layers": 3, "layer_types": ["full_attention", "linear_attention", "full_attention"],
    "linear_num_value_heads": 4, "linear_num_key_heads": 2, "linear_key_head_dim": 8, "linear_value_head_dim": 8,
    "num_experts": 4, "num_experts_per_tok": 2, "moe_intermediate_size": 16, "shared_expert_intermediate_size": 16,
}  # fmt: skip
JAMBA: Options = {
    **GROUPED, "num_hidden_layers": 4, "attn_layer_period": 2, "attn_layer_offset": 1, "expert_layer_period": 2,
    "expert_layer_offset": 1, "num_experts": 2, "num_experts_per_tok": 1, "use_mamba_kernels": False,
    "mamba_d_state": 4, "mamba_dt_rank": 4,
}  # fmt: skip
LLAMA4: Options = {
    **GROUPED_8, "num_local_experts": 4, "num_experts_per_tok": 2, "intermediate_size_mlp": 64,
    "attention_chunk_size": 5, "no_rope_layers": [1, 0], "use_qk_norm": False, "floor_scale": 4,
    "attn_temperature_tuning": True,
}  # fmt: skip
WHISPER: Options = {
    **SEQ2SEQ_NO_TEXT, "vocab_size": VOCABULARY, "num_mel_bins": 20, "max_source_positions": 15,
    "max_target_positions": 64, "decoder_start_token_id": 1,
}  # fmt: skip
DETR: Options = {
    **SEQ2SEQ_NO_TEXT, "num_queries": 7, "use_timm_backbone": False, "use_pretrained_backbone": False,
    "backbone": None, "backbone_config": Nested(
        "ResNetConfig",
        {"embedding_size": 8, "hidden_sizes": [8, 8, 8, 16], "depths": [1, 1, 1, 1], "out_features": ["stage3"]},
    ),
}  # fmt: skip
WAV2VEC2: Options = {
    "vocab_size": VOCABULARY, "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4,
    "intermediate_size": 64, "conv_dim": [16, 16], "conv_stride": [5, 2], "conv_kernel": [5, 2], "conv_bias": False,
    "feat_extract_norm": "layer", "num_feat_extract_layers": 2, "num_conv_pos_embeddings": 4,
    "num_conv_pos_embedding_groups": 2, "do_stable_layer_norm": True,
}  # fmt: skip
EXPERTS: Options = {"num_local_experts": 4, "num_experts_per_tok": 2}
PAD: Options = {"pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2}
FIRST_WINDOW: Options = {"sliding_window": 5, "layer_types": ["sliding_attention", "full_attention"]}

ROWS, SOURCE_ROWS = (LONG, SHORT), (SOURCE_LONG, SOURCE_SHORT)
ALL_ROLES = {"encoder": 2, "decoder": 2, "cross": 2}


def _encoder(name: str, config: str, model: str, options: Options = ENCODER, **more: Any) -> Family:
    return Family(name, config, model, options, text, {"encoder": 2}, {"encoder": ROWS}, **more)


def _decoder(name: str, config: str, model: str, options: Options = GROUPED, **more: Any) -> Family:
    return Family(name, config, model, options, text, {"decoder": 2}, {"decoder": ROWS}, **more)


def _both(name: str, config: str, model: str, options: Options = SEQ2SEQ, **more: Any) -> Family:
    rows = {"encoder": SOURCE_ROWS, "decoder": ROWS, "cross": ROWS}
    return Family(name, config, model, options, tiny.sequence_to_sequence, ALL_ROLES, rows, **more)


def _picture(name: str, config: str, model: str, options: Options = VISION, **more: Any) -> Family:
    return Family(name, config, model, options, tiny.picture, {"encoder": 2}, **more)


FAMILIES: tuple[Family, ...] = (
    # Encoders of text
    _encoder("bert", "BertConfig", "BertModel"),
    Family(
        "bert-decoder", "BertConfig", "BertModel", {**ENCODER, "is_decoder": True, "add_cross_attention": True},
        tiny.text_beside_encoder, {"decoder": 2, "cross": 2}, {"decoder": ROWS, "cross": ROWS},
    ),
    _encoder(
        "distilbert", "DistilBertConfig", "DistilBertModel",
        {"vocab_size": VOCABULARY, "dim": 32, "hidden_dim": 64, "n_layers": 2, "n_heads": 4,
         "max_position_embeddings": 64},
    ),
    _encoder("roberta", "RobertaConfig", "RobertaModel"),
    _encoder("xlm-roberta", "XLMRobertaConfig", "XLMRobertaModel"),
    _encoder("electra", "ElectraConfig", "ElectraModel", {**ENCODER, "embedding_size": 16}),
    _encoder(
        "albert", "AlbertConfig", "AlbertModel", {**ENCODER, "embedding_size": 16}, gain=1.6,
        notes="one module for all layers",
    ),
    _encoder(
        "esm", "EsmConfig", "EsmModel",
        {**ENCODER, "pad_token_id": 1, "mask_token_id": 3, "position_embedding_type": "rotary"},
    ),
    _encoder("mobilebert", "MobileBertConfig", "MobileBertModel",
        {**ENCODER, "embedding_size": 32, "intra_bottleneck_size": 16, "true_hidden_size": 16}, gain=0.4),
    _encoder("layoutlm", "LayoutLMConfig", "LayoutLMModel", gain=2.6),
    _encoder(
        "modernbert", "ModernBertConfig", "ModernBertModel",
        {**ENCODER, **PAD, "cls_token_id": 1, "sep_token_id": 2, "local_attention": 6, "global_attn_every_n_layers": 2},
        notes="a window to both sides in layer 1",
    ),
    # Decoders of text
    _decoder("gpt2", "GPT2Config", "GPT2Model", GPT2, gain=2.8),
    _decoder(
        "gpt2-scaled-by-layer", "GPT2Config", "GPT2Model", {**GPT2, "scale_attn_by_inverse_layer_idx": True}, gain=3.2
    ),
    _decoder("gpt_neox", "GPTNeoXConfig", "GPTNeoXModel", ENCODER),
    _decoder(
        "gpt_bigcode", "GPTBigCodeConfig", "GPTBigCodeModel", {**GPT2, "multi_query": True},
        notes="one key head for all",
    ),
    _decoder("ctrl", "CTRLConfig", "CTRLModel",
        {"vocab_size": VOCABULARY, "n_embd": 32, "dff": 64, "n_layer": 2, "n_head": 4, "n_positions": 64}),
    _decoder(
        "opt", "OPTConfig", "OPTModel",
        {**FALCON, "ffn_dim": 64, "max_position_embeddings": 64, "word_embed_proj_dim": 32},
    ),
    _decoder("biogpt", "BioGptConfig", "BioGptModel", ENCODER),
    _decoder("llama", "LlamaConfig", "LlamaModel"),
    _decoder("mistral", "MistralConfig", "MistralModel", {**GROUPED, "sliding_window": 5}),
    _decoder("mixtral", "MixtralConfig", "MixtralModel", {**GROUPED, **EXPERTS}),
    _decoder("qwen2", "Qwen2Config", "Qwen2Model"),
    _decoder(
        "qwen2-window", "Qwen2Config", "Qwen2Model",
        {**GROUPED, "use_sliding_window": True, "sliding_window": 4, "max_window_layers": 1},
    ),
    _decoder("qwen3", "Qwen3Config", "Qwen3Model", GROUPED_8),
    _decoder("gemma", "GemmaConfig", "GemmaModel", GROUPED_8),
    _decoder(
        "gemma2", "Gemma2Config", "Gemma2Model",
        {**GROUPED_8, "sliding_window": 5, "query_pre_attn_scalar": 8, "attn_logit_softcapping": 5.0},
        notes="softcap: no SDPA path",
    ),
    _decoder(
        "gemma3", "Gemma3TextConfig", "Gemma3TextModel", {**GROUPED_8, **FIRST_WINDOW, "query_pre_attn_scalar": 8},
        gain=0.7,
    ),
    _decoder(
        "gemma4", "Gemma4TextConfig", "Gemma4TextModel",
        {**GROUPED_8, **FIRST_WINDOW, "global_head_dim": 8, "vocab_size_per_layer_input": VOCABULARY,
         "hidden_size_per_layer_input": 8, "num_kv_shared_layers": 0},
        gain=1.4,
    ),
    _decoder("phi", "PhiConfig", "PhiModel"),
    _decoder("phi3", "Phi3Config", "Phi3Model", {**GROUPED, **PAD}),
    _decoder("olmo2", "Olmo2Config", "Olmo2Model"),
    _decoder("smollm3", "SmolLM3Config", "SmolLM3Model", {**GROUPED, **PAD, "no_rope_layers": [1, 0]}),
    _decoder("stablelm", "StableLmConfig", "StableLmModel"),
    _decoder("starcoder2", "Starcoder2Config", "Starcoder2Model", {**GROUPED, "sliding_window": 5}),
    _decoder("cohere2", "Cohere2Config", "Cohere2Model", {**GROUPED, **PAD, **FIRST_WINDOW}),
    _decoder("glm4", "Glm4Config", "Glm4Model", {**GROUPED_8, **PAD}),
    _decoder("llama4", "Llama4TextConfig", "Llama4TextModel", LLAMA4, notes="chunked attention"),
    _decoder(
        "deepseek_v3", "DeepseekV3Config", "DeepseekV3Model", DEEPSEEK,
        notes="MLA: value heads narrower than key heads",
    ),
    _decoder(
        "qwen3_next", "Qwen3NextConfig", "Qwen3NextModel", QWEN_NEXT, gain=1.0, notes="layer 1 has no attention"
    ),
    _decoder("jamba", "JambaConfig", "JambaModel", {**JAMBA, **PAD}, notes="layers 0 and 2 have no attention"),
    _decoder(
        "gpt_oss", "GptOssConfig", "GptOssModel", {**GROUPED_8, **EXPERTS, **PAD, **FIRST_WINDOW}, sums_to_one=False,
        notes="sinks: no SDPA path",
    ),
    _decoder("granite", "GraniteConfig", "GraniteModel", {**GROUPED, "attention_multiplier": 0.35}),
    # Encoder-decoders
    _both("bart", "BartConfig", "BartModel"),
    _both("marian", "MarianConfig", "MarianModel", {**SEQ2SEQ, "pad_token_id": 0, "decoder_start_token_id": 0}),
    _both("mbart", "MBartConfig", "MBartModel"),
    _both("pegasus", "PegasusConfig", "PegasusModel"),
    _both("m2m_100", "M2M100Config", "M2M100Model"),
    _both("t5", "T5Config", "T5Model", T5, tolerance=1e-4, gain=1.2, notes="no scaling; a learned relative bias"),
    _both("mt5", "MT5Config", "MT5Model", T5, tolerance=1e-4, gain=1.2),
    _both("umt5", "UMT5Config", "UMT5Model", T5, tolerance=1e-4, gain=1.2, notes="a relative bias in each layer"),
    _both(
        "bert2gpt2", "EncoderDecoderConfig", "EncoderDecoderModel",
        {"encoder": {**ENCODER, "model_type": "bert"},
         "decoder": {**GPT2, "model_type": "gpt2", "add_cross_attention": True, "is_decoder": True}},
        gain=3.0,
    ),
    Family(
        "whisper", "WhisperConfig", "WhisperModel", {**WHISPER, **PAD}, tiny.speech_to_text, ALL_ROLES,
        {"encoder": (15, 15), "decoder": ROWS, "cross": ROWS},
    ),
    Family(
        "detr", "DetrConfig", "DetrModel", DETR, tiny.picture_with_mask, ALL_ROLES,
        {"encoder": (16, 16), "decoder": (7, 7), "cross": (7, 7)}, gain=2.4,
    ),
    # Pictures and sound
    _picture("vit", "ViTConfig", "ViTModel"),
    _picture("deit", "DeiTConfig", "DeiTModel"),
    _picture("dinov2", "Dinov2Config", "Dinov2Model", {**VISION, "mlp_ratio": 2}),
    _picture("dinov3", "DINOv3ViTConfig", "DINOv3ViTModel", {**VISION, "num_register_tokens": 2}),
    _picture("beit", "BeitConfig", "BeitModel", {**VISION, "use_relative_position_bias": True}),
    _picture("siglip-vision", "SiglipVisionConfig", "SiglipVisionModel"),
    _encoder("siglip-text", "SiglipTextConfig", "SiglipTextModel", {**ENCODER, **PAD}),
    _picture("clip-vision", "CLIPVisionConfig", "CLIPVisionModel"),
    _decoder("clip-text", "CLIPTextConfig", "CLIPTextModel", {**ENCODER, **PAD}, notes="a causal encoder"),
    _picture(
        "swin", "SwinConfig", "SwinModel",
        {"image_size": 16, "patch_size": 2, "embed_dim": 16, "depths": [2], "num_heads": [4], "window_size": 4},
        reference="function", notes="shifted windows stand in the batch axis; outputs name one layer per stage",
    ),
    Family(
        "wav2vec2", "Wav2Vec2Config", "Wav2Vec2Model", WAV2VEC2, tiny.waveform, {"encoder": 2}, {"encoder": (16, 9)}
    ),
    # Outside transformers' attention interface
    _decoder(
        "bloom", "BloomConfig", "BloomModel", {"vocab_size": VOCABULARY, "hidden_size": 32, "n_layer": 2, "n_head": 4},
        fallback=True, notes="ALiBi",
    ),
    _decoder(
        "mpt", "MptConfig", "MptModel",
        {"vocab_size": VOCABULARY, "d_model": 32, "n_layers": 2, "n_heads": 4, "max_seq_len": 64},
        fallback=True, notes="ALiBi",
    ),
    _decoder("gptj", "GPTJConfig", "GPTJModel", {**GPT2, "rotary_dim": 4}, fallback=True),
    _decoder("codegen", "CodeGenConfig", "CodeGenModel", {**GPT2, "rotary_dim": 4}, fallback=True),
    _decoder("openai-gpt", "OpenAIGPTConfig", "OpenAIGPTModel", GPT2, gain=2.8, fallback=True),
    _decoder(
        "gpt_neo", "GPTNeoConfig", "GPTNeoModel",
        {"vocab_size": VOCABULARY, "hidden_size": 32, "num_layers": 2, "num_heads": 4, "intermediate_size": 64,
         "max_position_embeddings": 64, "attention_types": [[["global", "local"], 1]], "window_size": 5},
        gain=1.2, fallback=True, notes="no scaling; a local window",
    ),
    _decoder(
        "falcon", "FalconConfig", "FalconModel", {**FALCON, "multi_query": True}, fallback=True,
        notes="calls torch's SDPA by itself",
    ),
    _decoder(
        "falcon-grouped", "FalconConfig", "FalconModel",
        {**FALCON, "new_decoder_architecture": True, "num_kv_heads": 2}, fallback=True,
    ),
    _decoder(
        "falcon-alibi", "FalconConfig", "FalconModel", {**FALCON, "alibi": True, "multi_query": False}, fallback=True,
        reference="sdpa", notes="ALiBi; transformers' eager path adds it twice, its SDPA path once",
    ),
    _decoder("xglm", "XGLMConfig", "XGLMModel",
        {"vocab_size": VOCABULARY, "d_model": 32, "ffn_dim": 64, "num_layers": 2, "attention_heads": 4,
         "max_position_embeddings": 64}, fallback=True),
    _encoder(
        "deberta", "DebertaConfig", "DebertaModel",
        {**ENCODER, "relative_attention": True, "pos_att_type": ["c2p", "p2c"], "max_relative_positions": 8,
         "type_vocab_size": 0},
        fallback=True,
    ),
    _encoder(
        "deberta-v2", "DebertaV2Config", "DebertaV2Model",
        {**ENCODER, "relative_attention": True, "pos_att_type": ["c2p", "p2c"], "position_buckets": 4,
         "max_relative_positions": 8, "share_att_key": True, "norm_rel_ebd": "layer_norm"},
        fallback=True,
    ),
    _encoder("mpnet", "MPNetConfig", "MPNetModel", {**ENCODER, "relative_attention_num_buckets": 32}, fallback=True),
    _encoder(
        "xlnet", "XLNetConfig", "XLNetModel",
        {"vocab_size": VOCABULARY, "d_model": 32, "n_layer": 2, "n_head": 4, "d_inner": 64}, fallback=True,
    ),
    _encoder("xlm", "XLMConfig", "XLMModel", XLM, fallback=True),
    _encoder("flaubert", "FlaubertConfig", "FlaubertModel", XLM, fallback=True),
    _encoder("roformer", "RoFormerConfig", "RoFormerModel", gain=2.5, fallback=True),
    _encoder("rembert", "RemBertConfig", "RemBertModel", {**ENCODER, "input_embedding_size": 16}, fallback=True),
)  # fmt: skip

LED: Options = {
    **SEQ2SEQ_NO_TEXT, "vocab_size": VOCABULARY, "attention_window": 4, "max_encoder_position_embeddings": 64,
    "max_decoder_position_embeddings": 64,
}  # fmt: skip
PROPHETNET: Options = {
    "vocab_size": VOCABULARY, "hidden_size": 32, "num_encoder_layers": 2, "num_decoder_layers": 2,
    "num_encoder_attention_heads": 4, "num_decoder_attention_heads": 4, "encoder_ffn_dim": 64, "decoder_ffn_dim": 64,
    "max_position_embeddings": 64,
}  # fmt: skip
FUNNEL: Options = {
    "vocab_size": VOCABULARY, "d_model": 32, "block_sizes": [1, 1], "num_decoder_layers": 1, "n_head": 4, "d_head": 8,
    "d_inner": 64,
}  # fmt: skip

# Attention that is not one (query, key) matrix per layer and head, or that a plain capture would get wrong.
UNUSUAL: tuple[Family, ...] = (
    _encoder("longformer", "LongformerConfig", "LongformerModel",
        {**ENCODER, "attention_window": 4, "max_position_embeddings": 80}, notes="weights of a band"),
    _both("led", "LEDConfig", "LEDModel", LED, notes="weights of a band in the encoder"),
    _encoder("convbert", "ConvBertConfig", "ConvBertModel", {**ENCODER, "embedding_size": 32},
        notes="a softmax over convolution kernels beside that over keys"),
    _encoder("canine", "CanineConfig", "CanineModel",
        {**ENCODER, "num_hash_buckets": 16, "local_transformer_stride": 4, "downsampling_rate": 2},
        notes="local blocks, and layers of different lengths"),
    _encoder("funnel", "FunnelConfig", "FunnelModel", FUNNEL, notes="pooled queries"),
    _encoder("squeezebert", "SqueezeBertConfig", "SqueezeBertModel", {**ENCODER, "embedding_size": 32},
        reference="logits", notes="the softmax is a module of its own; outputs show scores before it"),
    _encoder("big_bird-sparse", "BigBirdConfig", "BigBirdModel", {**ENCODER, "block_size": 1, "num_random_blocks": 1},
        notes="blocks, five axes"),
    _both("bigbird_pegasus", "BigBirdPegasusConfig", "BigBirdPegasusModel", SEQ2SEQ, notes="blocks in the encoder"),
    _both("longt5", "LongT5Config", "LongT5Model", {**T5, "encoder_attention_type": "local", "local_radius": 3},
        gain=1.2, tolerance=1e-4, notes="blocks in the encoder"),
    _both("prophetnet", "ProphetNetConfig", "ProphetNetModel", PROPHETNET, notes="several streams of queries"),
    _decoder("diffllama", "DiffLlamaConfig", "DiffLlamaModel", GROUPED, notes="two softmaxes per layer"),
    _decoder("doge", "DogeConfig", "DogeModel", GROUPED, notes="a dynamic mask"),
    _decoder("deepseek_v32", "DeepseekV32Config", "DeepseekV32Model",
        {**DEEPSEEK, "index_topk": 4, "index_n_heads": 2, "index_head_dim": 8},
        notes="the file asks for the name of the implementation"),
)  # fmt: skip

BY_NAME = {family.name: family for family in (*FAMILIES, *UNUSUAL)}


@functools.cache
def module_of(name: str) -> nn.Module:
    """The family's module, built once; a test that changes weights builds its own."""
    return tiny.build(BY_NAME[name])

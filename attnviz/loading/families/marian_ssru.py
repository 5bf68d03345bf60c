"""Marian's 'tiny' translators: a Transformer encoder, and a decoder of simple recurrent units with cross-attention.

Source: Kim et al. 2019, "From Research to Production and Back: Ludicrously Fast Neural Machine Translation" (SSRU, eq.
1-3); layer norm after each sum, sinusoidal positions, one embedding for both languages and the output, as in Marian.
Axis letters: B batch, T target tokens, S source tokens, d width, V vocabulary.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import nn
from torch.nn import functional
from transformers import GenerationMixin, PreTrainedConfig, PreTrainedModel
from transformers.masking_utils import create_bidirectional_mask
from transformers.modeling_outputs import BaseModelOutput, Seq2SeqLMOutput
from transformers.modeling_utils import ALL_ATTENTION_FUNCTIONS

from attnviz.loading.families import MARIAN_SSRU


class MarianSsruConfig(PreTrainedConfig):
    """Sizes of a model; `alignment_heads` are (layer, head) of the cross-attention that were trained to align."""

    model_type = MARIAN_SSRU

    def __init__(
        self,
        vocab_size: int = 32_000,
        d_model: int = 256,
        encoder_layers: int = 6,
        decoder_layers: int = 2,
        encoder_attention_heads: int = 8,
        decoder_attention_heads: int = 8,
        ffn_dim: int = 1536,
        max_position_embeddings: int = 512,
        layer_norm_eps: float = 1e-9,
        alignment_heads: list[list[int]] | None = None,
        **more: Any,
    ) -> None:
        self.vocab_size, self.d_model, self.ffn_dim = vocab_size, d_model, ffn_dim
        self.encoder_layers, self.decoder_layers = encoder_layers, decoder_layers
        self.encoder_attention_heads, self.decoder_attention_heads = (
            encoder_attention_heads,
            decoder_attention_heads,
        )
        self.max_position_embeddings, self.layer_norm_eps = max_position_embeddings, layer_norm_eps
        self.alignment_heads = [list(pair) for pair in alignment_heads or ()]
        # The end of a sentence has number 0, and nothing is behind it: it pads, and its number starts the decoder.
        fixed = {"eos_token_id": 0, "pad_token_id": 0, "decoder_start_token_id": 0, "bos_token_id": None}
        super().__init__(**{**fixed, "is_encoder_decoder": True, "tie_word_embeddings": True, **more})

    @property
    def hidden_size(self) -> int:
        return self.d_model


class ScaledEmbedding(nn.Embedding):
    """Vectors of tokens, times the root of their width."""

    def forward(self, input: torch.Tensor) -> torch.Tensor:
        return super().forward(input) * math.sqrt(self.embedding_dim)


def positions(x: torch.Tensor) -> torch.Tensor:
    """(T, d) sines, then cosines, for x (B, T, d)."""
    half = x.shape[-1] // 2
    rates = torch.exp(torch.arange(half, device=x.device) * (-math.log(10_000) / (half - 1)))
    angles = torch.arange(x.shape[1], device=x.device)[:, None] * rates
    return torch.cat([angles.sin(), angles.cos()], -1).to(x.dtype)


def eager_attention_forward(
    module: nn.Module,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,
    scaling: float,
    **_: Any,
) -> tuple[torch.Tensor, torch.Tensor]:
    """(B, T, H, d) outputs and (B, H, T, S) weights; `attention_mask` is added to the scores."""
    scores = query @ key.transpose(2, 3) * scaling
    weights = (scores if attention_mask is None else scores + attention_mask).softmax(-1)
    return (weights @ value).transpose(1, 2), weights


class MarianSsruAttention(nn.Module):
    """Attention of several heads, through transformers' interface."""

    is_causal = False

    def __init__(self, config: MarianSsruConfig, heads: int) -> None:
        super().__init__()
        self.config, self.num_heads, self.head_dim = config, heads, config.d_model // heads
        self.q_proj = nn.Linear(config.d_model, config.d_model)
        self.k_proj = nn.Linear(config.d_model, config.d_model)
        self.v_proj = nn.Linear(config.d_model, config.d_model)
        self.out_proj = nn.Linear(config.d_model, config.d_model)

    def forward(self, x: torch.Tensor, source: torch.Tensor, mask: torch.Tensor | None) -> torch.Tensor:
        def split(y: torch.Tensor) -> torch.Tensor:  # (B, T, d) -> (B, H, T, d / H)
            return y.unflatten(-1, (self.num_heads, self.head_dim)).transpose(1, 2)

        attend: Callable[..., Any] = ALL_ATTENTION_FUNCTIONS.get_interface(
            self.config._attn_implementation, eager_attention_forward
        )
        q, k, v = split(self.q_proj(x)), split(self.k_proj(source)), split(self.v_proj(source))
        out, _ = attend(self, q, k, v, mask, scaling=self.head_dim**-0.5, dropout=0.0)
        return self.out_proj(out.flatten(2))


class Feed(nn.Module):
    """The sum with what two linear maps make of a token, normalized."""

    def __init__(self, config: MarianSsruConfig) -> None:
        super().__init__()
        self.fc1, self.fc2 = (
            nn.Linear(config.d_model, config.ffn_dim),
            nn.Linear(config.ffn_dim, config.d_model),
        )
        self.layer_norm = nn.LayerNorm(config.d_model, config.layer_norm_eps)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.layer_norm(x + self.fc2(functional.relu(self.fc1(x))))


class MarianSsruEncoderLayer(nn.Module):
    def __init__(self, config: MarianSsruConfig) -> None:
        super().__init__()
        self.self_attn = MarianSsruAttention(config, config.encoder_attention_heads)
        self.self_attn_layer_norm = nn.LayerNorm(config.d_model, config.layer_norm_eps)
        self.feed = Feed(config)

    def forward(self, x: torch.Tensor, mask: torch.Tensor | None) -> torch.Tensor:
        return self.feed(self.self_attn_layer_norm(x + self.self_attn(x, x, mask)))


class Ssru(nn.Module):
    """c_t = f_t c_(t-1) + (1 - f_t) W x_t with f_t = sigmoid(W_f x_t + b_f); out comes norm(x_t + relu(c_t))."""

    def __init__(self, config: MarianSsruConfig) -> None:
        super().__init__()
        self.forget = nn.Linear(config.d_model, config.d_model)
        self.candidate = nn.Linear(config.d_model, config.d_model, bias=False)
        self.layer_norm = nn.LayerNorm(config.d_model, config.layer_norm_eps)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        forget = self.forget(x).sigmoid()
        new = (1 - forget) * self.candidate(x)
        cell, cells = torch.zeros_like(x[:, 0]), []
        for t in range(x.shape[1]):
            cell = forget[:, t] * cell + new[:, t]
            cells.append(cell)
        return self.layer_norm(x + functional.relu(torch.stack(cells, 1)))


class MarianSsruDecoderLayer(nn.Module):
    def __init__(self, config: MarianSsruConfig) -> None:
        super().__init__()
        self.rnn = Ssru(config)
        self.encoder_attn = MarianSsruAttention(config, config.decoder_attention_heads)
        self.encoder_attn_layer_norm = nn.LayerNorm(config.d_model, config.layer_norm_eps)
        self.feed = Feed(config)

    def forward(self, x: torch.Tensor, source: torch.Tensor, mask: torch.Tensor | None) -> torch.Tensor:
        x = self.rnn(x)
        return self.feed(self.encoder_attn_layer_norm(x + self.encoder_attn(x, source, mask)))


class MarianSsruPreTrainedModel(PreTrainedModel):
    config_class = MarianSsruConfig
    main_input_name = "input_ids"
    _supports_sdpa = True

    def _embedded(self, ids: torch.Tensor | None, vectors: torch.Tensor | None) -> torch.Tensor:
        if (ids is None) == (vectors is None):
            raise ValueError("give ids or their vectors, and not both")
        embed: Any = self.get_input_embeddings()
        return embed(ids) if vectors is None else vectors


class MarianSsruEncoder(MarianSsruPreTrainedModel):
    def __init__(self, config: MarianSsruConfig) -> None:
        super().__init__(config)
        self.embed_tokens = ScaledEmbedding(config.vocab_size, config.d_model)
        self.layers = nn.ModuleList(MarianSsruEncoderLayer(config) for _ in range(config.encoder_layers))
        self.post_init()

    def forward(
        self,
        input_ids: torch.Tensor | None = None,
        attention_mask: torch.Tensor | None = None,
        inputs_embeds: torch.Tensor | None = None,
        output_hidden_states: bool | None = None,
        **_: Any,
    ) -> BaseModelOutput:
        x = self._embedded(input_ids, inputs_embeds)
        mask = create_bidirectional_mask(config=self.config, inputs_embeds=x, attention_mask=attention_mask)
        states = [x + positions(x)]
        for layer in self.layers:
            states.append(layer(states[-1], mask))
        return BaseModelOutput(states[-1], tuple(states) if output_hidden_states else None)


class MarianSsruDecoder(MarianSsruPreTrainedModel):
    def __init__(self, config: MarianSsruConfig) -> None:
        super().__init__(config)
        self.embed_tokens = ScaledEmbedding(config.vocab_size, config.d_model)
        self.layers = nn.ModuleList(MarianSsruDecoderLayer(config) for _ in range(config.decoder_layers))
        self.post_init()

    def forward(
        self,
        input_ids: torch.Tensor | None = None,
        encoder_hidden_states: torch.Tensor | None = None,
        encoder_attention_mask: torch.Tensor | None = None,
        inputs_embeds: torch.Tensor | None = None,
        output_hidden_states: bool | None = None,
        **_: Any,
    ) -> BaseModelOutput:
        """What the first place is fed does not matter: a sentence starts from nothing."""
        x = self._embedded(input_ids, inputs_embeds)
        x = torch.cat([torch.zeros_like(x[:, :1]), x[:, 1:]], 1)
        mask = create_bidirectional_mask(
            config=self.config,
            inputs_embeds=x,
            attention_mask=encoder_attention_mask,
            encoder_hidden_states=encoder_hidden_states,
        )
        states = [x + positions(x)]
        for layer in self.layers:
            states.append(layer(states[-1], encoder_hidden_states, mask))
        return BaseModelOutput(states[-1], tuple(states) if output_hidden_states else None)


class MarianSsruForConditionalGeneration(MarianSsruPreTrainedModel, GenerationMixin):
    """A translator. Nothing is cached while it writes: its decoder has two small layers."""

    _tied_weights_keys = {  # noqa: RUF012
        "encoder.embed_tokens.weight": "lm_head.weight",
        "decoder.embed_tokens.weight": "lm_head.weight",
    }

    def __init__(self, config: MarianSsruConfig) -> None:
        super().__init__(config)
        self.encoder, self.decoder = MarianSsruEncoder(config), MarianSsruDecoder(config)
        self.lm_head = nn.Linear(config.d_model, config.vocab_size)
        self.post_init()

    def get_encoder(self, *_: Any, **__: Any) -> MarianSsruEncoder:
        return self.encoder

    def get_decoder(self) -> MarianSsruDecoder:
        return self.decoder

    def get_input_embeddings(self) -> nn.Module:
        return self.encoder.embed_tokens

    def get_output_embeddings(self) -> nn.Module:
        return self.lm_head

    def forward(
        self,
        input_ids: torch.Tensor | None = None,
        attention_mask: torch.Tensor | None = None,
        decoder_input_ids: torch.Tensor | None = None,
        encoder_outputs: Any = None,
        inputs_embeds: torch.Tensor | None = None,
        decoder_inputs_embeds: torch.Tensor | None = None,
        output_hidden_states: bool | None = None,
        logits_to_keep: int | torch.Tensor = 0,
        **_: Any,
    ) -> Seq2SeqLMOutput:
        """Logits (B, T, V) of the next target token at all T places, the last `logits_to_keep` or those."""
        source = encoder_outputs
        if source is None:
            source = self.encoder(input_ids, attention_mask, inputs_embeds, output_hidden_states)
        target = self.decoder(
            decoder_input_ids, source[0], attention_mask, decoder_inputs_embeds, output_hidden_states
        )
        kept = slice(-logits_to_keep, None) if isinstance(logits_to_keep, int) else logits_to_keep
        return Seq2SeqLMOutput(
            logits=self.lm_head(target[0][:, kept]),
            decoder_hidden_states=target.hidden_states,
            encoder_last_hidden_state=source[0],
            encoder_hidden_states=getattr(source, "hidden_states", None),
        )

    def prepare_inputs_for_generation(  # type: ignore[override]  # of the arguments, those that it needs
        self, input_ids: torch.Tensor, encoder_outputs: Any = None, attention_mask: Any = None, **_: Any
    ) -> dict[str, Any]:
        """Each step reads the whole sentence so far, and gives the logits of its last place."""
        return {
            "decoder_input_ids": input_ids,
            "encoder_outputs": encoder_outputs,
            "attention_mask": attention_mask,
            "logits_to_keep": 1,
        }

"""Texts behind texts: what a decoder is fed to predict a target, and a text and its continuation as one.

Ids and Tokens flow in and out; no model runs here.
"""

from __future__ import annotations

import inspect
import sys
from typing import Any

import numpy as np

from attnviz.errors import ModelUnsupported
from attnviz.language import say
from attnviz.types import Tokens


def shifted(module: Any, labels: list[int]) -> list[int]:
    """What the decoder is fed for these labels: they, shifted right behind the family's start token."""
    import torch

    for part in (module, getattr(module, "base_model", module)):
        own = getattr(sys.modules[type(part).__module__], "shift_tokens_right", None)
        if own is not None and len(inspect.signature(own).parameters) == 2:
            # mBART has no start token: its last label, the language, comes first.
            return own(torch.tensor([labels]), part.config.pad_token_id)[0].tolist()
    config = module.config
    places = (config, getattr(config, "decoder", None))
    names = ("decoder_start_token_id", "bos_token_id", "pad_token_id")
    start = next(
        (n for name in names for place in places if (n := getattr(place, name, None)) is not None), None
    )
    if start is None:
        raise ModelUnsupported(
            say(
                "The config of {kind} does not say with which token its decoder starts.",
                kind=type(module).__name__,
            ),
            say("Set decoder_start_token_id in its config.json."),
            reason="damaged",
        )
    return [int(start), *labels[:-1]]


def decoder_start(module: Any, tokenizer: Any, target_language: str | None) -> int:
    """The token that the decoder is fed first for a target that its tokenizer has encoded.

    Some families feed the last label first: the end of the sequence, or the language (mBART).
    """
    from attnviz.text.private import private_copy

    last = getattr(tokenizer, "eos_token_id", None)
    if target_language is not None:
        suffix = private_copy(tokenizer, target=True, language=target_language).tokenizer.suffix_tokens
        last = suffix[-1] if suffix else last
    return shifted(module, [0 if last is None else int(last)])[0]


def joined(tokens: Tokens, more: Tokens) -> Tokens:
    """The tokens of a text and of its continuation, as those of one text."""
    offset = len(tokens.text)
    spans = np.where(more.special[:, None], more.spans, more.spans + offset)
    words = np.where(more.words >= 0, more.words + max(0, int(tokens.words.max(initial=-1)) + 1), more.words)
    return Tokens(
        text=tokens.text + more.text,
        ids=np.concatenate([tokens.ids, more.ids]),
        pieces=tokens.pieces + more.pieces,
        labels=tokens.labels + more.labels,
        spans=np.concatenate([tokens.spans, spans]),
        special=np.concatenate([tokens.special, more.special]),
        words=np.concatenate([tokens.words, words]),
        segments=np.concatenate([tokens.segments, np.zeros(len(more), np.int64)]),
    )

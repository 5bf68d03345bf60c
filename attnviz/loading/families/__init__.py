"""Families of models that transformers has no code for, and this package has."""

from __future__ import annotations

import functools

MARIAN_SSRU = "marian_ssru"
OWN = frozenset({MARIAN_SSRU})


@functools.cache
def register() -> None:
    """Let transformers' Auto classes find them, by the model_type of their config.json. Imports torch."""
    from transformers import AutoConfig, AutoModelForSeq2SeqLM

    from attnviz.loading.families.marian_ssru import MarianSsruConfig, MarianSsruForConditionalGeneration

    AutoConfig.register(MARIAN_SSRU, MarianSsruConfig, exist_ok=True)
    AutoModelForSeq2SeqLM.register(MarianSsruConfig, MarianSsruForConditionalGeneration, exist_ok=True)

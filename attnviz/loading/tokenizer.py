"""The tokenizer that a model's directory holds, and a refusal where it holds none.

transformers builds an empty tokenizer, without a word, where the files are missing: texts would become nothing.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from attnviz.errors import ModelUnsupported
from attnviz.language import say
from attnviz.loading.weights import damaged

PROBES = ("a", "the cat", "A", "1", "我", "é")


def load_tokenizer(directory: Path, name: str, required: bool = True) -> Any:
    """The tokenizer in `directory`, or None where there is none and it is not required.

    Raises: ModelUnsupported ("damaged").
    """
    from transformers import AutoTokenizer

    try:
        tokenizer = AutoTokenizer.from_pretrained(directory, local_files_only=True, trust_remote_code=False)
        empty = not any(tokenizer(probe, add_special_tokens=False)["input_ids"] for probe in PROBES)
        empty = empty or set(tokenizer.get_vocab()) <= set(tokenizer.all_special_tokens)
    except Exception as error:  # every family's tokenizer raises its own when files are missing or broken
        if not required:
            return None
        raise _without(name) from error
    if empty and required:
        raise _without(name)
    return None if empty else tokenizer


def lower_case(tokenizer: Any) -> None:
    """Lower the case of texts before anything else, as sentence-transformers does where a model asks for it."""
    from tokenizers.normalizers import Lowercase, Sequence

    backend = tokenizer.backend_tokenizer
    own: Any = backend.normalizer
    if not any(name in repr(own) for name in ("Lowercase(", "lowercase=True")):
        parts = list(own) if isinstance(own, Sequence) else [own] * (own is not None)  # type: ignore[call-overload]
        backend.normalizer = Sequence([Lowercase(), *parts])


def _without(name: str) -> ModelUnsupported:
    error = damaged(name, "its directory holds no tokenizer that can be read")
    return ModelUnsupported(
        error.message,
        say("Save the tokenizer beside the weights: tokenizer.save_pretrained(directory)."),
        reason="damaged",
    )

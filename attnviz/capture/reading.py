"""The one way in for every text of a model: what it cannot read is refused in words before anything runs.

An id beyond the embedding is an IndexError deep inside the model on a CPU, and on CUDA the end of the process.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from attnviz.errors import ModelUnsupported
from attnviz.types import Tokens

if TYPE_CHECKING:
    from attnviz.loading import Loaded

Inputs = dict[str, list[int]]


def read_text(
    loaded: Loaded, text: str, pair: str | None = None, special: bool = False, target: bool = False
) -> tuple[Tokens, Inputs]:
    """The tokens of a text, or two, and what the module is fed; `special` and `target` as in `attnviz.text.encode`.

    Raises:
        InputInvalid: no string, or a token beyond the embedding. InputEmpty: no text.
        ModelUnsupported: the model takes no text.
    """
    from attnviz.text import encode

    tokenizer, rows = _tokenizer(loaded, target), embedding_rows(loaded.module, target)
    return encode(tokenizer, text, pair, target=target, special=special, vocabulary=rows)


def read_chat(
    loaded: Loaded, messages: Sequence[Mapping[str, Any]], add_generation_prompt: bool = False
) -> tuple[Tokens, Inputs]:
    """The same for messages, by the tokenizer's own template. Raises as `read_text` and `attnviz.text.chat_text` do."""
    from attnviz.text import encode_chat

    rows = embedding_rows(loaded.module)
    return encode_chat(_tokenizer(loaded), messages, add_generation_prompt, vocabulary=rows)


def read_continuation(
    loaded: Loaded, text: str | Iterable[int], continuation: str, special: bool = False
) -> list[int]:
    """The ids of a continuation as it stands behind a text, or ids. Raises as `attnviz.text.continue_ids` does."""
    from attnviz.text import continue_ids

    rows = embedding_rows(loaded.module)
    return continue_ids(_tokenizer(loaded), text, continuation, special=special, vocabulary=rows)


def embedding_rows(module: Any, target: bool = False) -> int:
    """Rows of the embedding of what is read, or with `target` of what a decoder is fed; 0 where they are not known."""
    try:
        part = module.get_decoder() if target else module
        return int((module if part is None else part).get_input_embeddings().num_embeddings)
    except (AttributeError, NotImplementedError):
        return 0


def _tokenizer(loaded: Loaded, target: bool = False) -> Any:
    """The tokenizer; of a model for sounds or pictures, only what its decoder says is a text (`target`)."""
    if loaded.tokenizer is None or not (target or loaded.card.modality.startswith("text")):
        raise ModelUnsupported(
            f"The model {loaded.card.name!r} takes {loaded.card.modality}, not text.",
            "Choose a text model, or give it a picture (image=) or a sound (audio=), whichever it takes.",
            reason="not-captured",
        )
    return loaded.tokenizer

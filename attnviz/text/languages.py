"""Languages that a translator's tokenizer knows: their codes, their tokens, and which of them it starts with.

A multilingual tokenizer marks the source with the token of its language, and the target with that of its own; Marian's
instead begins the source with a tag that names the language of the target.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from attnviz.errors import UnknownName

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

# NLLB's tokenizer lists its codes among its special tokens only: language and script, "fra_Latn".
_CODE = re.compile(r"[a-z]{3}_[A-Z][a-z]{3}")
_TAG = re.compile(r">>([^<>\s]+)<<")


def languages(tokenizer: PreTrainedTokenizerBase | None) -> tuple[str, ...]:
    """The codes of the languages that can be chosen, in the tokenizer's order; empty where there is no choice."""
    return tuple(language_ids(tokenizer) or tag_ids(tokenizer))


def tag_ids(tokenizer: PreTrainedTokenizerBase | None) -> dict[str, int]:
    """The id of each tag ">>fr<<" that a source can begin with, by the language that it asks for."""
    if tokenizer is None or language_ids(tokenizer):
        return {}
    known: Any = tokenizer
    names = (*known.all_special_tokens, *(getattr(known, "supported_language_codes", None) or ()))
    found = {str(name): match[1] for name in names if (match := _TAG.fullmatch(str(name)))}
    return {code: int(known.convert_tokens_to_ids(name)) for name, code in found.items()}


def language_ids(tokenizer: PreTrainedTokenizerBase | None) -> dict[str, int]:
    """The id of each language's token, by its code."""
    if not hasattr(tokenizer, "src_lang") or not hasattr(tokenizer, "_switch_to_target_mode"):
        return {}
    known: Any = tokenizer
    found = getattr(tokenizer, "lang_code_to_id", None)
    if not found:
        names = [str(name) for name in known.all_special_tokens if _CODE.fullmatch(str(name))]
        found = {name: known.convert_tokens_to_ids(name) for name in names}
    return {
        str(code): int(number)
        for code, number in found.items()
        if number is not None and number != known.unk_token_id
    }


def checked_language(what: str, code: str | None, valid: Sequence[str]) -> str | None:
    """The code, where it is valid, or None. Raises UnknownName with those that are."""
    if code is None or code in valid:
        return code
    raise UnknownName(what, code, valid)

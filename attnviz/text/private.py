"""Private copies of tokenizers, whose settings nobody else changes.

transformers keeps truncation, padding and the reading of special tokens in the tokenizer that all threads share, and
switches them at every call. A copy neither truncates nor pads, and reads the names of special tokens ("[SEP]",
"</s>") like any other characters.
"""

from __future__ import annotations

import copy
import threading
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import regex

if TYPE_CHECKING:
    from tokenizers import Tokenizer
    from transformers import PreTrainedTokenizerBase

_lock = threading.Lock()
_copies: WeakKeyDictionary[PreTrainedTokenizerBase, dict[bool, tuple[Any, PreTrainedTokenizerBase]]] = (
    WeakKeyDictionary()
)


def private_copy(tokenizer: PreTrainedTokenizerBase, target: bool = False) -> PreTrainedTokenizerBase:
    """The copy, made once for each tokenizer and again when its vocabulary or template has changed.

    `target`: as the tokenizer treats the text that a translation model shall produce (`text_target`).
    """
    state = _state(tokenizer)
    with _lock:
        made = _copies.setdefault(tokenizer, {})
        if target not in made or made[target][0] != state:
            made[target] = state, _copied(tokenizer, target)
        return made[target][1]


def special_contents(tokenizer: PreTrainedTokenizerBase) -> list[str]:
    """Names of the special tokens that can be taken apart, longest first."""
    contents = {str(token) for token in tokenizer.added_tokens_decoder.values() if token.special}
    contents |= set(tokenizer.all_special_tokens)
    return sorted((content for content in contents if len(content) > 1), key=len, reverse=True)


def _state(tokenizer: PreTrainedTokenizerBase) -> tuple[Any, ...]:
    languages = getattr(tokenizer, "src_lang", None), getattr(tokenizer, "tgt_lang", None)
    if not tokenizer.is_fast:
        return len(tokenizer), *languages
    template = tokenizer.backend_tokenizer.post_processor
    return len(tokenizer), *languages, template and template.__getstate__()


def _copied(tokenizer: PreTrainedTokenizerBase, target: bool) -> PreTrainedTokenizerBase:
    result = copy.deepcopy(tokenizer)
    switch = getattr(result, "_switch_to_target_mode" if target else "_switch_to_input_mode", None)
    if switch is not None:
        switch()
    if result.is_fast:
        backend = result.backend_tokenizer
        backend.no_truncation()
        backend.no_padding()
        backend.encode_special_tokens = True
        _split_specials(backend, special_contents(tokenizer))
    return result


def _split_specials(backend: Tokenizer, contents: list[str]) -> None:
    """Keep the model from finding special tokens in its own vocabulary.

    `encode_special_tokens` only stops the search for added tokens. A Unigram model (T5, XLM-R) has "</s>" in
    its vocabulary too, with the best score of all: cut it after its first character, before the model sees it.
    """
    from tokenizers import Regex, pre_tokenizers

    found = [
        content
        for content in contents
        if any(token.value == content for token in backend.model.tokenize(content))
    ]
    if found:
        pattern = "|".join(f"(?<={regex.escape(content[0])}){regex.escape(content[1:])}" for content in found)
        split = pre_tokenizers.Split(Regex(pattern), "merged_with_next")
        before = backend.pre_tokenizer
        backend.pre_tokenizer = split if before is None else pre_tokenizers.Sequence([before, split])

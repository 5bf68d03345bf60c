"""Private copies of tokenizers, whose settings nobody else changes.

transformers keeps truncation, padding and the reading of special tokens in the tokenizer that all threads share, and
switches them at every call. A copy neither truncates nor pads, and reads the names of special tokens ("[SEP]",
"</s>") either always like any other characters, or always as those tokens.
"""

from __future__ import annotations

import copy
import itertools
import threading
from collections.abc import Iterable
from functools import cached_property
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import regex

if TYPE_CHECKING:
    from tokenizers import Tokenizer
    from transformers import PreTrainedTokenizerBase

Way = tuple[bool, bool, str | None]  # target, special and language of `private_copy`

_lock = threading.Lock()
_copies: WeakKeyDictionary[PreTrainedTokenizerBase, dict[Way, tuple[Any, PrivateCopy]]] = WeakKeyDictionary()
_numbers = itertools.count()


class PrivateCopy:
    """A copy, and what is read from it again and again. Safe to share between threads.

    Attributes:
        tokenizer: the copy.
        number: of this copy alone, in this process.
        pieces: the piece of each id that was asked for.
    """

    def __init__(self, tokenizer: PreTrainedTokenizerBase) -> None:
        self.tokenizer = tokenizer
        self.number = next(_numbers)
        self.pieces = _Pieces(tokenizer)

    @cached_property
    def special(self) -> dict[int, str]:
        """The name of each special token by its id."""
        found = {
            number: str(token)
            for number, token in self.tokenizer.added_tokens_decoder.items()
            if token.special
        }
        named = zip(self.tokenizer.all_special_ids, self.tokenizer.all_special_tokens, strict=True)
        return found | {number: str(name) for number, name in named if number is not None}

    @cached_property
    def names(self) -> regex.Pattern[str] | None:
        """Finds the names of special tokens in a text, the longest at each place; None where there are none.

        Names of a single character (CANINE's) are left out: nothing else could stand for them.
        """
        names = sorted(
            {name for name in self.special.values() if len(name) > 1}, key=lambda name: (-len(name), name)
        )
        return regex.compile("|".join(map(regex.escape, names))) if names else None


class _Pieces(dict[int, str]):
    def __init__(self, tokenizer: PreTrainedTokenizerBase) -> None:
        self.tokenizer = tokenizer

    def __missing__(self, number: int) -> str:
        piece = self.tokenizer.convert_ids_to_tokens(number)
        self[number] = name = "" if piece is None else str(piece)
        return name


def private_copy(
    tokenizer: PreTrainedTokenizerBase,
    target: bool = False,
    special: bool = False,
    language: str | None = None,
) -> PrivateCopy:
    """The copy, made once for each tokenizer and again when its vocabulary or template has changed.

    `target`: as the tokenizer treats the text that a translation model shall produce (`text_target`).
    `special`: names of special tokens in a text are those tokens.
    `language`: that of the text, where the tokenizer has several.
    """
    state, way = _state(tokenizer), (target, special, language)
    with _lock:
        made = _copies.setdefault(tokenizer, {})
        if way not in made or made[way][0] != state:
            made[way] = state, PrivateCopy(_copied(tokenizer, *way))
        return made[way][1]


def _state(tokenizer: PreTrainedTokenizerBase) -> tuple[Any, ...]:
    languages = getattr(tokenizer, "src_lang", None), getattr(tokenizer, "tgt_lang", None)
    if not tokenizer.is_fast:
        return len(tokenizer), *languages
    template = tokenizer.backend_tokenizer.post_processor
    return len(tokenizer), *languages, template and template.__getstate__()


def _copied(
    tokenizer: PreTrainedTokenizerBase, target: bool, special: bool, language: str | None
) -> PreTrainedTokenizerBase:
    result: Any = copy.deepcopy(tokenizer)
    if language is not None:
        setattr(result, "tgt_lang" if target else "src_lang", language)
    switch = getattr(result, "_switch_to_target_mode" if target else "_switch_to_input_mode", None)
    if switch is not None:
        switch()
    if result.is_fast:
        backend = result.backend_tokenizer
        backend.no_truncation()
        backend.no_padding()
        backend.encode_special_tokens = not special
        if not special:
            _split_specials(backend, PrivateCopy(tokenizer).special.values())
    return result


def _split_specials(backend: Tokenizer, names: Iterable[str]) -> None:
    """Keep the model from finding special tokens in its own vocabulary.

    `encode_special_tokens` only stops the search for added tokens. A Unigram model (T5, XLM-R) has "</s>" in
    its vocabulary too, with the best score of all: cut it after its first character, before the model sees it.
    """
    from tokenizers import Regex, pre_tokenizers

    found = [
        name
        for name in sorted({*names}, key=len, reverse=True)
        if len(name) > 1 and any(token.value == name for token in backend.model.tokenize(name))
    ]
    if found:
        pattern = "|".join(f"(?<={regex.escape(name[0])}){regex.escape(name[1:])}" for name in found)
        split = pre_tokenizers.Split(Regex(pattern), "merged_with_next")
        before = backend.pre_tokenizer
        backend.pre_tokenizer = split if before is None else pre_tokenizers.Sequence([before, split])

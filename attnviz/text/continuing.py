"""The tokens of a continuation as it stands behind a text; encoded alone, it could begin with the mark of a word."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from attnviz.errors import InputEmpty, InputInvalid
from attnviz.language import say
from attnviz.text.decoding import tokens_of_ids
from attnviz.text.encoding import check_vocabulary, checked_text, tokenize
from attnviz.text.labels import CONTINUATION, clean
from attnviz.types import Tokens

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

# Characters behind which a beginning can be encoded where the text's own last token would grow into it.
_IN_WORDS = ("1", "7", "x", "q", "z", "a", "é", "猫")
_BETWEEN_WORDS = (")", "]", "|", "=", ";", "。")


def continue_ids(
    tokenizer: PreTrainedTokenizerBase,
    text: str | Iterable[int],
    continuation: str,
    special: bool = False,
    vocabulary: int = 0,
) -> list[int]:
    """The ids of a continuation behind a text whose own ids stay as they are; without what a template adds.

    Text and continuation are encoded together, and what follows the text's ids is the continuation. Where the text's
    last token would grow into the continuation ("be" + "st" is the one token "best"), tokens that begin inside the
    continuation are kept, and what stands before the first of them is encoded behind another character that does not
    grow into it; so it has no mark of a new word either.

    Args:
        text: a string, or the ids that a model has already produced; their special tokens are left out.
        special: names of special tokens are those tokens, in both.

    Raises:
        InputInvalid: what is no string or has a token outside `vocabulary`; a continuation that cannot stand behind
            this text. InputEmpty: a blank text; a continuation without characters.
    """
    if not isinstance(continuation, str):
        raise InputInvalid(
            say("The continuation is not a string but {kind}.", kind=type(continuation).__name__),
            say("Give it as a string."),
        )
    continuation = clean(continuation)
    if not continuation:
        raise InputEmpty(say("The continuation is empty."), say("Type at least one character."))
    if isinstance(text, str):
        text = checked_text(text, "text")
        own = tokenize(tokenizer, text, add_special_tokens=False, special=special).ids.tolist()
    else:
        read = tokens_of_ids(tokenizer, text)
        text, own = read.text, read.ids[~read.special].tolist()
    both = tokenize(tokenizer, text + continuation, add_special_tokens=False, special=special)
    if len(both) > len(own) and both.ids[: len(own)].tolist() == own:
        found = both.ids[len(own) :].tolist()
    else:
        start, later = _later_tokens(both, len(text))
        beginning = continuation[: start - len(text)]
        found = (_beginning(tokenizer, text, beginning, special) if beginning else []) + later
    check_vocabulary(tokenizer, found, vocabulary)
    return found


def _later_tokens(tokens: Tokens, border: int) -> tuple[int, list[int]]:
    """Where the first token begins that has no part before the border, and the ids from it on."""
    start = 0
    for k, label in enumerate(tokens.labels):
        # White space that the piece before ends with (Llama's "▁sat▁") is no part of this token, though of its label.
        taken = label[:1].isspace() and k > 0 and tokens.pieces[k - 1].endswith(("▁", "Ġ", "Ċ"))
        if start >= border and label not in ("", CONTINUATION) and not taken:
            return start, tokens.ids[k:].tolist()
        start += len(label) if label != CONTINUATION else 0
    return len(tokens.text), []


def _beginning(tokenizer: PreTrainedTokenizerBase, text: str, beginning: str, special: bool) -> list[int]:
    """The ids of a beginning, encoded behind a character that does not grow into it.

    Inside a word the character is one of a word, too, since WordPiece writes what goes on in other pieces.
    """
    inside = text[-1:].isalnum() and beginning[0].isalnum()
    for before in (text[-1:], *_IN_WORDS) if inside else (text[-1:], *_BETWEEN_WORDS, *_IN_WORDS):
        try:
            alone, both = (
                tokenize(tokenizer, part, add_special_tokens=False, special=special).ids.tolist()
                for part in (before, before + beginning)
            )
        except InputEmpty:  # white space alone is no text
            continue
        if both[: len(alone)] == alone and len(both) > len(alone):
            return both[len(alone) :]
    raise InputInvalid(
        say(
            "The tokenizer cannot write {beginning!r} behind {text!r} without changing what stands "
            "before it.",
            beginning=beginning[:40],
            text=text[-40:],
        ),
        say("Move the beginning of the continuation to the end of the text, or begin it with a space."),
    )

"""Messages of a conversation as the one text that a chat model reads, by the template of its tokenizer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from attnviz.errors import InputInvalid, InputTooLong
from attnviz.language import say
from attnviz.text.encoding import encode
from attnviz.text.recent import Inputs
from attnviz.types import Tokens

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

Message = Mapping[str, Any]

# A template is the program of a stranger; transformers runs it in a sandbox that bounds loops, not what they write.
MAX_CHARACTERS = 1 << 20


def has_chat(tokenizer: PreTrainedTokenizerBase) -> bool:
    """Whether the tokenizer has a template for messages."""
    return bool(getattr(tokenizer, "chat_template", None))


def chat_text(
    tokenizer: PreTrainedTokenizerBase, messages: Sequence[Message], add_generation_prompt: bool = False
) -> str:
    """The text that the tokenizer's own template makes of messages.

    Args:
        messages: mappings with a "role" ("system", "user", "assistant") and a "content", both strings.
        add_generation_prompt: the text ends where the assistant's answer begins.

    Raises:
        InputInvalid: the tokenizer has no template, a message is malformed, or the template does not accept them.
        InputTooLong: more than `MAX_CHARACTERS` characters, before or after the template.
    """
    if not has_chat(tokenizer):
        raise InputInvalid(
            say("The model's tokenizer has no chat template: it was not made for messages."),
            say("Give the text itself, or choose a chat model."),
        )
    _check_messages(messages)
    _check_length(sum(len(message["content"]) for message in messages))
    try:
        text = tokenizer.apply_chat_template(
            [dict(message) for message in messages],
            tokenize=False,
            add_generation_prompt=add_generation_prompt,
        )
    except Exception as error:  # whatever a stranger's template, or Jinja in its name, raises
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0][:200].rstrip(".")
        raise InputInvalid(
            say("The model's chat template does not accept these messages: {reason}.", reason=reason),
            say("Most templates want the roles 'user' and 'assistant' in turn, some a 'system' first."),
        ) from error
    _check_length(len(text))
    return str(text)


def encode_chat(
    tokenizer: PreTrainedTokenizerBase,
    messages: Sequence[Message],
    add_generation_prompt: bool = False,
    vocabulary: int = 0,
) -> tuple[Tokens, Inputs]:
    """The tokens of messages, ids equal to those of `tokenizer.apply_chat_template`, and the model's inputs.

    Names of special tokens are those tokens, in what a person wrote as in the template. `Tokens.text` is the rendered
    text. Raises as `chat_text` and `encode` do.
    """
    text = chat_text(tokenizer, messages, add_generation_prompt)
    return encode(tokenizer, text, add_special_tokens=False, special=True, vocabulary=vocabulary)


def _check_messages(messages: object) -> None:
    shape = "Give a list such as [{'role': 'user', 'content': 'Hello'}]."
    if not isinstance(messages, Sequence) or isinstance(messages, (str, bytes)):
        raise InputInvalid(say("Messages are a list, not {kind}.", kind=type(messages).__name__), shape)
    if not messages:
        raise InputInvalid(say("There is no message."), shape)
    for number, message in enumerate(messages):
        if not isinstance(message, Mapping):
            raise InputInvalid(
                say("Message {number} is no mapping but {kind}.", number=number, kind=type(message).__name__),
                shape,
            )
        for field in ("role", "content"):
            if not isinstance(message.get(field), str):
                raise InputInvalid(
                    say("Message {number} has no {field!r} that is a string.", number=number, field=field),
                    shape,
                )


def _check_length(count: int) -> None:
    if count > MAX_CHARACTERS:
        raise InputTooLong(
            say(
                "The messages have {count:,} characters; at most {max_characters:,} are read.",
                count=count,
                max_characters=MAX_CHARACTERS,
            ),
            say("Shorten them."),
            tokens=count,
            limit=MAX_CHARACTERS,
        )

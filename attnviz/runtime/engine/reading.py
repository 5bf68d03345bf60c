"""How a question wants its text read: as it stands, with special tokens, or as a message to a chat model."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from attnviz.runtime.query import CHAT, SPECIAL, TEMPLATE, Query

if TYPE_CHECKING:
    from attnviz.capture import Model


def as_read(model: Model, query: Query) -> tuple[Model, Query]:
    """The model that reads the question's texts as it wants, and the question with the text that it then reads.

    Raises InputInvalid, InputTooLong: the model has no chat template, or it does not accept the message.
    """
    if query.reading == SPECIAL:
        return model.reading(), query
    if query.reading == TEMPLATE:
        return model.reading(complete=True), query
    if query.reading == CHAT:
        from attnviz.text import chat_text

        message = {"role": "user", "content": query.text}
        text = chat_text(model.loaded.tokenizer, [message], add_generation_prompt=True)
        return model.reading(complete=True), replace(query, text=text, pair=None, reading=TEMPLATE)
    return model, query

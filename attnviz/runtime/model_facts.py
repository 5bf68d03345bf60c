"""What a page says of a model beside its picture: how else it could read a text. Nothing is loaded for it."""

from __future__ import annotations

from dataclasses import dataclass

from attnviz.runtime.engine.engine import Engine
from attnviz.runtime.query import Query, is_file


@dataclass(frozen=True)
class Readable:
    """How else the texts of a question could be read.

    Attributes:
        names: of special tokens of the model that stand in the texts. chat: whether it has a template for messages.
    """

    names: tuple[str, ...] = ()
    chat: bool = False


class ModelFacts:
    """What `Runtime` knows of models that are loaded."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def readable(self, query: Query) -> Readable:
        """How else the texts could be read, where the model is loaded."""
        loaded = None if is_file(query.model) else self._engine.models.peek(query.model)
        if loaded is None or loaded.model.loaded.tokenizer is None:
            return Readable()
        from attnviz.text import has_chat, special_names

        tokenizer = loaded.model.loaded.tokenizer
        texts = [text for text in (query.text, query.pair, query.target_text) if text]
        names = dict.fromkeys(name for text in texts for name in special_names(tokenizer, text))
        return Readable(tuple(names), has_chat(tokenizer))

"""Questions about how a model reads texts: its languages, its chat template, what looks like its special tokens."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from attnviz.runtime import limits
from attnviz.runtime.engine.engine import Engine, Key
from attnviz.runtime.progress import COMPUTING, Progress, silent
from attnviz.runtime.query import Query, is_file

if TYPE_CHECKING:
    from attnviz.capture import Model, SelfCheck


TRIED = 16  # beginnings of a text, each a token shorter: some end in the midst of what is read as one


@dataclass(frozen=True)
class ReadingFacts:
    """What can be chosen beside a text.

    Attributes:
        languages: codes for `Query.target_language`; empty where there is no choice.
        source_languages: the same for `Query.source_language`; a tag that names the target alone leaves no choice.
        source_language, target_language: those that are read where none is named; None: there is none.
        chat: whether `Query.chat` is understood.
    """

    languages: tuple[str, ...] = ()
    source_languages: tuple[str, ...] = ()
    source_language: str | None = None
    target_language: str | None = None
    chat: bool = False


@dataclass(frozen=True)
class Embedded:
    """A question with a text that is longer than what sentence-transformers embeds with this model.

    Attributes:
        limit: tokens that it reads; it cuts off the rest, as the option length="own" of a target does.
        tokens: of the text, and of the second text if there is one.
    """

    limit: int
    tokens: tuple[int, ...]


@dataclass(frozen=True)
class Counted:
    """How long the texts of a question are, as the model reads them.

    Attributes:
        tokens: of the text, with a second one of both as one sequence, special ones included.
        limit: how many the model reads, and this server allows.
        beginning: of a text that is longer, as much as is read as its first tokens; None where nothing is left out,
            where there is a second text, or where no beginning is read as just those tokens. read: its tokens.
    """

    tokens: int
    limit: int
    beginning: str | None = None
    read: int = 0


class Readings:
    """What `Runtime` answers about how texts are read, and whether that is right."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def reading(self, name: str, progress: Progress | None = None) -> ReadingFacts:
        """What can be chosen beside a text; nothing of an opened file, or of a model that is not loaded.

        With a progress callback the model is loaded first. Raises what loading raises.
        """
        models = self._engine.models
        if is_file(name):
            return ReadingFacts()
        loaded = models.get(name, progress) if progress else models.peek(name)
        if loaded is None:
            return ReadingFacts()
        model = loaded.model
        own = model.reading.decided(model.loaded)
        return ReadingFacts(
            model.languages,
            model.source_languages,
            own.get("source_language"),
            own.get("target_language"),
            model.has_chat,
        )

    def special_in(self, query: Query, progress: Progress | None = None) -> tuple[str, ...]:
        """What looks like special tokens of the model in the texts, each once; text, unless `Query.special` is set.

        Of a model that is not loaded, as `reading`.
        """
        models = self._engine.models
        if is_file(query.model):
            return ()
        loaded = models.get(query.model, progress) if progress else models.peek(query.model)
        if loaded is None:
            return ()
        texts = [text for text in (query.text, query.pair, query.target_text) if text]
        return tuple(dict.fromkeys(name for text in texts for name in loaded.model.special_in(text)))

    def embedded(self, query: Query, progress: Progress | None = None) -> Embedded | None:
        """How the texts, each embedded alone, exceed the model's own limit for that; None where they do not.

        Of a model that is not loaded, as `reading`.
        """
        if is_file(query.model):
            return None
        models = self._engine.models
        loaded = models.get(query.model, progress) if progress else models.peek(query.model)
        limit = None if loaded is None else loaded.model.loaded.pooling.max_seq_length
        if loaded is None or limit is None:
            return None
        limits.check_characters(query, self._engine.settings)
        model = loaded.model.reads(**query.reading)
        texts = [text for text in (query.text, query.pair) if text]
        tokens = tuple(len(model.tokenize(text)) for text in texts)
        return Embedded(limit, tokens) if max(tokens) > limit else None

    def counted(self, query: Query, progress: Progress | None = None) -> Counted | None:
        """How many tokens the texts have, and the beginning of one that is too long; None of a file or a picture.

        Of a model that is not loaded, as `reading`. Raises InputTooLong beyond the characters that this server reads.
        """
        if is_file(query.model) or query.media or not query.text.strip():
            return None
        models = self._engine.models
        loaded = models.get(query.model, progress) if progress else models.peek(query.model)
        if loaded is None:
            return None
        limits.check_characters(query, self._engine.settings)
        model = loaded.model.reads(**query.reading)
        count, limit = (
            len(model.tokenize(query.content, query.pair)),
            limits.most_tokens(model, self._engine.settings),
        )
        if count <= limit or query.pair or query.chat:
            return Counted(count, limit)
        for fewer in range(TRIED):
            beginning = _first_tokens(model, query.text, limit - fewer)
            if beginning is not None and beginning.strip():
                return Counted(count, limit, beginning, limit - fewer)
        return Counted(count, limit)

    def check(self, name: str, progress: Progress | None = None) -> SelfCheck | None:
        """Whether the capture of a model is right: see `attnviz.check`. Once for each model; None of an opened file.

        Raises what loading and capturing raise.
        """
        if is_file(name):
            return None
        engine = self._engine
        loaded = engine.models.get(name, progress or silent)

        def work() -> SelfCheck:
            from attnviz.capture import check

            return check(loaded.model)

        found: SelfCheck = engine.results.get(
            (Key(loaded.name, loaded.load), "self-check"),
            lambda report: engine.in_turn(COMPUTING, "checking the model", work, report),
            progress or silent,
        )
        return found


def _first_tokens(model: Model, text: str, limit: int) -> str | None:
    """The beginning of a text that is read as its first tokens, special ones included; None where there is none."""
    tokens = model.tokenize(text)
    if len(tokens) <= limit:
        return text
    added = tokens.spans[:, 0] == tokens.spans[:, 1]
    own = np.flatnonzero(~added)
    kept = limit - int(added.sum())
    if kept < 1:
        return None
    beginning = text[: int(tokens.spans[own[kept - 1], 1])]
    again = model.tokenize(beginning)
    left = np.delete(tokens.ids, own[kept:])
    return beginning if np.array_equal(again.ids, left) else None

"""Questions about translations: what a model writes, what each word was read from, and what a beam search weighed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attnviz.runtime import limits
from attnviz.runtime.engine.engine import Engine, Tell
from attnviz.runtime.progress import TRANSLATING, Progress
from attnviz.runtime.query import Query

if TYPE_CHECKING:
    from attnviz.capture import Model
    from attnviz.explanation.translation.documents import TranslatedDocument
    from attnviz.explanation.translation.records import BeamTree, Translation


class Translations:
    """What `Runtime` answers about translations."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def translate(
        self,
        query: Query,
        prefix: tuple[int, ...] = (),
        links: tuple[tuple[int, int, int, int], ...] = (),
        heads: tuple[tuple[int, int], ...] | None = None,
        progress: Progress | None = None,
    ) -> Translation:
        """The translation of the text, or the question's target text looked into.

        See `attnviz.explanation.translation.writing.translate`, also for its errors.
        """

        def work(model: Model, tell: Tell) -> Translation:
            from attnviz.explanation.translation.writing import translate

            if query.target_text:
                limits.check(model, query, self._engine.settings)
            return translate(
                model, query.text, query.target_text, prefix, links, heads, **query.reading, progress=tell
            )

        return self._engine.on_model(query, ("translate", prefix, links, heads), TRANSLATING, work, progress)

    def translate_document(self, query: Query, progress: Progress | None = None) -> TranslatedDocument:
        """Each sentence of the text by itself; see `documents.translate_document`, also for its errors."""

        def work(model: Model, tell: Tell) -> TranslatedDocument:
            from attnviz.explanation.translation.documents import translate_document

            return translate_document(model, query.text, **query.reading, progress=tell)

        return self._engine.on_model(query, ("translate-document",), TRANSLATING, work, progress)

    def beams(
        self,
        query: Query,
        num_beams: int = 4,
        prefix: tuple[int, ...] = (),
        progress: Progress | None = None,
    ) -> BeamTree:
        """All that a beam search for the translation weighs; see `beam_search`, also for its errors."""

        def work(model: Model, tell: Tell) -> BeamTree:
            from attnviz.explanation.translation.beams import beam_search

            return beam_search(model, query.text, num_beams, prefix, **query.reading, progress=tell)

        return self._engine.on_model(query, ("beams", num_beams, prefix), TRANSLATING, work, progress)

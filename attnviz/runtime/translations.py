"""Questions about translations: what a model writes, what each word was read from, what a beam search weighed, gold."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attnviz.runtime import limits
from attnviz.runtime.engine.engine import Engine, Key, Tell
from attnviz.runtime.progress import TRANSLATING, Progress, Stage, silent
from attnviz.runtime.query import Query, is_file

if TYPE_CHECKING:
    from attnviz.capture import Model
    from attnviz.explanation.translation.documents import TranslatedDocument
    from attnviz.explanation.translation.records import BeamTree, HeadErrors, Translation
    from attnviz.types import GoldAlignment


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

    def gold(self, name: str) -> tuple[GoldAlignment, ...]:
        """The sentences whose word alignment comes with a model; none of a file, or of a model that is not loaded."""
        loaded = None if is_file(name) else self._engine.models.peek(name)
        return () if loaded is None else loaded.model.loaded.gold

    def head_errors(self, name: str, progress: Progress | None = None) -> tuple[HeadErrors, ...]:
        """How far each head is from that gold, for each language of translations; once for each model.

        See `attnviz.explanation.translation.gold.head_errors`, also for its errors. Empty of an opened file.
        """
        if is_file(name):
            return ()
        engine = self._engine
        loaded = engine.models.get(name, progress or silent)

        def compute(report: Progress) -> tuple[HeadErrors, ...]:
            def told(fraction: float) -> None:
                report(Stage(TRANSLATING, fraction))

            def work() -> tuple[HeadErrors, ...]:
                from attnviz.explanation.translation.gold import head_errors

                return head_errors(loaded.model, progress=told)

            return engine.in_turn(TRANSLATING, TRANSLATING, work, report)

        found: tuple[HeadErrors, ...] = engine.results.get(
            (Key(loaded.name, loaded.load), "head-errors"), compute, progress or silent
        )
        return found

"""What the parts of the runtime stand on: models, captures and results in bounded caches, and one gate to the device.

A question and a piece of work go in, what the work returns comes out, computed once however many ask.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from attnviz.errors import CaptureInvalid, InputInvalid, ModelUnsupported
from attnviz.language import say
from attnviz.runtime import gallery, limits
from attnviz.runtime.engine import media as held_media
from attnviz.runtime.engine.cache import SharedCache
from attnviz.runtime.engine.gate import Gate
from attnviz.runtime.engine.memory import guarded
from attnviz.runtime.engine.models import Loaded, Models
from attnviz.runtime.engine.names import Names
from attnviz.runtime.engine.sizes import capture_parts
from attnviz.runtime.engine.store import Store
from attnviz.runtime.progress import COMPUTING, READING, Progress, Stage, silent
from attnviz.runtime.query import FILE, Query, is_file
from attnviz.runtime.settings import Settings
from attnviz.types import CatalogCard, Estimate, ModelCard, readonly

if TYPE_CHECKING:
    from attnviz.capture import Capture, Model

What = tuple[Hashable, ...]  # which result of a capture: the method and its arguments
Tell = Callable[[float], None]  # told the fraction of the work that is done
WRITER = "writer"  # kind of what is held: texts that models are writing
REMEDY = (
    "Try a shorter text or a smaller model; what was kept has been given back, so the next request can work."
)


@dataclass(frozen=True)
class Key:
    """Under which a capture is kept.

    Attributes:
        source: the name of a model, an opened file or a stored example.
        load: counts the loads of models: another load under the same name is another model.
        texts: digest of the texts.
    """

    source: str
    load: int = -1
    texts: str = ""


class Engine:
    """Finds captures and models, and does work on them: through the gate where it is heavy, kept where it is done."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.names = Names(settings)
        self.gate = Gate(settings.max_waiting, settings.max_waiting_each)
        self.captures: SharedCache[Capture] = SharedCache(settings.captures_bytes, capture_parts)
        self.results: SharedCache[Any] = SharedCache(settings.results_bytes)
        self.held = Store(settings.held_bytes, settings.held_bytes // 4)
        self.models = Models(settings, self.names, self.gate, forget=self._forget, free=self.free)

    def catalog(self) -> tuple[CatalogCard, ...]:
        """The cards of the models offered by name, and which are at hand. Does not import torch."""
        from attnviz.loading import catalog

        return catalog()

    def card(self, name: str) -> ModelCard | None:
        """What is known of a model, or of the model of an opened file: complete where it is at hand, else None."""
        if is_file(name):
            capture: Capture | None = self.held.get(name)
            return capture.card if capture else None
        loaded = self.models.peek(name)
        return (
            loaded.model.card if loaded else next((c.model for c in self.catalog() if c.name == name), None)
        )

    def estimate(self, name: str, ask: bool = False) -> Estimate | None:
        """How large a model is that is not loaded: see `attnviz.loading.estimate`. With `ask` it asks the Hub.

        None for a name that this server does not look up, and for the operator's directory.
        """
        from attnviz.loading.estimate import estimate

        if is_file(name) or name == self.names.default or not self.names.permits(name):
            return None
        return estimate(name, self.names.access(name), self.models.device()[2], ask)

    def ready(self, query: Query) -> bool:
        """Whether `find` would answer at once."""
        example = gallery.stored_example(query)
        if example and gallery.capture_path(example).exists():
            return True
        if is_file(query.model):
            return self.held.get(query.model) is not None
        loaded = self.models.peek(query.model)
        return loaded is not None and self.captures.peek(key_of(loaded, query)) is not None

    def find(self, query: Query, progress: Progress | None = None) -> tuple[Key, Capture]:
        """The capture of a question, from a file or computed, and the key that its results are kept under.

        Raises what loading raises, InputEmpty and InputTooLong; CaptureInvalid for a file that is kept no longer.
        """
        report = progress or silent
        example = gallery.stored_example(query)
        if example is not None:
            key = Key(gallery.STORED, texts=example.name)
            stored = self.results.get(key, lambda tell: _Stored(gallery.open_example(example)), report)
            if stored.capture is not None:
                return key, stored.capture
        if is_file(query.model):
            opened = self.held.get(query.model)
            if opened is None:
                raise CaptureInvalid(
                    say("The opened file is no longer kept by this server."), say("Open it again.")
                )
            return Key(query.model), opened
        loaded = self.models.get(query.model, report)
        key = key_of(loaded, query)
        return key, self._capture(loaded, key, query, report)

    def _capture(self, loaded: Loaded, key: Key, query: Query, report: Progress) -> Capture:
        model = loaded.model

        def compute(report: Progress) -> Capture:
            report(Stage(READING))
            if query.media:
                return self.in_turn(COMPUTING, "reading the file", lambda: self._medium(model, query), report)
            limits.check(model, query, self.settings)
            return self.in_turn(
                COMPUTING,
                "reading the text",
                lambda: model.capture(query.content, query.pair, query.target_text, **query.reading),
                report,
            )

        capture = self.captures.get(key, compute, report)
        self._drop_late(loaded)
        return capture

    def medium_of(self, query: Query) -> dict[str, Any]:
        """The picture or sound of a question as an argument of `Model.capture`. Raises InputInvalid: it is gone."""
        return held_media.given(self.held, query)

    def _medium(self, model: Model, query: Query) -> Capture:
        """The capture of a picture or a sound that this server holds."""
        source = self.medium_of(query)
        limits.check_items(model, model.tokenize(**source), query, self.settings)
        return model.capture(target_text=query.target_text, **query.reading, **source)

    def on_model(
        self,
        query: Query,
        what: What,
        stage: str,
        work: Callable[[Model, Tell], Any],
        progress: Progress | None,
        joined: bool = False,
        media: bool = False,
    ) -> Any:
        """Work that needs the model itself: through the gate, and kept under the question and `what`.

        The texts are read one by one, or `joined` to one sequence as in a capture; with `media` the question is about
        a picture or a sound. Raises ModelUnsupported for an opened file, InputEmpty, InputTooLong, InputInvalid.
        """
        if is_file(query.model):
            raise ModelUnsupported(
                say("An opened file holds attention, not the model that made it."),
                say("Choose the model itself to explain its results."),
                reason="not-captured",
            )
        if query.media and not media:
            what_it_is = "picture" if query.image is not None else "sound"
            raise InputInvalid(
                say(
                    "This explains what a model makes of a text, and the question is about a {what_it_is}.",
                    what_it_is=what_it_is,
                ),
                say("Look at its attention, or choose a model that reads text."),
            )
        loaded = self.models.get(query.model, progress or silent)
        model = loaded.model

        def compute(report: Progress) -> Any:
            report(Stage(READING))
            if media:
                limits.check_items(model, model.tokenize(**self.medium_of(query)), query, self.settings)
            else:
                (limits.check if joined else limits.check_separately)(model, query, self.settings)
            limits.check_options(what, self.settings)

            def told(fraction: float) -> None:
                self._part_done(Stage(stage, fraction), report)

            return self.in_turn(stage, stage, lambda: work(model, told), report)

        result = self.results.get((key_of(loaded, query), digest(what)), compute, progress or silent)
        self._drop_late(loaded)
        return result

    def on_capture(
        self,
        key: Key,
        what: What,
        work: Callable[[Progress], Any],
        progress: Progress | None,
        doing: str = "computing all heads",
        queue: bool = True,
    ) -> Any:
        """Work on a capture, kept under its key and `what`.

        Args:
            doing: what is said to be done when memory ends.
            queue: through the gate, as what asks for all heads should: it is as heavy as a forward pass. What takes
                milliseconds should not: looking around must not queue.
        """

        def compute(report: Progress) -> Any:
            def done() -> Any:
                return _frozen(work(lambda stage: self._part_done(stage, report)))

            if not queue or key.source == gallery.STORED:  # the latter is quick, and numpy on the processor
                return self.guard(doing, done)
            with self.gate.turn(report):
                return self.guard(doing, done)

        return self.results.get((key, digest(what)), compute, progress or silent)

    def in_turn(self, stage: str, doing: str, work: Callable[[], Any], progress: Progress | None) -> Any:
        """Work through the gate, not kept."""
        report = progress or silent
        with self.gate.turn(report):
            report(Stage(stage))
            return self.guard(doing, work)

    def _part_done(self, stage: Stage, report: Progress) -> None:
        """Report how far long work has come, and let short work pass before its next part."""
        report(stage)
        if stage.fraction is not None:
            self.gate.step_aside(lambda: report(stage))

    def guard(self, doing: str, work: Callable[[], Any]) -> Any:
        """`work()`; where memory ends, what can be had again is dropped, and DeviceMemoryExhausted raised."""
        return guarded(work, self.free, doing, REMEDY)

    def free(self) -> None:
        """Drop what can be had again: what was computed, and files that visitors can open once more."""
        self.captures.clear()
        self.results.clear()
        self.held.clear(FILE)
        self.held.clear(WRITER)

    def _forget(self, name: str) -> None:
        """A model is gone, and so is what was made with it."""
        self.captures.drop(lambda key: _source(key) == name)
        self.results.drop(lambda key: _source(key) == name)
        self.held.clear(WRITER)  # one of them may keep its weights; all can be made again

    def _drop_late(self, loaded: Loaded) -> None:
        """Drop what was kept for a model that was evicted meanwhile: nobody would find it again."""
        if self.models.peek(loaded.name) is not loaded:
            self.captures.drop(lambda key: _load(key) == loaded.load)
            self.results.drop(lambda key: _load(key) == loaded.load)


@dataclass(frozen=True)
class _Stored:
    """A stored capture, or the fact that there is none."""

    capture: Capture | None


def key_of(loaded: Loaded, query: Query) -> Key:
    """Under which the capture of a question is kept: the model as it is loaded, and the texts."""
    return Key(loaded.name, loaded.load, digest(query.texts))


def digest(what: What) -> str:
    """Of strings, numbers, None and tuples of them: equal for equal values; texts are not kept to tell them apart."""
    return hashlib.blake2b(repr(what).encode(), digest_size=16).hexdigest()


def _capture_key(key: Hashable) -> Key:
    found = key if isinstance(key, Key) else key[0]  # type: ignore[index]
    assert isinstance(found, Key)
    return found


def _source(key: Hashable) -> str:
    return _capture_key(key).source


def _load(key: Hashable) -> int:
    return _capture_key(key).load


def _frozen(value: Any) -> Any:
    return readonly(value, np.float32) if isinstance(value, np.ndarray) else value

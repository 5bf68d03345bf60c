"""Where answers are made and kept: models, captures and maps in byte-bounded caches, and one gate to the device.

The parts of the Runtime (`look`, `explore`, `examine`, `trust`) stand on it: a question and a piece of work go in, what
the work returns comes out, computed once however many ask.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import TYPE_CHECKING, Any

import numpy as np

from attnviz.errors import CaptureInvalid, ModelUnsupported
from attnviz.runtime import files, gallery, limits
from attnviz.runtime.engine.cache import SharedCache
from attnviz.runtime.engine.gate import Gate
from attnviz.runtime.engine.memory import guarded
from attnviz.runtime.engine.models import Models
from attnviz.runtime.query import COMPUTING, READING, Progress, Query, Stage, silent
from attnviz.runtime.settings import Settings
from attnviz.types import HeadTable, ModelCard, readonly

if TYPE_CHECKING:
    from attnviz.capture import Capture, Model

Key = tuple[Hashable, ...]
Tell = Callable[[float], None]
REMEDY = (
    "Try a shorter text or a smaller model; what was kept has been given back, so the next request can work."
)


class Desk:
    """Finds captures and models, and does work on them: through the gate where it is heavy, kept where it is done."""

    def __init__(self, settings: Settings | None = None) -> None:
        self.settings = settings or Settings.from_environment()
        self._gate = Gate(self.settings.max_waiting)
        self._captures: SharedCache[Capture] = SharedCache(
            self.settings.captures_bytes, lambda capture: capture.nbytes
        )
        self._maps: SharedCache[Any] = SharedCache(self.settings.maps_bytes, _size)
        self._models = Models(self.settings, forget=self._forget, free=self._free)

    def catalog(self) -> tuple[ModelCard, ...]:
        """The cards of the models offered by name. Does not import torch."""
        from attnviz.loading import catalog

        return catalog()

    def card(self, name: str) -> ModelCard | None:
        """What is known of a model, or of the model of an opened file: complete where it is at hand, else None."""
        if files.is_file(name):
            capture = self._captures.peek((name,))
            return capture.card if capture else None
        model = self._models.peek(name)
        return model.card if model else next((card for card in self.catalog() if card.name == name), None)

    def _find(self, query: Query, report: Progress) -> tuple[Key, Capture]:
        example = gallery.stored_example(query)
        if example is not None:
            key: Key = (gallery.STORED, example.name)
            stored = self._maps.get(key, lambda tell: _Stored(gallery.open_example(example)), report)
            if stored.capture is not None:
                return key, stored.capture
        if files.is_file(query.model):
            capture = self._captures.get((query.model,), _gone, report)
            return (query.model,), capture
        model = self._models.get(query.model, report)
        key = key_of(model, query)
        return key, self._capture(model, key, query, report)

    def _capture(self, model: Model, key: Key, query: Query, report: Progress) -> Capture:
        def compute(report: Progress) -> Capture:
            report(Stage(READING))
            limits.check(model, query, self.settings)
            with self._gate.turn(report):
                report(Stage(COMPUTING))
                return self._guard(
                    "reading the text", lambda: model.capture(query.text, query.pair, query.target_text)
                )

        capture = self._captures.get(key, compute, report)
        if self._models.peek(query.model) is not model:
            # Evicted in the meantime: what is loaded by this name next may be another model (see _forget).
            self._captures.drop(lambda each: each == key)
        return capture

    def _on_model(
        self,
        query: Query,
        what: Key,
        stage: str,
        work: Callable[[Model, Tell], Any],
        progress: Progress | None,
    ) -> Any:
        """Work that needs the model itself: through the gate, and kept under the question and `what`.

        The texts are read one by one. Raises ModelUnsupported for an opened file, InputEmpty, InputTooLong.
        """
        if files.is_file(query.model):
            raise ModelUnsupported(
                "An opened file holds attention, not the model that made it.",
                "Choose the model itself to explain its results.",
                reason="not-captured",
            )
        model = self._models.get(query.model, progress or silent)

        def compute(report: Progress) -> Any:
            report(Stage(READING))
            limits.check_separately(model, query, self.settings)
            with self._gate.turn(report):
                report(Stage(stage))
                return self._guard(
                    stage, lambda: work(model, lambda fraction: report(Stage(stage, fraction)))
                )

        return self._maps.get((key_of(model, query), *what), compute, progress or silent)

    def _all_heads(self, key: Key, work: Any, progress: Progress | None) -> Any:
        """Work on all heads: as heavy as a forward pass, hence through the gate."""

        def compute(report: Progress) -> Any:
            if key[0][0] == gallery.STORED:  # type: ignore[index]
                return _frozen(work(report))  # numpy on the processor
            with self._gate.turn(report):
                return self._guard("computing all heads", lambda: _frozen(work(report)))

        return self._maps.get(key, compute, progress or silent)

    def _guard(self, doing: str, work: Any) -> Any:
        return guarded(work, self._free, doing, REMEDY)

    def _free(self) -> None:
        self._captures.clear()
        self._maps.clear()

    def _forget(self, name: str) -> None:
        """A model is gone, and so is what was made with it: a directory may hold other weights next time."""
        self._captures.drop(lambda key: key[0] == name)  # type: ignore[index]
        self._maps.drop(lambda key: key[0][0] == name)  # type: ignore[index]


class _Stored:
    """A stored capture, or the fact that there is none."""

    def __init__(self, capture: Capture | None) -> None:
        self.capture = capture
        self.nbytes = capture.nbytes if capture else 0


def _gone(tell: Progress) -> Capture:
    raise CaptureInvalid("The opened file is no longer kept by this server.", "Open it again.")


def key_of(model: Model, query: Query) -> Key:
    """Under which the capture of a question is kept: the model as it is loaded, and the texts."""
    where = (query.model, model.card.revision, str(model.device), str(model.dtype))
    return (*where, query.text, query.pair, query.target_text)


def _frozen(value: Any) -> Any:
    return readonly(value, np.float32) if isinstance(value, np.ndarray) else value


def _size(value: Any) -> int:
    """Bytes of what the map cache keeps."""
    if isinstance(value, tuple):
        return sum(_size(each) for each in value)
    if isinstance(value, HeadTable):
        return value.values.nbytes
    return int(value.nbytes)

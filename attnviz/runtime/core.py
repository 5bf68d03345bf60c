"""The runtime that pages talk to: names and texts in, read-only arrays and records out, never a torch object.

Models, captures and maps live in byte-bounded caches; one gate lets one forward pass at a time onto the
device. A runtime on a cluster will have the same methods. Import from `attnviz.runtime`.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Hashable
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np

from attnviz.errors import AttnVizError, CaptureInvalid, ModelUnsupported
from attnviz.runtime import gallery, limits, opened
from attnviz.runtime.cache import SharedCache
from attnviz.runtime.examine import Examiner, Tell
from attnviz.runtime.explore import Explorer
from attnviz.runtime.gate import Gate
from attnviz.runtime.memory import engine, guarded
from attnviz.runtime.models import Models
from attnviz.runtime.settings import Settings
from attnviz.runtime.stage import (
    COMPUTING,
    OVERVIEWS,
    READING,
    STATISTICS,
    DeviceFacts,
    Progress,
    Query,
    Stage,
    silent,
)
from attnviz.types import FloatArray, HeadTable, Kind, ModelCard, QueryKey, readonly

if TYPE_CHECKING:
    from attnviz.capture import Capture, Model

Key = tuple[Hashable, ...]
REMEDY = (
    "Try a shorter text or a smaller model; what was kept has been given back, so the next request can work."
)


class Runtime(Explorer, Examiner):
    """What pages call. All methods may be called from any thread.

    `progress` is called in the thread of the caller; what it raises cancels the request. Besides the errors
    listed at each method, all that compute raise DeviceMemoryExhausted, and AttnVizError where too many wait.
    """

    def __init__(self, settings: Settings | None = None) -> None:
        self.settings = settings or Settings.from_environment()
        self._gate = Gate(self.settings.max_waiting)
        self._captures: SharedCache[Capture] = SharedCache(
            self.settings.captures_bytes, lambda capture: capture.nbytes
        )
        self._maps: SharedCache[Any] = SharedCache(self.settings.maps_bytes, _size)
        self._models = Models(self.settings, forget=self._forget, free=self._free)
        self._warming: dict[str, threading.Thread] = {}
        self._warming_lock = threading.Lock()

    # What there is

    @property
    def default_query(self) -> Query:
        """The question of the first picture, answered from a file."""
        return gallery.EXAMPLES[0].query

    @property
    def default_pair_query(self) -> Query:
        """The first question with two texts (for similarity), answered from a file."""
        return next(each.query for each in gallery.EXAMPLES if each.stored and each.pair)

    def examples(self) -> tuple[gallery.Example, ...]:
        """The gallery of texts in which something is to be seen."""
        return gallery.examples()

    def catalog(self) -> tuple[ModelCard, ...]:
        """The cards of the models offered by name. Does not import torch."""
        from attnviz.loading import catalog

        return catalog()

    def card(self, name: str) -> ModelCard | None:
        """What is known of a model, or of the model of an opened file: complete where it is at hand, else None."""
        if opened.is_file(name):
            capture = self._captures.peek((name,))
            return capture.card if capture else None
        model = self._models.peek(name)
        return model.card if model else next((card for card in self.catalog() if card.name == name), None)

    def ready(self, query: Query) -> bool:
        """Whether `capture` would answer at once."""
        example = gallery.stored_example(query)
        if example and gallery.capture_path(example).exists():
            return True
        if opened.is_file(query.model):
            return self._captures.peek((query.model,)) is not None
        model = self._models.peek(query.model)
        return model is not None and self._captures.peek(_key(model, query)) is not None

    @property
    def waiting(self) -> int:
        """How many requests wait for the device."""
        return self._gate.waiting

    def facts(self) -> DeviceFacts:
        """The device, and the bytes that the runtime holds. Does not import torch."""
        return DeviceFacts(
            *self._models.device(),
            engine_started=engine() is not None,
            models=self._models.names(),
            model_bytes=self._models.nbytes,
            capture_bytes=self._captures.nbytes,
            map_bytes=self._maps.nbytes,
            waiting=self.waiting,
        )

    # Files

    def open(self, data: bytes, name: str = "the file") -> Query:
        """Keep the capture in the bytes of a saved file; returns the question that it answers. Without torch.

        It is kept like other captures, as long as there is room. Raises CaptureInvalid.
        """
        key = opened.name_of(data)
        capture = self._captures.get((key,), lambda tell: opened.read(data, name, self.settings))
        if self._captures.peek((key,)) is None:
            raise CaptureInvalid(
                f"{name} takes {capture.nbytes / 2**20:,.0f} MB, more than this server keeps.",
                "Open it in Python with attnviz.open, or raise ATTNVIZ_CACHE_MB.",
            )
        return opened.query_of(key, capture)

    def opened(self, name: str) -> Query | None:
        """The question that an opened file answers; None where the name is no file's, or it is kept no longer."""
        capture = self._captures.peek((name,)) if opened.is_file(name) else None
        return opened.query_of(name, capture) if capture else None

    def save(self, query: Query, progress: Progress | None = None) -> bytes:
        """The capture as the content of a file, which `open` reads. Raises what `capture` raises."""
        capture = self.capture(query, progress)
        return self._guard("saving the capture", capture.to_bytes)

    # Looking

    def capture(self, query: Query, progress: Progress | None = None) -> Capture:
        """The capture of one text, kept for the next one who asks.

        Raises:
            InputEmpty, InputTooLong: before anything is computed.
            ModelNotFound, ModelUnsupported, ModelTooLarge: the model cannot be had.
        """
        return self._find(query, progress or silent)[1]

    def attention(
        self,
        query: Query,
        layer: int,
        head: int | None = None,
        kind: Kind | None = None,
        progress: Progress | None = None,
    ) -> Annotated[FloatArray, "Q K"]:
        """The attention of one head (Q, K), or of all heads of a layer (H, Q, K). Raises UnknownName."""
        return self._map(query, "attention", layer, head, kind, progress or silent)

    def value_weighted(
        self,
        query: Query,
        layer: int,
        head: int | None = None,
        kind: Kind | None = None,
        progress: Progress | None = None,
    ) -> Annotated[FloatArray, "Q K"]:
        """The norms of a_ij W_O W_V x_j, shaped like `attention`. Raises UnknownName, ModelUnsupported."""
        return self._map(query, "value_weighted", layer, head, kind, progress or silent)

    def contribution(
        self,
        query: Query,
        layer: int,
        head: int | None = None,
        kind: Kind | None = None,
        progress: Progress | None = None,
    ) -> Annotated[FloatArray, "Q K"]:
        """What each key contributes to the output, shaped like `attention`. Raises UnknownName, ModelUnsupported."""
        return self._map(query, "contribution", layer, head, kind, progress or silent)

    def query_key(
        self,
        query: Query,
        layer: int,
        head: int,
        row: int,
        kind: Kind | None = None,
        progress: Progress | None = None,
    ) -> QueryKey:
        """How the weights of one query token come about. Raises UnknownName, ModelUnsupported."""
        key, capture = self._find(query, progress or silent)

        def compute(report: Progress) -> QueryKey:
            return self._guard("computing a row", lambda: capture.query_key(layer, head, row, kind))

        return self._maps.get((key, "query_key", layer, head, row, kind), compute, progress or silent)

    def overviews(
        self, query: Query, size: int = 64, kind: Kind | None = None, progress: Progress | None = None
    ) -> Annotated[FloatArray, "L H q k"]:
        """Small pictures of all heads: the maximum in each of at most size x size cells. Layer by layer."""
        key, capture = self._find(query, progress or silent)

        def compute(report: Progress) -> FloatArray:
            layers = capture.shape(kind)[0]
            cells = []
            for layer in range(layers):
                report(Stage(OVERVIEWS, layer / layers))
                cells.append(capture.overview(layer, None, size, kind=kind))
            return np.stack(cells)

        return self._all_heads((key, "overviews", size, kind), compute, progress)

    def statistics(
        self, query: Query, kind: Kind | None = None, progress: Progress | None = None
    ) -> HeadTable:
        """Entropy, distance and typical shares of every head."""
        key, capture = self._find(query, progress or silent)

        def compute(report: Progress) -> HeadTable:
            report(Stage(STATISTICS))
            return capture.statistics(kind)

        return self._all_heads((key, "statistics", kind), compute, progress)

    # Background

    def warm(self, name: str | None = None) -> None:
        """Load a model in a background thread, once, where the settings allow it; errors go to the log."""
        if not self.settings.warm:
            return
        name = name or self.settings.model
        with self._warming_lock:
            thread = self._warming.get(name)
            if thread is None or not (thread.is_alive() or self._models.peek(name)):
                thread = threading.Thread(target=self._warm, args=(name,), name=f"warm {name}", daemon=True)
                self._warming[name] = thread
                thread.start()

    def _warm(self, name: str) -> None:
        try:
            # The first forward pass of a process is several times slower than the second.
            self.capture(Query(name, "Hello."))
        except AttnVizError as error:
            logging.getLogger("attnviz").warning("the model %r was not warmed up: %s", name, error)
        except Exception:
            logging.getLogger("attnviz").exception("the model %r was not warmed up", name)

    # How

    def _find(self, query: Query, report: Progress) -> tuple[Key, Capture]:
        example = gallery.stored_example(query)
        if example is not None:
            key: Key = (gallery.STORED, example.name)
            stored = self._maps.get(key, lambda tell: _Stored(gallery.open_example(example)), report)
            if stored.capture is not None:
                return key, stored.capture
        if opened.is_file(query.model):
            capture = self._captures.get((query.model,), _gone, report)
            return (query.model,), capture
        model = self._models.get(query.model, report)
        key = _key(model, query)
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

    def _map(
        self, query: Query, what: str, layer: int, head: int | None, kind: Kind | None, report: Progress
    ) -> FloatArray:
        """One map; not through the gate: it takes milliseconds, and looking around must not queue."""
        key, capture = self._find(query, report)

        def compute(report: Progress) -> FloatArray:
            return self._guard(
                "computing a map", lambda: readonly(getattr(capture, what)(layer, head, kind), np.float32)
            )

        return self._maps.get((key, what, layer, head, kind), compute, report)

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
        if opened.is_file(query.model):
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

        return self._maps.get((_key(model, query), *what), compute, progress or silent)

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


def _key(model: Model, query: Query) -> Key:
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


_runtime: Runtime | None = None
_runtime_lock = threading.Lock()


def get_runtime() -> Runtime:
    """The one runtime of this process, made at the first call. Raises AttnVizError on a wrong setting."""
    global _runtime
    with _runtime_lock:
        if _runtime is None:
            _runtime = Runtime()
        return _runtime

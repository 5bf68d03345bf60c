"""The runtime that pages talk to: names and texts in, read-only arrays and records out, never a torch object.

What it answers about a text stands in its parts (`look`, `explore`, `examine`, `trust`), what it keeps in `desk`. A
runtime on a cluster will have the same methods. Import from `attnviz.runtime`.
"""

from __future__ import annotations

import logging
import threading

from attnviz.errors import AttnVizError, CaptureInvalid
from attnviz.runtime import files, gallery
from attnviz.runtime.engine.engine import key_of
from attnviz.runtime.engine.memory import engine
from attnviz.runtime.evaluations import Doubter
from attnviz.runtime.query import DeviceFacts, Progress, Query
from attnviz.runtime.settings import Settings
from attnviz.runtime.statistics import Explorer


class Runtime(Explorer, Doubter):
    """What pages call. All methods may be called from any thread.

    `progress` is called in the thread of the caller; what it raises cancels the request. Besides the errors
    listed at each method, all that compute raise DeviceMemoryExhausted, and AttnVizError where too many wait.
    """

    def __init__(self, settings: Settings | None = None) -> None:
        super().__init__(settings)
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

    def ready(self, query: Query) -> bool:
        """Whether `capture` would answer at once."""
        example = gallery.stored_example(query)
        if example and gallery.capture_path(example).exists():
            return True
        if files.is_file(query.model):
            return self._captures.peek((query.model,)) is not None
        model = self._models.peek(query.model)
        return model is not None and self._captures.peek(key_of(model, query)) is not None

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
        key = files.name_of(data)
        capture = self._captures.get((key,), lambda tell: files.read(data, name, self.settings))
        if self._captures.peek((key,)) is None:
            raise CaptureInvalid(
                f"{name} takes {capture.nbytes / 2**20:,.0f} MB, more than this server keeps.",
                "Open it in Python with attnviz.open, or raise ATTNVIZ_CACHE_MB.",
            )
        return files.query_of(key, capture)

    def opened(self, name: str) -> Query | None:
        """The question that an opened file answers; None where the name is no file's, or it is kept no longer."""
        capture = self._captures.peek((name,)) if files.is_file(name) else None
        return files.query_of(name, capture) if capture else None

    def save(self, query: Query, progress: Progress | None = None) -> bytes:
        """The capture as the content of a file, which `open` reads. Raises what `capture` raises."""
        capture = self.capture(query, progress)
        return self._guard("saving the capture", capture.to_bytes)

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


_runtime: Runtime | None = None
_runtime_lock = threading.Lock()


def get_runtime() -> Runtime:
    """The one runtime of this process, made at the first call. Raises AttnVizError on a wrong setting."""
    global _runtime
    with _runtime_lock:
        if _runtime is None:
            _runtime = Runtime()
        return _runtime

"""The loaded models: found by name, loaded through the gate, the least recently used given up for the next.

A load switches torch's defaults of the whole process, so nothing is computed meanwhile; what a load has to fetch is
fetched before.
"""

from __future__ import annotations

import itertools
import logging
import os
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from attnviz.errors import AttnVizError, ModelTooLarge
from attnviz.language import say
from attnviz.runtime.engine.cache import SharedCache
from attnviz.runtime.engine.fingerprint import Fingerprint, fingerprint
from attnviz.runtime.engine.gate import Gate
from attnviz.runtime.engine.memory import guarded, loaded_torch, settle
from attnviz.runtime.engine.names import Names
from attnviz.runtime.progress import LOADING, STARTING, Progress, Stage, silent
from attnviz.runtime.settings import Settings

if TYPE_CHECKING:
    from attnviz.capture import Model

REMEDY = "Choose a smaller model, or close other programs."
ATTEMPTS = 3  # of loading a directory whose files change meanwhile


@dataclass(frozen=True, eq=False)
class Loaded:
    """A model in memory, and what tells it from one that has its name before or after it.

    Attributes:
        load: counts all loads of this process.
        files: of its directory when it was loaded; empty for a model from elsewhere.
    """

    name: str
    model: Model
    load: int
    files: Fingerprint


class Models:
    """A cache of models, at most `max_models` and `models_mb` of them; the one used last is always kept.

    Args:
        gate: held while a model is built; see there for the order of locks.
        forget: told the name of each evicted model, to drop what was made with it.
        free: called when memory ends, to drop what can be computed again.
    """

    def __init__(
        self,
        settings: Settings,
        names: Names,
        gate: Gate,
        forget: Callable[[str], None],
        free: Callable[[], None],
    ) -> None:
        self._settings = settings
        self._names = names
        self._gate = gate
        self._forget = forget
        self._free = free
        self._cache: SharedCache[Loaded] = SharedCache(
            settings.models_bytes, _parts, most=settings.max_models, keep_larger=True, on_evict=self._evicted
        )
        self._loads = itertools.count()
        self._last: tuple[str, str] | None = None  # device and dtype

    def get(self, name: str, report: Progress = silent) -> Loaded:
        """The model of that name, loaded where it is not yet, and again where its directory has changed.

        Raises what `attnviz.load` raises.
        """
        self._names.check(name)
        for _ in range(ATTEMPTS):
            self._drop_replaced(name)
            loaded = self._cache.get(name, lambda tell: self._load(name, tell), report)
            if loaded.files == self._files(name):
                break
        self._last = (str(loaded.model.device), str(loaded.model.dtype).removeprefix("torch."))
        return loaded

    def peek(self, name: str) -> Loaded | None:
        """The model where it is loaded, its files are what they were, and this visitor may name it."""
        loaded = self._cache.peek(name)
        if loaded is None or not self._names.permits(name) or loaded.files != self._files(name):
            return None
        return loaded

    def names(self) -> tuple[str, ...]:
        """The names of the loaded models."""
        return tuple(sorted(str(key) for key in self._cache.kept()))

    def evict(self, name: str) -> None:
        """Give up a loaded model, and what was made with it."""
        self._cache.drop(lambda key: key == name)

    @property
    def nbytes(self) -> int:
        """Bytes of the weights of the loaded models."""
        return self._cache.nbytes

    def device(self) -> tuple[str, str, str]:
        """Device, its name for people, and dtype: of the model used last, else of the settings."""
        device, dtype = self._last or (self._settings.device, self._settings.dtype)
        return device, _title(device), dtype

    def _files(self, name: str) -> Fingerprint:
        """Of the directory of that name; empty where it is none, or may be none for who asks, unseen."""
        return fingerprint(self._names.place(name)) if self._names.on_disk(name) else ()

    def _drop_replaced(self, name: str) -> None:
        loaded = self._cache.peek(name)
        if loaded is not None and loaded.files != self._files(name):
            self._cache.drop(lambda key: key == name)

    def _load(self, name: str, report: Progress) -> Loaded:
        if loaded_torch() is None:
            report(Stage(STARTING))
        start_engine(self._settings.threads)
        report(Stage(LOADING))
        files = self._files(name)
        # First make room: the weights of both would not always fit.
        self._cache.shrink(self._settings.max_models - 1)
        try:
            model = self._read(name, report)
        except ModelTooLarge:
            if not self._cache.kept():
                raise
            self._cache.shrink(0)
            model = self._read(name, report)
        return Loaded(name, model, next(self._loads), files)

    def _read(self, name: str, report: Progress) -> Model:
        from attnviz.capture import Model, load_model

        place, device, dtype = self._names.place(name), self._settings.device, self._settings.dtype
        access = self._names.access(name)
        try:
            model = guarded(
                lambda: load_model(place, device=device, dtype=dtype, access=access, turn=self._turn(report)),
                self._free,
                f"loading the model {name!r}",
                REMEDY,
            )
        except AttnVizError as error:
            if place != name:  # the operator's directory is nobody's business
                logging.getLogger("attnviz").warning("the default model %r is not loaded: %s", place, error)
                error.message = say(
                    "The model {name!r}, which this server offers first, cannot be loaded.", name=name
                )
                error.remedy = say("Whoever runs the server finds the reason in its log.")
            raise
        if place == name:
            return model
        card = replace(model.card, name=name, source=name)
        return Model(replace(model.loaded, card=card))

    @contextmanager
    def _turn(self, report: Progress) -> Iterator[None]:
        """The device for oneself while a model is built, and room for it."""
        with self._gate.turn(report):
            report(Stage(LOADING))
            self._cache.shrink(self._settings.max_models - 1)
            yield
            settle()

    def _evicted(self, keys: list[Hashable]) -> None:
        for key in keys:
            self._forget(str(key))
        settle()


def start_engine(threads: int) -> None:
    """Import torch, by way of the layer that may, and limit its threads where the settings do.

    torch's threads sleep while they wait, unless the environment says otherwise. By default they wait busily: where
    anything else needs the cores (other visitors, a browser), a pass then takes ten times as long and more, for a few
    milliseconds that a short text gains on an idle machine. The library reads this once, when it is loaded.
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    import attnviz.capture.recording.recorder  # noqa: F401

    if threads:
        loaded_torch().set_num_threads(threads)


def _parts(loaded: Loaded) -> dict[Hashable, int]:
    """Bytes of the weights, each storage once."""
    module = loaded.model.loaded.module
    storages = [each.untyped_storage() for each in (*module.parameters(), *module.buffers())]
    return {(str(storage.device), storage.data_ptr()): storage.nbytes() for storage in storages}


def _title(device: str) -> str:
    torch = loaded_torch()
    if torch is None or device == "auto":
        return "not started"
    if device.startswith("cuda"):
        return str(torch.cuda.get_device_name(device))
    if device == "mps":
        return "Apple GPU"
    threads = torch.get_num_threads()
    return f"CPU, {threads} {'thread' if threads == 1 else 'threads'}"

"""The loaded models: found by name, loaded one at a time, the least recently used given up for the next.

In flow names, out flow Models. What the settings forbid is refused before anything is looked up.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Hashable
from typing import TYPE_CHECKING

from attnviz.errors import ModelNotFound, ModelTooLarge
from attnviz.runtime.engine.cache import SharedCache
from attnviz.runtime.engine.gate import Gate
from attnviz.runtime.engine.memory import engine, guarded, settle
from attnviz.runtime.query import LOADING, STARTING, Progress, Stage
from attnviz.runtime.settings import Settings

if TYPE_CHECKING:
    from attnviz.capture import Model

REMEDY = "Choose a smaller model, or close other programs."


class Models:
    """A cache of models, at most `max_models` and `models_mb` of them; the one used last is always kept.

    Args:
        forget: told the name of each evicted model, to drop what was made with it.
        free: called when memory ends, to drop what can be computed again.
    """

    def __init__(self, settings: Settings, forget: Callable[[str], None], free: Callable[[], None]) -> None:
        self._settings = settings
        self._forget = forget
        self._free = free
        self._loading = Gate(settings.max_waiting)
        self._cache: SharedCache[Model] = SharedCache(
            settings.models_bytes, _bytes, keep_larger=True, on_evict=self._evicted
        )
        self._last: tuple[str, str] | None = None  # device and dtype

    def get(self, name: str, report: Progress) -> Model:
        """The model of that name, loaded where it is not yet. Raises what `attnviz.load` raises."""
        model = self._cache.get(name, lambda tell: self._load(name, tell), report)
        self._last = (str(model.device), str(model.dtype).removeprefix("torch."))
        return model

    def peek(self, name: str) -> Model | None:
        """The model where it is loaded."""
        return self._cache.peek(name)

    def names(self) -> tuple[str, ...]:
        """The names of the loaded models."""
        return tuple(sorted(str(key) for key in self._cache.kept()))

    @property
    def nbytes(self) -> int:
        """Bytes of the weights of the loaded models."""
        return self._cache.nbytes

    def device(self) -> tuple[str, str, str]:
        """Device, its name for people, and dtype: of the model used last, else of the settings."""
        device, dtype = self._last or (self._settings.device, self._settings.dtype)
        return device, _title(device), dtype

    def _load(self, name: str, report: Progress) -> Model:
        self._permit(name)
        with self._loading.turn(report):
            if engine() is None:
                report(Stage(STARTING))
            start_engine(self._settings.threads)
            report(Stage(LOADING))
            # First make room: the weights of both would not always fit.
            self._cache.shrink(self._settings.max_models - 1)
            try:
                model = self._read(name)
            except ModelTooLarge:
                if not self._cache.kept():
                    raise
                self._cache.shrink(0)
                model = self._read(name)
            settle()
            return model

    def _read(self, name: str) -> Model:
        from attnviz.capture import load_model

        device, dtype = self._settings.device, self._settings.dtype
        return guarded(
            lambda: load_model(name, device=device, dtype=dtype),
            self._free,
            f"loading the model {name!r}",
            REMEDY,
        )

    def _evicted(self, keys: list[Hashable]) -> None:
        for key in keys:
            self._forget(str(key))
        settle()

    def _permit(self, name: str) -> None:
        """Refuse what the settings do not allow, without saying whether it exists."""
        from attnviz.loading import catalog

        names = [card.name for card in catalog()]
        if name in names:
            return
        local = os.path.isdir(os.path.expanduser(name)) or name.startswith(("/", ".", "~")) or "\\" in name
        if self._settings.local if local else self._settings.hub:
            return
        what = "directories of this machine" if local else "models from the Hub"
        raise ModelNotFound(
            f"There is no model {name!r} in the catalogue, and this server does not load {what}.",
            f"Choose one of: {', '.join(names)}.",
        )


def start_engine(threads: int) -> None:
    """Import torch, by way of the layer that may, and limit its threads where the settings do.

    torch's threads sleep while they wait, unless the environment says otherwise. By default they wait busily: where
    anything else needs the cores (other visitors, a browser), a pass then takes ten times as long and more, for a few
    milliseconds that a short text gains on an idle machine. The library reads this once, when it is loaded.
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    import attnviz.capture.recorder  # noqa: F401

    if threads:
        engine().set_num_threads(threads)


def _bytes(model: Model) -> int:
    """Bytes of the weights, each storage counted once."""
    module = model.loaded.module
    storages = [each.untyped_storage() for each in (*module.parameters(), *module.buffers())]
    return sum({storage.data_ptr(): storage.nbytes() for storage in storages}.values())


def _title(device: str) -> str:
    torch = engine()
    if torch is None or device == "auto":
        return "not started"
    if device.startswith("cuda"):
        return str(torch.cuda.get_device_name(device))
    if device == "mps":
        return "Apple GPU"
    threads = torch.get_num_threads()
    return f"CPU, {threads} {'thread' if threads == 1 else 'threads'}"

"""A byte-bounded cache that many threads share: what several ask for at the same time is computed once.

Keys are strings and tuples, never arrays. The first to ask computes in its own thread; the others wait and
hear of its progress in theirs, and get its value or its error. One who gives up does not take the others
along.
"""

from __future__ import annotations

import copy
import threading
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

from cachetools import Cache, LRUCache

from attnviz.errors import AttnVizError, Cancelled
from attnviz.runtime.query import Progress, Stage, silent

V = TypeVar("V")
HEARTBEAT = 0.25  # seconds after which a waiting thread calls its progress again, so that it can be stopped


class _Flight(Generic[V]):
    """One computation under way, and what became of it."""

    def __init__(self) -> None:
        self.changed = threading.Condition()
        self.stage: Stage | None = None
        self.done = False
        self.abandoned = False  # given up by the one who computed: somebody else must begin anew
        self.value: V | None = None
        self.error: Exception | None = None

    def publish(self, stage: Stage) -> None:
        with self.changed:
            self.stage = stage
            self.changed.notify_all()

    def land(self, value: V | None = None, error: Exception | None = None, abandoned: bool = False) -> None:
        with self.changed:
            self.value, self.error, self.abandoned, self.done = value, error, abandoned, True
            self.changed.notify_all()

    def follow(self, report: Progress) -> None:
        """Wait until it has landed; report each new stage, and the last one again as a heartbeat."""
        seen = None
        while True:
            with self.changed:
                if not self.done and self.stage is seen:
                    self.changed.wait(HEARTBEAT)
                if self.done:
                    return
                seen = self.stage
            if seen is not None:
                report(seen)


class _Store(LRUCache[Hashable, V]):
    """cachetools' LRU cache that keeps note of what fell out."""

    def __init__(self, maxsize: int, size: Callable[[V], int]) -> None:
        super().__init__(maxsize, getsizeof=size)
        self.fallen: list[Hashable] = []

    def popitem(self) -> tuple[Hashable, V]:
        key, value = super().popitem()
        self.fallen.append(key)
        return key, value

    def peek(self, key: Hashable) -> V:
        """The value, without making it the one used last."""
        return Cache.__getitem__(self, key)


class SharedCache(Generic[V]):
    """Least-recently-used values, at most `maxsize` bytes of them as `size` counts.

    Args:
        maxsize: bytes. A value larger than that is handed out, but not kept.
        size: the bytes of a value.
        keep_larger: keep a value that is larger than `maxsize` after all, alone (for models).
        on_evict: told which keys were evicted, outside the lock.
    """

    def __init__(
        self,
        maxsize: int,
        size: Callable[[V], int],
        *,
        keep_larger: bool = False,
        on_evict: Callable[[list[Hashable]], None] | None = None,
    ) -> None:
        self.maxsize = maxsize
        self._size = (lambda value: min(size(value), maxsize)) if keep_larger else size
        self._true_size = size
        self._store: _Store[V] = _Store(maxsize, self._size)
        self._flights: dict[Hashable, _Flight[V]] = {}
        self._lock = threading.Lock()
        self._on_evict = on_evict

    def get(self, key: Hashable, compute: Callable[[Progress], V], report: Progress = silent) -> V:
        """The value of `key`, computed by `compute(report)` where it is not kept.

        Raises what `compute` raised; every thread gets an exception object of its own.
        """
        while True:
            with self._lock:
                if key in self._store:
                    return self._store[key]
                flight = self._flights.get(key)
                leads = flight is None
                if flight is None:
                    flight = self._flights[key] = _Flight()
            if leads:
                return self._lead(key, flight, compute, report)
            flight.follow(report)
            if flight.error is not None:
                raise twin(flight.error)
            if not flight.abandoned:
                return flight.value  # type: ignore[return-value]

    def _lead(
        self, key: Hashable, flight: _Flight[V], compute: Callable[[Progress], V], report: Progress
    ) -> V:
        gave_up = False

        def tell(stage: Stage) -> None:
            nonlocal gave_up
            flight.publish(stage)
            try:
                report(stage)
            except BaseException:
                gave_up = True
                raise

        try:
            value = compute(tell)
        except BaseException as error:
            own = gave_up or isinstance(error, Cancelled) or not isinstance(error, Exception)
            self._forget(key)
            flight.land(abandoned=True) if own else flight.land(error=twin(error))  # type: ignore[arg-type]
            raise
        self._keep(key, value)
        flight.land(value)
        return value

    def _forget(self, key: Hashable) -> None:
        with self._lock:
            self._flights.pop(key, None)

    def _keep(self, key: Hashable, value: V) -> None:
        with self._lock:
            # In one step with the end of the flight: nobody may find neither of the two and compute again.
            self._flights.pop(key, None)
            if self._size(value) <= self.maxsize:
                self._store[key] = value
        self._tell_evicted()

    def _tell_evicted(self) -> None:
        with self._lock:
            fallen, self._store.fallen = self._store.fallen, []
        if fallen and self._on_evict is not None:
            self._on_evict(fallen)

    def peek(self, key: Hashable) -> V | None:
        """The value where it is kept, without counting as a use."""
        with self._lock:
            return self._store.peek(key) if key in self._store else None

    def kept(self) -> list[Hashable]:
        """The keys of the values kept."""
        with self._lock:
            return list(self._store)

    def shrink(self, count: int) -> None:
        """Evict the least recently used until at most `count` are left."""
        with self._lock:
            while len(self._store) > count:
                self._store.popitem()
        self._tell_evicted()

    def drop(self, unwanted: Callable[[Hashable], bool]) -> None:
        """Forget the values of some keys."""
        with self._lock:
            for key in [key for key in self._store if unwanted(key)]:
                del self._store[key]

    def clear(self) -> None:
        """Forget everything that is kept."""
        self.drop(lambda key: True)

    @property
    def nbytes(self) -> int:
        """Bytes of the values kept."""
        with self._lock:
            return sum(self._true_size(self._store.peek(key)) for key in self._store)


def twin(error: Exception) -> Exception:
    """A copy without a traceback: one object raised in many threads would collect all their frames,
    and the frames would keep the tensors in them alive."""
    try:
        if isinstance(error, AttnVizError):  # their constructors take keywords, which copy() does not know
            same = type(error).__new__(type(error), *error.args)
            same.__dict__.update(error.__dict__)
            return same
        return copy.copy(error).with_traceback(None)
    except Exception:
        return RuntimeError(f"{type(error).__name__}: {error}")

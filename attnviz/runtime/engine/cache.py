"""A byte-bounded cache that many threads share: what several ask for at the same time is computed once.

Keys hold digests of texts, never texts or arrays. The first to ask computes in its own thread; the others wait and
hear of its progress in theirs, and get its value or its error. One who gives up, or whose thread dies, does not take
the others along: one of them computes anew.
"""

from __future__ import annotations

import copy
import threading
from collections import Counter, OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

from attnviz.errors import Cancelled
from attnviz.runtime.engine.sizes import Parts, parts_of
from attnviz.runtime.progress import WAITING, Progress, Stage, silent

V = TypeVar("V")
HEARTBEAT = 0.25  # seconds after which a waiting thread calls its progress again, so that it can be stopped


class _Computation(Generic[V]):
    """One computation under way, and what became of it."""

    def __init__(self) -> None:
        self.thread = threading.current_thread()
        self.changed = threading.Condition()
        self.stage = Stage(WAITING)
        self.done = False
        self.abandoned = False  # given up by the one who computed: somebody else must begin anew
        self.value: V | None = None
        self.error: Exception | None = None

    def publish(self, stage: Stage) -> None:
        with self.changed:
            self.stage = stage
            self.changed.notify_all()

    def finish(self, value: V | None = None, error: Exception | None = None, abandoned: bool = False) -> None:
        """What became of it; only the first word counts."""
        with self.changed:
            if not self.done:
                self.value, self.error, self.abandoned, self.done = value, error, abandoned, True
            self.changed.notify_all()

    def wait(self, report: Progress) -> None:
        """Wait until it has ended; report each new stage, and the last one again as a heartbeat."""
        seen = None
        while True:
            with self.changed:
                if not self.done and (seen is None or self.stage is seen):
                    self.changed.wait(HEARTBEAT)
                if not self.done and not self.thread.is_alive():
                    self.abandoned = self.done = True  # it died without a word
                if self.done:
                    return
                seen = self.stage
            report(seen)


class _Store(Generic[V]):
    """Values from the least to the most recently used, and the bytes of their distinct parts. Not safe by itself."""

    def __init__(self) -> None:
        self.values: OrderedDict[Hashable, tuple[V, Parts]] = OrderedDict()
        self.nbytes = 0
        self._users: Counter[Hashable] = Counter()

    def put(self, key: Hashable, value: V, parts: Parts) -> None:
        if key in self.values:
            self.remove(key)
        self.values[key] = (value, parts)
        self.nbytes += sum(size for part, size in parts.items() if not self._users[part])
        self._users.update(parts.keys())

    def remove(self, key: Hashable) -> None:
        _, parts = self.values.pop(key)
        for part, size in parts.items():
            self._users[part] -= 1
            if not self._users[part]:
                del self._users[part]
                self.nbytes -= size

    def oldest(self) -> Hashable:
        return next(iter(self.values))


class SharedCache(Generic[V]):
    """Least-recently-used values, at most `maxsize` bytes of them.

    Args:
        maxsize: bytes. A value larger than that is handed out, but not kept.
        parts: the bytes of a value by its parts; what values share is counted once.
        most: how many values at most.
        keep_larger: keep a value that is larger than `maxsize` after all, alone (for models).
        on_evict: told which keys were evicted, outside the lock.
    """

    def __init__(
        self,
        maxsize: int,
        parts: Callable[[V], Parts] = parts_of,
        *,
        most: int | None = None,
        keep_larger: bool = False,
        on_evict: Callable[[list[Hashable]], None] | None = None,
    ) -> None:
        self.maxsize = maxsize
        self._parts = parts
        self._most = most
        self._keep_larger = keep_larger
        self._store: _Store[V] = _Store()
        self._running: dict[Hashable, _Computation[V]] = {}
        self._lock = threading.Lock()
        self._on_evict = on_evict

    def get(self, key: Hashable, compute: Callable[[Progress], V], report: Progress = silent) -> V:
        """The value of `key`, computed by `compute(report)` where it is not kept.

        Raises what `compute` raised; every thread gets an exception object of its own.
        """
        while True:
            own: _Computation[V] = _Computation()
            try:
                with self._lock:
                    if key in self._store.values:
                        self._store.values.move_to_end(key)
                        return self._store.values[key][0]
                    running = self._running.get(key)
                    if running is None or running.done:
                        running = self._running[key] = own
                if running is own:
                    return self._lead(key, own, compute, report)
            finally:
                # Whatever went wrong in between, a signal included: nobody waits for what has ended.
                self._end(key, own, abandoned=True)
            running.wait(report)
            if running.error is not None:
                raise copy_of(running.error)
            if not running.abandoned:
                return running.value  # type: ignore[return-value]

    def _lead(
        self, key: Hashable, own: _Computation[V], compute: Callable[[Progress], V], report: Progress
    ) -> V:
        gave_up = False

        def tell(stage: Stage) -> None:
            nonlocal gave_up
            own.publish(stage)
            try:
                report(stage)
            except BaseException:
                gave_up = True
                raise

        try:
            value = compute(tell)
            parts = self._parts(value)
        except Exception as error:
            if not gave_up and not isinstance(error, Cancelled):
                self._end(key, own, error=copy_of(error))
            raise
        self._keep(key, own, value, parts)
        return value

    def _end(
        self,
        key: Hashable,
        own: _Computation[V],
        error: Exception | None = None,
        abandoned: bool = False,
    ) -> None:
        with self._lock:
            if self._running.get(key) is own:
                del self._running[key]
        own.finish(error=error, abandoned=abandoned)

    def _keep(self, key: Hashable, own: _Computation[V], value: V, parts: Parts) -> None:
        with self._lock:
            # In one step with the end of the computation: nobody may find neither of the two and compute again.
            self._running.pop(key, None)
            own.finish(value)
            if self._keep_larger or sum(parts.values()) <= self.maxsize:
                self._store.put(key, value, parts)
            evicted = self._shrink(self._most)
        self._tell_evicted(evicted)

    def _shrink(self, count: int | None) -> list[Hashable]:
        """Take away the least recently used until all bounds hold; the lock is held."""
        evicted = []
        store = self._store
        while (count is not None and len(store.values) > count) or (
            store.nbytes > self.maxsize and len(store.values) > self._keep_larger
        ):
            evicted.append(store.oldest())
            store.remove(evicted[-1])
        return evicted

    def _tell_evicted(self, keys: list[Hashable]) -> None:
        if keys and self._on_evict is not None:
            self._on_evict(keys)

    def peek(self, key: Hashable) -> V | None:
        """The value where it is kept, without counting as a use."""
        with self._lock:
            return self._store.values[key][0] if key in self._store.values else None

    def kept(self) -> list[Hashable]:
        """The keys of the values kept."""
        with self._lock:
            return list(self._store.values)

    def shrink(self, count: int) -> None:
        """Evict the least recently used until at most `count` are left."""
        with self._lock:
            evicted = self._shrink(count)
        self._tell_evicted(evicted)

    def drop(self, unwanted: Callable[[Hashable], bool]) -> None:
        """Forget the values of some keys; told to `on_evict` as well."""
        with self._lock:
            dropped = [key for key in self._store.values if unwanted(key)]
            for key in dropped:
                self._store.remove(key)
        self._tell_evicted(dropped)

    def clear(self) -> None:
        """Forget everything that is kept."""
        self.drop(lambda key: True)

    @property
    def nbytes(self) -> int:
        """Bytes of the values kept, what they share counted once."""
        with self._lock:
            return self._store.nbytes


def copy_of(error: Exception) -> Exception:
    """A copy without a traceback: one object raised in many threads would collect all their frames,
    and the frames would keep the tensors in them alive."""
    try:
        return copy.copy(error).with_traceback(None)
    except Exception:
        return RuntimeError(f"{type(error).__name__}: {error}")

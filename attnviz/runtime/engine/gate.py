"""The one gate to the device: first come, first served, one at a time, and everybody sees their position.

A forward pass at a time is faster for all than several at once (they would share the same cores), and memory
is needed for one only. A waiter whose progress callback raises leaves the queue.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

from attnviz.errors import AttnVizError
from attnviz.runtime.engine.cache import HEARTBEAT
from attnviz.runtime.query import WAITING, Progress, Stage, silent


class Gate:
    """A first-in-first-out queue; at most `limit` requests wait behind the one that is at work."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._queue: deque[object] = deque()  # the first one is at work
        self._moved = threading.Condition()

    @property
    def waiting(self) -> int:
        """How many wait, without the one at work."""
        return max(0, len(self._queue) - 1)

    @contextmanager
    def turn(self, report: Progress = silent) -> Iterator[None]:
        """Wait for one's turn, and hold it for the `with` block.

        Reports Stage("waiting", None, position) while it waits. Raises AttnVizError where too many wait.
        """
        ticket = object()
        with self._moved:
            if len(self._queue) > self.limit:
                raise AttnVizError(
                    f"{self.waiting} requests are waiting for the device, and no more than {self.limit} may.",
                    "Try again in a moment.",
                )
            self._queue.append(ticket)
        try:
            self._wait(ticket, report)
            yield
        finally:
            with self._moved:
                self._queue.remove(ticket)
                self._moved.notify_all()

    def _wait(self, ticket: object, report: Progress) -> None:
        told = 0
        while True:
            with self._moved:
                position = self._queue.index(ticket)
                if position and position == told:
                    self._moved.wait(HEARTBEAT)
                    position = self._queue.index(ticket)
            if not position:
                return
            told = position
            # Outside the lock: a page may take its time to draw, or raise to leave.
            report(Stage(WAITING, None, position))

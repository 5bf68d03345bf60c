"""The one gate to the device: one request at a time, visitors in turn, and everybody sees their position.

A forward pass at a time is faster for all than several at once (they would share the same cores), and memory
is needed for one only. A waiter whose progress callback raises leaves the queue.

Order of locks, which keeps the engine free of deadlocks: a computation of a cache may wait for the gate; who holds the
gate waits for no computation and not for the gate again (asking twice is an error, not a silent end), only, where it
loads a model, for the lock of the loading layer, whose holder waits for nothing of the engine's. The locks of caches,
of the store and of the gate itself are held for moments, and nothing is waited for under them.
"""

from __future__ import annotations

import threading
from collections import OrderedDict, deque
from collections.abc import Hashable, Iterator
from contextlib import contextmanager

from attnviz.errors import AttnVizError
from attnviz.runtime.engine.cache import HEARTBEAT
from attnviz.runtime.engine.visitors import current_visitor
from attnviz.runtime.progress import WAITING, Progress, Stage, silent


class _Ticket:
    """One request in the queue: whose it is, and the thread that waits."""

    def __init__(self) -> None:
        visitor = current_visitor()
        self.visitor: Hashable = visitor.name if visitor is not None else self
        self.known = visitor is not None
        self.thread = threading.current_thread()


class Gate:
    """A queue for each visitor, served in turn; the requests of one visitor are served in the order they came.

    Args:
        limit: how many requests may wait behind the one at work.
        limit_each: how many of those may be one visitor's; what comes without a visitor is not counted.
    """

    def __init__(self, limit: int, limit_each: int | None = None) -> None:
        self.limit = limit
        self.limit_each = limit if limit_each is None else limit_each
        self._working: _Ticket | None = None
        # The first visitor is next. One who has more to ask goes to the end when a request is taken.
        self._queues: OrderedDict[Hashable, deque[_Ticket]] = OrderedDict()
        self._changed = threading.Condition()

    @property
    def waiting(self) -> int:
        """How many wait, without the one at work."""
        with self._changed:
            return self._count()

    @contextmanager
    def turn(self, report: Progress = silent) -> Iterator[None]:
        """Wait for one's turn, and hold it for the `with` block.

        Reports Stage("waiting", None, position) while it waits. Raises AttnVizError where too many wait, and
        RuntimeError where this thread holds the gate already.
        """
        ticket = _Ticket()
        try:
            self._enter(ticket)
            self._wait(ticket, report)
            yield
        finally:
            self._leave(ticket)

    def _enter(self, ticket: _Ticket) -> None:
        with self._changed:
            self._advance()
            busy, waiting = self._working is not None, self._count()
            if busy and waiting >= self.limit:
                raise AttnVizError(
                    f"{waiting} requests are waiting for the device, and no more than {self.limit} may.",
                    "Try again in a moment.",
                )
            own = len(self._queues.get(ticket.visitor, ()))
            if busy and ticket.known and own >= self.limit_each:
                raise AttnVizError(
                    f"{own} of your requests are waiting for the device, and no more than {self.limit_each} may.",
                    "Wait until one of them is done.",
                )
            if self._working is not None and self._working.thread is ticket.thread:
                raise RuntimeError("a thread that holds the gate asked for it again")
            self._queues.setdefault(ticket.visitor, deque()).append(ticket)
            self._advance()

    def _wait(self, ticket: _Ticket, report: Progress) -> None:
        told = 0
        while True:
            with self._changed:
                if told and self._working is not ticket and self._position(ticket) == told:
                    self._changed.wait(HEARTBEAT)
                    self._advance()
                if self._working is ticket:
                    return
                told = self._position(ticket)
            # Outside the lock: a page may take its time to draw, or raise to leave.
            report(Stage(WAITING, None, told))

    def _leave(self, ticket: _Ticket) -> None:
        with self._changed:
            if self._working is ticket:
                self._working = None
            elif ticket in self._queues.get(ticket.visitor, ()):
                self._queues[ticket.visitor].remove(ticket)
                if not self._queues[ticket.visitor]:
                    del self._queues[ticket.visitor]
            self._advance()
            self._changed.notify_all()

    def _advance(self) -> None:
        """Let the next one work where nobody does: also in place of a thread that died at work or in the queue."""
        if self._working is not None and not self._working.thread.is_alive():
            self._working = None
        while self._working is None and self._queues:
            visitor, queue = self._queues.popitem(last=False)
            ticket = queue.popleft()
            if queue:
                self._queues[visitor] = queue
            if ticket.thread.is_alive():
                self._working = ticket
            self._changed.notify_all()

    def _count(self) -> int:
        return sum(map(len, self._queues.values()))

    def _position(self, ticket: _Ticket) -> int:
        """1 for the next one: in each round every visitor has one request served, in the order of the queues."""
        rounds = self._queues[ticket.visitor].index(ticket)
        ahead, before = rounds, True
        for visitor, queue in self._queues.items():
            if visitor == ticket.visitor:
                before = False
            else:
                ahead += min(len(queue), rounds + before)
        return ahead + 1

"""The one gate to the device: one request at a time, visitors in turn, and everybody sees their position.

A forward pass at a time is faster for all than several at once (they would share the same cores), and memory
is needed for one only. A waiter whose progress callback raises leaves the queue. Long work offers the gate to others
between its parts (`step_aside`), so that a map need not wait for a Shapley run.

Order of locks, which keeps the engine free of deadlocks: a computation of a cache may wait for the gate; who holds the
gate waits for no computation and not for the gate again (asking twice is an error, not a silent end) unless it has
stepped aside, which work does that holds no lock; only, where it
loads a model, for the lock of the loading layer, whose holder waits for nothing of the engine's. The locks of caches,
of the store and of the gate itself are held for moments, and nothing is waited for under them.
"""

from __future__ import annotations

import itertools
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager

from attnviz.errors import AttnVizError
from attnviz.language import say
from attnviz.runtime.engine.cache import HEARTBEAT
from attnviz.runtime.engine.visitors import current_visitor
from attnviz.runtime.progress import WAITING, Progress, Stage, silent

PATIENCE = 1.0  # seconds that long work lets others pass at a time
_numbers = itertools.count()


class _Ticket:
    """One request in the queue: whose it is, the thread that waits, its place in the order, since when it is aside."""

    def __init__(self) -> None:
        self.number = next(_numbers)
        self.aside = 0.0
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
        self._aside: list[_Ticket] = []  # long work that has begun, in the order in which it came
        # The first visitor is next. One who has more to ask goes to the end when a request is taken.
        self._queues: OrderedDict[Hashable, deque[_Ticket]] = OrderedDict()
        self._changed = threading.Condition()

    @property
    def waiting(self) -> int:
        """How many wait, without the one at work; with those who have stepped aside."""
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

    def step_aside(self, beat: Callable[[], None] = lambda: None) -> None:
        """Between two parts of long work: let those pass who have just come, and long work that came earlier.

        It goes on when nobody is left to pass, or after PATIENCE. Nothing happens in a thread that does not hold the
        gate. `beat` is called again and again while it waits; what it raises ends the work.
        """
        with self._changed:
            ticket = self._working
            if ticket is None or ticket.thread is not threading.current_thread():
                return
            if not self._queues and not (self._aside and self._aside[0].number < ticket.number):
                return
            ticket.aside = time.monotonic()
            self._aside.append(ticket)
            self._aside.sort(key=lambda each: each.number)
            self._working = None
            self._advance()
        while True:
            with self._changed:
                if self._working is not ticket:
                    self._changed.wait(HEARTBEAT)
                    self._advance()
                if self._working is ticket:
                    return
            beat()

    def _enter(self, ticket: _Ticket) -> None:
        with self._changed:
            self._advance()
            busy, waiting = self._working is not None, self._count()
            if busy and waiting >= self.limit:
                raise AttnVizError(
                    say(
                        "{waiting} requests are waiting for the device, and no more than {limit} may.",
                        waiting=waiting,
                        limit=self.limit,
                    ),
                    say("Try again in a moment."),
                )
            own = len(self._queues.get(ticket.visitor, ()))
            if busy and ticket.known and own >= self.limit_each:
                raise AttnVizError(
                    say(
                        "{own} of your requests are waiting for the device, and no more than {limit_each} may.",
                        own=own,
                        limit_each=self.limit_each,
                    ),
                    say("Wait until one of them is done."),
                )
            if any(
                each.thread is ticket.thread for each in (self._working, *self._aside) if each is not None
            ):
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
            elif ticket in self._aside:
                self._aside.remove(ticket)
            elif ticket in self._queues.get(ticket.visitor, ()):
                self._queues[ticket.visitor].remove(ticket)
                if not self._queues[ticket.visitor]:
                    del self._queues[ticket.visitor]
            self._advance()
            self._changed.notify_all()

    def _advance(self) -> None:
        """Let the next one work where nobody does: also in place of a thread that died at work or in the queue.

        First those who wait for the first time, then long work that stepped aside, unless it has for long.
        """
        if self._working is not None and not self._working.thread.is_alive():
            self._working = None
        self._aside = [each for each in self._aside if each.thread.is_alive()]
        while self._working is None and (self._queues or self._aside):
            patient = bool(self._aside) and time.monotonic() - self._aside[0].aside < PATIENCE
            if self._aside and not (self._queues and patient):
                self._working = self._aside.pop(0)
                self._changed.notify_all()
                return
            visitor, queue = self._queues.popitem(last=False)
            ticket = queue.popleft()
            if queue:
                self._queues[visitor] = queue
            if ticket.thread.is_alive():
                self._working = ticket
            self._changed.notify_all()

    def _count(self) -> int:
        return sum(map(len, self._queues.values())) + len(self._aside)

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

"""The gate: first in, first out; one at a time; positions that count down; a way out of the queue."""

import threading
import time

import pytest

from attnviz.errors import AttnVizError, Cancelled
from attnviz.runtime.engine.gate import Gate
from attnviz.runtime.query import Stage


def wait_for(condition, seconds=5.0):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.002)


def queue_up(gate, count, work, callback=None):
    """Start `count` threads, one after the other has really taken its place in the queue."""
    threads = []
    for number in range(count):
        before = len(gate._queue)
        thread = threading.Thread(target=work, args=(number,))
        thread.start()
        threads.append(thread)
        wait_for(lambda before=before: len(gate._queue) > before)
    return threads


def test_first_in_first_out_one_at_a_time():
    gate, order, inside, most = Gate(100), [], [], []

    def work(number):
        with gate.turn():
            inside.append(number)
            most.append(len(inside))
            order.append(number)
            time.sleep(0.002)
            inside.remove(number)

    with gate.turn():
        threads = queue_up(gate, 30, work)
        assert gate.waiting == 30
    for thread in threads:
        thread.join(5)
    assert order == list(range(30))
    assert max(most) == 1
    assert gate.waiting == 0


def test_positions_count_down_in_the_callers_thread():
    gate, stages, done = Gate(100), [], []
    releases = [threading.Event() for _ in range(2)]

    def work(number):
        with gate.turn():
            releases[number].wait(5)
            done.append(number)

    def last():
        with gate.turn(lambda stage: stages.append((stage, threading.get_ident() == thread.ident))):
            done.append("last")

    threads = queue_up(gate, 2, work)
    thread = threading.Thread(target=last)
    thread.start()
    wait_for(lambda: (Stage("waiting", None, 2), True) in stages)
    releases[0].set()
    wait_for(lambda: (Stage("waiting", None, 1), True) in stages)
    releases[1].set()
    for each in [*threads, thread]:
        each.join(5)
    assert done == [0, 1, "last"]
    positions = [stage.position for stage, own in stages]
    assert positions == sorted(positions, reverse=True)
    assert all(own for stage, own in stages)


def test_a_cancelled_waiter_leaves_and_the_others_move_up():
    gate, stop, got = Gate(100), threading.Event(), []

    def callback(stage):
        if stop.is_set():
            raise Cancelled("Stopped.")

    def leaver():
        try:
            with gate.turn(callback):
                got.append("leaver was let in")
        except Cancelled:
            got.append("left")

    def second():
        with gate.turn(positions.append):
            got.append("second")

    positions = []
    with gate.turn():
        first = threading.Thread(target=leaver)
        first.start()
        wait_for(lambda: gate.waiting == 1)
        behind = threading.Thread(target=second)
        behind.start()
        wait_for(lambda: Stage("waiting", None, 2) in positions)
        stop.set()
        first.join(5)
        assert got == ["left"]
        wait_for(lambda: Stage("waiting", None, 1) in positions)
        assert gate.waiting == 1
    behind.join(5)
    assert got == ["left", "second"]


def test_the_queue_is_bounded_and_says_so():
    gate = Gate(1)
    with gate.turn():
        (waiter,) = queue_up(gate, 1, lambda number: gate.turn().__enter__())
        with pytest.raises(AttnVizError) as caught, gate.turn():
            pytest.fail("was let in")
        assert caught.value.message == "1 requests are waiting for the device, and no more than 1 may."
        assert caught.value.remedy == "Try again in a moment."
    waiter.join(5)


def test_an_error_at_work_opens_the_gate():
    gate = Gate(0)
    with pytest.raises(ZeroDivisionError), gate.turn():
        raise ZeroDivisionError
    with gate.turn():
        assert gate.waiting == 0

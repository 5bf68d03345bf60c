"""The gate: one at a time, visitors in turn, positions that count down, a way out of the queue, no deadlock."""

import random
import threading
import time

import pytest
from waiting import wait_for

from attnviz.errors import AttnVizError, Cancelled
from attnviz.runtime.engine.gate import Gate, _Ticket
from attnviz.runtime.engine.visitors import Visitor, set_visitor
from attnviz.runtime.progress import Stage


def present(gate):
    """Those who wait, and the one at work."""
    return gate.waiting + (gate._working is not None)


def queue_up(gate, count, work, callback=None):
    """Start `count` threads, one after the other has really taken its place in the queue."""
    threads = []
    for number in range(count):
        before = present(gate)
        thread = threading.Thread(target=work, args=(number,))
        thread.start()
        threads.append(thread)
        wait_for(lambda before=before: present(gate) > before)
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


# Visitors


def as_visitor(name, work):
    """A thread that works for a visitor."""

    def run():
        set_visitor(Visitor(name))
        work()

    thread = threading.Thread(target=run)
    thread.start()
    return thread


def test_visitors_are_served_in_turn_not_requests():
    gate, order, positions = Gate(100, 50), [], []

    def ask(label, report=lambda stage: None):
        with gate.turn(report):
            order.append(label)

    with gate.turn():
        threads = []
        asked = [("a", "a1"), ("a", "a2"), ("a", "a3"), ("b", "b1"), ("c", "c1"), ("b", "b2")]
        for count, (name, label) in enumerate(asked):
            report = positions.append if label == "b2" else (lambda stage: None)
            threads.append(as_visitor(name, lambda label=label, report=report: ask(label, report)))
            wait_for(lambda count=count: gate.waiting == count + 1)
        wait_for(lambda: positions)
    for thread in threads:
        thread.join(5)
    assert order == ["a1", "b1", "c1", "a2", "b2", "a3"]
    assert positions[0] == Stage("waiting", None, 5)


def test_who_asks_again_and_again_does_not_come_before_one_who_waits():
    gate, order, stop = Gate(100, 50), [], threading.Event()

    def flood():
        while not stop.is_set():
            with gate.turn():
                order.append("flood")

    def wait_once():
        with gate.turn():
            order.append("patient")

    floods = [as_visitor("flood", flood) for _ in range(5)]
    wait_for(lambda: len(order) > 50)
    before = len(order)
    as_visitor("patient", wait_once).join(5)
    stop.set()
    for thread in floods:
        thread.join(5)
    # The request at work, one of the flood that was next already, and what passed while the thread started.
    place = order.index("patient")
    assert place >= before - 1
    assert gate.waiting == 0


def test_one_visitor_cannot_fill_the_queue():
    gate = Gate(10, 2)

    def hold():
        with gate.turn():
            pass

    with gate.turn():
        threads = []
        for count in range(2):
            threads.append(as_visitor("greedy", hold))
            wait_for(lambda count=count: gate.waiting == count + 1)
        refused = []

        def third():
            with pytest.raises(AttnVizError) as caught, gate.turn():
                pytest.fail("was let in")
            refused.append(caught.value)

        as_visitor("greedy", third).join(5)
        assert refused[0].message == (
            "2 of your requests are waiting for the device, and no more than 2 may."
        )
        threads.append(as_visitor("other", hold))
        wait_for(lambda: gate.waiting == 3)
    for thread in threads:
        thread.join(5)
    assert gate.waiting == 0


# What goes wrong


def test_asking_for_the_gate_while_holding_it_is_an_error_and_no_deadlock():
    gate = Gate(5)
    with gate.turn(), pytest.raises(RuntimeError, match="asked for it again"), gate.turn():
        pytest.fail("was let in")
    with gate.turn():
        assert gate.waiting == 0


@pytest.mark.parametrize("place", ["at work", "in the queue"])
def test_a_thread_that_died_does_not_hold_up_the_others(place):
    """Nothing ran on its way out: the generators that would have left the queue are kept alive."""
    gate, kept, got = Gate(5), [], []

    def die():
        ticket = gate.turn()
        kept.append(ticket)
        if place == "at work":
            ticket.__enter__()
        else:
            kept.append(gate_ticket(gate))

    def ask():
        with gate.turn():
            got.append(1)

    if place == "at work":
        dying = threading.Thread(target=die)
        dying.start()
        dying.join(5)
        ask()
    else:
        with gate.turn():
            dying = threading.Thread(target=die)
            dying.start()
            dying.join(5)
            assert gate.waiting == 1
            behind = threading.Thread(target=ask)
            behind.start()
            wait_for(lambda: gate.waiting == 2)
        behind.join(5)
    assert got == [1]


def gate_ticket(gate):
    """A place in the queue that nobody waits at."""
    ticket = _Ticket()
    gate._enter(ticket)
    return ticket


def test_two_seconds_of_everything_leave_the_gate_open():
    gate, inside, most, served, end = Gate(20, 4), [], [], [], time.monotonic() + 2

    def hammer(number):
        set_visitor(Visitor(f"v{number % 5}") if number % 6 else None)
        random_ = random.Random(number)
        while time.monotonic() < end:
            calls = []

            def report(stage, calls=calls):
                calls.append(stage)
                if random_.random() < 0.2:
                    raise random_.choice([Cancelled("Stopped."), SystemExit()])

            try:
                with gate.turn(report):
                    inside.append(number)
                    most.append(len(inside))
                    inside.remove(number)
                    served.append(number)
                    if random_.random() < 0.1:
                        raise ValueError("at work")
            except (AttnVizError, SystemExit, ValueError):
                pass

    threads = [threading.Thread(target=hammer, args=(number,)) for number in range(24)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
        assert not thread.is_alive()
    assert max(most) == 1
    assert {number % 6 == 0 for number in served} == {True, False}  # visitors, and those who are nobody's
    assert gate.waiting == 0
    with gate.turn():
        assert gate.waiting == 0


# Long work


def long_work(gate, order, label, parts, begun, beat=lambda: None):
    """Work in parts, which lets others pass between them."""
    with gate.turn():
        begun.set()
        for part in range(parts):
            order.append(f"{label}{part}")
            gate.step_aside(beat)


def test_short_work_passes_between_the_parts_of_long_work_which_ends_in_the_order_it_came():
    gate, order, begun = Gate(100), [], threading.Event()
    hold = threading.Event()

    def first():
        with gate.turn():
            begun.set()
            hold.wait(5)  # until all wait
            for part in range(3):
                order.append(f"first{part}")
                gate.step_aside()

    threads = [threading.Thread(target=first)]
    threads[0].start()
    begun.wait(5)
    threads += queue_up(gate, 1, lambda n: long_work(gate, order, "second", 3, threading.Event()))
    threads += queue_up(gate, 2, lambda n: short(gate, order, n))
    hold.set()
    for thread in threads:
        thread.join(5)
        assert not thread.is_alive()
    # Each of the long ones does a part, then whoever came for the first time; then the one that came first ends first.
    assert order == ["first0", "second0", "short0", "short1", "first1", "first2", "second1", "second2"]
    assert gate.waiting == 0


def short(gate, order, number):
    with gate.turn():
        order.append(f"short{number}")


def test_long_work_does_not_let_others_pass_for_ever(monkeypatch):
    monkeypatch.setattr("attnviz.runtime.engine.gate.PATIENCE", 0.1)
    gate, order, begun, stop = Gate(100), [], threading.Event(), threading.Event()

    def flood():
        while not stop.is_set():
            with gate.turn():
                time.sleep(0.005)

    worker = threading.Thread(target=long_work, args=(gate, order, "long", 3, begun))
    floods = [threading.Thread(target=flood) for _ in range(4)]
    for thread in floods:
        thread.start()
    wait_for(lambda: gate.waiting == 3)
    worker.start()
    worker.join(5)
    assert order == ["long0", "long1", "long2"]
    stop.set()
    for thread in floods:
        thread.join(5)
    assert gate.waiting == 0


def test_who_leaves_while_aside_or_holds_no_gate_disturbs_nobody():
    gate, order, begun, stop = Gate(100), [], threading.Event(), threading.Event()
    gate.step_aside()  # nobody's turn

    def beat():
        raise Cancelled("Stopped.")

    def leaver():
        with pytest.raises(Cancelled):
            long_work(gate, order, "long", 10**9, begun, beat)

    def busy():
        with gate.turn():
            stop.wait(5)

    worker = threading.Thread(target=leaver)
    worker.start()
    begun.wait(5)
    others = [threading.Thread(target=busy) for _ in range(2)]
    for thread in others:
        thread.start()
    worker.join(5)
    assert not worker.is_alive()
    stop.set()
    for thread in others:
        thread.join(5)
    assert gate.waiting == 0

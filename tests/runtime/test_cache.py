"""The shared cache: bounded bytes, one computation for all who ask at once, and errors that do not spread."""

import random
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from waiting import wait_for

from attnviz.errors import Cancelled, ModelUnsupported
from attnviz.runtime.engine.cache import SharedCache, _Computation, copy_of
from attnviz.runtime.progress import Stage


def cache_of(maxsize=100, **options):
    return SharedCache(maxsize, lambda value: {object(): len(value)}, **options)


def test_a_kept_value_is_not_computed_again():
    cache, calls = cache_of(), []
    for _ in range(3):
        assert cache.get("k", lambda report: calls.append(1) or "value") == "value"
    assert (len(calls), cache.nbytes) == (1, 5)


def test_the_least_recently_used_goes_first_and_is_told():
    evicted = []
    cache = cache_of(30, on_evict=evicted.extend)
    for key in "abc":
        cache.get(key, lambda report: "x" * 10)
    cache.get("a", lambda report: pytest.fail("a is kept"))
    cache.peek("b")  # does not count as a use
    cache.get("d", lambda report: "x" * 10)
    assert evicted == ["b"]
    assert set(cache.kept()) == {"a", "c", "d"}
    assert cache.nbytes == 30


def test_a_value_larger_than_the_cache_is_returned_but_not_kept():
    cache, evicted = cache_of(10), []
    cache.get("small", lambda report: "x")
    assert len(cache.get("large", lambda report: "x" * 11)) == 11
    assert cache.kept() == ["small"]
    keeper = cache_of(10, keep_larger=True, on_evict=evicted.extend)
    keeper.get("small", lambda report: "x")
    keeper.get("large", lambda report: "x" * 11)
    assert (keeper.kept(), evicted, keeper.nbytes) == (["large"], ["small"], 11)


def test_twenty_threads_compute_once_and_all_get_the_same_object():
    cache, calls, start = cache_of(10_000), [], threading.Barrier(20)

    def compute(report):
        calls.append(1)
        time.sleep(0.1)
        return ["value"]

    def ask(_):
        start.wait()
        return cache.get("k", compute)

    with ThreadPoolExecutor(20) as pool:
        values = list(pool.map(ask, range(20)))
    assert len(calls) == 1
    assert all(value is values[0] for value in values)


def test_many_keys_from_many_threads_compute_each_once_even_without_room():
    cache, calls, lock = cache_of(10_000), [], threading.Lock()

    def compute(key):
        with lock:
            calls.append(key)
        return f"value {key}"

    with ThreadPoolExecutor(16) as pool:
        values = list(pool.map(lambda i: cache.get(i % 7, lambda report: compute(i % 7)), range(700)))
    assert values == [f"value {i % 7}" for i in range(700)]
    assert sorted(calls) == list(range(7))


def test_all_get_the_error_each_its_own_object_and_the_next_one_tries_anew():
    cache, calls, start = cache_of(), [], threading.Barrier(8)

    def compute(report):
        calls.append(1)
        time.sleep(0.1)
        raise ModelUnsupported("mamba has no attention.", "Choose another.", reason="no-attention")

    def ask(_):
        start.wait()
        try:
            cache.get("k", compute)
        except ModelUnsupported as error:
            return error

    with ThreadPoolExecutor(8) as pool:
        errors = list(pool.map(ask, range(8)))
    assert len(calls) == 1
    assert len({id(error) for error in errors}) == 8
    assert {(error.message, error.remedy, error.reason) for error in errors} == {
        ("mamba has no attention.", "Choose another.", "no-attention")
    }
    assert cache.get("k", lambda report: "fine") == "fine"


@pytest.mark.parametrize("stop", [Cancelled("Stopped."), SystemExit(), ValueError("the page is gone")])
def test_one_who_gives_up_does_not_take_the_others_along(stop):
    cache, started, others = cache_of(), threading.Event(), []

    def slow(report):
        started.set()
        wait_for(lambda: others)
        time.sleep(0.05)  # the other thread is waiting by now
        report(Stage("computing"))
        return pytest.fail("the callback raised")

    def callback(stage):
        raise stop

    def lead():
        with pytest.raises(type(stop)):
            cache.get("k", slow, callback)

    def follow():
        others.append(1)
        return cache.get("k", lambda report: "by the other")

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(lead)
        started.wait()
        second = pool.submit(follow)
        first.result(5)
        assert second.result(5) == "by the other"


def test_those_who_wait_hear_of_the_progress_in_their_own_thread():
    cache, stages, go, heard = cache_of(), [], threading.Event(), threading.Event()

    def compute(report):
        report(Stage("loading the model", 0.5))
        go.wait(5)
        return "value"

    def callback(stage):
        stages.append((stage, threading.get_ident()))
        heard.set()

    leader = threading.Thread(target=cache.get, args=("k", compute))
    leader.start()
    wait_for(lambda: cache._running)
    releaser = threading.Thread(target=lambda: heard.wait(5) and go.set())
    releaser.start()
    assert cache.get("k", lambda report: pytest.fail("computed twice"), callback) == "value"
    leader.join()
    releaser.join()
    assert stages[0] == (Stage("loading the model", 0.5), threading.get_ident())


def test_a_waiting_thread_can_leave_while_the_work_goes_on():
    cache, go = cache_of(), threading.Event()

    def compute(report):
        report(Stage("computing"))
        go.wait(5)
        return "value"

    def leave(stage):
        raise Cancelled("Stopped.")

    with ThreadPoolExecutor(1) as pool:
        leader = pool.submit(cache.get, "k", compute)
        wait_for(lambda: cache._running)
        with pytest.raises(Cancelled):
            cache.get("k", compute, leave)
        go.set()
        assert leader.result(5) == "value"
    assert cache.peek("k") == "value"


def test_a_twin_has_no_traceback_and_the_same_fields():
    try:
        raise UnicodeDecodeError("utf-8", b"\xff", 0, 1, "bad byte")
    except UnicodeDecodeError as error:
        copy = copy_of(error)
    assert copy.__traceback__ is None
    assert str(copy) == "'utf-8' codec can't decode byte 0xff in position 0: bad byte"


# Whatever goes wrong, nobody waits for ever


def ask_later(cache, key="k", value="anew"):
    """Somebody who waits for the computation that runs."""
    pool = ThreadPoolExecutor(1)
    return pool.submit(cache.get, key, lambda report: value)


@pytest.mark.parametrize("stop", [KeyboardInterrupt(), SystemExit(), GeneratorExit()])
def test_an_interrupt_while_computing_lets_another_compute(stop):
    cache, started, go = cache_of(), threading.Event(), threading.Event()

    def interrupted(report):
        started.set()
        go.wait(5)
        raise stop

    def lead():
        with pytest.raises(type(stop)):
            cache.get("k", interrupted)

    leader = threading.Thread(target=lead)
    leader.start()
    started.wait(5)
    waiter = ask_later(cache)
    go.set()
    assert waiter.result(5) == "anew"
    leader.join(5)
    assert not cache._running


@pytest.mark.parametrize("broken", ["the size", "the store", "the finish"])
def test_an_error_after_the_work_ends_the_wait(broken, monkeypatch):
    cache, started, go, calls = cache_of(), threading.Event(), threading.Event(), []

    def fail(*args, **kwargs):
        calls.append(1)
        if len(calls) == 1:
            raise MemoryError
        return real(*args, **kwargs)

    if broken == "the size":
        real = cache._parts
        monkeypatch.setattr(cache, "_parts", fail)
    elif broken == "the store":
        real = cache._store.put
        monkeypatch.setattr(cache._store, "put", fail)
    else:
        real = cache._keep
        monkeypatch.setattr(cache, "_keep", fail)

    def compute(report):
        started.set()
        go.wait(5)
        return "value"

    def lead():
        with pytest.raises(MemoryError):
            cache.get("k", compute)

    leader = threading.Thread(target=lead)
    leader.start()
    started.wait(5)
    waiter = ask_later(cache)
    go.set()
    try:
        assert waiter.result(5) in ("value", "anew")
    except MemoryError:
        assert broken == "the size"  # an error of the computation, which all get
    leader.join(5)
    assert cache.get("k", lambda report: "at last") in ("value", "anew", "at last")
    assert not cache._running


def test_a_thread_that_died_without_a_word_is_noticed():
    cache = cache_of()

    def die():
        cache._running["k"] = _Computation()

    thread = threading.Thread(target=die)
    thread.start()
    thread.join(5)
    assert ask_later(cache).result(5) == "anew"
    assert cache.get("k", lambda report: pytest.fail("is kept")) == "anew"


def test_one_who_waits_can_leave_before_the_first_stage():
    cache, started, go = cache_of(), threading.Event(), threading.Event()

    def compute(report):
        started.set()
        go.wait(5)
        return "value"

    def leave(stage):
        raise Cancelled("Stopped.")

    leader = threading.Thread(target=cache.get, args=("k", compute))
    leader.start()
    started.wait(5)
    with pytest.raises(Cancelled):
        cache.get("k", compute, leave)
    go.set()
    leader.join(5)


def test_what_values_share_is_counted_once_and_kept_as_long_as_one_has_it():
    shared = np.zeros(1000, np.uint8)
    cache = SharedCache(3000)
    for name in "abc":
        cache.get(name, lambda report: (shared, np.zeros(500, np.uint8)))
    assert cache.nbytes == 1000 + 3 * 500
    assert cache.kept() == ["a", "b", "c"]
    cache.drop(lambda key: key in ("a", "b"))
    assert cache.nbytes == 1500
    cache.clear()
    assert cache.nbytes == 0


def test_no_more_values_than_allowed():
    evicted = []
    cache = cache_of(most=2, on_evict=evicted.extend)
    for key in "abc":
        cache.get(key, lambda report: "x")
    assert (cache.kept(), evicted) == (["b", "c"], ["a"])


def test_two_seconds_of_everything_end_in_answers():
    cache, end, wrong = cache_of(50), time.monotonic() + 2, []

    def hammer(number):
        random_ = random.Random(number)
        while time.monotonic() < end:
            key = f"k{random_.randrange(4)}"

            def compute(report, key=key):
                report(Stage("computing"))
                if random_.random() < 0.2:
                    raise random_.choice([ValueError(key), KeyboardInterrupt(), Cancelled("Stopped.")])
                return key * 10

            def report(stage):
                if random_.random() < 0.1:
                    raise SystemExit

            try:
                if cache.get(key, compute, report) != key * 10:
                    wrong.append(key)
            except (ValueError, KeyboardInterrupt, Cancelled, SystemExit):
                pass
            if random_.random() < 0.2:
                cache.drop(lambda each, key=key: each == key)

    threads = [threading.Thread(target=hammer, args=(number,)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
        assert not thread.is_alive()
    assert not wrong
    assert not cache._running
    assert cache.nbytes == sum(len(cache.peek(key)) for key in cache.kept()) <= 50

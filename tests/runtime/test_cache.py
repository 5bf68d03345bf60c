"""The shared cache: bounded bytes, one computation for all who ask at once, and errors that do not spread."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from attnviz.errors import Cancelled, ModelUnsupported
from attnviz.runtime.engine.cache import SharedCache, twin
from attnviz.runtime.query import Stage


def cache_of(maxsize=100, **options):
    return SharedCache(maxsize, size=len, **options)


def wait_for(condition, seconds=5.0):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.002)


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
    wait_for(lambda: cache._flights)
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
        wait_for(lambda: cache._flights)
        with pytest.raises(Cancelled):
            cache.get("k", compute, leave)
        go.set()
        assert leader.result(5) == "value"
    assert cache.peek("k") == "value"


def test_a_twin_has_no_traceback_and_the_same_fields():
    try:
        raise UnicodeDecodeError("utf-8", b"\xff", 0, 1, "bad byte")
    except UnicodeDecodeError as error:
        copy = twin(error)
    assert copy.__traceback__ is None
    assert str(copy) == "'utf-8' codec can't decode byte 0xff in position 0: bad byte"

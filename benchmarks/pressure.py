"""A runtime under pressure: many threads, models that come and go, visitors that hold files.

Each function takes how much, raises AssertionError where something is wrong, and returns figures; the tests call them
with little, `abuse` with much.
"""

from __future__ import annotations

import gc
import random
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from attnviz.errors import AttnVizError
from attnviz.runtime import LocalRuntime, Query, Visitor, set_visitor


def resident() -> int:
    """Bytes of this process's memory that are in use (Linux)."""
    return int(Path("/proc/self/statm").read_text("ascii").split()[1]) * 4096


def mixed_questions(
    runtime: LocalRuntime, names: Sequence[str], threads: int = 50, each: int = 4
) -> dict[str, float]:
    """Threads of ten visitors ask different things about the same and other texts and models, all at once."""
    texts = [f"text number {number}" for number in range(7)]

    def asks(query: Query) -> list[Callable[[], np.ndarray]]:
        return [
            lambda: runtime.attention(query, 0),
            lambda: runtime.map(query, "contribution", 1, 1),
            lambda: runtime.statistics(query).values,
            lambda: runtime.overviews(query, 8).weights,
            lambda: runtime.explain(Query(query.model, query.text, "other"), method="attention").scores,
            lambda: runtime.links(query, (1,), (2,)),
        ]

    truth = {
        (name, text, n): ask().copy()
        for name in names
        for text in texts
        for n, ask in enumerate(asks(Query(name, text)))
    }
    runtime.engine.free()
    start, refused = threading.Barrier(threads), []

    def work(number: int) -> int:
        set_visitor(Visitor(f"visitor {number % 10}", at_home=True))
        chosen = random.Random(number)
        start.wait()
        for _ in range(each):
            name, text = chosen.choice(names), chosen.choice(texts)
            n = chosen.randrange(6)
            try:
                found = asks(Query(name, text))[n]()
            except AttnVizError as error:
                refused.append(error.message)
                continue
            np.testing.assert_array_equal(found, truth[name, text, n], err_msg=f"{name} {text} {n}")
        return each

    begun = time.perf_counter()
    with ThreadPoolExecutor(threads) as pool:
        asked = sum(pool.map(work, range(threads)))
    assert all("requests are waiting" in message for message in refused), refused
    assert runtime.waiting == 0
    return {"asked": asked, "refused": len(refused), "seconds": time.perf_counter() - begun}


def loads_beside_explanations(
    runtime: LocalRuntime, coming: LocalRuntime, name: str, others: Sequence[str], loads: int = 4
) -> dict[str, float]:
    """Models of another dtype come and go while two explain: a load switches what torch does for the whole process.

    Args:
        coming: another runtime, of the other dtype, which gets the gate of the first: two runtimes, one device.
    """
    coming.engine.gate = coming.engine.models._gate = runtime.engine.gate
    questions = [Query(name, f"text {number}", "other") for number in range(4)]
    methods = ("integrated-gradients", "shapley")
    truth = {(q, m): runtime.explain(q, method=m).scores.copy() for q in questions for m in methods}
    maps = {q: runtime.map(q, "contribution", 1).copy() for q in questions}
    done = threading.Event()

    def load() -> None:
        try:
            for number in range(loads):
                coming.capture(Query(others[number % len(others)], "text"))
        finally:
            done.set()

    def explain() -> int:
        explained = 0
        while not done.is_set():
            runtime.engine.results.clear()
            for (query, method), scores in truth.items():
                np.testing.assert_array_equal(runtime.explain(query, method=method).scores, scores)
                np.testing.assert_array_equal(runtime.map(query, "contribution", 1), maps[query])
                explained += 1
        return explained

    with ThreadPoolExecutor(3) as pool:
        loading, *explaining = (pool.submit(work) for work in (load, explain, explain))
        loading.result(300)
        explained = sum(each.result(60) for each in explaining)
    assert explained > 0
    return {"loads": loads, "explained meanwhile": explained}


def loads_and_evictions(runtime: LocalRuntime, names: Sequence[str], rounds: int = 10) -> dict[str, float]:
    """Models in turn, more of them than are kept; returns the growth of memory over the rounds after the third."""
    sizes = []
    for number in range(rounds):
        for name in names:
            query = Query(name, f"text number {number}")
            runtime.statistics(query)
            runtime.explain(Query(name, query.text, "other"), method="attention")
        gc.collect()
        sizes.append(resident())
        assert len(runtime.facts().models) <= runtime.settings.max_models
    settled = sizes[min(3, rounds - 1)]
    return {"rounds": rounds, "bytes": sizes[-1], "growth": sizes[-1] - settled}


def visitors_with_files(
    runtime: LocalRuntime, files: Sequence[bytes], visitors: int = 20
) -> dict[str, float]:
    """Each visitor opens all files; what they hold together stays within the bound."""
    most = 0

    def work(number: int) -> None:
        nonlocal most
        set_visitor(Visitor(f"holder {number}"))
        for data in files:
            query = runtime.open(data)
            runtime.held.put(f"book:{number}", bytes(runtime.held.share // 8))
            most = max(most, runtime.held.nbytes)
            assert runtime.opened(query.model) in (query, None)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(visitors)))
    assert most <= runtime.settings.held_bytes
    return {"visitors": visitors, "most": most, "bound": runtime.settings.held_bytes}

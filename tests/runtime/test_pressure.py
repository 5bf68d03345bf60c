"""Many at once, for seconds: right answers or a refusal for everybody, and memory that does not grow."""

from __future__ import annotations

import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields

import numpy as np
import pytest
from waiting import wait_for

from attnviz.runtime import LocalRuntime, Query, Settings
from attnviz.runtime.maps import MAPS
from benchmarks.pressure import (
    loads_and_evictions,
    loads_beside_explanations,
    mixed_questions,
    visitors_with_files,
)


def test_fifty_threads_with_mixed_questions_get_right_answers(tiny_model):
    runtime = LocalRuntime(Settings(device="cpu", dtype="float32", max_models=2, max_waiting_each=50))
    names = [tiny_model("one"), tiny_model("two", seed=1)]
    figures = mixed_questions(runtime, names)
    assert (figures["asked"], figures["refused"]) == (200, 0)


@pytest.mark.skipif(sys.platform != "linux", reason="reads memory as Linux tells it")
@pytest.mark.slow
def test_ten_loads_and_evictions_without_growth(tiny_model):
    """Models of 16 MB, so that one that stays would show."""
    runtime = LocalRuntime(Settings(device="cpu", dtype="float32", max_models=1))
    names = [tiny_model(f"large {seed}", inner=64 << 10, seed=seed) for seed in range(2)]
    assert loads_and_evictions(runtime, names, rounds=6)["growth"] < 12 << 20


def test_what_visitors_hold_stays_within_its_bound(runtime):
    server = LocalRuntime(Settings(warm=False, held_mb=4))
    files = [runtime.save(Query("minilm", f"File number {number}.")) for number in range(3)]
    figures = visitors_with_files(server, files)
    assert 0 < figures["most"] <= figures["bound"] == 4 << 20


@pytest.mark.slow
def test_loading_and_running_never_meet(tiny_model):
    """bfloat16 models come and go while others explain: torch's default dtype is the whole process's."""
    runtime = LocalRuntime(Settings(device="cpu", dtype="float32", max_models=1, max_waiting_each=50))
    coming = LocalRuntime(Settings(device="cpu", dtype="bfloat16", max_models=1))
    name, others = tiny_model("stays"), [tiny_model("a", seed=1), tiny_model("b", seed=2)]
    loads_beside_explanations(runtime, coming, name, others)
    assert len(coming.facts().models) == 1


def test_maps_that_do_not_queue_do_not_mind_a_load(tiny_model):
    """What is computed beside the gate must not depend on what a load switches."""
    import torch

    runtime = LocalRuntime(Settings(device="cpu", dtype="float32"))
    query = Query(tiny_model("maps"), "some text")
    runtime.capture(query)

    def maps() -> list[np.ndarray]:
        runtime.engine.results.clear()
        found = [runtime.map(query, quantity, layer) for quantity in MAPS for layer in range(2)]
        row = runtime.query_key(query, 1, 1, 3)
        arrays = [getattr(row, each.name) for each in fields(row)]
        return [*found, runtime.links(query, (1, 2), (3,)), *(a for a in arrays if isinstance(a, np.ndarray))]

    before = maps()
    torch.set_default_dtype(torch.bfloat16)
    try:
        meanwhile = maps()
    finally:
        torch.set_default_dtype(torch.float32)
    for one, other in zip(before, meanwhile, strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_load_waits_for_what_runs_and_what_runs_for_a_load(tiny_model, monkeypatch):
    """Seen from inside: while a model is built, nobody holds the device but the one who loads."""
    import attnviz.loading.loader as loader

    runtime = LocalRuntime(Settings(device="cpu"))
    inside, seen, real = [], [], loader._load

    def watched(*args):
        seen.append((runtime.engine.gate._working.thread is threading.current_thread(), list(inside)))
        return real(*args)

    monkeypatch.setattr(loader, "_load", watched)
    with runtime.engine.gate.turn():
        waiting = ThreadPoolExecutor(1).submit(runtime.capture, Query(tiny_model("waits"), "text"))
        wait_for(lambda: runtime.waiting)
        inside.append("at work")
        assert not seen
        inside.clear()
    waiting.result(20)
    assert seen == [(True, [])]

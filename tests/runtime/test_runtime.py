"""The runtime with real MiniLM: what it answers, what it keeps, what it refuses, and who waits for whom."""

from __future__ import annotations

import gc
import threading
import weakref
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from waiting import wait_for

from attnviz import errors
from attnviz.runtime import STAGES, LocalRuntime, Query, Settings, Stage, get_runtime

TEXT = Query("minilm", "A cat sat on the mat, and purred.")
PAIR = Query("minilm", "A cat sat on the mat.", pair="A dog lay on the rug.")


def sentence(number: int) -> Query:
    return Query("minilm", f"Text number {number} says {'very ' * (number % 9)}little about {number * 7919}.")


@pytest.fixture(scope="module")
def model():
    """MiniLM without the runtime: the twin to compare with."""
    from attnviz.capture import load_model

    return load_model("minilm", device="cpu", dtype="float32")


# Answers


def test_answers_are_those_of_the_engine(runtime, model):
    capture = model.capture(TEXT.text)
    for layer in (0, 5):
        np.testing.assert_array_equal(runtime.attention(TEXT, layer), capture.attention(layer))
        np.testing.assert_array_equal(runtime.attention(TEXT, layer, 3), capture.attention(layer, 3))
        np.testing.assert_array_equal(
            runtime.map(TEXT, "value_weighted", layer, 3), capture.value_weighted(layer, 3)
        )
    overviews = runtime.overviews(TEXT, size=4)
    assert overviews.cells.shape == (6, 12, 4, 4)
    whole = capture.overview(2, 7, size=4)
    np.testing.assert_allclose(overviews.weights[2, 7], whole, atol=whole.max() / 255)
    np.testing.assert_array_equal(runtime.statistics(TEXT).values, capture.statistics().values)
    np.testing.assert_allclose(runtime.attention(TEXT, 1).sum(-1), 1, atol=1e-6)


def test_arrays_are_read_only_float32_and_kept(runtime):
    for answer in (
        lambda: runtime.attention(TEXT, 0, 1),
        lambda: runtime.attention(TEXT, 0),
        lambda: runtime.map(TEXT, "value_weighted", 0, 1),
        lambda: runtime.overviews(TEXT).scales,
        lambda: runtime.statistics(TEXT).values,
    ):
        array = answer()
        assert array.dtype == np.float32
        assert not array.flags.writeable
        with pytest.raises(ValueError, match="read-only"):
            array[...] = 0
        assert answer() is array
    assert runtime.capture(TEXT) is runtime.capture(Query("minilm ", TEXT.text, pair=" ", target_text=""))


def test_an_explanation_is_that_of_explain_and_kept(runtime, model):
    from attnviz.explanation import explain

    found = runtime.explain(PAIR, method="attention")
    expected = explain(model, PAIR.text, pair=PAIR.pair, method="attention")
    np.testing.assert_array_equal(found.scores, expected.scores)
    np.testing.assert_array_equal(found.pair_scores, expected.pair_scores)
    assert (found.target, found.method, found.value) == ("similarity", "attention", expected.value)
    assert runtime.explain(PAIR, method="attention") is found
    with pytest.raises(errors.UnknownName):
        runtime.explain(PAIR, method="guessing")


def test_what_there_is(runtime):
    runtime.map(TEXT, "attention", 0, 0)
    assert "minilm" in [card.name for card in runtime.catalog()]
    assert runtime.card("minilm").layers == 6
    assert runtime.card("no/such") is None
    assert "similarity" in [info.name for info in runtime.targets("minilm")]
    assert runtime.methods()[0].name == "integrated-gradients"
    facts = runtime.facts()
    assert (facts.device, facts.dtype, facts.engine_started) == ("cpu", "float32", True)
    assert "minilm" in facts.models  # and what other tests of the same process have loaded
    assert facts.device_title.startswith("CPU, ")
    assert facts.model_bytes == pytest.approx(22.7e6 * 4, rel=0.01)
    assert facts.capture_bytes >= runtime.capture(TEXT).nbytes > 0
    assert facts.map_bytes > 0
    assert facts.waiting == runtime.waiting == 0


def test_ready_says_whether_the_answer_is_at_hand(runtime):
    query = Query("minilm", "Nobody has asked about this sentence yet.")
    assert not runtime.ready(query)
    assert not runtime.ready(Query("not/loaded", "text"))
    runtime.capture(query)
    assert runtime.ready(query)


def test_progress_has_human_names_and_comes_in_the_callers_thread(runtime):
    stages, threads = [], set()

    def progress(stage):
        stages.append(stage)
        threads.add(threading.get_ident())

    query = Query("minilm", "A sentence to follow on its way.")
    runtime.capture(query, progress)
    runtime.overviews(query, progress=progress)
    runtime.statistics(query, progress=progress)
    runtime.explain(PAIR, method="rollout", progress=progress)
    names = list(dict.fromkeys(stage.name for stage in stages))
    assert names == ["reading the text", "computing", "drawing every head", "statistics", "explaining"]
    assert set(names) < set(STAGES)
    assert [stage.fraction for stage in stages if stage.name == "drawing every head"] == [
        n / 6 for n in range(6)
    ]
    assert Stage("explaining", 1.0) in stages
    assert threads == {threading.get_ident()}


def test_the_collector_has_little_to_walk_once_a_model_is_loaded(runtime):
    runtime.capture(TEXT)
    assert gc.get_freeze_count() > 100_000
    assert len(gc.get_objects()) < gc.get_freeze_count() / 2


# Refusals


def test_a_text_too_long_for_the_model_is_refused_before_the_forward(runtime, forwards):
    query = Query("minilm", "word " * 600)
    for ask in (runtime.capture, runtime.explain):
        with pytest.raises(errors.InputTooLong) as caught:
            ask(query)
        assert "has 602 tokens; the model minilm reads at most 512, and this server allows 4,096." in str(
            caught.value
        )
        assert caught.value.remedy.startswith("Shorten it to 512 tokens")
        assert (caught.value.tokens, caught.value.limit) == (602, 512)
    assert forwards.total == 0


def test_the_limits_of_the_server_hold_too(tiny_model, forwards):
    runtime = LocalRuntime(Settings(device="cpu", max_tokens=10, max_characters=40))
    name = tiny_model()
    with pytest.raises(errors.InputTooLong, match=r"has 12 tokens; .* at most 64, and this server allows 10"):
        runtime.capture(Query(name, "abcdefghij"))
    with pytest.raises(errors.InputTooLong, match="with its pair has 11 tokens"):
        runtime.capture(Query(name, "abcd", pair="efgh"))
    with pytest.raises(errors.InputTooLong, match="has 50 characters; this server reads at most 40"):
        runtime.capture(Query(name, "a" * 50))
    with pytest.raises(errors.InputEmpty):
        runtime.capture(Query(name, " \n "))
    assert forwards.total == 0
    assert runtime.capture(Query(name, "abcdefgh")).shape() == (2, 2, 10, 10)


def test_two_texts_that_are_encoded_apart_may_be_twice_as_long_together(runtime):
    long = Query("minilm", "word " * 300, pair="other " * 300)
    with pytest.raises(errors.InputTooLong):
        runtime.capture(long)
    assert len(runtime.explain(long, method="attention").scores) == 302


@pytest.mark.parametrize(
    ("options", "name", "what"),
    [
        ({"hub": False}, "someone/model", "models from the Hub"),
        ({"local": "0"}, "/etc", "directories of this machine"),
        ({"local": "0"}, "../nowhere", "directories of this machine"),
        # A directory that is there answers as a name that is nothing.
        ({"local": "0", "hub": False}, "attnviz", "models from the Hub"),
        ({"local": "0", "hub": False}, "nothing-there", "models from the Hub"),
    ],
)
def test_settings_forbid_the_hub_and_directories(options, name, what, root, monkeypatch):
    monkeypatch.chdir(root)
    runtime = LocalRuntime(Settings(device="cpu", **options))
    with pytest.raises(errors.ModelNotFound) as caught:
        runtime.capture(Query(name, "text"))
    assert caught.value.message == (
        f"There is no model {name!r} in the catalogue, and this server does not load {what}."
    )
    assert "minilm" in caught.value.remedy


# Many at once


def test_fifty_threads_get_what_one_would_and_no_two_forwards_run_at_once(runtime, model, forwards):
    queries = [sentence(number) for number in range(50)]
    start = threading.Barrier(50)
    deepest = []
    forwards.pause = 0.004

    def ask(query):
        start.wait()
        capture = runtime.capture(query, lambda stage: deepest.append(stage.position or 0))
        return [capture.attention(layer) for layer in range(6)], runtime.attention(query, 3, 4)

    with ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(ask, queries))
    assert (forwards.total, forwards.most) == (50, 1)
    assert max(deepest) > 10
    assert runtime.waiting == 0
    for query, (layers, map_) in zip(queries, answers, strict=True):
        twin = model.capture(query.text)
        for layer, attention in enumerate(layers):
            np.testing.assert_array_equal(attention, twin.attention(layer))
        np.testing.assert_array_equal(map_, twin.attention(3, 4))


def test_twenty_threads_with_the_same_text_cost_one_forward(runtime, forwards):
    query, start = Query("minilm", "All of us want to know about this."), threading.Barrier(20)
    forwards.pause = 0.1

    def ask(_):
        start.wait()
        return runtime.capture(query), runtime.attention(query, 0, 0)

    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(ask, range(20)))
    assert forwards.total == 1
    assert len({id(capture) for capture, _ in answers}) == len({id(array) for _, array in answers}) == 1


def test_twenty_threads_load_a_model_once_and_all_hear_of_it(tiny_model):
    runtime = LocalRuntime(Settings(device="cpu"))
    name, start, stages = tiny_model("shared"), threading.Barrier(20), [[] for _ in range(20)]

    def ask(number):
        start.wait()
        return runtime.capture(Query(name, "a text"), stages[number].append)

    with ThreadPoolExecutor(20) as pool:
        captures = list(pool.map(ask, range(20)))
    assert len({id(capture) for capture in captures}) == 1
    assert sum(Stage("loading the model") in each for each in stages) >= 1
    assert runtime.facts().models == (name,)


def test_a_full_queue_refuses_and_a_cancelled_waiter_leaves_it(model):
    runtime = LocalRuntime(Settings(device="cpu", max_waiting=1))
    runtime.capture(TEXT)
    stop, waiting = threading.Event(), threading.Event()

    def progress(stage):
        if stage.position:
            waiting.set()
        if stop.is_set():
            raise errors.Cancelled("Stopped.")

    with ThreadPoolExecutor(1) as pool, runtime.engine.gate.turn():
        waiter = pool.submit(runtime.capture, sentence(101), progress)
        assert waiting.wait(10)
        assert runtime.waiting == runtime.facts().waiting == 1
        with pytest.raises(errors.AttnVizError, match="1 requests are waiting for the device"):
            runtime.capture(sentence(102))
        stop.set()
        with pytest.raises(errors.Cancelled):
            waiter.result(10)
        assert runtime.waiting == 0
    np.testing.assert_array_equal(
        runtime.attention(sentence(101), 0), model.capture(sentence(101).text).attention(0)
    )


# Models come and go


def test_an_evicted_model_is_really_gone(tiny_model):
    runtime = LocalRuntime(Settings(device="cpu", max_models=1))
    first, second = tiny_model("first"), tiny_model("second")
    runtime.capture(Query(first, "abc"))
    runtime.explain(Query(first, "abc", pair="abd"), method="attention")
    module = runtime.engine.models.peek(first).model.loaded.module
    gone = [weakref.ref(each) for each in (module, *module.parameters())]
    del module
    runtime.capture(Query(second, "abc"))
    assert runtime.facts().models == (second,)
    assert [reference() for reference in gone if reference() is not None] == []
    assert not runtime.ready(Query(first, "abc"))


def test_what_an_evicted_model_said_is_not_said_in_the_name_of_the_next(tiny_model):
    runtime = LocalRuntime(Settings(device="cpu", max_models=1))
    query = Query(tiny_model("changing"), "abc")
    before = runtime.attention(query, 1)
    runtime.capture(Query(tiny_model("between"), "abc"))
    assert runtime.facts().map_bytes == 0
    other = Path(tiny_model("changed", seed=1)) / "model.safetensors"
    other.replace(Path(query.model) / "model.safetensors")
    after = runtime.attention(query, 1)
    assert np.abs(after - before).max() > 1e-4
    assert runtime.attention(query, 1) is after


def test_models_are_bounded_by_bytes_and_the_newest_stays(tiny_model):
    runtime = LocalRuntime(Settings(device="cpu", models_mb=1, max_models=9))
    runtime.capture(Query(tiny_model("small"), "abc"))
    assert len(runtime.facts().models) == 1
    runtime.capture(TEXT)  # 91 MB
    assert runtime.facts().models == ("minilm",)
    assert runtime.capture(TEXT) is runtime.capture(TEXT)


def test_warm_loads_in_the_background(tiny_model):
    name = tiny_model("warm")
    LocalRuntime(Settings(device="cpu", warm=False)).warm(name)
    assert not any(thread.name == f"warm {name}" for thread in threading.enumerate())
    runtime = LocalRuntime(Settings(device="cpu"))
    runtime.warm(name)
    runtime.warm(name)
    assert sum(thread.name == f"warm {name}" for thread in threading.enumerate()) <= 1
    wait_for(lambda: runtime.facts().models == (name,))


def test_what_cannot_be_warmed_up_is_logged_not_raised(caplog):
    runtime = LocalRuntime(Settings(device="cpu", local="0"))
    runtime.warm("./nowhere")
    wait_for(lambda: "was not warmed up" in caplog.text)


def test_there_is_one_runtime_in_a_process():
    start = threading.Barrier(20)

    def ask(_):
        start.wait()
        return get_runtime()

    with ThreadPoolExecutor(20) as pool:
        assert len({id(each) for each in pool.map(ask, range(20))}) == 1

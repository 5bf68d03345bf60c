"""A runtime in another process answers what the one in this process does: values, errors, stages, cancelling."""

from __future__ import annotations

import inspect
import os
import signal

import numpy as np
import pytest

from attnviz.errors import AttnVizError, Cancelled, InputTooLong, ModelUnsupported, UnknownName
from attnviz.runtime import LocalRuntime, Query, Settings, Stage, Visitor, set_visitor
from attnviz.runtime.process.client import ProcessRuntime
from attnviz.runtime.protocol import Held, Runtime

QUERY = Query("minilm", "The cat sat on the mat.", "A dog slept.")
NAMES = [name for name in vars(Runtime) if not name.startswith("_") and name != "settings"]


@pytest.fixture(scope="module")
def remote():
    runtime = ProcessRuntime(Settings(device="cpu", dtype="float32", warm=False, max_tokens=400))
    yield runtime
    runtime.close()


@pytest.mark.parametrize("name", NAMES)
def test_both_answer_what_the_protocol_names_and_nothing_else_is_named(runtime, name):
    asked = getattr(Runtime, name)
    if isinstance(asked, property):
        assert hasattr(runtime, name)
        return
    given = inspect.signature(getattr(runtime, name)).parameters
    wanted = list(inspect.signature(asked).parameters.values())[1:]
    assert [(each.name, each.default) for each in given.values()] == [
        (each.name, each.default) for each in wanted
    ]


def test_what_is_held_has_the_methods_of_the_protocol(runtime):
    for name in (name for name in vars(Held) if inspect.isfunction(vars(Held)[name]) and name[0] != "_"):
        wanted = list(inspect.signature(getattr(Held, name)).parameters)[1:]
        assert list(inspect.signature(getattr(runtime.held, name)).parameters) == wanted


QUESTIONS = {
    "map": lambda runtime: runtime.map(QUERY, "attention", 2, 5),
    "whole layer": lambda runtime: runtime.attention(QUERY, 1),
    "head_maps": lambda runtime: runtime.head_maps(QUERY, ((0, 1), (2, 5)), None, "token"),
    "overviews": lambda runtime: runtime.overviews(QUERY, 16).cells,
    "statistics": lambda runtime: runtime.statistics(QUERY).values,
    "row": lambda runtime: runtime.query_key(QUERY, 2, 5, 3).logits,
    "allocation": lambda runtime: runtime.allocation(QUERY, "segment").shares,
    "likeness": lambda runtime: runtime.likeness(QUERY).distances,
    "explained": lambda runtime: runtime.explain(QUERY, "similarity", "leave-one-out").scores,
    "tested": lambda runtime: runtime.faithfulness(QUERY, "similarity", "leave-one-out", seeds=5).removed,
    "ablated": lambda runtime: runtime.head_importance(QUERY, "similarity").values,
    "parts of a score": lambda runtime: runtime.why(QUERY, 2, 5, 3, 2).table,
    "heads of a layer": lambda runtime: runtime.writes(QUERY, 2, 5).shares_of_layer,
    "layers": lambda runtime: runtime.layer_by_layer(QUERY, "similarity").values,
}


@pytest.mark.parametrize("ask", QUESTIONS.values(), ids=QUESTIONS.keys())
def test_the_same_numbers_to_the_bit_and_read_only(runtime, remote, ask):
    here, there = ask(runtime), ask(remote)
    np.testing.assert_array_equal(there, here)
    assert not there.flags.writeable


def test_records_come_back_equal(runtime, remote):
    here, there = runtime.info(QUERY), remote.info(QUERY)
    assert (there.card, list(there.kinds)) == (here.card, list(here.kinds))
    assert there.kinds["self"].shape == here.kinds["self"].shape
    assert there.kinds["self"].queries.labels == here.kinds["self"].queries.labels
    assert there.kinds["self"].queries is there.kinds["self"].keys, "one text: rows and columns are the same"
    assert [info.name for info in remote.targets("minilm")] == [
        info.name for info in runtime.targets("minilm")
    ]
    assert remote.methods() == runtime.methods()
    assert remote.default_query == runtime.default_query
    assert remote.facts().device == "cpu"


ERRORS = {
    "a name": (UnknownName, lambda runtime: runtime.map(QUERY, "attention", 60, 5)),
    "a text": (InputTooLong, lambda runtime: runtime.info(Query("minilm", "a " * 500))),
    "a file": (
        ModelUnsupported,
        lambda runtime: runtime.explain(Query("file:none", "a"), "similarity", "rollout"),
    ),
}


@pytest.mark.parametrize(("kind", "ask"), ERRORS.values(), ids=ERRORS.keys())
def test_errors_come_back_with_all_that_they_hold(remote, kind, ask):
    here = LocalRuntime(remote.settings)
    with pytest.raises(kind) as local:
        ask(here)
    with pytest.raises(kind) as found:
        ask(remote)
    assert found.value.__dict__ == local.value.__dict__
    assert str(found.value) == str(local.value)


def test_stages_are_told_where_they_are_asked_for(remote):
    stages: list[Stage] = []
    remote.explain(
        Query("minilm", "Snow fell all night.", "It snowed."), "similarity", "shapley", stages.append
    )
    assert {stage.name for stage in stages} >= {"explaining"}
    assert any(stage.fraction for stage in stages)


def test_what_the_progress_raises_ends_the_work_there_and_the_next_question_is_answered(remote):
    class Enough(Exception):
        pass

    def stop(stage: Stage) -> None:
        if stage.fraction:
            raise Enough

    asked = Query("minilm", "Rain fell for days on end, and the river rose.", "It rained.")
    with pytest.raises(Enough):
        remote.explain(asked, "similarity", "shapley", stop)
    assert remote.map(QUERY, "attention", 0, 0).shape == (14, 14)
    assert remote.waiting == 0
    with pytest.raises(Cancelled):
        remote.explain(asked, "similarity", "shapley", lambda stage: (_ for _ in ()).throw(Cancelled("No.")))


def test_who_asks_is_known_there(remote):
    set_visitor(Visitor("one", at_home=True))
    try:
        assert remote.directories
        set_visitor(Visitor("two"))
        assert not remote.directories
    finally:
        set_visitor(None)


def test_what_visitors_hold_lives_there(runtime, remote):
    remote.held.put("text:1", ("a", "b"), 10)
    assert remote.held.get("text:1") == ("a", "b")
    remote.held.drop("text:1")
    assert remote.held.get("text:1") is None
    asked = remote.open(runtime.save(QUERY), "one.attnviz")
    found = runtime.map(QUERY, "attention", 2, 5)
    np.testing.assert_allclose(remote.map(asked, "attention", 2, 5), found, atol=1e-6)


def test_an_engine_that_dies_is_started_again():
    runtime = ProcessRuntime(Settings(device="cpu", warm=False))
    try:
        assert runtime.ready(runtime.default_query)
        os.kill(runtime._engine._process.pid, signal.SIGKILL)
        with pytest.raises(AttnVizError, match="has stopped"):
            runtime.card("minilm")
        assert runtime.card("minilm").name == "minilm"
    finally:
        runtime.close()
    assert runtime._engine is None

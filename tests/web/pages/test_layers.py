"""The page “Layer by layer”: its sentences, line, table and file hold what the engine computed."""

from __future__ import annotations

import csv
import io

import numpy as np
import pytest

from attnviz.explanation import LayerByLayer
from attnviz.runtime import Query, get_runtime
from attnviz.web.pages.layers.content import sentences
from attnviz.web.share.spreadsheet import csv_text
from tests.web.conftest import numbers
from tests.web.hostile import HOSTILE, marks_in

PAIR = get_runtime().default_pair_query


def table(page) -> str:
    return next(each.proto.body for each in page.at.get("html") if "attnviz-layers" in each.proto.body[:300])


def said(value: float) -> str:
    return f"{value:.3f}".replace("-", "−")


def test_the_similarity_over_the_layers_is_the_engines(app):
    page = app("layers")
    found = get_runtime().layer_by_layer(PAIR, "similarity")
    line = page.charts()["layers_chart"]["data"][0]
    assert numbers(line["y"]) == found.values.tolist()
    assert line["text"][:2] == ["before layer 0", "after layer 0"]
    step = int(np.abs(np.diff(found.values)).argmax())
    assert (
        f"In the end the similarity is **{said(found.values[-1])}**. Layer {step} moves it most"
        in page.markdown
    )
    assert all(f"<td>{said(value)}</td>" in table(page) for value in found.values)
    assert "the only layer that the model was trained to compare" in page.markdown


def test_a_decoder_tells_what_it_would_say_after_each_layer(opened, decoder):
    page = opened("layers", model=decoder, text="The cat sat")
    found = get_runtime().layer_by_layer(Query(decoder, "The cat sat"))
    shown = table(page)
    for outcomes in found.outcomes:
        assert len(outcomes) == 10
        for _, value in outcomes[:5]:
            assert f" {value:.1%}</td>" in shown
    assert shown.count("<tr>") == 1 + len(found.values) == 4
    assert "nostalgebraist 2020" in page.markdown
    assert "Belrose et al. 2023" in page.markdown


def test_labels_of_ones_own_are_near_not_said(app):
    page = app("layers", text="The soup was cold.", target="label-prompt")
    found = get_runtime().layer_by_layer(Query("minilm", "The soup was cold."), "label-prompt")
    assert f"the model puts the text nearest to “{found.outcomes[-1][0][0]}”" in page.markdown
    assert "the only layer that the model was trained to compare" in page.markdown


def test_labels_are_shown_as_text(opened, classifier):
    page = opened("layers", model=classifier, text="The soup was cold.")
    assert "&lt;b&gt;calm&lt;/b&gt;" in table(page)
    assert "<b>calm" not in table(page) + page.markdown


def test_a_continuation_is_shown_token_by_token(opened, encoder_decoder):
    page = opened("layers", model=encoder_decoder, text="The cat sat", target_text="on the")
    found = get_runtime().layer_by_layer(Query(encoder_decoder, "The cat sat", target_text="on the"))
    assert "The layers are the decoder’s" in page.markdown
    assert "the model says" not in page.markdown
    assert f">{said(found.outcomes[-1][0][1])}</td>" in table(page)


def test_one_text_can_be_asked_something_else(app):
    page = app("layers", text="A cat.")
    assert "A second text is needed" in page.markdown
    page.at.button(key="second_text_example").click().run()
    assert "layers_chart" in page.charts()


def test_an_opened_file_says_that_a_model_has_to_run(app):
    file = get_runtime().open(get_runtime().save(Query("minilm", "A cat sat.")))
    page = app("layers", model=file.model)
    assert "An opened file holds attention only" in page.markdown
    assert page.charts() == {}


def told(names: list[str], values: list[float]) -> str:
    outcomes = tuple(((name, 0.5), ("other", 0.25)) for name in names)
    found = LayerByLayer(np.array(values), outcomes, "probability", "next-token", ())
    return "\n".join(sentences(found, "the score"))


@pytest.mark.parametrize(
    ("names", "values", "line"),
    [
        ("abcc", [0, 5, 9.5, 10], "**From layer 1 on the model says “c”**; before that, “b”."),
        ("aaab", [0, 0, 0, 1], "**Only after its last layer, layer 2, the model says “b”**; before it, “a”."),
        (
            "aaaa",
            [0, 1, 1, 1],
            "**Before its first layer already the model says “a”**, and after every layer",
        ),
        (
            "abcc",
            [0, 5, 9.5, 10],
            "Layer 0 moves it most, from 0.000 to 5.000; after layer 1 it is near its end",
        ),
        ("aaab", [0, 0, 0, -1], "it is not near its end before the last layer."),
    ],
)
def test_the_sentences_name_the_layer(names, values, line):
    assert line in told(list(names), values)


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_answers_are_text(text):
    assert not marks_in(told(["a", text], [0, 1]))


def test_a_spreadsheet_runs_nothing():
    rows = [["place", 'a "b", c'], ["=1+1", -0.25], ["\n", float("nan")], ["-x", 1e-9]]
    read = list(csv.reader(io.StringIO(csv_text(rows).removeprefix("\ufeff"), newline="")))
    assert read == [["place", 'a "b", c'], ["'=1+1", "-0.25"], ["\n", "nan"], ["'-x", "1e-09"]]

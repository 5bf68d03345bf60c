"""The page "compare": two texts, each read alone; its maps, matches and changes against the engine's maps."""

import subprocess
import sys

import numpy as np
import pytest

from attnviz.analysis import aggregate, jensen_shannon
from attnviz.runtime import Query, get_runtime
from attnviz.text import groups
from attnviz.web.controls.attention import START
from tests.web.hostile import ALL_HOSTILE, marks_in
from tests.web.truth import captured


def maps(text, model="minilm"):
    capture = captured(Query(model, text))
    return np.stack([capture.attention(layer) for layer in range(capture.shape()[0])])


def test_the_example_is_one_text_with_one_word_changed(app):
    header, arrays = app("compare").figure("panes")
    query = get_runtime().default_change_query
    assert [(pane["name"], pane["title"]) for pane in header["panes"]] == [
        ("A", query.text),
        ("B", query.pair),
    ]
    assert [(pane["layer"], pane["head"]) for pane in header["panes"]] == [START, START]
    place = header["sources"][0]["at"].index(list(START))
    first, second = (maps(text)[START] for text in (query.text, query.pair))
    np.testing.assert_array_equal(arrays["maps0"][place], first)
    np.testing.assert_array_equal(arrays["maps1"][place], second)
    # What the gallery promises: "it" turns away from "animal".
    labels = header["sources"][0]["queries"]
    it, animal = labels.index("it"), labels.index("animal")
    assert first[it, animal] > 0.65
    assert second[it, animal] < 0.3


def test_the_example_needs_no_torch(root):
    """In a process of its own, since this one may have imported it."""
    code = (
        "import sys; from tests.web.conftest import App; from pathlib import Path; import os;"
        "os.environ['ATTNVIZ_WARM'] = '0'; visit = App(Path('.').resolve(), 'compare'); visit.figure('panes');"
        "print('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "False"


def test_each_text_is_read_alone_and_every_head_has_its_change(app):
    first, second = "The cat sat.", "The dog sat."
    header, arrays = app("compare", text=first, pair=second).figure("panes")
    assert arrays["queries0a"].tolist() == arrays["queries0b"].tolist() == list(range(6))
    expected = jensen_shannon(maps(first), maps(second)).mean(-1)
    np.testing.assert_allclose(arrays["change"], expected, atol=1e-5)
    assert header["sources"][1]["queries"] == ["[CLS]", "The", "dog", "sat", ".", "[SEP]"]


def test_words_of_texts_of_different_length(app):
    first, second = "The cat sat.", "The unbelievably lazy cat sat."
    visit = app("compare", text=first, pair=second)
    visit.at.get("button_group")[0].set_value("word").run()
    assert visit.url["unit"] == "word"
    header, arrays = visit.figure("panes")
    assert header["sources"][1]["keys"] == [
        "[CLS]",
        "The",
        "unbelievably",
        "lazy",
        "cat",
        "sat",
        ".",
        "[SEP]",
    ]
    assert arrays["keys0a"].tolist() == list(range(6))
    assert arrays["keys0b"].tolist() == [0, 1, -1, -1, 2, 3, 4, 5]
    capture = captured(Query("minilm", second))
    index, _ = groups(capture.tokens, "word")
    place = header["sources"][1]["at"].index(list(START))
    np.testing.assert_allclose(
        arrays["maps1"][place], aggregate(maps(second)[START], index, index), atol=1e-6
    )
    assert "0 of A and 2 of B have none" in header["note"]


def test_stepping_to_another_head_changes_the_address(app):
    visit = app("compare")
    visit.report("panes", "places", [[5, 4], [5, 4]])
    assert visit.url == {"layer": "5", "head": "4"}
    header, arrays = visit.figure("panes")
    assert header["sources"][1]["at"] == [[5, 4]], "the browser has all the other maps already"
    np.testing.assert_array_equal(arrays["maps1"][0], maps(get_runtime().default_change_query.pair)[5, 4])


def test_texts_of_a_decoder_that_share_nothing(app, decoder):
    visit = app("compare", text="The cat", pair="on", model=decoder).press("Load this model")
    header, _ = visit.figure("panes")
    assert [source["causal"] for source in header["sources"]] == [True, True]
    assert [len(source["queries"]) for source in header["sources"]] == [
        len(captured(Query(decoder, text)).tokens) for text in ("The cat", "on")
    ]


def test_all_heads_are_compared_with_each_other(app):
    header, arrays = app("compare", part="heads").figure("likeness")
    whole = maps(get_runtime().default_query.text).reshape(72, 16, 16)
    expected = jensen_shannon(whole[3], whole[50]).mean()
    assert arrays["distances"][3, 50] == pytest.approx(expected, abs=1e-5)
    assert sorted(arrays["order"].tolist()) == list(range(72))
    names = [kind["name"] for kind in header["kinds"]]
    previous = np.diagonal(whole, -1, 1, 2).sum(-1) / 15
    for head in np.flatnonzero(previous > 0.6):
        assert names[arrays["kindOf"][head]] == "previous"
    assert (previous > 0.6).any()
    first = whole[..., 0].mean(-1)
    assert {names[kind] for kind in arrays["kindOf"][first > 0.7]} == {"first"}


@pytest.mark.parametrize(
    ("opened", "params"),
    [
        ({"layer": 4, "head": 2}, {"layer": "4", "head": "2"}),
        ({"layer": 4, "head": 2, "other": {"layer": 1, "head": 0}}, {"layer": "4,1", "head": "2,0"}),
    ],
)
def test_one_head_or_two_are_opened(app, opened, params):
    visit = app("compare", part="heads")
    visit.report("likeness", "open", opened)
    assert visit.url == params


@pytest.mark.parametrize("shown", [{"unit": "word"}, {"part": "heads"}])
def test_hostile_texts_in_every_part(app, shown):
    visit = app("compare", text=ALL_HOSTILE, pair=ALL_HOSTILE, **shown)
    assert list(visit.at.error) == []
    assert not marks_in(visit.markdown)


@pytest.mark.parametrize("shown", [{}, {"part": "heads"}])
def test_cross_attention_in_every_part(app, shown, encoder_decoder):
    visit = app("compare", text="The cat", pair="A cat", target_text="on", model=encoder_decoder, **shown)
    visit.press("Load this model")
    assert list(visit.at.error) == []
    assert visit.problem

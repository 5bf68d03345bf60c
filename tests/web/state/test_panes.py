"""Panes side by side: their address, adding and removing them, other heads, other texts, and another model's tokens."""

import numpy as np
import pytest

from attnviz.runtime import Query, get_runtime
from attnviz.web.controls.attention import START
from attnviz.web.state import address as url
from attnviz.web.state import panes, session
from attnviz.web.state.panes import PaneState
from tests.web.truth import captured

TEXT = "The cat sat on the mat."
EXAMPLE = get_runtime().default_change_query


def maps(text, model="minilm"):
    capture = captured(Query(model, text))
    return np.stack([capture.attention(layer) for layer in range(capture.shape()[0])])


def places(header):
    return [(pane["layer"], pane["head"]) for pane in header["panes"]]


@pytest.fixture
def panes_of(app, monkeypatch):
    """A visit to a link that names these panes, with consent to load their models."""

    def start(*chosen):
        with monkeypatch.context() as patch:
            patch.setattr(session, "example", lambda: EXAMPLE)
            address = url.encode(panes.to_state(tuple(PaneState(*each) for each in chosen), url.State()))
        visit = app("compare", **address)
        while "Load this model" in [each.label for each in visit.at.button]:
            assert visit.figures() == [], "nothing is loaded before the visitor agrees"
            visit.press("Load this model")
        return visit

    return start


def change(visit, n, **values):
    """Fill the dialog of pane n, which stands open."""
    for name, value in values.items():
        kind = {"model": "selectbox", "text": "text_area"}.get(name, "number_input")
        getattr(visit.at, kind)(key=f"pane_{n}_{name}").set_value(value)
    return visit.press("Show this pane")


@pytest.mark.parametrize(
    ("shown", "address"),
    [
        # Two texts on one head, and heads of one text, stand in the address as they always did.
        ([(EXAMPLE.text, (3, 1)), (EXAMPLE.pair, (3, 1))], {"layer": "3", "head": "1"}),
        ([("a b", (0, 1)), ("a c", (0, 1))], {"text": "a b", "pair": "a c", "layer": "0", "head": "1"}),
        ([("a b", (0, 1)), ("a b", (2, 1))], {"text": "a b", "layer": "0,2", "head": "1,1"}),
        ([(EXAMPLE.text, (0, 1)), (EXAMPLE.text, (2, 1))], {"layer": "0,2", "head": "1,1"}),
        # Everything else says what it shows.
        ([(EXAMPLE.text, (3, 1)), (EXAMPLE.pair, (4, 1))], {"layer": "3", "head": "1", "panes": "3.1,4.1.1"}),
        ([(EXAMPLE.text, (3, 1))], {"layer": "3", "head": "1", "panes": "3.1"}),
        ([("a", (0, 0)), ("a", (0, 0))], {"text": "a", "layer": "0", "head": "0", "panes": "0.0,0.0"}),
    ],
)
def test_panes_survive_the_address(monkeypatch, shown, address):
    monkeypatch.setattr(session, "example", lambda: EXAMPLE)
    chosen = tuple(PaneState("minilm", *each) for each in shown)
    state = panes.to_state(chosen, url.State())
    assert url.encode(state) == address
    assert panes.of_state(url.parse(address)[0], (0, 0)) == chosen


def test_a_third_text_and_a_second_model_travel_compressed(monkeypatch):
    monkeypatch.setattr(session, "example", lambda: EXAMPLE)
    chosen = (
        PaneState("minilm", "one", (0, 1)),
        PaneState("some/model", "two 😍", (1, 2)),
        PaneState("minilm", "three & <b>", (2, 3)),
        PaneState("some/model", "three & <b>", (2, 3)),
    )
    params = url.encode(panes.to_state(chosen, url.State()))
    assert params["panes"].startswith("0.1,1.2.1.1,2.3.2,2.3.2.1~")
    assert panes.of_state(url.parse(params)[0], (0, 0)) == chosen


@pytest.mark.parametrize(
    "word",
    ["", "x", "3", "3.x", "3.1~", "3.1~AAAA", "3.1.7", "3.1.0.1", "99999.1", ".", ",", "3.1~" + "A" * 7000],
)
def test_damaged_panes_fall_back_with_a_sentence(app, word):
    visit = app("compare", panes=word)
    assert visit.notices == ["The panes in the link are damaged or were cut off; the default is shown."]
    assert places(visit.figure("panes")[0]) == [START, START]


def test_another_head_is_the_next_one_and_can_be_removed(app):
    visit = app("compare", text=TEXT, pair="The dog sat on the mat.", layer="5", head="11")
    visit.press("Another head")
    header, arrays = visit.figure("panes")
    assert places(header) == [(5, 11), (5, 11), (0, 0)]
    assert [pane["source"] for pane in header["panes"]] == [0, 1, 1]
    n = header["sources"][1]["at"].index([0, 0])
    np.testing.assert_array_equal(arrays["maps1"][n], maps("The dog sat on the mat.")[0, 0])
    visit.at.button(key="remove_A").click().run()
    header, _ = visit.figure("panes")
    assert places(header) == [(5, 11), (0, 0)]
    assert visit.url["text"] == "The dog sat on the mat."
    assert "remove_B" not in [each.key for each in visit.at.button], "two are the fewest"


def test_a_text_alone_stands_beside_its_next_head_until_another_text_takes_its_place(app):
    visit = app("compare", text="The cat sat.", layer="3", head="11")
    header, arrays = visit.figure("panes")
    assert places(header) == [(3, 11), (4, 0)]
    assert [pane["source"] for pane in header["panes"]] == [0, 0]
    visit = app("compare", text="The cat sat.")
    visit.press("Another text")
    change(visit, 1, text="The dog sat.")
    assert visit.url["pair"] == "The dog sat."
    header, arrays = visit.figure("panes")
    assert [pane["title"] for pane in header["panes"]] == ["The cat sat.", "The dog sat."]
    np.testing.assert_array_equal(arrays["maps1"][-1], maps("The dog sat.")[5, 11])


def test_four_panes_are_the_most(app):
    visit = app("compare", text=TEXT, panes="0.0,0.1,0.2,0.3")
    assert len(visit.figure("panes")[0]["panes"]) == 4
    assert [visit.at.button(key=f"add_{name}").disabled for name in ("head", "text", "model")] == [True] * 3


def test_a_pane_can_be_changed(app):
    visit = app("compare", text=TEXT, pair="A dog.")
    visit.at.button(key="change_B").click().run()
    change(visit, 1, text="Some mice.", layer=1, head=7)
    header, arrays = visit.figure("panes")
    assert places(header) == [START, (1, 7)]
    assert visit.url == {"text": TEXT, "pair": "Some mice.", "layer": "3", "head": "1", "panes": "3.1,1.7.1"}
    n = header["sources"][1]["at"].index([1, 7])
    np.testing.assert_array_equal(arrays["maps1"][n], maps("Some mice.")[1, 7])


def test_heads_of_one_text_have_no_table_of_changes(app):
    visit = app("compare", text=TEXT, layer="0,2", head="1,3")
    header, arrays = visit.figure("panes")
    assert places(header) == [(0, 1), (2, 3)]
    assert len(header["sources"]) == 1
    assert "change" not in arrays


def test_stepping_one_pane_is_sent_alone(app):
    visit = app("compare", text=TEXT, layer="0,2", head="1,3")
    visit.report("panes", "places", [[0, 1], [4, 4]])
    header, arrays = visit.figure("panes")
    assert visit.url == {"text": TEXT, "layer": "0,4", "head": "1,4"}
    assert header["sources"][0]["at"] == [[0, 1], [4, 4]], "the browser has all the other maps already"
    np.testing.assert_array_equal(arrays["maps0"][1], maps(TEXT)[4, 4])
    visit.report("panes", "places", [[0, 1], [9, 9], [0, 0]])
    assert visit.url["layer"] == "0,4", "three heads for two panes are nonsense"


def test_two_models_are_matched_by_characters(panes_of, decoder):
    """MiniLM's word pieces beside byte-level pairs, over the pieces of text at whose ends both make a cut."""
    header, arrays = panes_of(("minilm", TEXT, START), (decoder, TEXT, (1, 2))).figure("panes")
    assert places(header) == [START, (1, 2)]
    first, second = (captured(Query(name, TEXT)).tokens for name in ("minilm", decoder))
    np.testing.assert_array_equal(
        arrays["maps1"][header["sources"][1]["at"].index([1, 2])], maps(TEXT, decoder)[1, 2]
    )
    assert header["matchings"][0]["keys"] == ["The", "cat", "sat", "on", "the", "mat", "."]
    for tokens, name in ((first, "a"), (second, "b")):
        units = arrays[f"keys0{name}"]
        for unit, label in enumerate(header["matchings"][0]["keys"]):
            held = np.flatnonzero(units == unit)
            assert TEXT[tokens.spans[held[0], 0] : tokens.spans[held[-1], 1]] == label
    assert [each["causal"] for each in header["sources"]] == [False, True]
    assert "cut into tokens by two tokenizers" in header["note"]
    assert header["panes"][0]["title"] == "minilm"
    assert "change" not in arrays, "6 x 12 heads and 2 x 4 heads have no counterparts"


def test_two_texts_under_two_models_are_matched_by_words(panes_of, decoder):
    header, _ = panes_of(("minilm", TEXT, START), (decoder, "The dog sat.", (0, 0))).figure("panes")
    assert header["matchings"][0]["keys"] == ["The", "cat ⇄ dog", "sat", "."]
    assert "compared by the 4 words" in header["note"]


def test_a_model_of_a_link_can_be_refused(app, decoder, panes_of):
    visit = panes_of(("minilm", TEXT, (0, 0)), (decoder, TEXT, (0, 1)))
    assert len(visit.figure("panes")[0]["sources"]) == 2
    other = app("compare", **visit.url).press("Use the default model")
    header, _ = other.figure("panes")
    assert (places(header), len(header["sources"])) == ([(0, 0), (0, 1)], 1)
    assert other.url == {"text": TEXT, "layer": "0", "head": "0"}, "a head stands beside the next one"


def test_more_models_than_the_server_keeps_are_not_loaded(panes_of, decoder, encoder_decoder):
    visit = panes_of(*((name, TEXT, (0, 0)) for name in ("minilm", decoder, encoder_decoder)))
    assert "These are too many models at a time" in visit.markdown
    assert visit.figures() == []


def test_an_opened_file_stands_beside_its_model(app):
    data = get_runtime().save(Query("minilm", TEXT))
    name = get_runtime().open(data).model
    visit = app("compare", model=name)
    visit.press("Another model")
    change(visit, 1, model="minilm", text="The dog sat on the mat.")
    header, arrays = visit.figure("panes")
    assert [pane["title"].split(" · ")[0] for pane in header["panes"]] == ["Opened file", "minilm"]
    at = header["sources"][0]["at"]
    np.testing.assert_allclose(arrays["maps0"][at.index([*START])], maps(TEXT)[START], atol=1e-6)
    assert "a file, which a link cannot carry" in visit.markdown

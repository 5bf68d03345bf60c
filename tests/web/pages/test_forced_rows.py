"""Forced rows on the ablation page: every number against the engine called directly; address, trail, hostile tokens."""

import re

import numpy as np
import pytest

from attnviz.explanation import ablate, attended
from attnviz.runtime import Query, get_runtime
from attnviz.web.controls import before_after
from attnviz.web.pages.ablation import row_choice
from attnviz.web.pages.ablation.row_choice import Choice
from tests.web.hostile import ALL_HOSTILE, marks_in

PAIR = get_runtime().default_pair_query
EVERY = {"layers": range(6)}
LISTS = {
    "query": "The row of",
    "how": "What becomes of it: the token",
    "key": "Which token it does not see",
    "heads": "In which heads",
}


@pytest.fixture(scope="module")
def seen(model):
    return attended(model, PAIR.text, target="similarity", pair=PAIR.pair)


def sentence(found) -> str:
    return f"the similarity {before_after.moved(found.before, found.after)}."


def row(page) -> str:
    return next(each.proto.body for each in page.at.get("html") if "attnviz-row" in each.proto.body)


def choose(page, key: str, begins: str) -> None:
    box = page.at.selectbox(key=LISTS[key])
    box.set_value(next(each for each in box.options if each.startswith(begins))).run()


def test_the_strongest_link_is_cut_before_anybody_has_chosen(app, model, seen):
    page = app("ablation", part="rows")
    own = ~np.array(seen.key_tokens.special)
    links = np.where(np.outer(own, own) & ~np.eye(len(own), dtype=bool), seen.weights, 0)
    query, key = (int(n) for n in np.unravel_index(links.argmax(), links.shape))
    truth = ablate(model, PAIR.text, **EVERY, pair=PAIR.pair, force="block", queries=[query], keys=[key])
    names = [label.strip() for label in seen.key_tokens.labels]
    assert (
        f"With “{names[query]}” kept from looking at “{names[key]}” in all heads, {sentence(truth)}"
        in page.markdown
    )
    assert f"<td>{truth.forced.before[key]:.1%}<span" in row(page)
    assert page.tried == [], "what nobody chose was not tried"
    assert page.notices == []


@pytest.mark.parametrize(
    ("params", "arguments", "words"),
    [
        (
            {"forced": "block.3.5", "off": "2.5"},
            {"heads": [(2, 5)], "force": "block", "queries": [3], "keys": [5]},
            "With “is” kept from looking at “a” in layer 2 head 5, ",
        ),
        (
            {"forced": "block.*.0", "off": "3.*"},
            {"layers": [3], "force": "block", "keys": [0]},
            r"With every token kept from looking at “\[CLS\]” in all heads of layer 3, ",
        ),
        (
            {"forced": "uniform.*", "off": "5.5"},
            {"heads": [(5, 5)], "force": "uniform"},
            "With every token made to look at all tokens alike in layer 5 head 5, ",
        ),
        (
            {"forced": "previous.2", "off": "5.5"},
            {"heads": [(5, 5)], "force": "previous", "queries": [2]},
            "With “man” made to look at the token before only in layer 5 head 5, ",
        ),
        ({"forced": "self.*"}, {**EVERY, "force": "self"}, "made to look at itself only in all heads, "),
        (
            {"forced": "first.1"},
            {**EVERY, "force": "first", "queries": [1]},
            "at the first token only in all heads, ",
        ),
    ],
)
def test_before_and_after_are_the_engines(app, model, params, arguments, words):
    page = app("ablation", part="rows", **params)
    truth = ablate(model, PAIR.text, target="similarity", pair=PAIR.pair, **{"heads": (), **arguments})
    assert words + sentence(truth) in page.markdown
    assert f"<td>{truth.after:.3f}</td>" in page.tables
    shown = re.findall(r"<td>([\d.]+)%<span", row(page))
    expected = np.stack([truth.forced.before, truth.forced.after], 1).ravel()
    np.testing.assert_allclose([float(each) for each in shown], 100 * expected, atol=0.051)
    assert page.notices == []
    assert len(page.tried) == 1


def test_rows_tokens_and_heads_are_chosen_in_lists_and_in_the_grid(app, seen):
    page = app("ablation", part="rows", forced="block.3.5")
    choose(page, "query", "6: “guitar”")
    assert page.url == {"part": "rows", "forced": "block.6.5"}
    choose(page, "key", "2: “man”")
    assert page.url["forced"] == "block.6.2"
    choose(page, "how", "looks at all tokens alike")
    assert page.url["forced"] == "uniform.6"
    choose(page, "query", "every token")
    assert page.url["forced"] == "uniform.*"
    choose(page, "heads", "all heads of layer 4")
    assert page.url == {"part": "rows", "forced": "uniform.*", "off": "4.*"}
    page.report("switches", "switched", [[2, 5], [3, 1]])
    assert page.url["off"] == "2.5,3.1"
    assert page.at.selectbox(key=LISTS["heads"]).value == "layer 2 head 5 and layer 3 head 1"
    header, _ = page.figure("switches")
    assert (header["off"], header["marked"]) == ([[2, 5], [3, 1]], "forced")
    assert "in layer 2 head 5 and layer 3 head 1, the similarity" in page.markdown
    page.press(page.tried[0])
    page.press("Undo the last one")
    page.press("Back to the strongest link")
    assert page.url == {"part": "rows"}
    page.press("Clear the list")
    assert page.tried == []


def test_other_tokens_are_not_forced_where_the_text_is_another(app):
    page = app("ablation", part="rows", forced="block.3.5", off="2.5")
    page.type("A cat sleeps on the warm mat.", "A dog.")
    assert "forced" not in page.url
    assert page.url["off"] == "2.5"


@pytest.mark.parametrize(
    "word", ["block.3", "block.3.99", "uniform.99", "uniform.2.3", "blok.1.2", "block.x.1", "uniform"]
)
def test_a_row_that_there_is_not_falls_back_with_a_sentence(app, word):
    page = app("ablation", part="rows", forced=word)
    (notice,) = page.notices
    assert "the strongest link is cut instead" in notice
    assert "kept from looking at" in page.markdown


def test_a_decoder_sees_nothing_that_comes_later(opened, decoder):
    page = opened("ablation", model=decoder, text="The cat sat", part="rows", forced="block.*.0", off="0.1")
    query = Query(decoder, "The cat sat")
    truth = get_runtime().ablate(query, ((0, 1),), force="block", keys=(0,))
    assert truth.forced.left == (0,)
    assert f"{truth.outcomes_after[0][1]:.1%}" in page.changes
    assert "can see nothing else, and was left as it is" in page.markdown
    choose(page, "query", "0: ")
    assert len(page.at.selectbox(key=LISTS["key"]).options) == 1
    assert "would have nothing left to look at" in page.markdown
    page = opened("ablation", model=decoder, text="The cat sat", part="rows", forced="block.1.2")
    assert any("does not fit" in each for each in page.notices)


def test_across_two_texts_there_is_no_token_before(opened, encoder_decoder):
    params = {"text": "The cat", "target_text": "sat", "target": "sequence", "kind": "cross"}
    page = opened("ablation", model=encoder_decoder, part="rows", forced="uniform.0", **params)
    query = Query(encoder_decoder, "The cat", target_text="sat")
    truth = get_runtime().ablate(
        query, target="sequence", layers=(0, 1), kind="cross", force="uniform", queries=(0,)
    )
    assert f" to {truth.after:.3f}.".replace("-", "−") in page.markdown
    assert page.at.selectbox(key=LISTS["how"]).options == [
        row_choice.TITLES[name] for name in ("block", "uniform", "first")
    ]
    page = opened("ablation", model=encoder_decoder, part="rows", forced="previous.1", **params)
    assert any("does not fit" in each for each in page.notices)


def test_hostile_tokens_are_text(app):
    page = app("ablation", part="rows", text=ALL_HOSTILE, pair="A dog.", forced="uniform.1")
    assert list(page.at.error) == []
    assert not marks_in(page.markdown + page.tables + "".join(page.tried))


def test_a_choice_survives_the_address_and_names_tokens_that_repeat(seen):
    for choice in (
        Choice("block", 3, 5),
        Choice("block", None, 0),
        Choice("uniform", 0),
        Choice("first", None),
    ):
        assert row_choice.read(row_choice.write(choice), seen) == choice
    assert row_choice.with_force(Choice("uniform", 3), "block", seen).key not in (
        None,
        3,
        0,
        len(seen.key_tokens) - 1,
    )
    assert row_choice.with_query(Choice("block", 3, 5), None, seen) == Choice("block", None, 5)
    assert row_choice.labels(seen.key_tokens)[:3] == ["“[CLS]”", "“A”", "“man”"]


def test_tokens_of_one_name_are_told_apart_by_their_number(model):
    tokens = model.tokenize("the cat and the dog")
    assert row_choice.entries(tokens)[3:5] == ["3: “and”", "4: “the”"]
    assert row_choice.labels(tokens)[1:5] == ["“the” (token 1)", "“cat”", "“and”", "“the” (token 4)"]

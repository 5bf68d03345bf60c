"""The attribution page offers what the engine has: each target of the model at hand, and the methods that fit it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import attnviz
from attnviz.explanation.evaluation import headline
from attnviz.figures import unpack
from attnviz.runtime import Query, get_runtime
from attnviz.text import decimals
from attnviz.web.escape import markdown
from attnviz.web.share import report

PAIR = ("A man is playing a guitar on the stage.", "Somebody performs music with a guitar.")
TEXT, OTHER = "The cat sat on the mat.", "A kitten rests on a rug."


def test_labels_of_ones_own_are_explained_with_the_methods_that_fit(app):
    visit = app("attribution", text=TEXT, pair=OTHER, target="label-prompt", method="leave-one-out")
    header, arrays = visit.figure("words")
    assert (header["target"], header["method"]) == ("label-prompt", "leave-one-out")
    assert header["towards"] == "speaks for the first label"
    assert "Explained: the similarity to" in header["note"]
    truth = get_runtime().explain(Query("minilm", TEXT, OTHER), "label-prompt", "leave-one-out")
    np.testing.assert_array_equal(arrays["scores0"], truth.scores)
    offered = str(visit.at.segmented_control(key="method").options)
    assert "Shapley values" in offered
    assert "Token pairs" not in offered
    more = visit.at.selectbox(key="more_methods")
    assert "Attention rollout" in more.options
    more.set_value("rollout").run()
    assert visit.url["method"] == "rollout"
    assert "Attention rollout" in str(visit.at.segmented_control(key="method").options)


def test_a_method_that_does_not_fit_the_target_falls_back_to_the_default(app):
    visit = app("attribution", text=TEXT, target="label-prompt", method="token-pairs")
    header, _ = visit.figure("words")
    assert header["method"] == "integrated-gradients"


def test_token_pairs_say_that_they_add_up(app):
    visit = app("attribution", text=TEXT, pair=OTHER, method="token-pairs")
    assert "without any pair it would be 0" in visit.markdown
    assert "the sum checks" in visit.markdown


def test_the_headline_says_what_carries_the_result_with_the_engines_numbers(app, model):
    visit = app("attribution", text=TEXT, pair=OTHER, method="leave-one-out")
    test = attnviz.faithfulness(model, attnviz.explain(model, TEXT, pair=OTHER, method="leave-one-out"))
    said = headline.sentence(
        attnviz.explain(model, TEXT, pair=OTHER, method="leave-one-out"), test, "Similarity", "cosine"
    )
    assert f"**{markdown(said)}**" in visit.markdown
    assert said.startswith(f"{test.value:.2f} similar. ")
    assert f"without them {test.without_words:.2f}, without" in said
    assert all(f"“{word}”" in said for word in test.words)


def test_words_no_better_than_chance_do_not_carry_the_result(model):
    found = attnviz.explain(model, *PAIR[:1], pair=PAIR[1], method="gradient-times-input")
    test = attnviz.faithfulness(model, found)
    assert test.beats_random is False
    assert " come first: " in headline.sentence(found, test, "", "cosine")
    better = replace(
        test, without_words=0.0, random_removed=np.full_like(test.random_removed, test.value),
        random_comprehensiveness=np.zeros_like(test.random_comprehensiveness), comprehensiveness=1.0,
    )  # fmt: skip
    assert " carry it: " in headline.sentence(found, better, "", "cosine")
    assert headline.sentence(found, None, "", "cosine") == f"{found.value:.2f} similar."


def test_pairs_are_drawn_whatever_the_method_and_taken_away_by_themselves(app, model):
    visit = app("attribution", text=TEXT, pair=OTHER, method="leave-one-out")
    header, arrays = visit.figure("pairs")
    truth = attnviz.explain(model, TEXT, pair=OTHER, method="token-pairs")
    np.testing.assert_allclose(arrays["pairs"], truth.matrix, atol=1e-6)
    assert arrays["pairs"].sum() == pytest.approx(header["value"], abs=1e-5)
    visit.at.button(key="pin_token-pairs").click().run()
    (item,) = visit.at.session_state[report.KEY].items.values()
    assert (item.figure, unpack(item.message)[0]["figure"]) == ("pairs", "pairs")
    assert "method=token-pairs" in item.link
    one = app("attribution", text=TEXT, target="label-prompt")
    assert [header["figure"] for header, _ in one.figures()] == ["words"]


def test_what_was_decided_stands_in_the_fields(opened, decoder):
    visit = opened("attribution", model=decoder, text="When Mary and John went to the store")
    field = visit.at.text_input(key="option_next-token_token")
    query = Query(decoder, "When Mary and John went to the store")
    own, typed = (get_runtime().explain(query, **given) for given in ({}, {"token": field.value}))
    assert field.value
    assert dict(typed.options)["token"] == dict(own.options)["token"]
    assert markdown(f"“{field.value}”: logit {decimals(own.value, 2)}") in visit.markdown
    assert "asked" not in visit.url


def test_the_jump_list_names_the_sections_that_there_are(app):
    visit = app("attribution", text=TEXT, pair=OTHER)
    for anchor in ("pairs", "how-to-read", "trust", "all-methods", "forgets"):
        assert f"](#{anchor})" in visit.markdown
        assert anchor in [each.anchor for each in visit.at.subheader]

"""The attribution page offers what the engine has: each target of the model at hand, and the methods that fit it."""

from __future__ import annotations

import numpy as np

from attnviz.runtime import Query, get_runtime

TEXT, OTHER = "The cat sat on the mat.", "A kitten rests on a rug."


def test_labels_of_ones_own_are_explained_with_the_methods_that_fit(app):
    visit = app("attribution", text=TEXT, pair=OTHER, target="label-prompt", method="leave-one-out")
    header, arrays = visit.figure("words")
    assert (header["target"], header["method"]) == ("label-prompt", "leave-one-out")
    assert header["towards"] == "speaks for the first label"
    assert "Explained: the similarity to" in header["note"]
    truth = get_runtime().explain(Query("minilm", TEXT, OTHER), "label-prompt", "leave-one-out")
    np.testing.assert_array_equal(arrays["scores0"], truth.scores)
    offered = str(visit.at.get("button_group")[0].options)
    assert "Shapley values" in offered
    assert "Token pairs" not in offered


def test_a_method_that_does_not_fit_the_target_falls_back_to_the_default(app):
    visit = app("attribution", text=TEXT, target="label-prompt", method="token-pairs")
    header, _ = visit.figure("words")
    assert header["method"] == "integrated-gradients"


def test_token_pairs_say_that_they_add_up(app):
    visit = app("attribution", text=TEXT, pair=OTHER, method="token-pairs")
    assert "without any pair it would be 0" in visit.markdown
    assert "the sum checks" in visit.markdown

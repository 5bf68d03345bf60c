"""What is given in another shape than is needed is refused in our words, wherever a question is asked."""

from __future__ import annotations

import numpy as np
import pytest

from attnviz.errors import InputInvalid, ModelUnsupported, UnknownName
from attnviz.explanation import (
    ablate,
    answer,
    explain,
    faithfulness,
    head_importance,
    layer_by_layer,
    sanity,
    targets,
    without,
)

TEXT = "The cat sat on the mat."


@pytest.mark.parametrize("ask", [explain, answer, ablate, head_importance, layer_by_layer, without])
def test_a_name_is_no_model(ask):
    with pytest.raises(InputInvalid, match=r"given is the text 'minilm'\. Load it first: attnviz\.load"):
        ask("minilm", TEXT)


def test_tests_of_explanations_need_a_model_too(classifier):
    found = explain(classifier, TEXT, method="attention")
    for ask in (faithfulness, sanity):
        with pytest.raises(InputInvalid, match="A loaded model is needed"):
            ask(classifier.loaded.module, found)
    with pytest.raises(InputInvalid, match="A loaded model is needed"):
        targets("minilm")


@pytest.mark.parametrize("text", [None, 7, ["a", "b"], b"bytes"])
def test_a_text_that_is_no_string_is_refused(classifier, text):
    with pytest.raises(InputInvalid, match="The text is not a string"):
        explain(classifier, text)
    with pytest.raises(InputInvalid, match="The text is not a string"):
        classifier.capture(text)
    if text is not None:
        with pytest.raises(InputInvalid, match="The second text is not a string"):
            explain(classifier, TEXT, pair=text)


def test_heads_are_pairs_of_places(classifier):
    for heads in ((1, 2), 3, ["12"], [(1, 2, 3)]):
        with pytest.raises(
            InputInvalid, match=r"each is a pair of a layer and a head\. Write heads=\[\(2, 5\)\]"
        ):
            ablate(classifier, TEXT, heads)
    for head in ("3", -1, 4, True, 1.0):
        with pytest.raises(UnknownName, match=r"no head .*\. Choose one of: 0 to 3\."):
            ablate(classifier, TEXT, [(1, head)])
    with pytest.raises(UnknownName, match=r"no layer -1\. Choose one of: 0 to 1\."):
        ablate(classifier, TEXT, layers=[-1])
    own = ablate(classifier, TEXT, [(1, 2)])
    assert ablate(classifier, TEXT, np.array([[1, 2]])) == own


def test_one_against_itself_is_no_question(classifier, gpt2, minilm):
    with pytest.raises(InputInvalid, match="Both are the same"):
        explain(classifier, TEXT, label="calm", against=1)
    with pytest.raises(InputInvalid, match="Both are the same"):
        explain(gpt2, TEXT, "token-difference", token=" the", against=" the")
    with pytest.raises(InputInvalid, match="Both are the same"):
        explain(minilm, TEXT, "label-prompt", label="praise", against="praise")


def test_generation_needs_a_token_and_a_temperature(gpt2):
    for count in (0, -3, "5", True):
        with pytest.raises(UnknownName, match=r"no number of new tokens"):
            gpt2.generate(TEXT, max_new_tokens=count)
    with pytest.raises(UnknownName, match=r"no temperature -1\. Choose one of: a number from 0 up"):
        gpt2.generate(TEXT, temperature=-1)


def test_words_are_a_list(classifier):
    with pytest.raises(InputInvalid, match=r"one string, 'cat'\. Give a list"):
        without(classifier, TEXT, "cat")
    found = without(classifier, TEXT, [np.int64(2)])
    assert found.words == ("cat",)


def test_heads_that_cannot_be_tied_to_the_text_are_not_changed_either(longformer):
    """Capture refuses the family; so does whatever would say something of its heads."""
    with pytest.raises(ModelUnsupported) as refused:
        longformer.capture(TEXT)
    assert refused.value.reason == "not-captured"
    asks = (
        lambda: ablate(longformer, TEXT, [(0, 0)]),
        lambda: ablate(longformer, TEXT, [(0, 0)], force="uniform"),
        lambda: head_importance(longformer, TEXT),
        lambda: explain(longformer, TEXT, method="attention-relevance"),
        lambda: explain(longformer, TEXT, method="attention"),
    )
    for ask in asks:
        with pytest.raises(ModelUnsupported) as again:
            ask()
        assert str(again.value) == str(refused.value)
    assert explain(longformer, TEXT, method="leave-one-out").scores.any(), "what reads no head still works"

"""A target asked on its own says what `explain` says of it; the same question can be asked of another text."""

import pytest

from attnviz.capture import load_model
from attnviz.errors import InputEmpty, UnknownName
from attnviz.explanation import answer, explain

TEXT, OTHER = "The waiter was rude.", "The service was bad."


@pytest.fixture(scope="module")
def model():
    return load_model("minilm", device="cpu", dtype="float32")


@pytest.mark.parametrize("target", ["similarity", "label-prompt"])
def test_it_is_what_an_attribution_says_of_its_target(model, target):
    found, told = answer(model, TEXT, target, OTHER), explain(model, TEXT, target, OTHER, "gradient-norm")
    for name in ("value", "options", "outcomes", "outcome_unit", "target"):
        assert getattr(found, name) == getattr(told, name), name
    assert found.tokens.labels == told.tokens.labels


def test_another_text_is_asked_the_same(model):
    found = answer(model, TEXT, "label-prompt")
    again = answer(model, "The waiter was kind.", "label-prompt", **dict(found.options))
    assert dict(again.options) == dict(found.options)
    assert again.value < found.value, "of a kind waiter, less speaks for a complaint"


def test_what_there_is_not_is_refused(model):
    with pytest.raises(UnknownName):
        answer(model, TEXT, "label-prompt", nonsense=1)
    with pytest.raises(InputEmpty):
        answer(model, TEXT, "similarity")

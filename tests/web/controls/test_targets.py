"""The attribution page asks for a label, token or continuation, shows what the model says, and survives nonsense."""

import json

import pytest

from attnviz.runtime import Query, get_runtime
from tests.web.hostile import ALL_HOSTILE, marks_in

TEXT = "The waiter was rude and the soup was cold."


def answers(page) -> str:
    return next(each.proto.body for each in page.at.get("html") if 'attnviz-answers"' in each.proto.body)


def test_the_labels_of_a_classifier_are_shown_and_can_be_chosen(opened, classifier):
    page = opened("attribution", model=classifier, text=TEXT)
    own = get_runtime().explain(Query(classifier, TEXT))
    assert own.target == "label-difference"
    assert "&lt;b&gt;calm&lt;/b&gt;" in answers(page)
    assert "<b>calm" not in answers(page)
    assert f"{own.outcomes[0][1]:.1%}" in answers(page)
    last = own.outcomes[-1][0]
    page.at.selectbox(key="option_label-difference_label").set_value(last).run()
    assert json.loads(page.url["asked"]) == {"label": last}
    header, arrays = page.figure("words")
    expected = get_runtime().explain(Query(classifier, TEXT), "label-difference", label=last)
    assert arrays["scores0"].tolist() == expected.scores.tolist()
    assert expected.value < own.value
    assert header["towards"] == "speaks for the first label"


def test_labels_of_ones_own_are_typed(app):
    page = app("attribution", text=TEXT, target="label-prompt")
    page.at.text_input(key="option_label-prompt_labels").set_value("rude service, good food, <i>x</i>").run()
    expected = get_runtime().explain(
        Query("minilm", TEXT), "label-prompt", labels=("rude service", "good food", "<i>x</i>")
    )
    _, arrays = page.figure("words")
    assert arrays["scores0"].tolist() == expected.scores.tolist()
    assert "rude service" in answers(page)
    assert "&lt;i&gt;" in answers(page)
    page.at.text_input(key="option_label-prompt_labels").set_value("only one").run()
    assert any("label" in each for each in page.problem)
    page.press("Explain the model’s own choice")
    assert "asked" not in page.url
    assert "complaint" in answers(page)


def test_a_continuation_is_typed_and_one_of_its_tokens_chosen(opened, decoder):
    page = opened("attribution", model=decoder, text="The cat sat", target="sequence")
    page.at.text_input(key="option_sequence_continuation").set_value(" on the mat").run()
    whole = get_runtime().explain(Query(decoder, "The cat sat"), "sequence", continuation=" on the mat")
    assert page.figure("words")[1]["scores0"].tolist() == whole.scores.tolist()
    page.at.selectbox(key="option_sequence_position").set_value("1").run()
    one = get_runtime().explain(
        Query(decoder, "The cat sat"), "sequence", continuation=" on the mat", position=1
    )
    assert page.figure("words")[1]["scores0"].tolist() == one.scores.tolist()
    assert one.value == pytest.approx(whole.outcomes[1][1], abs=1e-5)


def test_another_target_forgets_what_was_asked_of_the_old_one(app):
    page = app("attribution", text=TEXT, target="label-prompt", asked='{"labels":"a, b"}')
    page.at.selectbox(key="target").set_value("similarity").run()
    assert "asked" not in page.url


def test_hostile_labels_are_text(app):
    labels = json.dumps({"labels": f"{ALL_HOSTILE}, other"})
    page = app("attribution", text=TEXT, target="label-prompt", asked=labels)
    assert not page.at.exception
    assert not marks_in(page.markdown)
    assert "<img" not in page.tables
    assert "&lt;img" in page.tables


@pytest.mark.parametrize(
    "value", ["{", "[1]", '{"labels": 3}', '{"nonsense": "a"}', "x" * 9000, "null", "[" * 5000]
)
def test_what_a_link_asks_nonsensically_is_left_out(app, value):
    page = app("attribution", text=TEXT, target="label-prompt", asked=value)
    assert any("link asks to explain" in each for each in page.notices)
    assert "complaint" in answers(page)


def test_without_a_second_text_other_questions_are_offered(app):
    page = app("attribution", text=TEXT)
    assert "A second text is needed" in page.markdown
    page.press("Labels of your own")
    assert page.url["target"] == "label-prompt"
    assert "complaint" in answers(page)

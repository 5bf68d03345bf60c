"""The attribution page asks for a label, token or continuation, shows what the model says, and survives nonsense."""

import json

import numpy as np
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
    page.at.button(key="instead_label-prompt").click().run()
    assert page.url["target"] == "label-prompt"
    assert "complaint" in answers(page)
    assert page.at.text_input(key="option_label-prompt_labels").value == "complaint, praise"


def test_a_second_text_is_typed_in_place_or_taken_from_the_example_and_the_first_one_stays(app):
    page = app("attribution", text=TEXT)
    other = get_runtime().default_pair_query.pair
    page.at.button(key="second_text_example").click().run()
    assert page.url == {"text": TEXT, "pair": other}
    assert [text["text"] for text in page.figure("words")[0]["texts"]] == [TEXT, other]
    page = app("attribution", text=TEXT)
    page.at.text_area(key="second_text").set_value("A dog barks.")
    page.press("Compare")
    assert page.url == {"text": TEXT, "pair": "A dog barks."}


def test_a_token_is_asked_about_by_a_click_or_in_a_list_and_its_tags_are_drawn(opened, tagger):
    page = opened("attribution", model=tagger, text=TEXT, method="leave-one-out")
    own = get_runtime().explain(Query(tagger, TEXT), "tag", "leave-one-out")
    header, _ = page.figure("words")
    text = header["texts"][0]
    assert [tuple(mark) for mark in text["marks"]] == [pytest.approx(mark) for mark in own.marks]
    assert text["chosen"] == dict(own.options)["position"]
    assert text["choosable"] == np.flatnonzero(~own.tokens.special).tolist()
    other = next(place for place in text["choosable"] if place != text["chosen"])
    page.report("words", "position", other)
    assert json.loads(page.url["asked"]) == {"position": str(other)}
    asked = get_runtime().explain(Query(tagger, TEXT), "tag", "leave-one-out", position=other)
    assert page.figure("words")[1]["scores0"].tolist() == asked.scores.tolist()
    label, against = (dict(asked.options)[name] for name in ("label", "against"))
    page.at.selectbox(key="option_tag_label").set_value(against).run()
    page.at.selectbox(key="option_tag_against").set_value(label).run()
    assert json.loads(page.url["asked"]) == {"label": against, "against": label, "position": str(other)}
    np.testing.assert_allclose(page.figure("words")[1]["scores0"], -asked.scores, atol=1e-5)
    page.at.selectbox(key="option_tag_position").set_value(str(text["choosable"][-1])).run()
    assert json.loads(page.url["asked"]) == {"position": str(text["choosable"][-1])}
    assert not marks_in(page.markdown + page.tables)


@pytest.mark.parametrize("value", [-1, 10**9, "x", None, [1], float("nan")])
def test_a_position_that_no_browser_of_ours_sends_is_ignored_or_refused_in_words(opened, tagger, value):
    page = opened("attribution", model=tagger, text=TEXT, method="attention")
    page.report("words", "position", value)
    assert not page.at.exception


def test_tags_are_drawn_in_the_text_where_heads_are_switched_off(opened, tagger):
    page = opened("ablation", model=tagger, text=TEXT)
    shown = next(each.proto.body for each in page.at.get("html") if 'attnviz-marks"' in each.proto.body)
    own = get_runtime().answer(Query(tagger, TEXT))
    assert own.marks
    assert f"{own.marks[0][3]:.0%}</small>" in shown
    assert "<b>" not in shown


def test_a_question_and_its_context(opened, answerer):
    question, context = "Who sat on the mat?", "The cat sat on the mat."
    page = opened("attribution", model=answerer, text=question, method="leave-one-out")
    assert "The text is the question, the second text the context" in page.markdown
    assert "answer is looked for in a context" in page.markdown
    page.type(question, context)
    own = get_runtime().explain(Query(answerer, question, context), "answer-start", "leave-one-out")
    text = page.figure("words")[0]["texts"][0]
    assert [tuple(mark) for mark in text["marks"]] == [pytest.approx(mark) for mark in own.marks]
    assert text["choosable"] == np.flatnonzero((own.tokens.segments == 1) & ~own.tokens.special).tolist()
    page.at.selectbox(key="target").set_value("answer-end").run()
    last = text["choosable"][-1]
    page.report("words", "position", last)
    end = get_runtime().explain(
        Query(answerer, question, context), "answer-end", "leave-one-out", position=last
    )
    assert page.figure("words")[1]["scores0"].tolist() == end.scores.tolist()
    page.type("Who?", "It.")
    assert "asked" not in page.url  # a place in another text
    page = opened("attribution", model=answerer, text="Who?", pair="It.", asked='{"position":"90"}')
    assert "position in the context" in " ".join(page.problem)
    page.press("Explain the model’s own choice")
    assert "asked" not in page.url


def test_one_label_of_several_that_may_hold_is_explained_and_chosen(opened, independent):
    page = opened("attribution", model=independent, text=TEXT, method="leave-one-out")
    assert page.figure("words")[0]["target"] == "label"
    page.at.selectbox(key="option_label_label").set_value("insult").run()
    expected = get_runtime().explain(Query(independent, TEXT), "label", "leave-one-out", label="insult")
    assert page.figure("words")[1]["scores0"].tolist() == expected.scores.tolist()


def test_labels_and_their_sentence_are_ranked_by_a_model_of_inference(opened, inferrer):
    page = opened("attribution", model=inferrer, text=TEXT, method="leave-one-out")
    assert page.figure("words")[0]["target"] == "entailment"
    page.at.text_input(key="option_entailment_template").set_value("It is {}.").run()
    page.at.text_input(key="option_entailment_labels").set_value("rude, <i>kind</i>").run()
    assert json.loads(page.url["asked"]) == {"labels": "rude, <i>kind</i>", "template": "It is {}."}
    page.at.selectbox(key="option_entailment_label").set_value("<i>kind</i>").run()
    asked = {"labels": ("rude", "<i>kind</i>"), "label": "<i>kind</i>", "template": "It is {}."}
    expected = get_runtime().explain(Query(inferrer, TEXT), "entailment", "leave-one-out", **asked)
    assert page.figure("words")[1]["scores0"].tolist() == expected.scores.tolist()
    assert "&lt;i&gt;kind" in answers(page)
    page.at.text_input(key="option_entailment_template").set_value("no place").run()
    assert "no place for the label" in " ".join(page.problem)
    page.type(TEXT, "The soup was hot.")
    assert not [each for each in page.at.text_input if each.key == "option_entailment_labels"]

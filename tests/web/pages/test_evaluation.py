"""Beside an explanation: the test in words with the engine's numbers, badges, and all methods on the same words."""

import numpy as np
import pytest

import attnviz
from attnviz.explanation import methods_for, sanity
from attnviz.explanation.evaluation import agreement, verdict
from attnviz.figures.charts import methods_figure, shares_of
from attnviz.runtime import Query, get_runtime
from tests.web.conftest import numbers
from tests.web.hostile import HOSTILE

TEXT, OTHER = "A man is playing a guitar on the stage.", "Somebody performs music with a guitar."


def badges(page) -> str:
    return "\n".join(each.value for each in page.at.markdown if "badge[" in each.value)


def test_the_test_is_that_of_the_engine(app, model):
    page = app("attribution", text=TEXT, pair=OTHER)
    attribution = attnviz.explain(model, TEXT, pair=OTHER)
    test = attnviz.faithfulness(model, attribution)
    assert verdict.headline(test, "similarity") in page.markdown
    assert f"Comprehensiveness {test.comprehensiveness:.3f}" in page.markdown
    found = verdict.badges(test, attribution)
    assert [badge.words for badge in found if badge.words in badges(page)] == [badge.words for badge in found]
    assert "adds up to the result" in badges(page)
    drawn = page.charts()["evaluation_curves"]["data"]
    curve = next(each for each in drawn if each["name"] == "first words taken away")
    assert numbers(curve["y"]) == pytest.approx([test.value, *test.removed], abs=1e-5)


def test_the_other_text_and_another_way_of_taking_away(app, model):
    page = app("attribution", text=TEXT, pair=OTHER)
    page.at.selectbox(key="evaluation_operator").set_value("delete").run()
    attribution = attnviz.explain(model, TEXT, pair=OTHER)
    test = attnviz.faithfulness(model, attribution, operator="delete")
    assert verdict.headline(test, "similarity") in page.markdown
    page.at.segmented_control(key="evaluation_side").set_value("Second text").run()
    test = attnviz.faithfulness(model, attribution, operator="delete", side=1)
    assert verdict.headline(test, "similarity") in page.markdown
    assert page.url == {"text": TEXT, "pair": OTHER, "operator": "delete", "side": "second"}


def test_a_link_reopens_the_test_that_it_names_also_of_a_model_that_is_not_loaded(app, model):
    page = app("attribution", operator="mask", side="second")
    query = get_runtime().default_pair_query
    attribution = attnviz.explain(model, query.text, pair=query.pair)
    test = attnviz.faithfulness(model, attribution, operator="mask", side=1)
    assert verdict.headline(test, "similarity") in page.markdown
    unknown = app("attribution", text=TEXT, pair=OTHER, operator="burn")
    assert any("operator in the link" in each for each in unknown.notices)
    assert unknown.at.selectbox(key="evaluation_operator").value == "attention-mask"


def test_a_method_that_finds_nothing_gets_a_red_badge_with_its_meaning(app, model):
    attribution = attnviz.explain(model, TEXT, pair=OTHER, method="gradient-times-input")
    assert not attnviz.faithfulness(model, attribution).beats_random
    page = app("attribution", text=TEXT, pair=OTHER, method="gradient-times-input")
    assert "no better than random words" in badges(page)
    assert "Do not tell anybody that these words were the reason." in page.markdown


def test_agreement_and_a_change_of_baseline_are_badges_with_numbers(app, model):
    for method in ("integrated-gradients", "leave-one-out", "rollout"):
        page = app("attribution", text=TEXT, pair=OTHER, method=method)
        own = attnviz.explain(model, TEXT, pair=OTHER, method=method)
        others = [
            attnviz.explain(model, TEXT, pair=OTHER, method=name)
            for name in agreement.compared_with(method, "similarity")
        ]
        found = agreement.agreement(own, others, agreement.from_another_baseline(model, own))
        expected = verdict.agreement_badges(found, {info.name: info.title for info in attnviz.methods()})
        assert len(expected) == (1 if method == "rollout" else 2)
        for badge in expected:
            assert badge.words in badges(page)
            assert (badge.meaning or badge.note) in page.markdown


def test_the_agreement_is_that_of_the_tested_text(app, model):
    page = app("attribution", text=TEXT, pair=OTHER, method="leave-one-out")
    page.at.get("button_group")[-1].set_value("Second text").run()
    found = get_runtime().agreement(Query("minilm", TEXT, OTHER), "similarity", "leave-one-out", 1)
    note = verdict.agreement_badges(found, {info.name: info.title for info in attnviz.methods()})[0].note
    assert note in page.markdown


def test_what_takes_long_changes_its_baseline_when_asked_to(app, monkeypatch):
    from attnviz.web.pages.attribution import evaluation

    monkeypatch.setattr(evaluation, "QUICK", 3)
    page = app("attribution", text="A cat sat on the mat.", pair="A dog ran.", method="shapley")
    assert "change of baseline" not in badges(page)
    page.press("Test a change of baseline, too: it takes as long as the explanation")
    assert "change of baseline" in badges(page)


def test_few_words_get_no_badge_that_they_cannot_carry(app):
    page = app("attribution", text="A cat.", pair="A dog.", method="leave-one-out")
    assert "random" not in badges(page)
    assert "other methods" not in badges(page)


def test_all_methods_are_compared_when_asked_for(app):
    page = app("attribution", text=TEXT, pair=OTHER)
    assert "evaluation_methods" not in page.charts()
    page.at.button(key="evaluation_compare").click().run()
    rows = page.at.dataframe[-1].value
    infos = methods_for("similarity")
    assert rows["method"].tolist() == [info.title for info in infos]
    one = get_runtime().faithfulness(Query("minilm", TEXT, OTHER), "similarity", "rollout")
    assert rows["comprehensiveness"].tolist()[-1] == pytest.approx(one.comprehensiveness)
    assert {"evaluation_methods", "evaluation_agreement"} <= set(page.charts())


def test_a_long_text_is_tested_when_asked_for(app, monkeypatch):
    from attnviz.web.pages.attribution import evaluation

    monkeypatch.setattr(evaluation, "LIVE", 5)
    page = app("attribution", text=TEXT, pair=OTHER)
    assert "evaluation_curves" not in page.charts()
    page.press("Test this explanation")
    assert "evaluation_curves" in page.charts()


def test_labels_are_never_markup():
    words = list(HOSTILE)
    figure = methods_figure(np.ones((1, len(words)), np.float32), ["<b>m</b>"], words, [True])
    shown = [*figure.layout.xaxis.ticktext, *figure.layout.yaxis.ticktext, *figure.data[0].text[0]]
    assert not any("<" in each or ">" in each for each in shown)


def test_shares_add_up_and_keep_their_sign():
    shares = shares_of(np.array([[3.0, -1.0], [0.0, 0.0]]))
    assert shares.tolist() == [[0.75, -0.25], [0.0, 0.0]]


def test_the_shuffled_model_stands_beside_the_model_on_one_scale(app, model):
    page = app("attribution", text=TEXT, pair=OTHER, method="leave-one-out")
    assert len(page.figures()) == 2
    page.press("Randomise the upper layers")
    attribution = attnviz.explain(model, TEXT, pair=OTHER, method="leave-one-out")
    found = sanity(model, attribution)
    header, arrays = page.figures()[-1]
    assert [text["title"] for text in header["texts"]] == [
        "Text, the model as it is",
        "Text, upper layers shuffled",
        "Second text, the model as it is",
        "Second text, upper layers shuffled",
    ]
    np.testing.assert_allclose(arrays["scores0"], found.before.scores, atol=1e-6)
    np.testing.assert_allclose(arrays["scores1"], found.after.scores, atol=1e-6)
    np.testing.assert_allclose(arrays["scores3"], found.after.pair_scores, atol=1e-6)
    assert f"**{verdict.shuffled(found.correlation)}**" in page.markdown
    assert f"Second text: {verdict.shuffled(found.pair_correlation)}" in page.markdown
    assert "layers 3 to 5 (of 6, counted from 0) was shuffled within itself, with seed 0" in page.markdown
    assert "Adebayo et al. 2018" in page.markdown
    page.press("Shuffle once more, with another seed")
    assert "with seed 1" in page.markdown
    again = sanity(model, attribution, seed=1)
    np.testing.assert_allclose(page.figures()[-1][1]["scores1"], again.after.scores, atol=1e-6)


def test_layers_that_cannot_be_told_apart_are_said_calmly(app, tokenizer, tmp_path):
    from transformers import GPT2Config, GPT2LMHeadModel

    config = GPT2Config(vocab_size=len(tokenizer), n_positions=64, n_embd=32, n_layer=1, n_head=4)
    GPT2LMHeadModel(config).save_pretrained(tmp_path)
    tokenizer.save_pretrained(tmp_path)
    page = app("attribution", text="A cat sleeps.", model=str(tmp_path)).press("Load this model")
    page.press("Randomise the upper layers")
    assert "cannot be told apart" in " ".join(page.problem)
    assert len(page.figures()) == 1

"""Beside the text: special tokens that it names, and a chat template, each with a switch that lives in the address."""

from __future__ import annotations

import numpy as np
import pytest

from attnviz.runtime import Query, get_runtime
from attnviz.text import visible
from attnviz.web.controls import before_after
from tests.web.hostile import marks_in
from tests.web.truth import captured

TEXT = "The [MASK] sat on the mat."
TEMPLATE = "{% for message in messages %}</s>{{ message.content }}</s>{% endfor %}"


@pytest.fixture(scope="module")
def chatter(decoder, tmp_path_factory) -> str:
    """The tiny GPT-2 with a chat template."""
    import shutil

    path = tmp_path_factory.mktemp("chat") / "model"
    shutil.copytree(decoder, path)
    (path / "chat_template.jinja").write_text(TEMPLATE)
    return str(path)


def test_names_of_special_tokens_are_pointed_out_and_read_as_such_when_asked_for(app):
    captured(Query("minilm", "Loaded."))
    visit = app("attention", text=TEXT)
    assert "“\\[MASK\\]” looks like a special token of this model; it is read as text." in visit.markdown
    visit.at.toggle(key="reading_special").set_value(True).run()
    assert visit.url["reading"] == "special"
    assert "it is read as such" in visit.markdown
    truth = captured(Query("minilm", TEXT, special=True))
    header, arrays = visit.figure("heatmap")
    assert len(header["queries"]) == len(truth.tokens)
    at = header["at"].index([header["layer"], header["head"]])
    np.testing.assert_allclose(
        arrays["maps"][at], truth.attention(header["layer"], header["head"]), atol=1e-6
    )
    visit.at.toggle(key="reading_special").set_value(False).run()
    assert "reading" not in visit.url
    assert len(visit.figure("heatmap")[0]["queries"]) > len(truth.tokens)


@pytest.mark.parametrize(
    "page", ["attention", "heads", "allocation", "bertviz", "compare", "layers", "ablation"]
)
def test_every_page_reads_them_as_the_address_says(app, page):
    """All figures and texts of a page agree with the library: one token for "[MASK]", five for the text of it."""
    params = {"target": "label-prompt"} if page in ("layers", "ablation") else {}
    pair = {"pair": "A cat [SEP] sat."} if page == "compare" else {}
    visit = app(page, text=TEXT, reading="special", **params, **pair)
    assert not visit.at.exception
    assert not visit.at.error, visit.problem
    assert "read as such" in visit.markdown
    assert visit.at.toggle(key="reading_special").value


def test_an_explanation_of_special_tokens_is_the_engines(app):
    visit = app("attribution", text=TEXT, target="label-prompt", method="leave-one-out", reading="special")
    truth = get_runtime().explain(Query("minilm", TEXT, special=True), "label-prompt", "leave-one-out")
    assert visit.figure("words")[1]["scores0"].tolist() == truth.scores.tolist()
    assert len(truth.tokens) == len(captured(Query("minilm", TEXT, special=True)).tokens)


def test_a_chat_message_is_offered_where_there_is_a_template(opened, chatter):
    visit = opened("attention", model=chatter, text="Who are you?")
    assert not [each for each in visit.at.toggle if each.key == "reading_special"]
    visit.at.toggle(key="reading_chat").set_value(True).run()
    assert visit.url["reading"] == "chat"
    truth = captured(Query(chatter, "Who are you?", chat=True))
    assert truth.tokens.special.tolist()[0]
    assert len(visit.figure("heatmap")[0]["queries"]) == len(truth.tokens)
    visit.go("attribution", model=chatter, text="Who are you?", reading="chat", method="leave-one-out")
    explained = get_runtime().explain(Query(chatter, "Who are you?", chat=True), method="leave-one-out")
    assert visit.figure("words")[1]["scores0"].tolist() == explained.scores.tolist()


def test_words_of_a_chat_message_are_swapped_inside_the_template(opened, chatter):
    """The result is that of the other message, not of a template within the template."""
    target = {"target": "token-difference", "asked": '{"token":"a","against":"b"}'}
    visit = opened("ablation", model=chatter, text="Who are you?", part="text", reading="chat", **target)
    tokens = captured(Query(chatter, "Who are you?", chat=True)).tokens
    place = next(n for n in range(len(tokens)) if not tokens.special[n] and tokens.words[n] == 0)
    visit.report("edits", "edited", [[place, "swap", "How"]])
    assert "edits" in visit.url
    asked = {"token": "a", "against": "b"}
    before, after = (
        get_runtime().answer(Query(chatter, text, chat=True), "token-difference", **asked).value
        for text in ("Who are you?", "How are you?")
    )
    assert before_after.moved(before, after) in visit.markdown


def test_without_a_template_the_link_says_so_and_there_is_a_way_back(app):
    visit = app("attention", text="Hello there", reading="chat")
    assert "no chat template" in " ".join(visit.problem)
    visit.at.toggle(key="reading_chat").set_value(False).run()
    assert visit.figure("heatmap")[0]["queries"]


def test_another_model_reads_the_text_as_text(opened, classifier):
    visit = opened("attention", model=classifier, text=TEXT, reading="special")
    assert "read as such" in visit.markdown
    visit.at.selectbox(key="side_model").set_value("minilm").run()
    assert "reading" not in visit.url


def test_a_reading_that_there_is_not_is_left_out(app):
    visit = app("attention", text="Hello", reading="backwards")
    assert any("reading in the link" in each for each in visit.notices)
    assert visit.figure("heatmap")[0]["queries"]


def test_hostile_names_of_special_tokens_are_text(opened, tokenizer, tmp_path):
    import copy

    from transformers import GPT2Config, GPT2LMHeadModel

    name, own = "<img src=x onerror=alert(1)>", copy.deepcopy(tokenizer)
    own.add_special_tokens({"additional_special_tokens": [name]})
    GPT2LMHeadModel(
        GPT2Config(vocab_size=len(own), n_positions=64, n_embd=16, n_layer=1, n_head=2)
    ).save_pretrained(tmp_path)
    own.save_pretrained(tmp_path)
    visit = opened("attention", model=str(tmp_path), text=f"Before {name} behind.")
    assert "looks like a special token" in visit.markdown
    assert not marks_in(visit.markdown)


@pytest.fixture(scope="module")
def translator(tmp_path_factory) -> str:
    """The directory of a tiny random NLLB."""
    from tests.capture import translators

    path = tmp_path_factory.mktemp("translator")
    translators.module("nllb").save_pretrained(path)
    translators.tokenizer("nllb").save_pretrained(path)
    return str(path)


def test_languages_are_chosen_from_the_models_own_list(opened, translator):
    visit = opened("attention", model=translator, text="the cat sat", target_text="le chat dort")
    source = visit.at.selectbox(key="reading_source_language")
    assert "deu_Latn" in source.options
    assert source.options[0].startswith("the model’s own: ")
    source.set_value("deu_Latn").run()
    visit.at.selectbox(key="reading_target_language").set_value("fra_Latn").run()
    assert (visit.url["source_language"], visit.url["target_language"]) == ("deu_Latn", "fra_Latn")
    told = {"source_language": "deu_Latn", "target_language": "fra_Latn"}
    truth = captured(Query(translator, "the cat sat", None, "le chat dort", **told))
    header, _ = visit.figure("heatmap")
    assert [*header["queries"], *header["keys"]] == [
        *(visible(each) for each in truth.query_tokens("cross").labels),
        *(visible(each) for each in truth.key_tokens("cross").labels),
    ]
    assert "deu_Latn" in truth.tokens.pieces
    wrong = opened("attention", model=translator, text="the cat", target_text="le chat", source_language="xx")
    assert "source language" in " ".join(wrong.problem)
    wrong.at.selectbox(key="reading_source_language").set_value("deu_Latn").run()
    assert "writes several languages" in " ".join(wrong.problem)
    wrong.at.selectbox(key="reading_target_language").set_value("fra_Latn").run()
    assert wrong.figure("heatmap")[0]["queries"]

"""The page of translations: what it shows is what the engine says, and what a reader changes stands in the address."""

import numpy as np
import pytest

from attnviz.runtime import Query, get_runtime
from tests.fetched import fetched
from tests.web.hostile import ALL_HOSTILE, marks_in

TEXT = "The cat sat on the mat."
SENTENCE = "The old man sold his red car because he needed money."


@pytest.fixture
def tiny(opened, encoder_decoder):
    """`tiny(beams="2")` opens the page with a random T5, whose translations end after 128 tokens at the latest."""
    return lambda **params: opened("alignment", **{"text": TEXT, "model": encoder_decoder, **params})


def query(model, target="The mat"):
    return Query(model, TEXT, target_text=target)


def test_rows_that_predict_the_words_are_shown_with_their_probabilities(tiny, encoder_decoder):
    visit = tiny(target_text="The mat", unit="token")
    header, arrays = visit.figure("alignment")
    found = get_runtime().translate(query(encoder_decoder))
    real = ~found.target.special
    columns = ~found.source.special
    shown = header["places"].index([1, 2])
    np.testing.assert_allclose(arrays["maps"][shown], found.attention[1, 2][np.ix_(real, columns)], atol=1e-6)
    assert [each["label"] for each in header["targets"]] == [
        label.strip() for label, each in zip(found.target.labels, real, strict=True) if each
    ]
    assert [each["logProb"] for each in header["targets"]] == pytest.approx(found.log_probs[real].tolist())
    assert "aligns best" in visit.markdown
    assert header["places"][header["chosen"]] == header["places"][header["shown"]]


def test_heads_and_forms_stand_in_the_address(tiny):
    visit = tiny(target_text="The mat")
    visit.report("alignment", "selection", {"layer": 1, "head": 2})
    assert (visit.url["layer"], visit.url["head"]) == ("1", "2")
    header, _ = visit.figure("alignment")
    assert header["places"][header["shown"]] == [1, 2]
    visit.report("alignment", "selection", {"layer": 0, "head": -1})
    header, arrays = visit.figure("alignment")
    assert header["places"][header["shown"]] == [0, -1]
    own = [header["places"].index([0, head]) for head in range(4)]
    np.testing.assert_allclose(arrays["maps"][header["shown"]], arrays["maps"][own].mean(0), atol=1e-6)
    visit.report("alignment", "form", "matrix")
    assert visit.url["form"] == "matrix"
    for nonsense in (None, 5, "x", {"layer": "a"}, [], {"layer": -3, "head": -1}):
        visit.report("alignment", "selection", nonsense)
        assert visit.url["head"] == "0"


def test_a_moved_link_is_forced_and_both_translations_are_shown(tiny, encoder_decoder):
    visit = tiny(target_text="The mat")
    before = visit.figure("alignment")[0]
    visit.report("alignment", "linked", [1, 2])
    link = visit.url["links"]
    found = get_runtime().translate(query(encoder_decoder))
    from attnviz.analysis.word_alignment import word_alignment

    words = word_alignment(found.attention[0, 0], found.target, found.source)
    assert link == ".".join(map(str, (*words.target_tokens[1], *words.source_tokens[2])))
    figures = [(h, a) for h, a in visit.figures() if h["figure"] == "alignment"]
    (after, maps), (again, _) = figures
    assert (after["title"], again["title"]) == ("After", "Before")
    assert again["targets"] == before["targets"]
    assert not again["editable"]
    first = words.target_tokens[1, 0]
    forced = [n for n, each in enumerate(after["targets"]) if each["forced"]]
    assert after["targets"][forced[0]]["first"] == first
    assert maps["maps"][0, forced[0], 2] == pytest.approx(1)
    visit.press("Undo all changes")
    assert "links" not in visit.url


def test_another_word_goes_on_from_there(tiny, encoder_decoder):
    visit = tiny(target_text="The mat")
    target = visit.figure("alignment")[0]["targets"][1]
    number = target["candidates"][0][0]
    visit.report("alignment", "instead", [target["first"], number])
    assert "target_text" not in visit.url
    prefix = [int(each) for each in visit.url["prefix"].split(".")]
    assert prefix[-1] == number
    assert len(prefix) == target["first"] + 1
    found = get_runtime().translate(Query(encoder_decoder, TEXT), tuple(prefix))
    assert found.target.ids[: len(prefix)].tolist() == prefix


def test_a_beam_search_is_a_tree_to_go_on_from(tiny, encoder_decoder):
    visit = tiny(beams="2")
    header, arrays = visit.figure("beams")
    tree = get_runtime().beams(Query(encoder_decoder, TEXT), 2)
    np.testing.assert_array_equal(arrays["parents"], tree.parents)
    assert header["hypotheses"] == [[each.node, each.score] for each in tree.hypotheses]
    node = int(np.flatnonzero(arrays["fates"] == 0)[0])
    visit.report("beams", "position", node)
    assert visit.url["prefix"] == ".".join(map(str, tree.path(node)))


def test_sentences_stand_by_how_far_their_attention_is_to_be_trusted(tiny, encoder_decoder):
    text = "The cat sat. The mat was on the cat."
    visit = tiny(text=text, target_text="The mat").press("Translate each sentence")
    assert visit.url["part"] == "sentences"
    found = get_runtime().translate_document(Query(encoder_decoder, text, target_text="The mat"))
    order = sorted(found.sentences, key=lambda each: each.trust)
    told = [each for each in visit.markdown.split("\n") if each.startswith("Sentence ") and ":" in each]
    assert [int(each.split(":")[0].split()[1]) - 1 for each in told] == [each.place for each in order]
    visit.press("Look at this sentence")
    assert visit.url["text"] == order[0].source


def test_a_link_that_leads_out_of_the_text_is_said_calmly(tiny):
    visit = tiny(target_text="The mat", links="0.1.90.99")
    assert [each.value for each in visit.at.error] == ["That did not work"]
    assert "leads out of the text" in "".join(visit.problem)


def test_a_model_that_does_not_translate_offers_those_that_do(app):
    visit = app("alignment", model="minilm", text=TEXT)
    assert "This model does not translate" in visit.markdown
    assert visit.figures() == []
    visit.press("Translates Portuguese into English")
    assert visit.url["model"] == "translator-pt-en"


def test_hostile_texts_and_links_are_survived(tiny):
    visit = tiny(text=ALL_HOSTILE, target_text=ALL_HOSTILE)
    assert list(visit.at.error) == []
    visit.figure("alignment")
    assert not marks_in(visit.markdown)
    strange = tiny(prefix="9999999", links="1", scope="<img>", beams="x")
    assert strange.problem
    assert "<img" not in strange.markdown


@pytest.mark.slow
def test_the_example_is_translated_and_the_figure_can_be_taken_away(app):
    fetched("translator-en-pt")
    visit = app("alignment")
    header, arrays = visit.figure("alignment")
    assert header["sources"] == [*SENTENCE[:-1].split(), "."]
    assert [each["label"] for each in header["targets"]][:6] == [
        "O",
        "velho",
        "vendeu",
        "seu",
        "carro",
        "vermelho",
    ]
    assert (header["places"][header["shown"]], header["trained"]) == ([1, 0], True)
    assert arrays["maps"][header["shown"], 4, 6] == pytest.approx(0.98, abs=0.005)
    assert visit.url == {}
    visit.press("Pin to report")
    assert visit.at.toast

"""The translator that comes along on its page: gold links, error rates of heads, and both directions side by side."""

import numpy as np
import pytest

from attnviz.analysis.word_alignment import alignment_error_rate, by_words, word_alignment
from attnviz.runtime import Query, get_runtime

MODEL = "translator"


@pytest.fixture(scope="module")
def gold():
    """Its first sentence with known links, in either direction."""
    get_runtime().check(MODEL)  # loads it
    known = get_runtime().gold(MODEL)
    french = known[0]
    return french, next(each for each in known if each.source == french.target)


@pytest.fixture
def page(app, gold):
    return lambda **params: app(
        "alignment", **{"model": MODEL, "text": gold[0].source, "target_text": gold[0].target, **params}
    )


def test_gold_is_drawn_with_the_error_rate_of_every_head(page, gold):
    header, arrays = page(unit="token").figure("alignment")
    found = get_runtime().translate(Query(MODEL, gold[0].source, target_text=gold[0].target))
    assert {tuple(link) for link in header["gold"]["sure"]} == gold[0].sure
    assert {tuple(link) for link in header["gold"]["possible"]} == gold[0].possible - gold[0].sure
    for layer, head in ((0, 0), (2, 1)):
        words = word_alignment(found.attention[layer, head], found.target, found.source, "token")
        sure, possible = (by_words(links, words) for links in found.gold)
        expected = alignment_error_rate(words.links, sure, possible)
        assert arrays["errors"][header["places"].index([layer, head])] == pytest.approx(expected)


def test_walls_show_both_tasks_and_turn_to_a_head(page):
    visit = page()
    header, arrays = visit.figure("errors")
    errors = get_runtime().head_errors(MODEL)
    assert [each["title"] for each in header["tasks"]] == ["To French", "To English"]
    np.testing.assert_array_equal(arrays["rates"], [each.rates for each in errors])
    visit.report("errors", "selection", {"layer": 1, "head": -1})
    header, _ = visit.figure("alignment")
    assert header["places"][header["shown"]] == [1, -1]
    assert visit.figure("errors")[0]["shown"] == [1, -1]
    visit.press("Pin the error rates to report")
    assert visit.at.toast


def test_both_directions_stand_side_by_side_under_the_same_head(page, gold):
    visit = page(layer="2", head="1").press("Show both directions")
    assert visit.url["part"] == "directions"
    own, forward, back = (
        (header, maps) for header, maps in visit.figures() if header["figure"] == "alignment"
    )
    assert [forward[0]["title"], back[0]["title"]] == ["To French", "To English"]
    assert {tuple(head["places"][head["shown"]]) for head, _ in (own, forward, back)} == {(2, 1)}
    assert back[0]["sources"] == [each["label"] for each in own[0]["targets"]]
    assert back[0]["gold"]["sure"] == sorted([target, source] for source, target in own[0]["gold"]["sure"])
    found = get_runtime().translate(
        Query(MODEL, gold[1].source, target_text=gold[1].target, target_language="en")
    )
    words = word_alignment(found.attention[2, 1], found.target, found.source)
    np.testing.assert_array_equal(back[1]["maps"][back[0]["shown"]], words.weights)


def test_the_language_is_chosen_beside_the_text_and_a_translation_is_turned_back(page, gold):
    visit = page().press("Translate it back into English")
    assert (visit.url["text"], visit.url["target_language"]) == (gold[0].target, "en")
    assert "target_text" not in visit.url
    labels = [each.label for each in visit.at.selectbox]
    assert "Language of the output" in labels
    assert "Language of the text" not in labels, "the tag names the target alone"


def test_another_translation_than_the_known_one_offers_that_one(page, gold):
    visit = page(target_text=gold[1].target)  # the model may be given anything
    assert visit.figure("alignment")[0]["gold"] is None
    visit.press("Look at that one")
    assert visit.url["target_text"] == gold[0].target
    assert visit.figure("alignment")[0]["gold"]


def test_unknown_words_are_named_and_the_text_stays(page):
    visit = page(text="The zebra sleeps.", target_text="")
    assert "“zebra”" in "".join(visit.problem)
    assert visit.figures() == []


def test_a_search_can_be_pinned_and_saved(page):
    visit = page(beams="2")
    visit.press("Pin the search to report")
    assert visit.at.toast
    assert "Save the search as a table" in [each.label for each in visit.at.get("download_button")]

"""Pins come back from the browser's storage, are made again from their links, and are read as anybody's text."""

from __future__ import annotations

import json

import pytest

from attnviz.web.share import again, keep
from attnviz.web.share.report import KEY, MAX_NOTE, MOST, Pin, Report
from tests.web.hostile import ALL_HOSTILE, marks_in

TEXT, OTHER = "A man is playing a guitar.", "Somebody performs music."


def kept(visit) -> str:
    return keep.written(visit.at.session_state[KEY])


def pinned(app):
    """A visit with three pins on two pages, one of them with a title and a note of its own."""
    visit = app("attribution", text=TEXT, pair=OTHER, method="leave-one-out")
    visit.press("Pin to report")
    visit.press("Pin the pairs to report")
    visit.go("attention", text=TEXT, layer="2", head="5").press("Pin to report")
    first = next(iter(visit.at.session_state[KEY].pins))
    visit.at.session_state[KEY].change(first, title="Why?", note="Because.")
    visit.at.session_state[KEY].title = "All of it"
    return visit.go("report")


def test_what_was_pinned_is_made_again_in_another_window(app):
    visit = pinned(app)
    letters, before = kept(visit), visit.at.session_state[KEY].items
    assert "Report (3)" in [each.proto.label for each in visit.at.get("page_link")]
    other = app("report")
    assert "Nothing is pinned yet" in other.markdown
    other.report("keep", "found", letters)
    shown = other.at.session_state[KEY]
    assert (shown.title, len(shown.lost)) == ("All of it", 3)
    assert "was pinned before the page was loaded anew" in other.markdown
    other.press("Make the 3 figures again")
    shown = other.at.session_state[KEY]
    assert shown.lost == []
    assert [item.figure for item in shown.items.values()] == ["words", "pairs", "heatmap"]
    assert [item.message for item in shown.items.values()] == [item.message for item in before.values()]
    first = next(iter(shown.items.values()))
    assert (first.title, first.note) == ("Why?", "Because.")
    assert "Your report" not in other.markdown
    assert other.at.button(key="report_clear")


def test_a_report_that_has_begun_is_not_overwritten(app):
    visit = app("attention", text=TEXT).press("Pin to report")
    visit.report(
        "keep", "found", keep.written(Report("Another", pins={"a": Pin("b", "", "/heads?", "", 0, "heads")}))
    )
    assert [pin.figure for pin in visit.at.session_state[KEY].pins.values()] == ["heatmap"]


@pytest.mark.parametrize(
    "letters",
    [None, 3, "", "{", "[]", "{}", '{"pins": 3}', '{"pins": [3, {}, {"link": 1}]}', "[" * 9000, "x" * 10**7],
)
def test_nonsense_in_the_storage_is_left_out(letters):
    found = keep.read(letters)
    assert found is None or not found.pins


def test_what_comes_back_is_bounded_and_never_markup(app):
    pin = {
        "figure": "words",
        "title": ALL_HOSTILE,
        "note": "n" * 9999,
        "link": "javascript:alert(1)",
        "name": "a",
    }
    found = keep.read(
        json.dumps({"title": "t", "summary": "", "pins": [{**pin, "name": str(n)} for n in range(30)]})
    )
    assert found is not None
    assert len(found.pins) == MOST
    assert {len(each.note) for each in found.pins.values()} == {MAX_NOTE}
    visit = app("report").report(
        "keep", "found", json.dumps({"title": ALL_HOSTILE, "summary": "", "pins": [pin]})
    )
    assert not marks_in(visit.markdown)
    assert again.target("javascript:alert(1)") is None
    assert again.target("https://elsewhere.example/attribution?text=a") == ("attribution", {"text": "a"})
    visit.press("Make the figure again")
    assert visit.at.session_state[KEY].lost == ["a"], "there is no such page"


def test_a_figure_of_a_file_is_not_kept_and_leaving_asks():
    file = Pin("a", "", "", "from a file", 9, "heatmap")
    assert keep.written(Report(pins={"a": file})) == ""
    assert keep.read(keep.written(Report("t", "s", {"a": file}))).pins == {}

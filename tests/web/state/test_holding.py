"""What windows hold fills the bound of the server, by the pages' own code: the oldest goes, and its owner is told."""

from __future__ import annotations

import gc
import random
from urllib.parse import parse_qsl

import pytest

from attnviz.runtime import Visitor, get_runtime, set_visitor
from attnviz.runtime.engine.store import Store
from attnviz.web.serving import visitor
from attnviz.web.share.report import KEY
from attnviz.web.state import holding, session

MADE = "had to make room on this server"


@pytest.fixture
def bounded(monkeypatch):
    """`bounded(size, share)`: the server may hold so many bytes. Each window is a visitor, as in a browser."""
    real = visitor.current
    monkeypatch.setattr(
        visitor, "current", lambda: Visitor(holding.window(), at_home=True) if real() else None
    )

    def bound(size: int, share: int) -> Store:
        store, runtime = Store(size, share), get_runtime()
        monkeypatch.setattr(runtime, "held", store)
        monkeypatch.setattr(runtime.engine, "held", store)
        return store

    return bound


def test_a_pin_that_had_to_make_room_says_so_and_is_made_again_from_its_link(app, bounded):
    store = bounded(60_000, 30_000)
    first = app("attention", text="The cat sat.", layer="2", head="5").press("Pin to report")
    first.go("report")
    (name,) = first.at.session_state[KEY].items
    first.at.text_input(key=f"report_title_{name}").set_value("Mine").run()
    size = store.nbytes
    assert 5_000 < size < 30_000
    others = [app("attention", text=f"The {n} sat.").press("Pin to report") for n in range(60_000 // size)]
    assert store.nbytes <= store.maxsize
    assert others[-1].at.session_state[KEY].items

    first.at.run()
    assert any(MADE in each for each in first.notices)
    assert "1. Mine" in first.markdown
    assert "had to make room on the server. Open it again and pin it" in first.markdown
    assert not first.at.session_state[KEY].items
    download = next(each for each in first.at.get("download_button") if "Download the 0" in each.label)
    assert download.disabled

    link = first.at.session_state[KEY].pins[name].link
    first.go("attention", **dict(parse_qsl(link.partition("?")[2])))
    assert any(MADE in each for each in first.notices), "on every page"
    first.press("Pin to report")
    assert [each.value for each in first.at.toast] == ["Pinned again, as number 1."]
    assert [each.title for each in first.at.session_state[KEY].items.values()] == ["Mine"]
    first.at.run()
    assert not first.notices


def test_a_figure_larger_than_one_visitor_may_hold_is_refused_in_words(app, bounded):
    bounded(40_000, 10_000)
    visit = app("attention", text="The cat sat on the mat.").press("Pin to report")
    assert ["does not fit" in each.value for each in visit.at.toast] == [True]
    assert not visit.at.session_state[KEY].pins


def test_an_opened_file_that_had_to_make_room_says_so(app, bounded, root):
    store = bounded(3 << 20, 1 << 20)
    data = (root / "attnviz" / "examples" / "similar.attnviz").read_bytes()
    visit = app("attention")
    visit.at.file_uploader(key="upload").set_value(("mine.attnviz", data, "application/octet-stream")).run()
    assert visit.figure("heatmap")
    for number in range(3):
        set_visitor(Visitor(f"other {number}"))
        store.put(f"book:{number}", "x", 1 << 20)
    set_visitor(None)
    visit.at.run()
    assert "Your file had to make room" in visit.markdown
    assert "mine.attnviz" in visit.problem


def test_a_long_text_that_had_to_make_room_is_asked_for_again(app, bounded):
    store = bounded(1 << 20, 1 << 20)
    noise = " ".join(f"{random.Random(n).randrange(10**9):x}" for n in range(2_000))
    visit = app("attention", text="begin").type(noise)
    assert visit.at.text_area(key="entry_text").value == noise
    store.clear(session.TEXTS)
    visit.at.run()
    assert any("type or paste it again" in each for each in visit.notices)
    assert "There is no text yet" in visit.markdown
    visit.type("The cat sat.")
    assert not visit.notices
    assert visit.figure("heatmap")[0]["text"] == "The cat sat."


def test_what_was_tried_and_had_to_make_room_is_said(app, bounded):
    store = bounded(1 << 20, 1 << 20)
    visit = app("ablation", text="A man sat.", pair="A dog sat.", off="2.5")
    assert visit.tried
    store.clear("changes")
    visit.at.query_params["off"] = ""
    visit.at.run()
    assert "What you tried before had to make room on this server" in visit.markdown


def test_a_session_keeps_no_texts_but_in_fields_and_address(app):
    """Beside what Streamlit itself keeps of the fields, nothing in the session holds the text."""
    text = "A man is playing an unheard-of guitar."
    visit = app("compare", text=text, pair="Another unheard-of text.")
    visit.go("attention", text=text).press("Pin to report")
    kept = {
        name: repr(value)
        for name, value in visit.at.session_state._state.filtered_state.items()
        if name.startswith("attnviz_") and name not in (KEY, session.TRAIL)
    }
    assert [name for name, value in kept.items() if "unheard-of" in value] == []


def test_what_a_window_holds_goes_with_its_session(bounded, monkeypatch):
    store, state = bounded(1000, 1000), {}
    monkeypatch.setattr(holding.st, "session_state", state)
    holding.put("texts", "a long text")
    assert holding.get("texts") == "a long text"
    key = f"texts:{holding.window()}"
    state.clear()  # as Streamlit does when it gives a session up
    gc.collect()
    assert store.get(key) == "a long text"  # not in the midst of what another window does
    holding.window()
    assert store.get(key) is None
    assert store.nbytes == 0

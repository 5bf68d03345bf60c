"""The report: pinning from every page, the list in order, undo, bounds; and a file with the page's own numbers."""

from __future__ import annotations

import base64
import html
import re
from dataclasses import replace

import numpy as np
import pytest

from attnviz.explanation.evaluation import verdict
from attnviz.figures import bertviz, unpack
from attnviz.figures.report import Item, sentences
from attnviz.figures.report.sentences import UNTESTED
from attnviz.runtime import Query, get_runtime
from attnviz.web.share import copy_link, offer, pin
from attnviz.web.share import report as report_module
from attnviz.web.share.drawn import Drawn
from attnviz.web.share.report import KEY, MOST, Report, name_of
from attnviz.web.shell.site import SITE
from attnviz.web.state.session import PAGE_MODELS

TEXT, OTHER = "A man is playing a guitar on the stage.", "Somebody performs music with a guitar."
# Every page that draws a figure, and those of its views that draw another one: page, view, figure.
FIGURES = [
    *(
        (entry.name, "", entry.figure)
        for entry in SITE
        if entry.figure and entry.name not in PAGE_MODELS and not entry.kinds
    ),
    ("compare", "part=heads", "likeness"),
    ("allocation", "by=sentence", "heatmap"),
    ("bertviz", "document=model", "frame"),
    ("ablation", "part=text", "edits"),
    ("ablation", "part=rows", "switches"),
    ("ablation", "part=contrast", "results"),
]
ENDS = "</script><script>alert(\"1\")</script> & 'x' <b>"


def pinned(visit) -> Report:
    return visit.at.session_state[KEY]


def titles(visit) -> list[str]:
    return [item.title for item in pinned(visit).items.values()]


def toasts(visit) -> list[str]:
    return [each.value for each in visit.at.toast]


@pytest.fixture
def offered(monkeypatch) -> list[Drawn]:
    """What pages return, as they return it; not what they offer beside it, under a key."""
    found, show = [], offer.show

    def record(drawn: Drawn, key: str = "", noun: str = "") -> None:
        found.extend([] if key else [drawn])
        show(drawn, key, noun)

    monkeypatch.setattr(offer, "show", record)
    return found


@pytest.mark.parametrize(("page", "shown", "figure"), FIGURES)
def test_every_figure_is_linked_saved_and_pinned_once(app, offered, page, shown, figure):
    visit = app(page, **dict([shown.split("=")] if shown else []))
    assert [each.proto.id.rsplit("-", 1)[-1] for each in visit.at.get("bidi_component")].count(
        copy_link.KEY
    ) == 1
    assert "Save as a web page" in [each.label for each in visit.at.get("download_button")]
    (drawn,) = offered
    header, _ = unpack(drawn.message())
    assert header["figure"] == drawn.figure == figure
    document = offer.page(drawn)
    # A framed document is a page already.
    assert figure == "frame" or base64.b64encode(drawn.message()).decode() in document
    assert document.count('id="provenance"') == 1
    visit.press("Pin to report")
    assert "Pinned to the report: 1 of at most 20." in toasts(visit)[0]
    (item,) = pinned(visit).items.values()
    assert item.link.partition("?")[0].endswith(page)
    assert "model=minilm" in item.link
    assert shown in item.link
    assert [card.name for card in item.cards] == ["minilm"]
    assert item.provenance.model == "minilm"
    assert item.settings
    visit.press("Pin to report")
    assert toasts(visit) == ["This is in the report already, as number 1."]
    assert len(pinned(visit).items) == 1
    report = pinned(visit).html()
    assert html.escape(item.title) in report
    assert sentences.means(item) or item.explained


def test_a_framed_document_runs_its_own_scripts_in_a_report(app):
    """A document inside a page inherits the page's policy, which must allow what the document's own one allows."""
    visit = app("bertviz").press("Pin to report")
    policies = [re.search(r'Content-Security-Policy" content="([^"]*)"', pinned(visit).html())[1]]
    assert set(bertviz.digests("head")) <= set(policies[0].split())
    visit = app("attention").press("Pin to report")
    assert not set(bertviz.digests("head")) & set(pinned(visit).html().split())


@pytest.mark.parametrize(
    ("params", "title"),
    [
        ({"off": "2.5"}, "Without layer 2 head 5"),
        ({"part": "text", "edits": "d6,d7,d8"}, "Without “<”, “b” and “>”"),
    ],
)
def test_a_change_is_pinned_with_what_it_led_to(app, params, title):
    query = Query("minilm", "A man is playing a <b> guitar.", OTHER)
    visit = app("ablation", text=query.text, pair=OTHER, target="label-prompt", **params)
    visit.press("Pin to report")
    (item,) = pinned(visit).items.values()
    assert item.title == title
    page = pinned(visit).html()
    if "off" in params:
        found = get_runtime().ablate(query, ((2, 5),), "label-prompt")
    else:
        found = get_runtime().without(query, dict.fromkeys((6, 7, 8), "delete"), "label-prompt")
    assert f'<p dir="auto">{html.escape(title)} the lead of' in page
    for name, value in (*found.outcomes_before, *found.outcomes_after):
        assert f"{value:.3f}".replace("-", "−") in page, name
    assert "<b> guitar" not in page


def test_the_empty_page_says_what_to_do(app):
    visit = app("report")
    assert "Nothing is pinned yet" in visit.markdown
    links = [each.proto.label for each in visit.at.get("page_link") if each.proto.label.startswith("Go to")]
    assert links == [f"Go to “{entry.title}”" for entry in SITE if entry.figure]


def test_an_explanation_brings_its_test_and_the_file_holds_its_numbers(app):
    visit = app("attribution", text=TEXT, pair=OTHER).press("Pin to report")
    query = Query("minilm", TEXT, OTHER)
    attribution = get_runtime().explain(query, "similarity", "integrated-gradients")
    test = get_runtime().faithfulness(query, "similarity", "integrated-gradients")
    visit.go("report")
    shown = visit.problem
    agreement = get_runtime().agreement(query, "similarity", "integrated-gradients")
    titles = {info.name: info.title for info in get_runtime().methods()}
    badges = (*verdict.badges(test, attribution), *verdict.agreement_badges(agreement, titles))
    assert len(badges) == 4
    assert verdict.headline(test) in shown
    assert verdict.sum_check(attribution) in shown
    document = html.unescape(pinned(visit).html())
    for badge in badges:
        assert badge.words in visit.markdown
        assert f"{'✓' if badge.holds else '✗'} {badge.words}</li>" in document
        assert (badge.meaning or badge.note) in document
    for said in (verdict.headline(test), verdict.curve_numbers(test), verdict.sum_check(attribution)):
        assert said in document
    for value in (test.comprehensiveness, test.sufficiency, test.removed_area):
        assert f"<td>{value:.3f}</td>".replace("-", "−") in document
    assert "target=similarity" in document
    assert "method=integrated-gradients" in document


def test_a_long_text_is_tested_when_it_is_pinned(app, monkeypatch):
    from attnviz.web.pages.attribution import evaluation

    monkeypatch.setattr(evaluation, "LIVE", 5)
    visit = app("attribution", text=TEXT, pair=OTHER).press("Pin to report")
    (item,) = pinned(visit).items.values()
    truth = get_runtime().faithfulness(Query("minilm", TEXT, OTHER), "similarity", "integrated-gradients")
    assert item.explained.test.comprehensiveness == truth.comprehensiveness
    np.testing.assert_array_equal(item.explained.test.random_removed, truth.random_removed)


def test_a_text_too_short_for_a_test_is_pinned_without_one(app, decoder):
    visit = app("attribution", text="T", model=decoder, method="gradient-norm").press("Load this model")
    visit.press("Pin to report")
    (item,) = pinned(visit).items.values()
    assert item.explained.test is None
    assert UNTESTED in html.unescape(pinned(visit).html())


def test_another_way_to_take_words_away_is_another_pin(app):
    visit = app("attribution", text=TEXT, pair=OTHER).press("Pin to report")
    visit.at.selectbox(key="evaluation_operator").set_value("delete").run()
    visit.press("Pin to report")
    tests = [item.explained.test.operator for item in pinned(visit).items.values()]
    assert tests == ["attention-mask", "delete"]


def test_the_link_shows_the_same_figure_again(app):
    visit = app("attention", text=TEXT, layer="2", head="5", unit="word").press("Pin to report")
    (item,) = pinned(visit).items.values()
    from urllib.parse import parse_qsl

    again = app("attention", **dict(parse_qsl(item.link.partition("?")[2])))
    again.press("Pin to report")
    (other,) = pinned(again).items.values()
    assert replace(other, made=None) == replace(item, made=None)


def test_the_list_is_named_noted_moved_and_removed(app):
    visit = app("attention").press("Pin to report")
    visit.go("heads").press("Pin to report")
    visit.go("allocation").press("Pin to report")
    visit.go("report")
    first, second, _third = pinned(visit).items
    former = titles(visit)
    visit.at.text_input(key=f"report_title_{first}").set_value("One & <only>").run()
    visit.at.text_area(key=f"report_note_{first}").set_value(ENDS).run()
    visit.at.text_input(key="report_report_title").set_value("My *report*").run()
    visit.at.text_area(key="report_report_summary").set_value("Because it looks.").run()
    visit.at.button(key=f"down_{first}").click().run()
    assert titles(visit) == [former[1], "One & <only>", former[2]]
    assert visit.at.button(key=f"up_{second}").disabled
    visit.at.button(key=f"remove_{first}").click().run()
    assert titles(visit) == [former[1], former[2]]
    visit.press("Put back what was removed")
    assert titles(visit) == [former[1], "One & <only>", former[2]]
    assert pinned(visit).items[first].note == ENDS
    document = pinned(visit).html()
    assert ENDS not in document
    assert html.escape(ENDS) in document
    assert "<title>My *report*</title>" in document
    visit.press("Remove all")
    assert "Nothing is pinned yet" in visit.markdown
    visit.press("Put back the 3 that were removed")
    assert len(titles(visit)) == 3


def test_a_title_is_never_markup_on_the_page(app):
    visit = app("attention").press("Pin to report")
    visit.go("report")
    (name,) = pinned(visit).items
    visit.at.text_input(key=f"report_title_{name}").set_value("[x](https://a.example) **b**").run()
    assert "[x](" not in visit.markdown
    assert "**b**" not in visit.markdown


def test_a_picture_of_a_file_says_that_no_link_can_carry_it(app, root):
    visit = app("attention")
    data = (root / "attnviz" / "examples" / "similar.attnviz").read_bytes()
    visit.at.file_uploader(key="upload").set_value(("one.attnviz", data, "application/octet-stream")).run()
    visit.press("Pin to report")
    (item,) = pinned(visit).items.values()
    assert item.link == ""
    visit.go("report")
    assert "which a link cannot carry" in visit.markdown
    assert any(line.startswith("A man is playing a guitar on the stage. ·") for line in visit.problem)


@pytest.mark.parametrize(
    ("here", "base"),
    [
        ("http://localhost:8501", "http://localhost:8501/"),
        ("http://localhost:8501/", "http://localhost:8501/"),
        ("https://a.example/lab/viz/attribution", "https://a.example/lab/viz/"),
        ("https://a.example/lab/viz/home", "https://a.example/lab/viz/"),
        ("https://a.example/my-attention", "https://a.example/my-attention/"),
        ("javascript:alert(1)", ""),
        (None, ""),
    ],
)
def test_the_address_of_the_app_is_that_of_its_pages(here, base):
    assert pin.base_of(here) == base


def item(n: int, size: int = 10) -> Item:
    return Item(
        "heatmap", np.full(size, n % 256, np.uint8).tobytes(), f"figure {n}", settings=(("n", str(n)),)
    )


def test_the_report_is_bounded(monkeypatch):
    shown = Report()
    for n in range(MOST):
        assert "Pinned" in shown.add(item(n))
    assert "The report is full" in shown.add(item(MOST))
    assert len(shown.items) == MOST
    monkeypatch.setattr(report_module, "MOST_BYTES", 1 << 20)
    shown = Report()
    shown.add(item(1, 700_000))
    assert "does not fit" in shown.add(item(2, 700_000))


def test_undo_puts_each_back_where_it_stood():
    shown = Report()
    for n in range(4):
        shown.add(item(n))
    names = list(shown.items)
    shown.remove(names[0], names[2])
    assert list(shown.items) == [names[1], names[3]]
    shown.undo()
    assert list(shown.items) == names
    shown.move(names[0], -1)
    shown.move(names[3], 1)
    shown.move("unknown", 1)
    assert list(shown.items) == names


def test_a_name_depends_on_what_is_shown_alone():
    one = item(1)
    assert name_of(replace(one, title="other", note="x")) == name_of(one)
    assert name_of(replace(one, link="/attention?layer=1")) != name_of(one)

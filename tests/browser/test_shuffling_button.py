"""The upper layers shuffled by a button of the real app: both pictures on one scale, the correlation in words."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.app import at_rest, text_box
from tests.browser.axe import violations

pytestmark = pytest.mark.browser


def test_the_shuffled_model_is_explained_beside_the_model(page: Page, model, pair):
    from attnviz.explanation import explain, sanity
    from attnviz.explanation.evaluation import verdict

    found = sanity(model, explain(model, pair.text, pair=pair.pair, method="leave-one-out"))
    page.goto("/attribution?method=leave-one-out")
    page.get_by_role("button", name="Randomise the upper layers").click()
    told = page.locator(".st-key-shuffled")
    expect(told).to_contain_text(verdict.shuffled(found.correlation))
    expect(told).to_contain_text(f"Second text: {verdict.shuffled(found.pair_correlation)}")
    sides, bars = page.locator(".av-beside .av-text"), page.locator(".av-beside .av-scorebox")
    expect(sides).to_have_count(4)
    left, right = sides.nth(0), sides.nth(1)
    assert left.bounding_box()["y"] == right.bounding_box()["y"]
    assert left.bounding_box()["x"] < right.bounding_box()["x"]
    ticks = bars.locator(".av-ticks")
    assert ticks.nth(0).inner_text() == ticks.nth(1).inner_text()
    for side, scores in ((bars.nth(0), found.before.scores), (bars.nth(1), found.after.scores)):
        row = side.get_by_role("row").filter(has=page.get_by_role("rowheader", name="guitar", exact=True))
        place = found.before.tokens.labels.index(" guitar")
        expect(row).to_contain_text(f"{scores[place]:+.4f}".replace("-", "−"))
    at_rest(page)
    assert violations(page) == []
    page.get_by_role("button", name="Shuffle once more, with another seed").click()
    expect(page.get_by_text(re.compile("with seed 1;"))).to_be_visible()


def test_a_choice_that_comes_late_into_the_page_is_not_reported_as_another(page: Page):
    """What draws rows of choices and boxes of text arrives when the reader has already pressed a button."""
    late = []
    page.route(re.compile(r"/(ButtonGroup|TextArea)\.[^/]*\.js"), lambda route: late.append(route))
    page.goto("/attribution?method=leave-one-out")
    page.get_by_role("button", name="Randomise the upper layers").click()
    expect(page.locator(".st-key-shuffled")).to_be_visible()
    assert late
    for route in late:
        route.continue_()
    expect(page.get_by_role("radio", name="Leave one out")).to_be_checked()
    expect(text_box(page)).to_have_value("A man is playing a guitar on the stage.")
    page.get_by_role("button", name="Shuffle once more, with another seed").click()
    expect(page.get_by_text(re.compile("with seed 1;"))).to_be_visible()
    assert "method=leave-one-out" in page.url

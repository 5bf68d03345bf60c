"""Attention forced by clicks in the real app: the numbers are those that `attnviz.ablate` gives from code."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, TimeoutError, expect

from attnviz.web.controls.before_after import moved
from tests.browser.app import at_rest, head

pytestmark = pytest.mark.browser


def choose(page: Page, label: str, option: str) -> None:
    """Click a list and one of its entries. A list that is open closes when the page is scrolled: that comes first.

    It closes, too, where the page is drawn anew for the choice before: then it is opened again.
    """
    at_rest(page)
    box = page.get_by_role("combobox", name=label)
    box.scroll_into_view_if_needed()
    page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    entry = page.get_by_role("option", name=option)
    while True:
        box.click()
        try:
            entry.click(timeout=5_000)
            break
        except TimeoutError:
            at_rest(page)


def told(page: Page, condition: str, found) -> None:
    numbers = f"the similarity {moved(found.before, found.after)}."
    expect(page.locator(".st-key-forced_result strong")).to_have_text(f"{condition}, {numbers}")


def test_a_row_is_forced_by_clicks_and_back_goes_back(page: Page, model, pair):
    from attnviz.explanation import ablate

    def truth(**more):
        return ablate(model, pair.text, target="similarity", pair=pair.pair, **{"heads": (), **more})

    page.goto("/ablation")
    page.get_by_role("radio", name="Force attention").click()
    expect(page.locator(".st-key-forced_result strong")).to_contain_text("kept from looking at")
    head(page, 5, 5).click()
    expect(page).to_have_url(re.compile(r"part=rows&off=5\.5$"))
    expect(page.get_by_role("link", name="See the map of layer 5 head 5")).to_be_visible()
    choose(page, "The row of", "every token")
    choose(page, "What becomes of it", "looks at all tokens alike")
    whole = truth(heads=[(5, 5)], force="uniform")
    told(page, "With every token made to look at all tokens alike in layer 5 head 5", whole)
    choose(page, "The row of", "2: “man”")
    choose(page, "What becomes of it", "does not see a token")
    choose(page, "Which token it does not see", "6: “guitar”")
    one = truth(heads=[(5, 5)], force="block", queries=[2], keys=[6])
    told(page, "With “man” kept from looking at “guitar” in layer 5 head 5", one)
    cells = page.locator(".attnviz-row tbody tr").filter(has_text="guitar").locator("td")
    expect(cells).to_have_text([f"{one.forced.before[6]:.1%}", "0.0%"])
    choose(page, "In which heads", "all heads of layer 3")
    told(
        page,
        "With “man” kept from looking at “guitar” in all heads of layer 3",
        truth(layers=[3], force="block", queries=[2], keys=[6]),
    )
    page.go_back()
    told(page, "With “man” kept from looking at “guitar” in layer 5 head 5", one)
    page.get_by_role("link", name="See the map of layer 5 head 5").click()
    expect(page.get_by_role("heading", name="Layer 5, head 5")).to_be_visible()

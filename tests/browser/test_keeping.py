"""Pins survive a reload: in real Chromium, from its own storage, and are made again with one click."""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import Page, expect

from tests.browser.app import at_rest

pytestmark = pytest.mark.browser


def test_pins_titles_and_notes_survive_a_reload_and_are_made_again(page: Page):
    page.goto("/attention?text=The+cat+sat.&layer=2&head=5")
    page.get_by_role("button", name="Pin to report").click()
    expect(page.get_by_role("link", name="Report (1)", exact=True)).to_be_visible()
    page.get_by_role("link", name="Report (1)", exact=True).click()
    page.get_by_label("Title of figure 1", exact=True).fill("A <b>title</b>")
    page.keyboard.press("Tab")
    at_rest(page)
    page.wait_for_function(
        "() => JSON.parse(localStorage['attnviz-report']).pins[0].title === 'A <b>title</b>'"
    )
    page.reload()
    expect(page.get_by_text("was pinned before the page was loaded anew")).to_be_visible()
    page.get_by_role("button", name="Make the figure again").click()
    expect(page.get_by_label("Note on figure 1", exact=True)).to_be_visible()
    expect(page.get_by_label("Title of figure 1", exact=True)).to_have_value("A <b>title</b>")
    expect(page.get_by_role("button", name="Download report")).to_be_enabled()
    page.get_by_role("button", name="Remove all").click()
    expect(page.get_by_text("Nothing is pinned yet")).to_be_visible()
    page.wait_for_function("() => localStorage['attnviz-report'] === undefined")


def test_what_is_not_a_report_in_the_storage_does_no_harm(page: Page):
    page.goto("/report")
    at_rest(page)
    page.evaluate(
        "text => localStorage.setItem('attnviz-report', text)", json.dumps({"pins": [{"link": 3}, 4]})
    )
    page.reload()
    expect(page.get_by_text("Nothing is pinned yet")).to_be_visible()
    at_rest(page)

"""Keys of the whole page in the real app: to the text box, to the list of keys, and each key that the list names."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from attnviz.web.shell.keys import EVERYWHERE, PAGES
from attnviz.web.shell.site import SITE
from tests.browser import app
from tests.browser.app import PHONE, drawn

pytestmark = pytest.mark.browser

LINK = "?text=The+cat+sat+on+the+mat.&pair=The+dog+sat+on+the+mat."


def box(page: Page) -> Locator:
    return page.get_by_role("textbox", name="Text", exact=True)


def listening(page: Page) -> None:
    app.at_rest(page)
    # The list is filled by the script that listens; its button is in the page before.
    expect(page.locator("dialog[aria-labelledby=title] dd")).not_to_have_count(0)


def described(page: Page) -> list[str]:
    return page.get_by_role("dialog").locator("dd").all_inner_texts()


@pytest.mark.parametrize("entry", SITE, ids=lambda each: each.name)
def test_every_page_goes_to_the_text_box_and_lists_its_keys(page: Page, entry) -> None:
    page.goto(f"/{entry.name}{LINK}")
    listening(page)
    if entry.figure:  # the script that hears "/" names the button
        expect(page.get_by_role("button", name=re.compile("^(Edit text|Change picture)$"))).to_be_visible()
    if entry.name == "image":  # the place of the texts is that of the picture
        page.keyboard.press("/")
        expect(page.get_by_role("textbox", name="Or paste a picture here")).to_be_focused()
        page.keyboard.press("Escape")
        expect(page.get_by_role("textbox", name="Or paste a picture here")).not_to_be_visible()
    elif entry.figure:
        page.keyboard.press("/")
        expect(box(page)).to_be_focused()
        expect(box(page)).to_have_value("The cat sat on the mat.")
        page.keyboard.type("/ ?")
        assert box(page).input_value() == "The cat sat on the mat./ ?"
        page.keyboard.press("Escape")
        expect(box(page)).not_to_be_visible()
    else:
        expect(page.get_by_role("button", name="Edit text")).to_have_count(0)
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    groups = (EVERYWHERE, *PAGES[entry.name])  # a page without its keys would fail here
    assert described(page) == [meaning for _, rows in groups for _, meaning in rows]
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_the_list_gives_the_focus_back_and_does_not_take_keys_from_the_picture(page: Page) -> None:
    page.goto(f"/attention{LINK}&layer=2&head=5")
    drawn(page)
    listening(page)
    stage = page.get_by_test_id("stage")
    stage.focus()
    page.keyboard.press("?")
    page.keyboard.press("/")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    page.keyboard.press("Escape")
    expect(stage).to_be_focused()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_label("Head", exact=True).locator("select")).to_have_value("6")


def test_the_keys_still_serve_after_a_walk_through_the_pages(page: Page) -> None:
    """Each page mounts the same component; listeners that stayed behind would answer twice."""
    page.goto(f"/attention{LINK}")
    drawn(page)
    for name in ("All heads", "Attribution", "Attention"):
        page.get_by_role("link", name=name, exact=True).click()
        expect(page.get_by_role("heading", name=name, exact=True)).to_be_visible()
        listening(page)
    page.get_by_role("button", name="Keys ?").click()
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    page.get_by_role("button", name="Close").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.keyboard.press("/")
    expect(box(page)).to_be_focused()


def test_enter_shows_the_text_and_shift_enter_breaks_the_line(page: Page) -> None:
    page.goto(f"/attention{LINK}")
    drawn(page)
    listening(page)
    page.keyboard.press("/")
    box(page).fill("A dog")
    page.keyboard.press("Shift+Enter")
    page.keyboard.type("ran.")
    assert box(page).input_value() == "A dog\nran."
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("sentence")).to_contain_text("A dog\nran.")
    expect(box(page)).not_to_be_visible()


def test_p_presents_the_picture_alone_and_ends_it(page: Page) -> None:
    page.goto(f"/attention{LINK}")
    drawn(page)
    listening(page)
    stage = page.get_by_test_id("stage")
    page.keyboard.press("p")
    expect(page.get_by_role("button", name="Present")).to_have_attribute("aria-pressed", "true")
    expect(page.get_by_test_id("stSidebar")).not_to_be_visible()
    page.wait_for_function("() => document.querySelector('.stMainBlockContainer').currentCSSZoom > 1")
    after = stage.bounding_box()
    assert after is not None
    assert after["y"] + after["height"] <= page.evaluate("innerHeight")
    page.keyboard.press("p")
    expect(page.get_by_test_id("stSidebar")).to_be_visible()


def test_on_a_narrow_screen_the_text_opens_in_place(page: Page) -> None:
    page.set_viewport_size(PHONE)
    page.goto(f"/attention{LINK}")
    drawn(page)
    listening(page)
    page.keyboard.press("/")
    expect(box(page)).to_be_focused()
    page.keyboard.press("Escape")
    expect(box(page)).not_to_be_visible()
    page.keyboard.press("?")
    sheet = page.get_by_role("dialog", name="Keys")
    expect(sheet).to_be_visible()
    bounds = sheet.bounding_box()
    assert bounds is not None
    assert bounds["x"] >= 0
    assert bounds["x"] + bounds["width"] <= PHONE["width"]

"""Comparing and allocating in the real app: the mouse, the keyboard, the address and the way to a head's map.

The `page` fixture adds, after each test, that no error was logged, no dialog opened, no foreign host asked.
"""

from __future__ import annotations

import re

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from attnviz.capture import open_capture
from attnviz.runtime import gallery
from tests.browser.app import PHONE, at_rest, fits_in_light_and_dark
from tests.browser.app import pane_values as values
from tests.figures.pointer import hover

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def maps():
    """The whole maps (L, H, T, T) of the two texts that Compare begins with."""
    captures = [
        open_capture(gallery.capture_path(each)) for each in (gallery.EXAMPLES[0], gallery.changed_example())
    ]
    return [np.stack([each.attention(layer) for layer in range(6)]) for each in captures]


def test_two_texts_by_keyboard_alone_and_the_address_reopens_the_head(page: Page, maps):
    page.goto("/compare")
    cell = page.get_by_role("button", name=re.compile("^Layer 3, head 1: change"))
    expect(cell).to_have_attribute("aria-pressed", "true")
    cell.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"layer=5&head=1$"))
    page.get_by_test_id("stage").focus()
    for key in ("ArrowDown", "ArrowDown", "ArrowRight"):
        page.keyboard.press(key)
    first, second = (each[5, 1, 1, 1] for each in maps)
    assert values(page) == pytest.approx([first, second, first - second], abs=1e-5)
    at_rest(page)
    page.reload()
    again = page.get_by_role("button", name=re.compile("^Layer 5, head 1: change"))
    expect(again).to_have_attribute("aria-pressed", "true")


def test_the_maps_of_two_texts_come_back_after_another_view(page: Page):
    page.goto("/compare")
    expect(page.get_by_test_id("stage")).to_have_attribute("aria-busy", "false")
    page.get_by_text("All heads with each other", exact=True).click()
    expect(page.get_by_test_id("matrix")).to_be_visible()
    page.get_by_text("Side by side, by tokens", exact=True).click()
    expect(page.get_by_test_id("stage")).to_have_attribute("aria-busy", "false")
    page.get_by_role("button", name=re.compile("^Layer 0, head 0: change")).click()
    expect(page.get_by_test_id("stage")).to_have_attribute("aria-busy", "false")


def test_two_heads_of_the_matrix_are_opened_side_by_side(page: Page):
    page.goto("/compare?part=heads")
    page.get_by_test_id("matrix").focus()
    for key in ("ArrowDown", "ArrowRight", "ArrowRight", "Enter"):
        page.keyboard.press(key)
    page.get_by_role("button", name="Side by side").click()
    expect(page).to_have_url(re.compile(r"/heads\?layer=\d%2C\d&head=\d+%2C\d+$"))
    expect(page.get_by_role("heading", name="Side by side")).to_be_visible()


def test_a_link_to_the_former_finder_shows_who_makes_the_link(page: Page):
    page.goto("/compare?part=find&held=q10,k2")
    expect(page).to_have_url(re.compile(r"/attention\?held=q10%2Ck2$"))
    page.get_by_role("button", name=re.compile(r"^Layer 2, head 3: ")).click()
    expect(page).to_have_url(re.compile(r"/attention\?layer=2&head=3&held=q10%2Ck2$"))
    expect(page.get_by_role("heading", name="Layer 2, head 3")).to_be_visible()


def test_a_head_of_the_allocation_opens_its_map(page: Page, maps):
    page.goto("/allocation")
    page.get_by_role("radio", name=re.compile("^first token")).click()
    share = round(100 * float(maps[0][4, 5, :, 0].mean()))
    cell = page.get_by_role("button", name=f"Layer 4, head 5: share on first token {share}")
    cell.focus()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/attention\?layer=4&head=5$"))
    expect(page.get_by_role("heading", name="Layer 4, head 5")).to_be_visible()


def test_the_whole_model_is_read_from_word_to_word(page: Page, maps):
    page.goto("/allocation?by=word")
    readout = page.get_by_test_id("readout")
    expect(page.locator(".av-plot")).to_be_visible()
    at_rest(page)
    page.locator(".av-legend").first.scroll_into_view_if_needed()
    hover(page, 8, 2)  # it → animal; “didn't” is one word of three tokens
    whole = maps[0].mean((0, 1))
    expect(readout).to_have_attribute("data-value", re.compile("."))
    assert float(readout.get_attribute("data-value")) == pytest.approx(whole[10, 2], abs=1e-6)
    hover(page, 8, 3)
    assert float(readout.get_attribute("data-value")) == pytest.approx(whole[10, 3:6].sum(), abs=1e-6)
    page.get_by_text("A layer", exact=True).click()
    page.get_by_role("button", name="Next layer").click()
    expect(page).to_have_url(re.compile("over=layer&layer=4|layer=4.*over=layer"))


@pytest.mark.parametrize(
    "address",
    [
        "/compare",
        "/compare?part=heads",
        "/allocation",
        "/allocation?by=distance",
        "/allocation?by=sentence",
    ],
)
def test_on_a_phone_nothing_is_wider_than_the_screen(page: Page, address):
    page.set_viewport_size(PHONE)
    page.goto(address)
    expect(page.locator(".st-key-found, .av").first).to_be_visible()
    assert fits_in_light_and_dark(page)

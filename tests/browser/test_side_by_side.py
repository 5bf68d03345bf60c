"""Panes in the real app: MiniLM beside a tiny random model with another tokenizer, the address, and a phone."""

from __future__ import annotations

import re

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from attnviz.capture import open_capture
from attnviz.runtime import gallery
from tests.browser.app import PHONE, at_rest, fits, in_theme
from tests.browser.app import pane_values as values
from tests.figures.pointer import hover
from tests.web.conftest import decoder, tokenizer  # noqa: F401

pytestmark = pytest.mark.browser
TEXT = gallery.EXAMPLES[0].query.text


def add(page: Page, what: str) -> None:
    page.get_by_role("button", name=what).click()
    expect(page.get_by_role("dialog")).to_be_visible()


def show(page: Page) -> None:
    page.get_by_role("dialog").get_by_role("button", name="Show this pane").click()
    expect(page.get_by_role("dialog")).to_have_count(0)


@pytest.fixture(scope="module")
def other(decoder):  # noqa: F811
    """The tiny model's capture of the example."""
    import attnviz

    return attnviz.load(decoder).capture(TEXT)


def test_another_model_is_typed_and_its_tokens_follow_the_pointer(page: Page, decoder, other):  # noqa: F811
    page.goto(f"/compare?text={TEXT}&layer=3&head=1")
    add(page, "Another model")
    box = page.get_by_role("dialog").get_by_role("combobox", name="Model")
    box.click()
    box.fill(decoder)
    page.keyboard.press("Enter")
    page.get_by_role("dialog").get_by_label("Layer").fill("1")
    show(page)
    expect(page.get_by_role("button", name="Next layer of B")).to_be_disabled()
    own = open_capture(gallery.capture_path(gallery.EXAMPLES[0])).attention(3, 1)
    # In the first model “animal” is token 2, in the other a run of byte-level pairs.
    start = TEXT.index("animal")
    held = [
        n
        for n, (low, high) in enumerate(other.tokens.spans)
        if start <= low and high <= start + len("animal")
    ]
    assert len(held) > 1
    block = other.attention(1, 1)[np.ix_(held, held)].sum(1).mean()
    hover(page, 2, 2, 0)
    assert values(page) == pytest.approx([own[2, 2], block, own[2, 2] - block], abs=1e-5)
    expect(page).to_have_url(re.compile("panes=3.1%2C1.1.0.1"))
    address = page.url
    # Somebody else is asked before this model is loaded.
    stranger = page.context.browser.new_context(viewport=page.viewport_size)
    visit = stranger.new_page()
    visit.goto(address)
    visit.set_default_timeout(60_000)
    consent = visit.get_by_role("button", name="Load this model")
    expect(consent).to_be_visible()
    expect(visit.get_by_test_id("stage")).to_have_count(0)
    consent.click()
    hover_when_there(visit)
    assert values(visit) == pytest.approx([own[2, 2], block, own[2, 2] - block], abs=1e-5)
    stranger.close()


def hover_when_there(page: Page) -> None:
    expect(page.locator(".av-plot")).to_have_count(3)
    at_rest(page)
    hover(page, 2, 2, 0)


def test_heads_are_added_stepped_alone_and_removed_by_keyboard(page: Page):
    page.goto("/compare")
    expect(page.locator(".av-plot")).to_have_count(3)
    page.get_by_role("button", name="Another head").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".av-plot")).to_have_count(4)
    expect(page).to_have_url(re.compile(r"panes=3.1%2C3.1.1%2C3.2.1$"))
    step = page.get_by_role("button", name="Next head of C")
    step.focus()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"panes=3.1%2C3.1.1%2C3.3.1$"))
    expect(step).to_be_focused()
    at_rest(page)
    maps = [
        open_capture(gallery.capture_path(each)).attention(3)
        for each in (gallery.EXAMPLES[0], gallery.changed_example())
    ]
    page.locator(".av-plot").nth(2).scroll_into_view_if_needed()
    hover(page, 10, 2, 2)
    expected = [maps[0][1, 10, 2], maps[1][1, 10, 2], maps[1][3, 10, 2]]
    assert values(page) == pytest.approx([*expected, expected[0] - expected[1]], abs=1e-5)
    page.get_by_role("button", name="Remove B").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".av-plot")).to_have_count(3)
    page.reload()
    expect(page.get_by_text("Difference: A minus B")).to_be_visible()
    expect(page.get_by_role("combobox", name="Head of B")).to_have_value("3")


def test_another_text_begins_as_a_copy(page: Page):
    page.goto("/compare?text=The cat sat.")
    expect(page.locator(".av-plot")).to_have_count(3)
    add(page, "Another text")
    box = page.get_by_role("dialog").get_by_label("Text")
    expect(box).to_have_value("The cat sat.")
    box.fill("The dog sat.")
    show(page)
    expect(page.locator(".av-plot")).to_have_count(3)
    expect(page).to_have_url(re.compile("pair=The%20dog%20sat.|pair=The[+]dog[+]sat."))


def test_four_panes_on_a_phone_stand_below_each_other(page: Page):
    page.set_viewport_size(PHONE)
    page.goto("/compare?panes=0.0,1.1,2.2.1,3.3.1")
    expect(page.locator(".av-plot")).to_have_count(5)
    for scheme in ("light", "dark"):
        in_theme(page, scheme)
        tops = [page.locator(".av-plot").nth(n).bounding_box()["y"] for n in range(5)]
        assert tops == sorted(tops)
        assert len(set(tops)) == 5
        assert fits(page)

"""BertViz's own views in the real app: they draw without a network, follow the theme, and lead to our own views.

The `page` fixture adds, after each test, that no error was logged, no dialog opened, no foreign host asked.
"""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import quote_plus

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from attnviz.capture import open_capture
from attnviz.runtime import gallery
from tests.browser.app import PHONE, fits

pytestmark = pytest.mark.browser

HOSTILE = "</script><script>parent.postMessage(1)</script> <!--<script> <img src=x onerror=alert(1)> cat"
FRAME = "iframe.av-document"


def drawn(page: Page, count: int) -> None:
    expect(page.frame_locator(FRAME).locator("svg line")).to_have_count(count)


def test_the_head_view_draws_what_the_engine_says_and_leads_to_our_lines(page: Page):
    page.goto("/bertviz?layer=5&head=2")
    drawn(page, 12 * 16 * 16)
    capture = open_capture(gallery.capture_path(gallery.EXAMPLES[0]))
    lines = page.frame_locator(FRAME).locator("#attention line")
    shown = lines.evaluate_all("all => all.map((line) => Number(line.getAttribute('stroke-opacity')))")
    np.testing.assert_allclose(np.reshape(shown, (12, 16, 16)) * 12, capture.attention(5), rtol=1e-6)
    page.get_by_role("link", name="The same as lines on the Attention page").click()
    expect(page).to_have_url(re.compile(r"/attention\?layer=5&head=2&form=lines$"))
    expect(page.get_by_role("heading", name="Layer 5, head 2")).to_be_visible()


def test_the_model_view_opens_a_head_and_leads_to_ours(page: Page):
    page.goto("/bertviz")
    page.get_by_text("Model view", exact=True).click()
    expect(page).to_have_url(re.compile(r"/bertviz\?document=model$"))
    drawn(page, 72 * 16 * 16)
    page.frame_locator(FRAME).locator("svg g > rect:last-child").nth(3 * 12 + 1).click()
    expect(page.frame_locator(FRAME).get_by_text("Layer 3, Head 1")).to_be_visible()
    page.get_by_role("link", name="The same on the page of all heads").click()
    expect(page).to_have_url(re.compile(r"/heads$"))


def test_a_hostile_text_stays_text_in_a_frame_without_an_origin(page: Page):
    page.goto(f"/bertviz?text={quote_plus(HOSTILE)}")
    frame = page.locator(FRAME)
    expect(frame).to_have_attribute("sandbox", "allow-scripts")
    expect(page.frame_locator(FRAME).locator("svg line").first).to_be_attached()
    inner = frame.element_handle().content_frame()
    assert inner.evaluate("[origin, document.images.length]") == ["null", 0]
    assert "script" in page.frame_locator(FRAME).locator("#left").text_content()


def test_the_frame_follows_the_theme_while_the_page_is_open(page: Page):
    page.emulate_media(color_scheme="light")
    page.goto("/bertviz")
    expect(page.frame_locator(FRAME).locator("html")).to_have_attribute("data-theme", "light")
    page.emulate_media(color_scheme="dark")
    expect(page.frame_locator(FRAME).locator("html")).to_have_attribute("data-theme", "dark")
    drawn(page, 12 * 16 * 16)


def test_the_saved_page_is_the_one_in_the_frame(page: Page):
    page.goto("/bertviz?document=model")
    drawn(page, 72 * 16 * 16)
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Save as a web page").click()
    assert waiting.value.suggested_filename == "minilm-the-animal-didn-t-cross-the-street-becau.html"
    saved, framed = Path(waiting.value.path()).read_text("utf-8"), page.locator(FRAME).get_attribute("srcdoc")
    assert framed is not None
    whole, end = framed.rsplit("</body>", 1)
    assert saved.startswith(whole), "and behind it how it was made"
    assert saved.endswith(f"</body>{end}")
    assert "How this was made" in saved[len(whole) :]


@pytest.mark.parametrize("view", ["head", "model"])
def test_on_a_phone_the_frame_scrolls_and_the_page_does_not(page: Page, view):
    page.set_viewport_size(PHONE)
    page.goto(f"/bertviz?document={view}")
    expect(page.frame_locator(FRAME).locator("svg line").first).to_be_attached()
    assert fits(page)
    inside = page.frame_locator(FRAME).locator("body")
    wanted, given = inside.evaluate("node => [node.offsetHeight, document.documentElement.clientHeight]")
    assert wanted <= given

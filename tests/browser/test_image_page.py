"""A walk through pictures: the digit that comes along, a patch, heads, layers, the label, a patch covered, a paste."""

from __future__ import annotations

import base64
import io
import re

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from tests.browser.app import PHONE, at_rest, fits_in_light_and_dark, saved
from tests.browser.axe import check_light_and_dark

pytestmark = [pytest.mark.browser, pytest.mark.slow]
PASTE = """(box, data) => {
  const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
  const clipboard = new DataTransfer();
  clipboard.items.add(new File([bytes], "pasted.png", { type: "image/png" }));
  box.dispatchEvent(new ClipboardEvent("paste", { clipboardData: clipboard, bubbles: true, cancelable: true }));
}"""


def png() -> str:
    file = io.BytesIO()
    pixels = np.random.default_rng(2).integers(0, 256, (40, 40, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(file, "PNG")
    return base64.b64encode(file.getvalue()).decode()


def test_look_choose_explain_cover_and_take_away(page: Page):
    page.goto("/image")
    caption = page.get_by_test_id("caption")
    expect(caption).to_contain_text("From [CLS]: attention, layer 3, mean of all 4 heads", timeout=60_000)
    stage = page.get_by_test_id("stage")
    box = stage.locator("canvas").bounding_box()
    page.mouse.click(box["x"] + box["width"] * 0.6, box["y"] + box["height"] * 0.6)
    expect(caption).to_contain_text("From row 3, column 3")
    assert "held=q11" in page.url
    page.get_by_role("button", name="Head 1, layer 3").click()
    expect(caption).to_contain_text("layer 3, head 1")
    page.get_by_role("button", name="Head 1, layer 3").press("ArrowUp")
    expect(caption).to_contain_text("layer 2, head 1")
    expect(page).to_have_url(re.compile("layer=2"))
    page.reload()
    expect(caption).to_contain_text("From row 3, column 3: attention, layer 2, head 1", timeout=30_000)
    bare = saved(page, "Save as a web page").read_text("utf-8")
    page.get_by_text("Files, pins and reports may hold").click()
    at_rest(page)
    with_picture = saved(page, "Save as a web page").read_text("utf-8")
    assert len(with_picture) > len(bare)
    page.get_by_text("What made the label").click()
    expect(page.get_by_text("The model says 3")).to_be_visible()
    expect(caption).to_contain_text("Integrated gradients")
    stage.focus()
    for key in ("ArrowRight", "ArrowRight", "Enter"):
        page.keyboard.press(key)
    expect(page.locator(".st-key-covered_patches")).to_contain_text("Without this patch the score of")
    assert "covered=1" in page.url
    check_light_and_dark(page)
    page.set_viewport_size(PHONE)
    fits_in_light_and_dark(page)


def test_a_picture_is_pasted(page: Page):
    page.goto("/image")
    expect(page.get_by_text("A picture of 8 x 8 pixels")).to_be_visible(timeout=60_000)
    page.get_by_role("button", name="Change picture").click()
    field = page.locator(".st-key-entry_pasted textarea")
    field.evaluate(PASTE, png())
    expect(page.get_by_text("pasted.png")).to_be_visible()
    expect(page.get_by_test_id("stChatInputSubmitButton")).to_be_enabled()  # the file has arrived
    field.press("Enter")
    expect(page.get_by_text("A picture of 40 x 40 pixels")).to_be_visible()
    assert "image=" in page.url

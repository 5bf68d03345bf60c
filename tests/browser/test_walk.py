"""One visitor's way through the app: first picture, a text of her own, heads, pages, the address and the back button.

The `page` fixture adds, after each test, that no error was logged, no dialog opened, no foreign host asked.
"""

from __future__ import annotations

import re

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from attnviz.web.controls.attention import START
from attnviz.web.shell.site import SITE
from tests.browser.app import PHONE, at_rest, drawn, fits, text_box, type_text
from tests.figures.pointer import cell_of, hover, value

pytestmark = pytest.mark.browser

TEXT = "The cat sat on the mat."
# Looks at every change of the page from its first moment on.
FLASHES = """
window.flashes = [];
new MutationObserver(() => {
  const text = document.body ? document.body.innerText : "";
  if (/not found|does not seem to exist/i.test(text)) window.flashes.push(text.slice(0, 300));
}).observe(document, { childList: true, subtree: true, characterData: true });
"""


@pytest.fixture(scope="module")
def engine(model):
    """The attention of a head, computed in this process, by the same engine and from the same weights."""
    return lambda text, layer, head: model.capture(text).attention(layer, head)


def shown_head(page: Page, layer: int, head: int) -> None:
    drawn(page)
    expect(page.get_by_label("Layer", exact=True).locator("select")).to_have_value(str(layer))
    expect(page.get_by_label("Head", exact=True).locator("select")).to_have_value(str(head))
    expect(page.get_by_role("heading", name=f"Layer {layer}, head {head}")).to_be_visible()


def test_the_first_picture_is_the_stored_example(page: Page):
    page.goto("/")
    shown_head(page, *START)
    expect(page.locator(".st-key-shown_text, [data-testid=sentence]:visible")).to_contain_text(
        "The animal didn't cross the street"
    )
    expect(page.get_by_text("Attention shows where the model looked, not why it decided.")).to_be_visible()


def test_a_text_of_her_own_and_the_engines_numbers(page: Page, engine):
    page.goto("/")
    shown_head(page, *START)
    type_text(page, TEXT)
    expect(page).to_have_url(re.compile(r"\?text=The\+cat\+sat\+on\+the\+mat\.$"))
    shown_head(page, *START)
    hover(page, 2, 6)
    assert value(page) == pytest.approx(engine(TEXT, *START)[2, 6], abs=1e-6)

    page.get_by_role("button", name="Next head").click()
    shown_head(page, START[0], START[1] + 1)
    expect(page).to_have_url(re.compile(rf"layer={START[0]}&head={START[1] + 1}$"))
    hover(page, 5, 1)
    truth = engine(TEXT, START[0], START[1] + 1)[5, 1]
    assert value(page) == pytest.approx(truth, abs=1e-6)
    assert isinstance(value(page), np.float32)


def test_a_reload_shows_what_the_address_names(page: Page):
    page.goto(f"/attention?text={TEXT.replace(' ', '+')}&layer=2&head=5&unit=word")
    shown_head(page, 2, 5)
    page.reload()
    shown_head(page, 2, 5)
    expect(page.get_by_test_id("sentence")).to_contain_text(TEXT)
    expect(text_box(page)).to_have_value(TEXT)
    expect(page.get_by_role("button", name="Words: take back")).to_be_visible()


def test_the_back_button_takes_back_step_by_step(page: Page):
    page.goto(f"/attention?text={TEXT.replace(' ', '+')}")
    shown_head(page, *START)
    page.get_by_role("button", name="Next layer").click()
    shown_head(page, START[0] + 1, START[1])
    expect(page).to_have_url(re.compile("layer="))
    at_rest(page)
    page.get_by_role("link", name="All heads").click()
    expect(page.get_by_role("heading", name="All heads")).to_be_visible()
    expect(page).to_have_url(re.compile(r"/heads\?text="))
    page.go_back()
    shown_head(page, START[0] + 1, START[1])
    expect(page).to_have_url(re.compile(r"/attention\?text=.*layer="))
    page.go_back()
    shown_head(page, *START)
    assert "layer" not in page.url
    page.go_forward()
    shown_head(page, START[0] + 1, START[1])
    expect(page.locator(".st-key-shown_text, [data-testid=sentence]:visible")).to_contain_text(TEXT)


def test_a_thumbnail_opens_its_head_in_place_and_on_its_page(page: Page, engine):
    page.goto(f"/heads?text={TEXT.replace(' ', '+')}")
    page.get_by_role("button", name="Layer 4, head 9", exact=True).click()
    expect(page).to_have_url(re.compile(r"&open=4\.9$"))
    expect(page.get_by_test_id("detail")).to_have_attribute("aria-busy", "false")
    page.mouse.move(*cell_of(page, 2, 4))
    said = page.get_by_test_id("detail-readout")
    truth = engine(TEXT, 4, 9)[2, 4]
    assert float(said.get_attribute("data-value") or "nan") == pytest.approx(truth, abs=1e-6)
    page.reload()
    expect(page.get_by_test_id("detail")).to_be_visible()
    page.get_by_role("button", name="Open on the Attention page").click()
    expect(page).to_have_url(re.compile(r"/attention\?text=The\+cat\+sat\+on\+the\+mat\.&layer=4&head=9$"))
    shown_head(page, 4, 9)
    page.go_back()
    expect(page.get_by_role("heading", name="All heads")).to_be_visible()
    expect(page.get_by_role("button", name="Layer 4, head 9", exact=True)).to_be_visible()


def test_marked_heads_stand_side_by_side(page: Page):
    page.goto("/heads")
    page.get_by_role("checkbox", name="Mark heads to compare").check()
    for head in (2, 5):
        page.get_by_role("button", name=f"Layer 0, head {head}", exact=True).click()
    expect(page).to_have_url(re.compile(r"layer=0%2C0&head=2%2C5$"))
    expect(page.get_by_role("heading", name="Side by side")).to_be_visible()
    expect(page.locator(".av-panes .av-plot").first).to_be_visible()


def test_the_text_is_explained(page: Page):
    page.goto("/attribution?text=A+cat.&pair=A+kitten+sleeps.")
    expect(page.get_by_test_id("bars1")).to_be_visible()
    expect(page.get_by_text("the sum checks").first).to_be_visible()
    page.get_by_text("Leave one out", exact=True).click()
    expect(page).to_have_url(re.compile("method=leave-one-out$"))
    expect(page.get_by_text("do not claim to add up").first).to_be_visible()


def test_on_a_phone_the_text_is_within_reach(page: Page):
    page.set_viewport_size(PHONE)
    page.goto("/")
    drawn(page)
    type_text(page, TEXT)
    expect(page.get_by_role("textbox", name="Text", exact=True)).not_to_be_visible()
    assert fits(page)


# The page that needs most, and the one that needs no text: what differs between the other pages is only which
# modules come first, and tests/test_repository.py imports each of them into a fresh process.
@pytest.mark.parametrize(
    "entry", [each for each in SITE if each.name in ("attribution", "report")], ids=lambda each: each.name
)
def test_the_first_deep_link_of_a_fresh_server_shows_its_page_in_the_frame(page: Page, fresh_server, entry):
    fresh = fresh_server()
    page.add_init_script(FLASHES)
    page.goto(f"{fresh.url}/{entry.name}?text=A+cat.&pair=A+dog.")
    expect(page.get_by_role("heading", name=entry.title, exact=True)).to_be_visible()
    expect(page.get_by_role("link", name="Attention", exact=True)).to_be_visible()
    at_rest(page)
    assert "Something went wrong" not in page.inner_text("body")
    assert page.evaluate("flashes") == []
    page.close()  # a page that outlives its server logs that it is gone
    fresh.stop()


def test_the_app_lives_in_a_folder(page: Page, fresh_server):
    """`server.baseUrlPath`, as behind a proxy: the first document and a deep link find their server."""
    server = fresh_server(STREAMLIT_SERVER_BASE_URL_PATH="lab/viz")
    for address in ("/lab/viz/", "/lab/viz/heads"):
        page.goto(server.url + address)
        expect(page.locator("canvas").first).to_be_visible()

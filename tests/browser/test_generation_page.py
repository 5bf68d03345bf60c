"""A text written in the browser by a real model: play, stop, step, another way, back, and the link that reopens it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote_plus

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.app import PHONE, at_rest, fits, saved
from tests.browser.axe import check_light_and_dark
from tests.browser.serve import Server
from tests.fetched import fetched

pytestmark = pytest.mark.browser

ADDRESS = "/generation?model=smollm2&text=The+capital+of+France+is"


@pytest.fixture(scope="module")
def server(fresh_server) -> Server:
    """The app with the fetched models of this machine; the tests are skipped where there are none."""
    return fresh_server(ATTNVIZ_MODEL_CACHE=str(fetched("smollm2").parent), ATTNVIZ_WARM="0")


@pytest.fixture(scope="module")
def context(browser: Browser, server: Server) -> Iterator[BrowserContext]:
    context = browser.new_context(
        viewport={"width": 1280, "height": 900}, locale="en-US", base_url=server.url, accept_downloads=True
    )
    context.new_page().goto(server.health)
    yield context
    context.close()


def opened(page: Page, address: str = ADDRESS) -> None:
    page.goto(address)
    expect(page.get_by_test_id("candidates")).to_be_visible()
    at_rest(page)


def written(page: Page) -> list[str]:
    return page.locator(".av-written").all_inner_texts()


def test_step_branch_back_and_reopen_from_the_link(page: Page):
    opened(page)
    expect(page.get_by_test_id("sentence")).to_contain_text("Step 1, to come")
    page.get_by_role("button", name="Step", exact=True).click()
    expect(page.locator(".av-written")).to_have_text([" Paris"])
    at_rest(page)
    page.get_by_role("button", name="Step", exact=True).click()
    expect(page.locator(".av-written")).to_have_count(2)
    at_rest(page)
    trunk = written(page)

    page.locator(".av-written").first.click()
    expect(page.get_by_test_id("sentence")).to_contain_text("Step 1: “")
    at_rest(page)
    other = page.get_by_test_id("candidates").get_by_role("button").nth(1)
    name = other.inner_text()
    other.click()
    expect(page.locator(".av-written")).to_have_count(1)
    expect(page.locator(".av-written")).to_have_text([name], use_inner_text=True)
    expect(page.locator(".av-branch")).to_have_count(2)
    at_rest(page)
    page.locator(".av-beside").click()
    expect(page.get_by_test_id("compared")).to_be_visible()
    at_rest(page)
    address = page.url

    page.locator(".av-branch button").first.click()
    expect(page.locator(".av-written")).to_have_count(2)
    at_rest(page)
    assert written(page) == trunk, "nothing that was written is lost"
    page.get_by_role("button", name="Back", exact=True).click()
    expect(page.get_by_test_id("sentence")).to_contain_text("Step 2: “")
    at_rest(page)

    page.goto("about:blank")
    opened(page, address)
    expect(page.locator(".av-branch")).to_have_count(2)
    expect(page.get_by_test_id("compared")).to_be_visible()
    expect(page.locator(".av-written")).to_have_text([name], use_inner_text=True)
    document = Path(saved(page, "Save as a web page")).read_text("utf-8")
    assert "av-writing" in document
    check_light_and_dark(page)


def test_a_question_is_answered_from_a_passage_and_a_chat_goes_on(page: Page):
    passage = "The lighthouse on Gull Island was built in 1874. It was painted green during the war."
    opened(
        page,
        f"/generation?model=smollm2&text={quote_plus(passage)}&mode=question&question=Which+colour+is+it%3F",
    )
    page.get_by_text("32", exact=True).click()
    at_rest(page)
    page.locator(".av-next").focus()
    page.keyboard.press("Space")
    expect(page.get_by_test_id("sources")).to_be_visible()
    at_rest(page)
    green = page.locator(".av-written", has_text="green").first
    green.hover()
    expect(page.get_by_test_id("readout")).to_have_text(re.compile("read from “.?green"))
    expect(page.locator(".av-source")).to_have_text("green", use_inner_text=True)
    expect(page.locator(".av-tracing .av-note")).to_contain_text("an even spread would hit")

    page.get_by_text("Chat", exact=True).click()
    expect(page.locator(".av-written")).to_have_count(0)
    at_rest(page)
    page.get_by_role("radio", name="8", exact=True).check(force=True)
    page.get_by_role("button", name="Play 8 tokens").click()
    expect(page.locator(".av-written")).to_have_count(8)
    at_rest(page)
    page.get_by_label("Your reply").fill("Why <b>green</b>?")
    page.get_by_role("button", name="Send").click()
    expect(page.locator(".av-writing .av-prose")).to_contain_text("Why <b>green</b>?")
    expect(page.locator(".av-written")).to_have_count(0)
    assert "turns=" in page.url


def test_play_streams_and_stops_and_keeps_what_was_written(page: Page):
    opened(page, "/generation?model=smollm2&text=Once+upon+a+time%2C+there+was")
    page.get_by_text("128", exact=True).click()
    page.get_by_role("button", name="Play 128 tokens").click()
    expect(page.get_by_text(re.compile(r"Writing: [1-9]\d* of 128 tokens"))).to_be_visible()
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_role("button", name="Stop")).to_have_count(0)
    at_rest(page)
    count = len(written(page))
    assert 1 <= count < 128
    assert "written=" in page.url


def test_the_text_is_walked_by_the_keyboard_and_fits_a_phone(page: Page):
    opened(page, f"{ADDRESS}&written=5fm.u")
    page.set_viewport_size(PHONE)
    at_rest(page)
    assert fits(page)
    first = page.locator(".av-writing [data-at]").first
    first.focus()
    for _ in range(2):
        page.keyboard.press("ArrowRight")
    expect(page.get_by_test_id("readout")).to_contain_text("attention")
    page.keyboard.press("End")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("sentence")).to_contain_text("Step 2: “")
    page.get_by_label("Hide the first token").uncheck()
    expect(page.locator(".av-writing .av-legend-text")).not_to_contain_text("is hidden")

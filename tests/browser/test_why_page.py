"""From a held cell to the reason, on to the heads that wrote it and their tokens, and back; files; on a phone."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.app import PHONE, at_rest, drawn, fits, saved
from tests.browser.axe import check_light_and_dark

pytestmark = pytest.mark.browser
TITLES = ".av-whytitles"


def test_from_a_held_cell_to_a_leaf_and_back(page: Page):
    page.goto("/attention?layer=3&head=1&held=q10,k2")
    drawn(page)
    page.get_by_role("link", name="Why does layer 3, head 1 look there?").click()
    expect(page.locator(TITLES)).to_contain_text("animal")
    at_rest(page)
    assert "/why?" in page.url
    first = page.url
    expect(page.locator(".st-key-why_reason")).to_contain_text("looks at “animal”")
    # On to a head that wrote the key's stream, and from it again, until only embeddings are left.
    way = [first]
    while True:
        heads = page.locator(".av-whyside1 .av-whypart:not([aria-pressed])")
        if not heads.count() or len(way) > 6:
            break
        before = page.url
        heads.last.click()
        page.wait_for_url(lambda url: url != before)  # noqa: B023
        at_rest(page)
        way.append(page.url)
    assert re.search(r"layer=0(&|$)", page.url), "nothing but embeddings is before layer 0"
    names = page.locator(".av-whypart .av-whyname").all_inner_texts()
    assert names
    assert not any(name.startswith("head") for name in names)
    for address in reversed(way[:-1]):
        page.go_back()
        page.wait_for_url(lambda url: url == address)  # noqa: B023
    at_rest(page)
    expect(page.locator(TITLES)).to_contain_text("animal")

    document = Path(saved(page, "Save as a web page")).read_text("utf-8")
    assert "av-why" in document
    page.locator(".av-menu > summary", has_text="Download").click()
    with page.expect_download() as caught:
        page.get_by_role("button", name="JSON graph").click()
    assert json.loads(Path(caught.value.path()).read_text())["links"]
    page.set_viewport_size(PHONE)
    at_rest(page)
    assert fits(page)
    page.locator(".av-whypart").first.focus()
    page.keyboard.press("ArrowDown")
    expect(page.get_by_test_id("readout")).to_contain_text("stream at")
    check_light_and_dark(page)

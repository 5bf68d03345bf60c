"""The report, walked: pin what two pages show, put it together, save it, and open it from disk without a network."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import quote_plus

import pytest
from playwright.sync_api import Browser, Page, expect

import attnviz
from attnviz.explanation.evaluation import verdict
from tests.browser.app import at_rest
from tests.browser.axe import check_light_and_dark
from tests.browser.conftest import WIDE, Watch
from tests.figures.pointer import hover, value

pytestmark = pytest.mark.browser

TEXT, OTHER = "A man is playing a guitar on the stage.", "Somebody performs music with a guitar."
NOTE = "</script><script>injected=1</script> <img src=x onerror=injected=1> \"'&"


def pin(page: Page, said: str) -> None:
    page.get_by_role("button", name="Pin to report").click()
    expect(page.get_by_text(said).first).to_be_visible()
    at_rest(page)


def filled(page: Page, label: str, text: str) -> None:
    """Type into a box and leave it; done when the page has drawn what it holds."""
    page.get_by_label(label, exact=True).fill(text)
    page.keyboard.press("Tab")
    at_rest(page)


def test_pinned_figures_make_a_report_with_the_numbers_of_the_page(page: Page, browser: Browser, model):
    page.goto(f"/attribution?text={quote_plus(TEXT)}&pair={quote_plus(OTHER)}")
    test = attnviz.faithfulness(model, attnviz.explain(model, TEXT, pair=OTHER))
    headline = verdict.headline(test)
    expect(page.get_by_text(headline)).to_be_visible()
    pin(page, "Pinned to the report: 1 of at most 20.")
    pin(page, "This is in the report already, as number 1.")
    page.get_by_role("link", name="Attention", exact=True).click()
    expect(page.get_by_test_id("stage")).to_have_attribute("aria-busy", "false")
    at_rest(page)
    hover(page, 3, 4)
    weight = value(page)
    pin(page, "Pinned to the report: 2 of at most 20.")
    page.get_by_role("link", name=re.compile("^Report")).click()
    expect(page.get_by_text(headline)).to_be_visible()
    filled(page, "Title of the report", "Why alike?")
    filled(page, "Note on figure 1", NOTE)
    expect(page.get_by_label("Note on figure 1", exact=True)).to_have_value(NOTE)
    page.get_by_role("button", name="Down", exact=True).first.click()
    expect(
        page.get_by_role("heading", name="2. Similarity of two texts, Integrated gradients")
    ).to_be_visible()
    at_rest(page)
    with page.expect_download() as caught:
        page.get_by_role("button", name="Download report").click()
    path = Path(caught.value.path()).rename(Path(caught.value.path()).with_name("report.html"))

    context = browser.new_context(viewport=WIDE, offline=True)
    seen = Watch()
    seen.attach(context)
    sheet = context.new_page()
    sheet.goto(path.as_uri())
    expect(sheet.get_by_role("heading", name="Why alike?")).to_be_visible()
    assert sheet.locator("#summary").get_by_text(headline).count() == 1
    explained = sheet.locator("#pin-2")
    expect(explained.locator(".note")).to_have_text(NOTE)
    numbers = explained.locator("table.numbers").first
    for said in (test.value, test.without_words, test.comprehensiveness, test.sufficiency):
        expect(numbers).to_contain_text(f"{said:.3f}".replace("-", "−"))
    expect(explained.get_by_test_id("bars0")).to_be_visible()
    hover(sheet, 3, 4)
    read = float(sheet.locator("#pin-1").get_by_test_id("readout").get_attribute("data-value") or "nan")
    assert read == weight == pytest.approx(model.capture(TEXT).attention(3, 1)[3, 4], abs=1e-6)
    link = sheet.locator("#pin-2 .link a")
    assert (link.get_attribute("href") or "").startswith(f"{page.url.split('/report')[0]}/attribution?")
    assert sheet.evaluate("globalThis.injected ?? null") is None
    assert (seen.errors, seen.dialogs, seen.hosts) == ([], [], {""})
    address = link.get_attribute("href")
    context.close()
    page.goto(address)
    expect(page.get_by_text(headline)).to_be_visible()


def test_a_removed_figure_comes_back_and_a_reload_is_announced(page: Page):
    page.goto("/heads?text=A+cat.")
    pin(page, "Pinned to the report")
    page.get_by_role("link", name=re.compile("^Report")).click()
    expect(page.get_by_text("are kept in this browser")).to_be_visible()
    expect(page.locator(".stToast")).to_have_count(0)  # Streamlit's own has no name
    check_light_and_dark(page)
    page.get_by_role("button", name="Remove", exact=True).click()
    expect(page.get_by_text("Nothing is pinned yet")).to_be_visible()
    page.get_by_role("button", name="Put back what was removed").click()
    expect(page.get_by_role("heading", name="1. All heads")).to_be_visible()
    page.get_by_role("link", name="Open it again").click()
    expect(page.get_by_role("button", name="Layer 5, head 11", exact=True)).to_be_visible()
    assert "text=A+cat." in page.url

"""What a change led to, saved from the real app and opened from disk without a network: the same numbers as in code."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.app import at_rest, saved
from tests.browser.conftest import WIDE, Watch
from tests.figures.pointer import csv_rows, download

pytestmark = pytest.mark.browser

TEXT, OTHER = "The waiter was rude.", "The service is <b>impolite</b> & slow."
PARAMS = "text=The+waiter+was+rude.&pair=The+service+is+<b>impolite</b>+%26+slow."


@pytest.fixture
def sheet(page: Page, browser: Browser) -> Iterator[Callable[[str], Page]]:
    """`sheet(address)` saves that page of the app and opens the file offline; it may ask nobody for anything."""
    context = browser.new_context(viewport=WIDE, offline=True, accept_downloads=True)
    seen = Watch()
    seen.attach(context)

    def opened(address: str) -> Page:
        page.goto(address)
        expect(page.get_by_role("button", name="Save as a web page")).to_be_visible()
        at_rest(page)
        path = saved(page, "Save as a web page")
        found = context.new_page()
        found.goto(path.as_uri())
        return found

    yield opened
    context.close()
    assert (seen.errors, seen.dialogs, seen.hosts) == ([], [], {""})


def cells(page: Page, table: int) -> list[list[str]]:
    rows = page.locator(".av-found").nth(table).locator("tbody tr")
    return [row.locator("th, td").all_inner_texts() for row in rows.all()]


def test_the_grid_of_heads_goes_along_with_its_sentence_and_numbers(sheet, model):
    from attnviz.explanation import ablate, head_importance

    page = sheet(f"/ablation?{PARAMS}&target=label-prompt&off=2.5,3.*")
    found = ablate(model, TEXT, [(2, 5)], "label-prompt", layers=[3])
    importance = head_importance(model, TEXT, "label-prompt")
    sentence = page.get_by_test_id("sentence")
    expect(sentence).to_have_text(
        f"Without layer 2 head 5 and all heads of layer 3 the lead of “complaint” over “praise” "
        f"{'falls' if found.after < found.before else 'rises'} from {found.before:.3f} to {found.after:.3f}.".replace(
            "-", "−"
        )
    )
    numbers = [["all heads", f"{found.before:.3f}"], ["changed", f"{found.after:.3f}".replace("-", "−")]]
    assert cells(page, 0) == numbers
    before, after = (dict(each) for each in (found.outcomes_before, found.outcomes_after))
    for name, *shown in cells(page, 1):
        assert shown[:2] == [f"{each[name]:.3f}".replace("-", "−") for each in (before, after)]
    head = page.get_by_role("button", name="Layer 2, head 5: ")
    expect(head).to_have_attribute("aria-pressed", "true")
    head.click()
    expect(head).to_have_attribute("aria-pressed", "true")  # there is no model to ask
    _, content = download(page, "CSV of all heads")
    rows = csv_rows(content)[1:]
    found_values = np.array([float(row[2]) for row in rows], np.float32)
    np.testing.assert_allclose(found_values, importance.values.ravel(), atol=1e-6)
    assert sum(row[3] == "yes" for row in rows) == 13


def test_the_changed_words_go_along(sheet, model):
    from attnviz.explanation import without

    page = sheet(f"/ablation?{PARAMS}&part=text&edits=2:h4")
    found = without(model, TEXT, [4], pair=OTHER, side=1)
    assert found.words == ("<",)
    expect(page.get_by_test_id("sentence")).to_have_text(
        f"Without “<” the similarity {'falls' if found.after < found.before else 'rises'} "
        f"from {found.before:.2f} to {found.after:.2f}."
    )
    assert cells(page, 0) == [["as it was", f"{found.before:.3f}"], ["changed", f"{found.after:.3f}"]]
    expect(page.get_by_text("What is taken away is hidden by the attention mask;")).to_be_visible()
    expect(page.locator(".av-chip[data-way='attention-mask']")).to_have_count(1)
    expect(page.get_by_role("button", name="Put all words back")).to_have_count(0)

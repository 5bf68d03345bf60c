"""The figure "allocation" in Chromium: its bars, its table of heads, the keyboard and its file, against the numbers."""

import csv
import io

import numpy as np
import pytest

from attnviz.analysis.allocation import Allocation
from attnviz.figures.messages.allocation import allocation_data
from tests.figures.conftest import HOSTILE

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def shares():
    """2 layers of 3 heads, all tokens and two groups, over three groups of keys."""
    values = np.random.default_rng(0).dirichlet([1, 1, 1], (2, 3, 3)).astype(np.float32)
    even = np.full((3, 3), 1 / 3, np.float32)
    titles = ("first token", "function words", "content words")
    return Allocation(titles, ("One.", "Two.", "Three."), ("all tokens", *HOSTILE[:2]), values, even)


ROWS = """rows => rows.map((row) => [
  row.querySelector("th").textContent,
  ...Array.from(row.querySelectorAll(".av-part"), (part) => Number(part.dataset.value)),
])"""


def bars(page):
    return page.get_by_test_id("stacks").locator("tr").evaluate_all(ROWS)


def test_bars_are_means_over_heads(figure, shares):
    page = figure("allocation", allocation_data(shares))
    found = bars(page)
    assert [row[0] for row in found] == ["whole model", "layer 0", "layer 1", "evenly spread"]
    np.testing.assert_allclose(found[0][1:], shares.shares[:, :, 0].mean((0, 1)), atol=1e-6)
    np.testing.assert_allclose(found[2][1:], shares.shares[1, :, 0].mean(0), atol=1e-6)
    page.get_by_label("Who looks").select_option("2")
    np.testing.assert_allclose(bars(page)[1][1:], shares.shares[0, :, 2].mean(0), atol=1e-6)
    page.get_by_label("Bars").select_option("1")
    assert [row[0] for row in bars(page)] == ["layer 1", "head 0", "head 1", "head 2", "evenly spread"]
    np.testing.assert_allclose(bars(page)[3][1:], shares.shares[1, 2, 2], atol=1e-6)


def test_the_table_follows_the_chosen_group_by_keyboard_and_opens_a_head(figure, shares):
    page = figure("allocation", allocation_data(shares))
    page.get_by_role("radio").first.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    assert page.get_by_role("radio", checked=True).inner_text().startswith("content words")
    cell = page.get_by_role("button", name="Layer 1, head 2: share on content words")
    assert cell.inner_text() == str(round(100 * float(shares.shares[1, 2, 0, 2])))
    page.get_by_role("button", name="Layer 0, head 2").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    assert page.evaluate("events") == [["open", {"layer": 1, "head": 2}]]


def test_the_csv_holds_every_head_and_group(figure, shares):
    page = figure("allocation", allocation_data(shares))
    page.get_by_text("Download").click()
    with page.expect_download() as download:
        page.get_by_text("CSV of all heads").click()
    rows = list(csv.reader(io.StringIO(download.value.path().read_text("utf-8-sig"))))
    assert len(rows) == 1 + 2 * 3 * 3 + 3
    np.testing.assert_allclose(np.float32(rows[1 + 3 * 4 + 1][3:]), shares.shares[1, 1, 1], rtol=0)


@pytest.mark.parametrize("item", ["PNG picture", "SVG drawing"])
def test_pictures_can_be_taken_away(figure, shares, item):
    page = figure("allocation", allocation_data(shares), theme="dark")
    page.get_by_text("Download").click()
    with page.expect_download() as download:
        page.get_by_text(item).click()
    assert download.value.path().stat().st_size > 1000


def test_on_a_phone_nothing_is_wider_than_the_screen(figure, shares):
    page = figure("allocation", allocation_data(shares), width=390)
    assert page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0

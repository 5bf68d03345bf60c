"""The figure "switches" in Chromium: clicks, whole layers, the keyboard, heads that are not there, and the files."""

import csv
import io

import numpy as np
import pytest

from attnviz.figures import switches_data
from tests.figures.conftest import HOSTILE

pytestmark = pytest.mark.browser

VALUES = np.array([[0.25, -0.5, 0.0001], [0.125, 0.0, np.nan]], np.float32)


def message(off=(), identity="one", values=VALUES, **words):
    names = {
        "title": "How far it falls",
        "name": "falls by",
        "legend": "Blue: falls.",
        "unit": "cosine",
    } | words
    return switches_data(values, off, identity=identity, **names)


def cell(page, layer, head):
    return page.get_by_role("button", name=f"Layer {layer}, head {head}: ")


def pressed(page):
    found = page.locator(".av-headcell[aria-pressed='true']").evaluate_all(
        "all => all.map((n) => n.dataset.at)"
    )
    return set(found)


def reported(page):
    return page.evaluate("events")


def test_a_click_switches_a_head_and_tells_all_that_are_off(figure):
    page = figure("switches", message())
    assert cell(page, 0, 1).inner_text() == "−0.500"
    assert cell(page, 0, 2).inner_text() == "0.000", "no sign, and no minus, where it rounds to nothing"
    cell(page, 0, 1).click()
    cell(page, 1, 0).click()
    cell(page, 0, 1).click()
    assert reported(page) == [["switched", [[0, 1]]], ["switched", [[0, 1], [1, 0]]], ["switched", [[1, 0]]]]
    assert pressed(page) == {"1,0"}
    cell(page, 1, 0).hover()
    assert (
        page.get_by_test_id("readout").inner_text() == "Layer 1, head 0, switched off: falls by 0.125 cosine"
    )


def test_heads_can_be_marked_for_something_else(figure):
    page = figure("switches", message(off=[(0, 1)], marked="forced", help="Click to force."))
    cell(page, 0, 1).hover()
    assert ", forced: " in page.get_by_test_id("readout").inner_text()
    assert page.locator(".av-help").inner_text() == "Click to force."
    assert cell(page, 0, 1).evaluate("node => getComputedStyle(node).textDecorationLine") == "none"
    page.get_by_text("Download").click()
    with page.expect_download() as download:
        page.get_by_text("CSV of all heads").click()
    assert "forced" in download.value.path().read_text("utf-8-sig").splitlines()[0]


def test_a_layer_is_switched_as_a_whole_and_a_missing_head_is_no_switch(figure):
    page = figure("switches", message(off=[(1, 0)]))
    assert cell(page, 1, 2).is_disabled()
    page.get_by_role("button", name="Layer 1, all heads").click()
    assert pressed(page) == {"1,0", "1,1", "1,-1"}
    page.get_by_role("button", name="Layer 1, all heads").click()
    assert reported(page) == [["switched", [[1, 0], [1, 1]]], ["switched", []]]


def test_everything_can_be_done_with_the_keyboard(figure):
    page = figure("switches", message())
    page.keyboard.press("Tab")
    for key in ("ArrowRight", "Enter", "ArrowLeft", "ArrowLeft", "ArrowDown", "Space"):
        page.keyboard.press(key)
    assert reported(page) == [["switched", [[0, 1]]], ["switched", [[0, 1], [1, 0], [1, 1]]]]
    assert page.locator("[data-at][tabindex='0']").count() == 1, "the grid is one stop of the Tab key"


def test_the_host_puts_heads_back(figure):
    page = figure("switches", message(), message(off=[(0, 0)]), message(), message(identity="two"))
    cell(page, 0, 0).click()
    page.evaluate("show(1)")  # the host's answer to the click
    assert pressed(page) == {"0,0"}
    page.evaluate("show(2)")
    assert pressed(page) == set()
    cell(page, 0, 1).click()
    page.evaluate("show(3)")  # another question, before there was an answer
    assert pressed(page) == set()


def test_the_csv_holds_every_head(figure):
    page = figure("switches", message(off=[(0, 1)]))
    page.get_by_text("Download").click()
    with page.expect_download() as download:
        page.get_by_text("CSV of all heads").click()
    rows = list(csv.reader(io.StringIO(download.value.path().read_text("utf-8-sig"))))
    assert rows[0] == ["layer", "head", "falls by (cosine)", "switched off"]
    assert len(rows) == 6
    np.testing.assert_array_equal([np.float32(row[2]) for row in rows[1:]], VALUES.ravel()[:5])
    assert [row[3] for row in rows[1:]] == ["no", "yes", "no", "no", "no"]


@pytest.mark.parametrize("item", ["PNG picture", "SVG drawing"])
def test_pictures_can_be_taken_away(figure, item):
    page = figure("switches", message(off=[(0, 1)]), theme="dark")
    page.get_by_text("Download").click()
    with page.expect_download() as download:
        page.get_by_text(item).click()
    assert download.value.path().stat().st_size > 1000


def test_hostile_words_are_text(figure):
    nasty = " ".join(HOSTILE)
    page = figure("switches", message(title=nasty, name=nasty, legend=nasty, unit=nasty))
    assert "<b>bold</b>" in page.locator("caption").inner_text()
    assert page.locator(".av b, .av img, .av script").count() == 0


def test_hundreds_of_heads_on_a_phone_stay_in_their_box(figure):
    page = figure("switches", message(values=np.zeros((24, 16), np.float32)), width=390)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390

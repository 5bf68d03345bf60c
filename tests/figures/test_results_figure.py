"""The figure "results" in Chromium: the sentence, the tables, the curve with its numbers, the files, hostile words."""

import numpy as np
import pytest

from attnviz.figures import Curve, Results, Table, results_data
from tests.figures.conftest import HOSTILE

pytestmark = pytest.mark.browser

VALUES = np.array([0.1, 0.5, -0.25, 0.75])
NAMES = ("before layer 0", "after layer 0", "after layer 1", "after layer 2")
CURVE = Curve(VALUES, NAMES, "result, cosine", "the model stopped", 3)
FOUND = Results(
    "It rises.", [Table("Layers", ("layer", "result"), [("one", "0.1"), ("two", "0.5")], "n")], "Note."
)


def test_what_was_found_stands_in_words(figure):
    page = figure("results", results_data(FOUND))
    assert page.get_by_test_id("sentence").inner_text() == "It rises."
    assert page.locator("table").inner_text().split() == [
        "Layers",
        "layer",
        "result",
        "one",
        "0.1",
        "two",
        "0.5",
    ]
    assert not page.get_by_role("img").is_visible()
    assert not page.get_by_text("Download").is_visible()


@pytest.mark.parametrize("width", [1280, 390])
def test_the_curve_is_read_out_and_fits(figure, width):
    page = figure("results", results_data(FOUND, curve=CURVE), width=width)
    label = page.get_by_role("img").get_attribute("aria-label")
    assert label == (
        "result, cosine: before layer 0 0.100, after layer 0 0.500, after layer 1 −0.250, after layer 2 0.750"
    )
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_the_drawing_goes_through_the_values(figure):
    page = figure("results", results_data(FOUND, curve=CURVE))
    page.get_by_text("Download").click()
    with page.expect_download() as download:
        page.get_by_text("SVG drawing").click()
    svg = download.value.path().read_text("utf-8")
    assert svg.startswith("<?xml")
    markers = [each for each in svg.split("<rect ")[1:] if 'width="8" height="8"' in each]
    heights = np.array([float(each.split('y="')[1].split('"')[0]) for each in markers])
    assert len(heights) == len(VALUES)
    share = (heights - heights.max()) / (heights.min() - heights.max())
    np.testing.assert_allclose(share, (VALUES - VALUES.min()) / np.ptp(VALUES), atol=1e-3)


def test_hostile_words_are_text(figure):
    nasty = " ".join(HOSTILE)
    found = Results(nasty, [Table(nasty, (nasty, nasty), [(nasty, nasty)], nasty)], nasty)
    page = figure("results", results_data(found, curve=Curve(VALUES, (nasty,) * 4, nasty, nasty, 0)))
    assert "<b>bold</b>" in page.get_by_test_id("sentence").inner_text()
    assert page.locator(".av b, .av img, .av script").count() == 0

"""The figure "likeness" in Chromium: pairs and heads under the pointer and the keyboard, what opens, its file."""

import csv
import io
import json

import numpy as np
import pytest

from attnviz.analysis.head_kinds import KINDS
from attnviz.figures.messages.likeness import likeness_data

pytestmark = pytest.mark.browser

COUNT = 6
KINDS_OF = (("previous", "first", "first"), ("broad", "mixed", "first"))


@pytest.fixture(scope="module")
def distances():
    points = np.random.default_rng(0).random((COUNT, 2))
    return (np.linalg.norm(points[:, None] - points[None], axis=-1) / 2).astype(np.float32), points.astype(
        "f4"
    )


def message(distances):
    kinds = np.array([[list(KINDS).index(name) for name in row] for row in KINDS_OF])
    shares = {"previous": np.full((2, 3), 0.5, "f4"), "same": np.full((2, 3), np.nan, "f4")}
    return likeness_data(distances[0], np.arange(COUNT)[::-1].copy(), distances[1], kinds, shares)


def shown(page):
    return json.loads(page.get_by_test_id("readout").get_attribute("data-shown") or "null")


def test_a_pair_is_named_with_its_distance_and_opened_side_by_side(figure, distances):
    page = figure("likeness", message(distances))
    box = page.get_by_test_id("matrix").bounding_box()
    cell = (box["width"] - 7) / COUNT
    page.get_by_test_id("matrix").click(position={"x": 7 + 2.5 * cell, "y": 7 + 0.5 * cell})
    assert shown(page) == [5, 3]
    page.mouse.move(0, 0)
    assert shown(page) == [5, 3], "a click keeps it"
    text = page.get_by_test_id("readout").inner_text()
    assert "layer 1, head 2" in text
    assert f"{distances[0][5, 3]:.3f}" in text
    page.get_by_role("button", name="Side by side").click()
    assert page.evaluate("events") == [["open", {"layer": 1, "head": 2, "other": {"layer": 1, "head": 0}}]]


def test_the_keyboard_walks_through_pairs_and_heads(figure, distances):
    page = figure("likeness", message(distances))
    page.get_by_test_id("matrix").focus()
    for key in ("ArrowDown", "ArrowRight", "ArrowRight", "Enter"):
        page.keyboard.press(key)
    assert shown(page) == [5, 3]
    page.keyboard.press("Escape")
    assert shown(page) is None
    page.get_by_role("button", name="Layer 1, head 0: broad").focus()
    assert shown(page) == [3, None]
    assert "previous token 50.0 %" in page.get_by_test_id("readout").inner_text()
    page.keyboard.press("Enter")
    assert page.evaluate("events") == [["open", {"layer": 1, "head": 0}]]


def test_every_head_stands_once_under_its_kind_with_the_definition(figure, distances):
    page = figure("likeness", message(distances))
    assert page.locator("[data-head]").count() == COUNT
    text = page.get_by_test_id("kinds").inner_text()
    assert "first token (sink) (3)" in text
    assert KINDS["first"][1] in text
    assert "next token" not in text


def test_the_csv_is_in_the_order_of_the_clusters(figure, distances):
    page = figure("likeness", message(distances))
    page.get_by_text("Download").click()
    with page.expect_download() as download:
        page.get_by_text("CSV of the distances").click()
    rows = list(csv.reader(io.StringIO(download.value.path().read_text("utf-8-sig"))))
    assert rows[1][:2] == ["layer 1, head 2", "first token (sink)"]
    assert np.float32(rows[2][2:]).tolist() == distances[0][4, ::-1].tolist()


@pytest.mark.parametrize("item", ["PNG of the map", "SVG of the map"])
@pytest.mark.parametrize("width", [390, 1280])
def test_the_map_can_be_taken_away_on_any_screen(figure, distances, item, width):
    page = figure("likeness", message(distances), width=width, theme="dark")
    assert page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0
    page.get_by_text("Download").click()
    with page.expect_download() as download:
        page.get_by_text(item).click()
    assert download.value.path().stat().st_size > 500


def test_what_does_not_fit_is_refused(distances):
    with pytest.raises(ValueError, match="6 heads, but"):
        likeness_data(distances[0][:4], np.arange(COUNT), distances[1], np.zeros((2, 3), int), {})

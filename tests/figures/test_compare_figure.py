"""Heads side by side in Chromium: one cell, all values, and the difference of the two that were asked for."""

from __future__ import annotations

import json
from collections.abc import Callable
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from attnviz.figures import compare_data
from attnviz.text import visible
from tests.figures.conftest import HOSTILE
from tests.figures.pointer import cell_of, csv_rows, download, hover, readout

pytestmark = pytest.mark.browser
MAPS = np.random.default_rng(2).dirichlet(np.full(len(HOSTILE), 0.2), (3, len(HOSTILE))).astype(np.float32)
TITLES = ["layer 0, head 1", "layer 2, head 0", "layer 3, head 3"]


def message(count: int = 3) -> bytes:
    special = np.zeros(len(HOSTILE), bool)
    special[0] = True
    return compare_data(
        MAPS[:count], TITLES[:count], HOSTILE, HOSTILE, query_special=special, key_special=special
    )


def values(page: Page) -> np.ndarray:
    return np.array(json.loads(readout(page).get_attribute("data-values") or "[]"), np.float32)


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("plot", [0, 2, 3])
def test_hover_on_any_map_reads_all(figure: Callable[..., Page], plot: int, width: int) -> None:
    page = figure("compare", message(), width=width)
    hover(page, 3, 8, plot)
    np.testing.assert_array_equal(values(page), [*MAPS[:, 3, 8], MAPS[0, 3, 8] - MAPS[1, 3, 8]])
    assert page.evaluate("document.documentElement.scrollWidth") == width


def test_the_difference_is_of_the_chosen_two(figure: Callable[..., Page]) -> None:
    page = figure("compare", message())
    page.get_by_role("combobox", name="Difference of").select_option("2")
    page.get_by_role("combobox", name="minus").select_option("0")
    hover(page, 1, 1)
    assert values(page)[-1] == MAPS[2, 1, 1] - MAPS[0, 1, 1]
    expect(page.get_by_text(f"Difference: {TITLES[2]} minus {TITLES[0]}")).to_be_visible()
    expect(page.get_by_text(f"blue where {TITLES[2]} is larger")).to_be_visible()


def test_two_maps_need_no_choice(figure: Callable[..., Page]) -> None:
    page = figure("compare", message(2))
    expect(page.locator(".av-plot")).to_have_count(3)
    expect(page.get_by_role("combobox", name="Difference of")).to_be_hidden()


def test_hiding_special_tokens_renormalises_before_the_difference(figure: Callable[..., Page]) -> None:
    page = figure("compare", message(2))
    page.get_by_role("checkbox", name="Hide special tokens").check()
    hover(page, 4, 4)
    kept = MAPS[:2, 5, 1:].astype(np.float64)
    expected = (kept / kept.sum(-1, keepdims=True)).astype(np.float32)[:, 4]
    np.testing.assert_array_equal(values(page), [*expected, expected[0] - expected[1]])
    expect(page.get_by_test_id("notice")).to_contain_text("renormalised")


def test_keyboard_cursor_and_held_cell(figure: Callable[..., Page]) -> None:
    page = figure("compare", message(2))
    page.get_by_test_id("stage").focus()
    for key in ("ArrowDown", "ArrowDown", "ArrowRight"):
        page.keyboard.press(key)
    np.testing.assert_array_equal(values(page)[:2], MAPS[:2, 1, 1])
    page.mouse.click(*cell_of(page, 6, 7))
    page.mouse.move(2, 2)
    np.testing.assert_array_equal(values(page)[:2], MAPS[:2, 6, 7])


def test_csv_has_a_line_for_every_cell(figure: Callable[..., Page]) -> None:
    page = figure("compare", message(2))
    _, content = download(page, "CSV table")
    rows = csv_rows(content)
    size = len(HOSTILE)
    assert len(rows) == 1 + size * size
    assert rows[0][4:] == [*TITLES[:2], f"{TITLES[0]} minus {TITLES[1]}"]
    numbers = np.array([row[4:] for row in rows[1:]], np.float32).reshape(size, size, 3)
    np.testing.assert_array_equal(numbers[..., :2], np.moveaxis(MAPS[:2], 0, -1))
    np.testing.assert_array_equal(numbers[..., 2], MAPS[0] - MAPS[1])
    assert not [cell for row in rows for cell in (row[1], row[3]) if cell[0] in "=+-@"]
    assert rows[1][3] == visible(HOSTILE[0])


def test_svg_is_xml_with_all_maps(figure: Callable[..., Page]) -> None:
    page = figure("compare", message(2))
    _, content = download(page, "SVG drawing")
    cells = [node for node in ET.fromstring(content).iter() if node.get("data-value")]
    assert len(cells) == 3 * len(HOSTILE) ** 2

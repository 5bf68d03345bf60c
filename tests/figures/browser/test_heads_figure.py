"""The grid of heads in Chromium: a click opens the right head, marks are reported, statistics are the table's."""

from __future__ import annotations

import io
import xml.etree.ElementTree as ET
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from attnviz.figures import heads_data
from attnviz.types import HeadTable, Overviews
from tests.figures.browser.heads import MAP, TABLE, H, L, details, message, thumb
from tests.figures.pointer import cell_of, csv_rows, download, events, readout

pytestmark = pytest.mark.browser


def places(page: Page) -> list[str]:
    """The heads in the order of the grid, row by row."""
    return page.locator("[data-head]").evaluate_all(
        """nodes => nodes.map(n => [n.getBoundingClientRect(), n.dataset.head])
            .sort(([a], [b]) => a.top - b.top || a.left - b.left).map(([, head]) => head)"""
    )


@pytest.mark.parametrize("width", [1280, 390])
def test_a_click_opens_the_head_under_the_pointer(figure: Callable[..., Page], width: int) -> None:
    page = figure("heads", message(), width=width)
    thumb(page, 1, 2).click()
    assert events(page) == [["detail", {"layer": 1, "head": 2}]]
    assert page.evaluate("document.documentElement.scrollWidth") == width


def test_hover_lists_the_statistics_with_units(figure: Callable[..., Page]) -> None:
    page = figure("heads", message())
    thumb(page, 2, 1).hover()
    expect(readout(page)).to_contain_text("Layer 2, head 1")
    expect(readout(page)).to_contain_text(f"entropy {TABLE['entropy'][2, 1]:.3f} nats")
    expect(readout(page)).to_contain_text("induction –")


def test_thumbnails_stand_under_their_buttons(figure: Callable[..., Page]) -> None:
    overviews = np.zeros((L, H, 8, 8), np.float32)
    overviews[1, 3] = 1
    page = figure("heads", heads_data(Overviews.of(overviews), TABLE, queries=8, keys=8))
    box = thumb(page, 1, 3).bounding_box()
    other = thumb(page, 1, 2).bounding_box()
    assert box is not None
    assert other is not None
    shot = Image.open(io.BytesIO(page.screenshot())).convert("L")
    dark = shot.getpixel((int(box["x"] + box["width"] / 2), int(box["y"] + box["height"] / 2)))
    light = shot.getpixel((int(other["x"] + other["width"] / 2), int(other["y"] + other["height"] / 2)))
    assert dark < 60 < 240 < light  # type: ignore[operator]


def test_keyboard_moves_opens_and_marks(figure: Callable[..., Page]) -> None:
    page = figure("heads", message())
    thumb(page, 0, 0).focus()
    for key in ("ArrowRight", "ArrowDown", "ArrowDown", "ArrowLeft", "ArrowUp", "c", "Enter"):
        page.keyboard.press(key)
    expect(page.locator(".av-detail")).to_contain_text("Layer 1, head 0")
    page.keyboard.press("Escape")
    expect(thumb(page, 1, 0)).to_be_focused()
    assert events(page) == [["chosen", [[1, 0]]], ["detail", {"layer": 1, "head": 0}], ["detail", None]]
    assert page.locator("[data-head][tabindex='0']").count() == 1


def test_up_to_four_heads_are_marked(figure: Callable[..., Page]) -> None:
    page = figure("heads", message(), message(chosen=[(0, 0), (0, 1)]))
    page.get_by_role("checkbox", name="Mark heads to compare").check()
    for layer, head in [(0, 0), (1, 1), (2, 2), (2, 3), (0, 3)]:
        thumb(page, layer, head).click()
    assert events(page)[-1] == ["chosen", [[0, 0], [1, 1], [2, 2], [2, 3]]]
    assert len(events(page)) == 4
    expect(page.get_by_test_id("marked")).to_contain_text("Four heads at most")
    expect(thumb(page, 2, 2)).to_have_attribute("aria-pressed", "true")
    expect(thumb(page, 0, 3)).to_have_attribute("aria-pressed", "false")
    page.get_by_role("button", name="take the mark off layer 1, head 1").click()
    assert events(page)[-1] == ["chosen", [[0, 0], [2, 2], [2, 3]]]


def test_the_host_sets_marks_and_late_answers_do_not_undo_clicks(figure: Callable[..., Page]) -> None:
    page = figure("heads", message(chosen=[(0, 1)]), message(chosen=[(0, 1), (1, 1)]))
    expect(thumb(page, 0, 1)).to_have_attribute("aria-pressed", "true")
    for layer, head in [(1, 1), (2, 2)]:
        thumb(page, layer, head).click(modifiers=["Shift"])
    page.evaluate("show(1, false)")
    expect(thumb(page, 2, 2)).to_have_attribute("aria-pressed", "true")


@pytest.mark.parametrize(("direction", "sign"), [("down", -1), ("up", 1)])
def test_order_by_a_statistic(figure: Callable[..., Page], direction: str, sign: int) -> None:
    page = figure("heads", message())
    assert places(page) == [f"{layer},{head}" for layer in range(L) for head in range(H)]
    page.get_by_role("combobox", name="Order by").select_option(f"entropy:{direction}")
    expected = np.argsort(sign * TABLE["entropy"], axis=None)
    assert places(page) == [f"{at // H},{at % H}" for at in expected]
    page.get_by_role("button", name=f"Layer {expected[0] // H}, head {expected[0] % H}", exact=True).click()
    assert events(page) == [["detail", {"layer": int(expected[0] // H), "head": int(expected[0] % H)}]]


def test_colour_by_shows_values_and_survives_new_data(figure: Callable[..., Page]) -> None:
    page = figure("heads", message(descriptions={"entropy": "How spread out it is."}), message())
    page.get_by_role("combobox", name="Statistic").select_option("entropy")
    expect(page.get_by_text("How spread out it is.")).to_be_visible()
    expect(page.get_by_text(f"entropy, from 0 to {TABLE['entropy'].max():.3f} nats")).to_be_visible()
    page.evaluate("show(1)")
    expect(page.get_by_role("combobox", name="Statistic")).to_have_value("entropy")


def test_a_statistic_without_any_value_is_borne(figure: Callable[..., Page]) -> None:
    page = figure("heads", message())
    page.get_by_role("combobox", name="Statistic").select_option("induction")
    page.get_by_role("combobox", name="Show").select_option("values")
    page.get_by_role("combobox", name="Order by").select_option("induction:down")
    assert len(places(page)) == L * H


def test_csv_holds_the_table(figure: Callable[..., Page]) -> None:
    page = figure("heads", message())
    name, content = download(page, "CSV of the statistics")
    rows = csv_rows(content)
    assert name == "heads_tiny.csv"
    assert rows[0] == ["layer", "head", "entropy (nats)", "induction (share)"]
    assert [row[:2] for row in rows[1:]] == [
        [str(layer), str(head)] for layer in range(L) for head in range(H)
    ]
    np.testing.assert_array_equal(
        np.array([row[2] for row in rows[1:]], np.float32), TABLE["entropy"].ravel()
    )
    assert {row[3] for row in rows[1:]} == {""}


def test_png_is_a_picture(figure: Callable[..., Page]) -> None:
    page = figure("heads", message())
    _, content = download(page, "PNG picture")
    assert Image.open(io.BytesIO(content)).width > 2000


def test_a_thousand_heads_stay_on_the_page(figure: Callable[..., Page]) -> None:
    overviews = np.random.default_rng(0).random((32, 32, 8, 8), np.float32)
    table = HeadTable(("entropy",), ("nats",), np.ones((1, 32, 32), np.float32))
    page = figure("heads", heads_data(Overviews.of(overviews), table, queries=8, keys=8), width=1000)
    assert page.evaluate("document.documentElement.scrollWidth") == 1000
    thumb(page, 31, 31).click()
    assert events(page) == [["open", {"layer": 31, "head": 31}]]


@pytest.mark.parametrize("width", [1280, 390])
def test_an_opened_head_is_shown_in_place(figure: Callable[..., Page], width: int) -> None:
    """The map comes when the host has sent it; it stands below its row, and the rows after it make room."""
    page = figure("heads", message(), message(details=details((0, 1))), width=width)
    thumb(page, 0, 1).click()
    expect(page.get_by_test_id("detail-readout")).to_have_text("Loading layer 0, head 1 …")
    page.evaluate("show(1)")
    stage = page.get_by_test_id("detail")
    expect(stage).to_be_focused()
    page.mouse.move(*cell_of(page, 2, 4))
    said = page.get_by_test_id("detail-readout")
    assert np.float32(said.get_attribute("data-value") or "nan") == MAP[2, 4]
    large, opened, below = (
        each.bounding_box() for each in (page.locator(".av-detail"), thumb(page, 0, 1), thumb(page, 2, 0))
    )
    assert large is not None
    assert opened is not None
    assert below is not None
    assert opened["y"] + opened["height"] <= large["y"]
    assert large["y"] + large["height"] <= below["y"]
    assert page.evaluate("document.documentElement.scrollWidth") == width

    page.get_by_role("button", name="Open on the Attention page").click()
    assert events(page)[-1] == ["open", {"layer": 0, "head": 1}]
    page.get_by_role("button", name="Close the larger map").click()
    expect(stage).not_to_be_visible()
    expect(thumb(page, 0, 1)).to_be_focused()
    assert events(page)[-1] == ["detail", None]


def test_keys_walk_over_the_opened_map(figure: Callable[..., Page]) -> None:
    page = figure("heads", message(details=details((1, 3))))
    expect(thumb(page, 1, 3)).to_have_attribute("aria-expanded", "true")
    page.get_by_test_id("detail").focus()
    for key in ("ArrowDown", "ArrowDown", "ArrowRight"):
        page.keyboard.press(key)
    said = page.get_by_test_id("detail-readout")
    assert np.float32(said.get_attribute("data-value") or "nan") == MAP[1, 1]
    expect(said).to_have_attribute("aria-live", "polite")
    page.keyboard.press("Escape")
    expect(page.locator(".av-detail")).not_to_be_visible()
    expect(thumb(page, 1, 3)).to_be_focused()


def test_svg_holds_every_head_once(figure: Callable[..., Page]) -> None:
    page = figure("heads", message(details=details((0, 0))))
    name, content = download(page, "SVG drawing")
    root = ET.fromstring(content)
    assert name == "heads_tiny.svg"
    assert len(list(root.iter("{http://www.w3.org/2000/svg}image"))) == L * H
    texts = [node.text for node in root.iter("{http://www.w3.org/2000/svg}text")]
    assert {"layer 0", "layer 1", "layer 2"} <= set(texts)

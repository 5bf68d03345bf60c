"""A picture with values over its patches, in Chromium: what is read out, chosen, and saved."""

from __future__ import annotations

from collections.abc import Callable
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from attnviz.figures import PatchView, patches_data
from attnviz.types import Patches
from tests.figures.pointer import csv_rows, download, events

pytestmark = pytest.mark.browser
PATCHES = Patches(3, 4, 80, 60, None, ("[CLS]", "[REG 0]"))
RANDOM = np.random.default_rng(4)
VALUES = RANDOM.dirichlet(np.ones(14), (2, 3)).astype(np.float32)
PICTURE = RANDOM.integers(0, 256, (60, 80, 3), dtype=np.uint8)
VIEW = PatchView("attention", "Attention", "share", places=("layer 0", "layer 1"))
IMAGE = "{http://www.w3.org/2000/svg}image"


def message(**more) -> bytes:
    given = {"picture": PICTURE, "item": 0, "layer": 1, "heads": (2,), "model": "tiny", **more}
    return patches_data(PATCHES, VALUES, VIEW, **given)


def point(page: Page, row: int, column: int) -> None:
    box = page.get_by_test_id("stage").locator("canvas").bounding_box()
    page.mouse.move(box["x"] + (column + 0.5) * box["width"] / 4, box["y"] + (row + 0.5) * box["height"] / 3)


def value(page: Page) -> float:
    return float(page.get_by_test_id("readout").get_attribute("data-value"))


def test_patches_are_read_chosen_and_stepped_through(figure: Callable[..., Page]) -> None:
    page = figure("patches", message())
    point(page, 1, 2)
    assert value(page) == pytest.approx(float(VALUES[1, 2, 2 + 6]), abs=1e-7)
    expect(page.get_by_test_id("readout")).to_contain_text("row 2, column 3")
    page.mouse.down()
    page.mouse.up()
    assert events(page)[-1] == ["position", 8]
    page.get_by_role("button", name="[REG 0]").click()
    assert events(page)[-1] == ["position", 1]
    page.get_by_test_id("stage").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    assert events(page)[-1][0] == "position"
    page.keyboard.press("PageUp")
    assert events(page)[-1] == ["chosen", [[0, 2]]]
    expect(page.get_by_test_id("caption")).to_contain_text("layer 0, head 2")
    best = int(VALUES[0, 2, 2:].argmax())
    expect(page.get_by_test_id("caption")).to_contain_text(
        f"Most at row {best // 4 + 1}, column {best % 4 + 1}"
    )


def test_heads_are_chosen_on_the_wall_and_their_mean_is_shown(figure: Callable[..., Page]) -> None:
    page = figure("patches", message())
    assert page.locator(".av-tile").count() == 3
    page.get_by_role("button", name="Head 0").click()
    assert events(page)[-1] == ["chosen", [[1, 0]]]
    page.get_by_label("Choose several heads").check()
    page.get_by_role("button", name="Head 2").click()
    assert events(page)[-1] == ["chosen", [[1, 0], [1, 2]]]
    point(page, 0, 0)
    assert value(page) == pytest.approx(float(VALUES[1, [0, 2], 2].mean()), abs=1e-7)
    page.get_by_role("button", name="Head 0").focus()
    page.keyboard.press("ArrowUp")
    assert events(page)[-1] == ["chosen", [[0, 0], [0, 2]]]
    page.get_by_role("button", name="Mean of all heads").click()
    page.get_by_label("Spotlight").check(force=True)
    assert events(page)[-1] == ["form", "spotlight"]
    rows = csv_rows(download(page, "CSV table")[1])
    np.testing.assert_allclose([float(row[-1]) for row in rows[1:]], VALUES[0].mean(0), rtol=1e-6)
    page.locator("summary", has_text="The numbers").click()
    expect(page.get_by_test_id("patch-table").locator("td.av-number")).to_have_count(12)


def test_files_hold_the_picture_only_where_the_reader_agrees(figure: Callable[..., Page]) -> None:
    for agreed in (False, True):
        page = figure("patches", message(agreed=agreed))
        drawing = ET.fromstring(download(page, "SVG drawing")[1])
        assert len(drawing.findall(f".//{IMAGE}")) == int(agreed)
        words = "".join(drawing.itertext())
        assert ("The picture itself is left out." in words) is not agreed
        assert download(page, "PNG picture")[1][:4] == b"\x89PNG"


def test_an_explanation_has_covered_cells_and_fits_a_phone(figure: Callable[..., Page]) -> None:
    scores = RANDOM.normal(size=(1, 1, 12)).astype(np.float32)
    view = PatchView("occlusion", "Patch occlusion", "value", signed=True, places=("",))
    data = patches_data(PATCHES, scores, view, grid=(3, 4), covered=(5,))
    page = figure("patches", data, width=390)
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    assert page.locator(".av-tile:visible, .av-chip:visible").count() == 0
    point(page, 1, 1)
    expect(page.get_by_test_id("readout")).to_contain_text("covered")
    assert value(page) == pytest.approx(float(scores[0, 0, 5]), abs=1e-6)
    expect(page.get_by_test_id("caption")).to_contain_text("Covered: 1 of 12 patches.")


def test_values_of_other_items_are_refused() -> None:
    with pytest.raises(ValueError, match="2 \\+ 3 x 4 items"):
        patches_data(PATCHES, VALUES[..., 1:], VIEW)

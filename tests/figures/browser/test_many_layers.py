"""A model of thirty layers in Chromium: groups of layers that fold, a first column that can be left out."""

from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from attnviz.figures import heads_data, switches_data
from attnviz.types import HeadTable, Overviews
from tests.figures.browser.heads import thumb
from tests.figures.pointer import events

pytestmark = pytest.mark.browser
L, H, T = 30, 9, 8
TABLE = HeadTable(("first",), ("share",), np.full((1, L, H), 0.6, np.float32))


def overviews() -> np.ndarray:
    """Every head on the first token, and layer 12, head 0 faintly on the second, too."""
    maps = np.zeros((L, H, T, T), np.float32)
    maps[..., 0] = 1
    maps[12, 0, 1:, 1] = 0.01
    return maps


def heads(page: Callable[..., Page]) -> Page:
    return page(
        "heads", heads_data(Overviews.of(overviews()), TABLE, queries=T, keys=T, causal=True), width=900
    )


def test_layers_fold_in_groups_of_ten_and_what_is_below_moves_up(figure: Callable[..., Page]) -> None:
    page = heads(figure)
    place = thumb(page, 10, 0).bounding_box()
    fold = page.get_by_role("button", name="layers 0 to 9")
    fold.click()
    expect(fold).to_have_attribute("aria-expanded", "false")
    expect(page.locator("[data-head]")).to_have_count(20 * H)
    assert thumb(page, 10, 0).bounding_box()["y"] < place["y"] - 400
    page.get_by_role("button", name="layers 10 to 19").click()
    page.get_by_role("button", name="layers 20 to 29").click()
    expect(page.locator("[data-head]")).to_have_count(0)
    fold.click()
    thumb(page, 9, 8).click()
    assert events(page) == [["open", {"layer": 9, "head": 8}]]


def test_the_sink_is_said_and_can_be_left_out(figure: Callable[..., Page]) -> None:
    page = heads(figure)
    expect(page.get_by_text("The first token gets 60.0 % of all attention")).to_be_visible()

    def shade(column: float) -> int:
        box = thumb(page, 12, 0).bounding_box()
        shot = Image.open(io.BytesIO(page.screenshot(full_page=True))).convert("L")
        return shot.getpixel((int(box["x"] + column * box["width"] / T), int(box["y"] + box["height"] * 0.7)))

    assert shade(0.5) < 60
    assert shade(1.5) > 150
    page.get_by_role("checkbox", name="Hide first token").check()
    assert shade(0.5) > 240
    assert shade(1.5) < 60, "what is left is shown up to its own maximum"
    expect(page.get_by_text("The first token is left out of the maps")).to_be_visible()


def test_an_encoder_has_no_first_token_to_hide(figure: Callable[..., Page]) -> None:
    page = figure("heads", heads_data(Overviews.of(overviews()), TABLE, queries=T, keys=T), width=900)
    expect(page.get_by_role("checkbox", name="Hide first token")).not_to_be_visible()
    expect(page.get_by_text("The first token gets")).to_have_count(0)


def test_the_grid_of_switches_folds_and_the_arrows_pass_over_what_is_folded(
    figure: Callable[..., Page],
) -> None:
    names = {"title": "Falls", "name": "falls by", "legend": "Blue: falls.", "unit": "logit"}
    values = np.linspace(-1, 1, L * H, dtype=np.float32).reshape(L, H)
    page = figure("switches", switches_data(values, [], identity="one", **names))
    page.get_by_role("button", name="layers 10 to 19").click()
    expect(page.get_by_role("button", name="Layer 15, head 3: ")).not_to_be_visible()
    page.get_by_role("button", name="Layer 9, head 2: ").focus()
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("button", name="Layer 20, head 2: ")).to_be_focused()
    page.get_by_role("button", name="layers 20 to 29").click()
    assert page.locator(".av-headcell[tabindex='0']").evaluate("node => node.dataset.at") == "0,0"

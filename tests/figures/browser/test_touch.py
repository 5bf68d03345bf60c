"""With a finger, which cannot point without tapping: everything that a pointer shows is there after a tap."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from attnviz.text import visible
from tests.figures.browser.heads import MAP, details, thumb
from tests.figures.browser.heads import message as heads_message
from tests.figures.browser.heatmap import MAPS, index, message
from tests.figures.conftest import HOSTILE
from tests.figures.pointer import cell_of, readout, value

pytestmark = pytest.mark.browser
PROSE = [run for n, label in enumerate(HOSTILE) for run in ((visible(label), n), (" ", -1))]
PHONE = {"width": 390, "touch": True}


def test_a_tap_in_the_heatmap_shows_the_value_and_keeps_it(figure: Callable[..., Page]) -> None:
    page = figure("heatmap", message(form="heatmap"), **PHONE)
    page.touchscreen.tap(*cell_of(page, 2, 4))
    assert value(page) == MAPS[index(1, 1), 2, 4]
    page.touchscreen.tap(*cell_of(page, 5, 1))
    assert value(page) == MAPS[index(1, 1), 5, 1]
    page.touchscreen.tap(*cell_of(page, 5, 1))
    expect(readout(page)).to_contain_text("Point at a cell")


def test_taps_hold_tokens_of_the_text(figure: Callable[..., Page]) -> None:
    page = figure("heatmap", message(form="text", proses=[PROSE]), **PHONE)
    page.locator("[data-token='2'].av-tok").tap()
    expect(page.get_by_test_id("text-readout")).to_contain_text("(2) looks most at")
    page.locator("[data-token='5'].av-tok").tap()
    expect(page.get_by_test_id("text-readout")).to_contain_text("Mean of 2 tokens")
    best = page.get_by_test_id("strongest-from").locator("[data-value]").first.get_attribute("data-value")
    assert float(best or "nan") == pytest.approx(float(MAPS[index(1, 1)][[2, 5]].mean(0).max()), abs=1e-6)
    page.locator("[data-token='2'].av-tok").tap()
    expect(page.get_by_test_id("text-readout")).to_contain_text("(5) looks most at")


def test_taps_toggle_heads_and_hold_tokens_of_the_lines(figure: Callable[..., Page]) -> None:
    page = figure("heatmap", message(form="lines", proses=[PROSE]), **PHONE)
    head = page.get_by_role("button", name="Head 1", exact=True)
    head.tap()
    expect(head).to_have_attribute("aria-pressed", "false")
    head.tap()
    expect(head).to_have_attribute("aria-pressed", "true")
    stage = page.get_by_test_id("lines")
    stage.tap(position={"x": 20, "y": 24 * 2 + 12})
    expect(page.get_by_test_id("lines-readout")).to_contain_text("(2) looks at")


def test_a_tap_opens_a_head_and_another_shows_a_value(figure: Callable[..., Page]) -> None:
    page = figure("heads", heads_message(details=details((0, 1))), **PHONE)
    page.touchscreen.tap(*cell_of(page, 2, 4))
    said = page.get_by_test_id("detail-readout")
    assert np.float32(said.get_attribute("data-value") or "nan") == MAP[2, 4]
    thumb(page, 0, 1).tap()
    expect(page.locator(".av-detail")).not_to_be_visible()

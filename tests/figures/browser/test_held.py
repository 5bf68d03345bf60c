"""What is held is reported, and held again from a message: in the heatmap, in the text, by mouse, keys and touch."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from attnviz.text import visible
from tests.figures.browser.heatmap import ALL, MAPS, index, message
from tests.figures.conftest import HOSTILE
from tests.figures.pointer import cell_of, events, readout, value

pytestmark = pytest.mark.browser
PROSE = [run for n, label in enumerate(HOSTILE) for run in ((visible(label), n), (" ", -1))]


def held(page: Page, last: list) -> list:
    """All that was reported, once the last report is this one: of many steps only the first and the last are."""
    page.wait_for_function(
        "last => JSON.stringify(events.filter(([name]) => name === 'held').at(-1)?.[1]) === JSON.stringify(last)",
        arg=last,
    )
    return [what for name, what in events(page) if name == "held"]


def test_a_held_cell_is_reported_and_opened_again(figure: Callable[..., Page]) -> None:
    page = figure("heatmap", message(form="heatmap"))
    page.mouse.click(*cell_of(page, 2, 4))
    assert len(held(page, [[0, 2], [1, 4]])) == 1
    page.mouse.click(*cell_of(page, 2, 4))
    held(page, [])

    again = figure("heatmap", message(form="heatmap", held=[(0, 2), (1, 4)]))
    assert value(again) == MAPS[index(1, 1), 2, 4]
    assert events(again) == []
    again.get_by_test_id("stage").press("Escape")
    assert held(again, []) == [[]]


def test_the_cell_cursor_reports_where_it_came_to_rest(figure: Callable[..., Page]) -> None:
    page = figure("heatmap", message(form="heatmap"))
    page.get_by_test_id("stage").evaluate(
        """stage => { for (let n = 0; n < 5; n++) stage.dispatchEvent(
            new KeyboardEvent("keydown", { key: "ArrowRight", shiftKey: true, bubbles: true })); }"""
    )
    assert len(held(page, [[0, 0], [1, 4]])) <= 3


def test_held_tokens_of_the_text_are_reported_and_opened_again(figure: Callable[..., Page]) -> None:
    page = figure("heatmap", message(form="text", proses=[PROSE]))
    for token in (2, 5):
        page.locator(f"[data-token='{token}'].av-tok").click()
    held(page, [[0, 2], [0, 5]])

    again = figure("heatmap", message(form="text", proses=[PROSE], held=[(0, 2), (0, 5)]))
    expect(again.get_by_test_id("text-readout")).to_contain_text("Mean of 2 tokens")
    expect(again.locator("[data-token='5'].av-tok")).to_have_attribute("aria-pressed", "true")


def test_positions_that_do_not_exist_hold_nothing(figure: Callable[..., Page]) -> None:
    for form in ("heatmap", "text", "lines"):
        page = figure("heatmap", message(form=form, proses=[PROSE], held=[(0, 9000), (1, 9000)]))
        expect(page.get_by_text("Point at a").first).to_be_visible()


def test_a_late_answer_of_the_host_does_not_undo_a_click(figure: Callable[..., Page]) -> None:
    page = figure("heatmap", message(form="heatmap"), message(form="heatmap", held=[(0, 1), (1, 1)]))
    page.mouse.click(*cell_of(page, 2, 4))
    page.evaluate("show(1, false)")
    page.mouse.move(5, 880)
    assert value(page) == MAPS[ALL.index((1, 1)), 2, 4]


def test_a_row_that_was_held_stays_with_its_head(figure: Callable[..., Page]) -> None:
    page = figure("heatmap", message(form="heatmap", held=[(0, 3)]))
    expect(readout(page)).to_contain_text("(3) looks most at")
    page.get_by_role("button", name="Next head").click()
    expect(readout(page)).to_contain_text("(3) looks most at")

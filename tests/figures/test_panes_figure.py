"""The figure "panes" in Chromium: two maps and their difference, matched cells, the keyboard, the table of changes."""

import csv
import io
import json

import numpy as np
import pytest

from attnviz.figures.panes import Pane, panes_data
from tests.figures.conftest import HOSTILE

pytestmark = pytest.mark.browser

FIRST = ["[S]", "the", "cat", "sat"]
SECOND = ["[S]", "the", "new", "dog", HOSTILE[1]]
PAIRS = np.array([[0, 0], [1, 1], [2, 3]])
CHANGE = np.array([[0.1, 0.2, np.nan], [0.3, 0.4, 0.5]], np.float32)


def pane(title, labels, seed):
    maps = np.random.default_rng(seed).dirichlet(np.ones(len(labels)), (6, len(labels))).astype(np.float32)
    special = np.array([n == 0 for n in range(len(labels))])
    return Pane(title, maps, labels, labels, special, special)


def message(places, layer=1, head=2, **more):
    sides = [pane("one", FIRST, 0), pane(HOSTILE[0], SECOND, 1)]
    kept = [place[0] * 3 + place[1] for place in places]
    sides = [Pane(s.title, s.maps[kept], s.queries, s.keys, s.query_special, s.key_special) for s in sides]
    return panes_data(*sides, places, PAIRS, PAIRS, CHANGE, layer=layer, head=head, **more)


ALL = [(layer, head) for layer in range(2) for head in range(3)]


def values(page):
    return json.loads(page.get_by_test_id("readout").get_attribute("data-values"))


def move(page, pane_number, i, j):
    """Points at a cell of one of the three maps."""
    plot = page.locator(".av-plot").nth(pane_number)
    left, top, cell = (float(plot.get_attribute(f"data-{name}")) for name in ("left", "top", "cell"))
    plot.locator(".av-scroll").hover(position={"x": left + (j + 0.5) * cell, "y": top + (i + 0.5) * cell})


def test_a_cell_is_read_in_both_texts_and_their_difference(figure):
    page = figure("panes", message(ALL))
    one, other = pane("", FIRST, 0).maps[5], pane("", SECOND, 1).maps[5]
    move(page, 0, 2, 1)
    assert values(page) == pytest.approx([one[2, 1], other[3, 1], one[2, 1] - other[3, 1]])
    move(page, 2, 2, 2)
    assert values(page) == pytest.approx([one[2, 2], other[3, 3], one[2, 2] - other[3, 3]])
    move(page, 1, 2, 0)  # “new” has no counterpart
    assert values(page) == [None, pytest.approx(other[2, 0]), None]
    assert "no counterpart" in page.get_by_test_id("readout").inner_text()


def test_hidden_special_tokens_renormalise_both_sides(figure):
    page = figure("panes", message(ALL))
    page.get_by_label("Hide special tokens").check()
    one, other = (pane("", labels, n).maps[5][1:, 1:] for n, labels in enumerate((FIRST, SECOND)))
    one, other = (each / each.sum(1, keepdims=True) for each in (one, other))
    move(page, 2, 1, 0)
    assert values(page) == pytest.approx([one[1, 0], other[2, 0], one[1, 0] - other[2, 0]], abs=1e-6)


def test_the_keyboard_walks_through_the_matched_cells(figure):
    page = figure("panes", message(ALL))
    page.get_by_test_id("stage").focus()
    for key in ("ArrowDown", "ArrowDown", "ArrowRight"):
        page.keyboard.press(key)
    one, other = pane("", FIRST, 0).maps[5], pane("", SECOND, 1).maps[5]
    assert values(page)[:2] == pytest.approx([one[1, 1], other[1, 1]])
    page.keyboard.press("Escape")
    assert page.get_by_test_id("readout").get_attribute("data-values") is None


def test_a_head_of_the_table_is_shown_at_once_or_asked_for(figure):
    page = figure("panes", message([(1, 2), (0, 1)]), message([(0, 0)], 0, 0))
    page.get_by_role("button", name="Layer 0, head 1: change 0.20").click()
    page.wait_for_function("events.length == 1")
    assert page.evaluate("events[0]") == ["selection", {"layer": 0, "head": 1}]
    assert page.get_by_test_id("stage").get_attribute("aria-busy") == "false"
    move(page, 0, 0, 0)
    assert values(page)[0] == pytest.approx(pane("", FIRST, 0).maps[1][0, 0])
    page.get_by_role("button", name="Layer 0, head 0: change 0.10").click()
    assert page.get_by_test_id("stage").get_attribute("aria-busy") == "true"
    page.evaluate("show(1)")
    assert page.get_by_test_id("stage").get_attribute("aria-busy") == "false"
    assert page.get_by_role("button", name="Layer 0, head 2: change not defined").inner_text() == "–"


def test_the_csv_holds_the_matched_cells(figure):
    page = figure("panes", message(ALL))
    page.get_by_text("Download").click()
    with page.expect_download() as download:
        page.get_by_text("CSV of the difference").click()
    rows = list(csv.reader(io.StringIO(download.value.path().read_text("utf-8-sig"))))
    assert len(rows) == 1 + len(PAIRS) ** 2
    one, other = pane("", FIRST, 0).maps[5], pane("", SECOND, 1).maps[5]
    assert rows[6][:8] == ["1", "the", "1", "the", "2", "cat", "3", "dog"]
    assert np.float32(rows[6][8:]).tolist() == [one[1, 2], other[1, 3], np.float32(one[1, 2] - other[1, 3])]


def test_texts_that_share_nothing_have_no_difference(figure):
    sides = [pane("one", FIRST, 0), pane("two", SECOND, 1)]
    nothing = np.empty((0, 2), int)
    page = figure("panes", panes_data(*sides, ALL, nothing, nothing, CHANGE * np.nan, layer=0, head=0))
    assert "no token has a counterpart" in page.get_by_test_id("stage").inner_text()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_on_a_phone_the_maps_stand_below_each_other(figure, theme):
    page = figure("panes", message(ALL), width=390, theme=theme)
    assert page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0
    boxes = [page.locator(".av-plot").nth(n).bounding_box() for n in range(3)]
    assert boxes[0]["y"] < boxes[1]["y"] < boxes[2]["y"]


@pytest.mark.parametrize(
    "change",
    [{"layer": 2}, {"head": -1}, {"query_pairs": np.array([[0, 9]])}, {"key_pairs": np.array([[-1, 0]])}],
)
def test_what_does_not_fit_is_refused(change):
    given = {"layer": 0, "head": 0, "query_pairs": PAIRS, "key_pairs": PAIRS} | change
    sides = [pane("one", FIRST, 0), pane("two", SECOND, 1)]
    with pytest.raises(ValueError, match=r"there is no layer|stand for each other"):
        panes_data(*sides, ALL, given.pop("query_pairs"), given.pop("key_pairs"), CHANGE, **given)

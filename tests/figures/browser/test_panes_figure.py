"""The figure "panes" in Chromium: maps over their own tokens, matched cells, differences, the keyboard, the files."""

import json
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from playwright.sync_api import expect

from attnviz.analysis.alignment import Matching
from attnviz.figures.messages.panes import Pane, Source, panes_data
from tests.figures.conftest import HOSTILE
from tests.figures.pointer import cell_of, csv_rows, download, hover

pytestmark = pytest.mark.browser

FIRST = ["[S]", "the", "cat", "sat"]
SECOND = ["[S]", "the", "new", "dog", HOSTILE[1]]
MATCHED = Matching([0, 1, 2, -1], [0, 1, -1, 2, -1], ("[S]", "the", "cat ⇄ dog"), "labels")
PIECES = ["the", "c", "at", "sat"]  # another tokenizer on the first text, without a special token
BY_CHARACTERS = Matching([-1, 0, 1, 2], [0, 1, 1, 2], ("the", "cat", "sat"), "characters")
CHANGE = np.array([[0.1, 0.2, np.nan], [0.3, 0.4, 0.5]], np.float32)
ALL = [(layer, head) for layer in range(2) for head in range(3)]


def maps(labels, seed):
    return np.random.default_rng(seed).dirichlet(np.ones(len(labels)), (6, len(labels))).astype(np.float32)


def source(labels, seed, places=ALL, special=0, **more):
    kept = [place[0] * 3 + place[1] for place in places]
    flags = np.array([n == special for n in range(len(labels))])
    return Source(maps(labels, seed)[kept], places, labels, labels, flags, flags, 2, 3, **more)


def message(places=ALL, first=(1, 2), second=(1, 2), **more):
    """Two texts."""
    panes = [Pane("A", "one", 0, first), Pane("B", HOSTILE[0], 1, second)]
    sides = [source(FIRST, 0, places), source(SECOND, 1, places)]
    return panes_data(sides, panes, {(0, 1): (MATCHED, MATCHED)}, **{"change": CHANGE} | more)


def heads(count, **more):
    """One text, some of its heads."""
    panes = [Pane(f"head {n}", "", 0, place) for n, place in enumerate(ALL[:count])]
    return panes_data([source(HOSTILE, 2)], panes, {}, fixed=True, **more)


def tokenizers(**more):
    """One text, under two tokenizers."""
    sides = [source(FIRST, 0), source(PIECES, 3, special=-1, **more)]
    panes = [Pane("A", "one model", 0, (0, 0)), Pane("B", "another", 1, (1, 1))]
    return panes_data(sides, panes, {(0, 1): (BY_CHARACTERS, BY_CHARACTERS)})


def values(page):
    return json.loads(page.get_by_test_id("readout").get_attribute("data-values") or "null")


def test_a_cell_is_read_in_both_texts_and_their_difference(figure):
    page = figure("panes", message())
    one, other = maps(FIRST, 0)[5], maps(SECOND, 1)[5]
    hover(page, 2, 1, 0)
    assert values(page) == pytest.approx([one[2, 1], other[3, 1], one[2, 1] - other[3, 1]])
    hover(page, 2, 2, 2)
    assert values(page) == pytest.approx([one[2, 2], other[3, 3], one[2, 2] - other[3, 3]])
    hover(page, 2, 0, 1)  # “new” has no counterpart
    assert values(page) == [None, pytest.approx(other[2, 0]), None]
    assert "A: no counterpart" in page.get_by_test_id("readout").inner_text()


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("plot", [0, 2, 3])
def test_heads_of_one_text_are_read_together(figure, plot, width):
    page = figure("panes", heads(3), width=width)
    hover(page, 3, 8, plot)
    cells = maps(HOSTILE, 2)[:3, 3, 8]
    assert values(page) == pytest.approx([*cells, cells[0] - cells[1]])
    assert page.evaluate("document.documentElement.scrollWidth") == width
    assert page.get_by_role("button", name="Next head").count() == 0


def test_the_difference_is_of_the_chosen_two(figure):
    page = figure("panes", heads(3))
    page.get_by_role("combobox", name="Difference of").select_option("2")
    page.get_by_role("combobox", name="minus").select_option("0")
    hover(page, 1, 1)
    whole = maps(HOSTILE, 2)
    assert values(page)[-1] == pytest.approx(whole[2, 1, 1] - whole[0, 1, 1])
    expect(page.get_by_text("Difference: head 2 minus head 0")).to_be_visible()
    expect(page.get_by_text("blue where head 2 has the larger weight")).to_be_visible()


def test_two_tokenizers_share_units_of_characters(figure):
    page = figure("panes", tokenizers())
    one, other = maps(FIRST, 0)[0], maps(PIECES, 3)[4]
    hover(page, 2, 3, 0)  # cat → sat
    cat = other[1:3, 3].mean()
    assert values(page) == pytest.approx([one[2, 3], cat, one[2, 3] - cat], abs=1e-6)
    assert "“\u2068cat\u2069” (1–2)" in page.get_by_test_id("readout").inner_text()
    hover(page, 3, 1, 1)  # sat → c: its own weight, and the whole word's in the other pane and the difference
    difference = one[3, 2] - other[3, 1:3].sum()
    assert values(page) == pytest.approx([one[3, 2], other[3, 1], difference], abs=1e-6)
    assert (
        "difference over “\u2068sat\u2069” → “\u2068cat\u2069”" in page.get_by_test_id("readout").inner_text()
    )
    hover(page, 0, 1, 2)  # the difference: the → cat
    difference = one[1, 2] - other[0, 1:3].sum()
    assert values(page) == pytest.approx([one[1, 2], other[0, 1:3].sum(), difference], abs=1e-6)


def test_a_decoder_beside_an_encoder_cannot_look_ahead(figure):
    page = figure("panes", tokenizers(causal=True))
    hover(page, 2, 3, 0)
    assert values(page)[1:] == [None, None]
    assert "cannot look ahead" in page.get_by_test_id("readout").inner_text()
    expect(page.get_by_text("Hatched: cannot look ahead.")).to_be_visible()


def test_hidden_special_tokens_renormalise_both_sides(figure):
    page = figure("panes", message())
    page.get_by_label("Hide special tokens").check()
    one, other = (maps(labels, n)[5][1:, 1:] for n, labels in enumerate((FIRST, SECOND)))
    one, other = (each / each.sum(1, keepdims=True) for each in (one, other))
    hover(page, 1, 0, 2)
    assert values(page) == pytest.approx([one[1, 0], other[2, 0], one[1, 0] - other[2, 0]], abs=1e-6)
    expect(page.get_by_test_id("notice")).to_contain_text("renormalised")


def test_the_keyboard_walks_through_the_first_map_and_a_click_holds(figure):
    page = figure("panes", message())
    page.get_by_test_id("stage").focus()
    for key in ("ArrowDown", "ArrowDown", "ArrowRight"):
        page.keyboard.press(key)
    one, other = maps(FIRST, 0)[5], maps(SECOND, 1)[5]
    assert values(page)[:2] == pytest.approx([one[1, 1], other[1, 1]])
    page.keyboard.press("Escape")
    assert values(page) is None
    page.mouse.click(*cell_of(page, 2, 2))
    page.mouse.move(2, 2)
    assert values(page)[:2] == pytest.approx([one[2, 2], other[3, 3]])


def test_each_pane_steps_alone_or_all_together(figure):
    page = figure("panes", message())
    page.get_by_role("button", name="Previous head of B").click()
    page.wait_for_function("events.length == 1")
    assert page.evaluate("events[0]") == ["places", [[1, 1], [1, 1]]], (
        "they began at one head: they are linked"
    )
    page.get_by_label("Step all panes together").uncheck()
    page.get_by_role("button", name="Previous layer of A").click()
    page.wait_for_function("events.length == 2")
    assert page.evaluate("events[1]") == ["places", [[0, 1], [1, 1]]]
    hover(page, 1, 1)
    assert values(page)[:2] == pytest.approx([maps(FIRST, 0)[1, 1, 1], maps(SECOND, 1)[4, 1, 1]])


def test_panes_on_different_heads_are_not_linked(figure):
    page = figure("panes", message(first=(0, 0), second=(1, 1)))
    expect(page.get_by_label("Step all panes together")).not_to_be_checked()


def test_a_head_of_the_table_is_shown_at_once_or_asked_for(figure):
    page = figure("panes", message([(1, 2), (0, 1)]), message([(0, 0)], (0, 0), (0, 0)))
    page.get_by_role("button", name="Layer 0, head 1: change 0.20").click()
    page.wait_for_function("events.length == 1")
    assert page.evaluate("events[0]") == ["places", [[0, 1], [0, 1]]]
    assert page.get_by_test_id("stage").get_attribute("aria-busy") == "false"
    hover(page, 0, 0)
    assert values(page)[0] == pytest.approx(maps(FIRST, 0)[1, 0, 0])
    page.get_by_role("button", name="Layer 0, head 0: change 0.10").click()
    assert page.get_by_test_id("stage").get_attribute("aria-busy") == "true"
    page.evaluate("show(1)")
    assert page.get_by_test_id("stage").get_attribute("aria-busy") == "false"
    assert page.get_by_role("button", name="Layer 0, head 2: change not defined").inner_text() == "–"


def test_other_panes_are_another_picture(figure):
    page = figure("panes", message(), heads(4))
    page.evaluate("show(1)")
    expect(page.locator(".av-plot")).to_have_count(5)
    expect(page.get_by_test_id("change")).to_be_hidden()
    hover(page, 2, 2, 3)
    assert values(page)[3] == pytest.approx(maps(HOSTILE, 2)[3, 2, 2])


def test_long_maps_scroll_together_by_their_tokens(figure):
    """A text, and the text with twenty tokens more in front: what is scrolled to are the same tokens."""
    long, longer = 400, 420
    labels = [[f"t{k}" for k in range(n)] for n in (long, longer)]
    sides = []
    for each in labels:
        even, flags = np.full((1, len(each), len(each)), 0.002), [False] * len(each)
        sides.append(Source(even, [(0, 0)], each, each, flags, flags, 1, 1))
    shifted = Matching(range(long), [-1] * 20 + list(range(long)), tuple(labels[0]), "labels")
    panes = [Pane("A", "", 0, (0, 0)), Pane("B", "", 1, (0, 0))]
    page = figure("panes", panes_data(sides, panes, {(0, 1): (shifted, shifted)}), width=390)
    plots = page.locator(".av-plot")
    cells = [float(plots.nth(n).get_attribute("data-cell")) for n in range(3)]
    plots.nth(0).locator(".av-scroll").evaluate(f"node => node.scrollTo({40 * cells[0]}, 0)")
    page.wait_for_function("document.querySelectorAll('.av-scroll')[1].scrollLeft > 0")
    scrolled = [plots.nth(n).locator(".av-scroll").evaluate("node => node.scrollLeft") for n in range(3)]
    assert [at / cell for at, cell in zip(scrolled, cells, strict=True)] == pytest.approx(
        [40, 60, 40], abs=1.5
    )


def test_the_csv_holds_the_matched_cells(figure):
    page = figure("panes", message())
    rows = csv_rows(download(page, "CSV of the difference")[1])
    assert len(rows) == 1 + 3**2
    one, other = maps(FIRST, 0)[5], maps(SECOND, 1)[5]
    assert rows[6][:8] == ["1", "the", "1", "the", "2", "cat", "3", "dog"]
    assert np.float32(rows[6][8]) == pytest.approx(one[1, 2] - other[1, 3])


def test_the_other_csv_holds_every_cell_of_every_pane(figure):
    page = figure("panes", heads(2))
    rows = csv_rows(download(page, "CSV of all panes")[1])
    size = len(HOSTILE)
    assert len(rows) == 1 + 2 * size**2
    numbers = np.array([row[5] for row in rows[1:]], np.float32).reshape(2, size, size)
    np.testing.assert_array_equal(numbers, maps(HOSTILE, 2)[:2])
    assert not [cell for row in rows for cell in (row[2], row[4]) if cell[0] in "=+-@"]


def test_svg_is_xml_with_all_maps(figure):
    page = figure("panes", heads(2))
    cells = [
        node for node in ET.fromstring(download(page, "SVG drawing")[1]).iter() if node.get("data-value")
    ]
    assert len(cells) == 3 * len(HOSTILE) ** 2


def test_texts_that_share_nothing_have_no_difference(figure):
    nothing = Matching([-1] * 4, [-1] * 5, (), "labels")
    panes = [Pane("A", "", 0, (0, 0)), Pane("B", "", 1, (0, 0))]
    data = panes_data(
        [source(FIRST, 0), source(SECOND, 1)], panes, {(0, 1): (nothing, nothing)}, change=CHANGE * np.nan
    )
    page = figure("panes", data)
    assert "nothing has a counterpart" in page.get_by_test_id("stage").inner_text()
    hover(page, 1, 1)
    assert values(page) == [pytest.approx(maps(FIRST, 0)[0, 1, 1]), None, None]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_on_a_phone_the_maps_stand_below_each_other(figure, theme):
    page = figure("panes", message(), width=390, theme=theme)
    assert page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0
    boxes = [page.locator(".av-plot").nth(n).bounding_box() for n in range(3)]
    assert boxes[0]["y"] < boxes[1]["y"] < boxes[2]["y"]


@pytest.mark.parametrize("count", [1, 5])
def test_two_to_four_panes_are_shown(count):
    with pytest.raises(ValueError, match="two to four panes"):
        heads(count)


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"first": (2, 0)}, "there is no layer 2"),
        ({"second": (0, -1)}, "head -1"),
        ({"change": CHANGE[:1]}, "changes of"),
    ],
)
def test_what_does_not_fit_is_refused(change, problem):
    with pytest.raises(ValueError, match=problem):
        message(**change)


def test_matchings_must_fit_the_sources():
    sides, panes = [source(FIRST, 0), source(SECOND, 1)], [Pane("A", "", 0, (0, 0)), Pane("B", "", 1, (0, 0))]
    with pytest.raises(ValueError, match=r"matchings of \[\]"):
        panes_data(sides, panes, {})
    with pytest.raises(ValueError, match="queries are matched, not 4 and 5"):
        panes_data(sides, panes, {(0, 1): (BY_CHARACTERS, BY_CHARACTERS)})

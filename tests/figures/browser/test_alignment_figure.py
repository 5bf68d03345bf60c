"""The figures of translations in Chromium: words and links by pointer and keyboard, a link dragged, a tree of beams."""

import csv
import io
from dataclasses import replace

import numpy as np
import pytest

from attnviz.explanation.translation.records import Gold, HeadErrors
from attnviz.figures import aligned_heads, alignment_data, beams_data, errors_data
from tests.figures.conftest import HOSTILE
from tests.figures.translations import beams, translation

pytestmark = pytest.mark.browser


def message(found=None, shown=(1, 0), **more):
    found = found or translation()
    return alignment_data(found, aligned_heads(found), shown, **more)


def word(page, side, at):
    return page.locator(f".av-alword[data-side='{side}'][data-at='{at}']")


def events(page):
    return page.evaluate("events")


def test_pointing_names_the_partners_and_a_click_keeps_them(figure):
    page = figure("alignment", message())
    readout = page.get_by_test_id("readout")
    assert "1 of 3 words are uncertain" in readout.inner_text()
    word(page, 1, 0).hover()
    assert "“\u2068carros\u2069” is read from “\u2068cars\u2069” 90.0 %" in readout.inner_text()
    assert word(page, 0, 1).get_attribute("class").split() == ["av-alword", "av-partner"]
    word(page, 1, 0).click()
    page.mouse.move(2, 2)
    assert "carros" in readout.inner_text()
    word(page, 1, 0).click()
    page.mouse.move(2, 2)
    assert "uncertain" in readout.inner_text()
    assert "av-doubt" in word(page, 1, 2).get_attribute("class")
    assert page.locator(".av-allines path[stroke-dasharray]").count() == 3


def test_the_keyboard_walks_crosses_over_keeps_and_moves_a_link(figure):
    page = figure("alignment", message())
    word(page, 0, 0).focus()
    for key in ("ArrowRight", "ArrowDown"):  # to “cars”, then over to what is read from it
        page.keyboard.press(key)
    assert page.evaluate("document.querySelector('#root .av-alword:focus').textContent") == "carros"
    page.keyboard.press("Enter")
    panel = page.get_by_test_id("panel")
    panel.get_by_role("combobox", name="Read it from").select_option("2")
    panel.get_by_role("button", name="Translate again").press("Enter")
    panel.get_by_role("button", name="azuis 13.5 %").press("Enter")
    assert events(page) == [["linked", [0, 2]], ["instead", [0, 900]]]
    page.keyboard.press("Escape")
    assert panel.inner_text() == ""


def test_a_word_dragged_onto_a_source_word_moves_its_link(figure):
    page = figure("alignment", message())
    start, end = word(page, 1, 1).bounding_box(), word(page, 0, 2).bounding_box()
    page.mouse.move(start["x"] + 8, start["y"] + 8)
    page.mouse.down()
    page.mouse.move(end["x"] + 8, end["y"] + 8, steps=5)
    page.mouse.up()
    assert events(page) == [["linked", [1, 2]]]
    assert page.get_by_test_id("panel").inner_text() == "", "a drag holds nothing"
    still = figure("alignment", message(editable=False))
    word(still, 1, 1).click()
    assert still.get_by_test_id("panel").inner_text() == ""


def test_heads_means_and_the_matrix(figure):
    page = figure("alignment", message())
    options = page.get_by_role("combobox", name="Head").locator("option").all_inner_texts()
    assert options[3].startswith("layer 1, head 0 · aligns best")
    assert [each for each in options if "mean" in each] == [
        "layer 0, mean of its heads",
        "layer 1, mean of its heads",
    ]
    page.get_by_role("combobox", name="Head").select_option(label="layer 1, mean of its heads")
    page.get_by_text("Matrix", exact=True).click()
    table = page.get_by_test_id("alignment-table")
    assert table.locator("tbody th").all_inner_texts()[0].startswith("carros")
    assert table.locator("tbody tr").first.locator("td").all_inner_texts()[:3] == [".14", ".57", ".14"]
    assert events(page) == [["selection", {"layer": 1, "head": -1}], ["form", "matrix"]]


@pytest.mark.parametrize("item", ["PNG picture", "SVG drawing", "CSV table"])
def test_files_hold_what_is_shown(figure, item):
    page = figure("alignment", message(), theme="dark")
    page.get_by_text("Download").click()
    with page.expect_download() as download:
        page.get_by_text(item).click()
    data = download.value.path().read_bytes()
    if item == "CSV table":
        rows = list(csv.reader(io.StringIO(data.decode("utf-8-sig"))))
        assert rows[0] == ["target", "log probability", "uncertain", "red", "cars", "stop"]
        assert np.float32(rows[1][3:]).tolist() == pytest.approx([0.1 / 3, 0.9, 0.1 / 3])
        assert [row[2] for row in rows[1:4]] == ["no", "no", "yes"]
    elif item == "SVG drawing":
        assert b"carros" in data
    else:
        assert len(data) > 2000


@pytest.mark.parametrize("width", [390, 1280])
def test_long_and_hostile_words_fit_any_screen(figure, width):
    labels = tuple(" " * bool(n) + each for n, each in enumerate(HOSTILE))
    page = figure("alignment", message(translation(labels, labels, HOSTILE[1])), width=width)
    assert page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0
    assert page.locator(".av-upright").count() == 1, "these stand beside each other everywhere"
    word(page, 1, 1).click()
    assert page.locator("#root img, #root script").count() == 0
    few = figure("alignment", message(), width=width)
    assert few.locator(".av-upright").count() == 0
    tree = figure("beams", beams_data(beams(HOSTILE[1])), width=width)
    assert tree.locator("#root img").count() == 0


def test_a_tree_keeps_what_was_given_up_and_goes_on_from_any_node(figure):
    page = figure("beams", beams_data(beams()))
    best = page.get_by_role("list", name="Finished translations, best first").get_by_role("button")
    assert best.all_inner_texts() == ["carros vermelhos", "carros azuis"]
    tree = page.get_by_test_id("tree")
    tree.get_by_text("1 given up").click()
    tree.get_by_role("button", name="barcos").click()
    tree.get_by_role("button", name="azuis").press("Enter")
    assert events(page) == [["position", 1], ["position", 5]]


def test_gold_is_drawn_in_both_forms_and_can_be_left_out(figure):
    known = Gold(frozenset({(1, 0), (0, 1)}), frozenset({(1, 0), (0, 1), (2, 2)}))
    page = figure("alignment", message(replace(translation(), gold=known)))
    bands = page.locator(".av-allines .av-algold")
    assert bands.count() == 3
    assert page.locator(".av-allines .av-algold-possible").count() == 1
    assert "Alignment error rate 0.00 against gold" in page.get_by_test_id("readout").inner_text()
    page.get_by_text("Matrix", exact=True).click()
    table = page.get_by_test_id("alignment-table")
    assert table.locator("td.av-algold-sure").all_inner_texts() == [".90", ".90"]
    assert "gold: possible" in table.locator("td.av-algold-possible").get_attribute("title")
    page.get_by_label("Gold links").uncheck()
    assert table.locator("[class^='av-algold']").count() == 0
    plain = figure("alignment", message())
    assert plain.get_by_label("Gold links").is_hidden()


def test_walls_of_error_rates_mark_the_best_and_turn_to_a_head(figure):
    rates = np.array([[0.4, 0.3, 0.35], [0.05, 0.9, 0.2]])
    errors = [HeadErrors("fr", 12, rates, 0.5), HeadErrors("en", 11, rates[::-1], 0.4)]
    page = figure("errors", errors_data(errors, ["To French", HOSTILE[0]], (1, -1)))
    first, second = page.locator(".av-errwall").all()
    assert first.get_by_role("button").all_inner_texts() == ["0.40", "0.30", "0.35", "0.05 ★", "0.90", "0.20"]
    assert "11 sentences · diagonal 0.40" in second.inner_text()
    assert page.locator("[aria-pressed='true']").all_inner_texts() == ["0.20", "0.35"]
    second.get_by_role("button", name="layer 1, mean").click()
    first.get_by_role("button", name="layer 0, head 1").press("Enter")
    assert events(page) == [["selection", {"layer": 1, "head": -1}], ["selection", {"layer": 0, "head": 1}]]

"""Pairs of words in Chromium: their scores are sums of the matrix, lines follow the threshold, words are held."""

from __future__ import annotations

from collections.abc import Callable
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from attnviz.errors import InputInvalid
from attnviz.figures import pairs_data
from attnviz.text import groups, visible
from attnviz.types import Attribution
from tests.figures.messages.records import split
from tests.figures.pointer import csv_rows, download, events

pytestmark = pytest.mark.browser
SIDE, OTHER = split("Undo </script> <b>now</b>! =1+1 مرحبا 👩‍👩‍👧"), split("Other words, too.")
MATRIX = np.random.default_rng(8).normal(size=(len(SIDE), len(OTHER))).astype(np.float32)
VALUE = float(MATRIX.sum(dtype=np.float64))


def explained(matrix: np.ndarray | None = MATRIX) -> Attribution:
    return Attribution(
        SIDE, MATRIX.sum(1), OTHER, MATRIX.sum(0), "token-pairs", "similarity", VALUE, 0.0, 0.0, True,
        matrix=matrix,
    )  # fmt: skip


def message(**more: str) -> bytes:
    return pairs_data(explained(), **more)


def sums(granularity: str = "word") -> np.ndarray:
    (rows, _), (cols, _) = (groups(tokens, granularity) for tokens in (SIDE, OTHER))
    found = np.zeros((rows.max() + 1, cols.max() + 1))
    np.add.at(found, (rows[:, None], cols[None, :]), MATRIX)
    return found


def word(page: Page, side: int, group: int):
    return page.locator(f".av-face[data-side='{side}'][data-group='{group}']")


def value(page: Page) -> float:
    return float(page.get_by_test_id("readout").get_attribute("data-value") or "nan")


def lines(page: Page) -> int:
    return int(page.get_by_test_id("readout").get_attribute("data-lines") or "-1")


def test_a_word_reads_the_sum_of_its_pairs_and_names_its_partner(figure: Callable[..., Page]) -> None:
    page = figure("pairs", message())
    page.get_by_label("Special tokens").check()
    table = sums()
    for side, sizes in enumerate((table.sum(1), table.sum(0))):
        for group, expected in enumerate(sizes):
            word(page, side, group).hover()
            assert value(page) == pytest.approx(expected, abs=1e-5)
    labels = [visible(label) for label in groups(OTHER, "word")[1]]
    word(page, 0, 1).hover()
    partner = labels[int(np.argmax(np.abs(table[1])))]
    expect(page.get_by_test_id("readout")).to_contain_text(f"most with “\u2068{partner}\u2069”")


def test_lines_are_the_fewest_that_hold_a_share_of_the_total(figure: Callable[..., Page]) -> None:
    page = figure("pairs", message())
    page.get_by_label("Special tokens").check()
    sizes = np.sort(np.abs(sums()).ravel())[::-1]
    for share in (0.25, 0.5, 0.8):
        page.get_by_label("Lines").select_option(str(share))
        assert lines(page) == int(np.searchsorted(np.cumsum(sizes), share * sizes.sum())) + 1
    page.get_by_label("Lines").select_option("1")
    assert lines(page) == sizes.size


def test_without_special_tokens_the_sum_says_what_they_hold(figure: Callable[..., Page]) -> None:
    page = figure("pairs", message())
    inner = sums()[1:-1, 1:-1].sum()
    told = page.get_by_test_id("sum")
    expect(told).to_contain_text(f"{VALUE:.4f}".replace("-", "−"))
    expect(told).to_contain_text(f"{inner:.4f} between words".replace("-", "−"))
    assert page.locator(".av-face.av-special").count() == 0


def test_a_click_holds_a_word_and_another_lets_it_go(figure: Callable[..., Page]) -> None:
    page = figure("pairs", message())
    held = word(page, 1, 2)
    held.click()
    expect(held).to_have_attribute("aria-pressed", "true")
    page.mouse.move(0, 0)
    assert value(page) == pytest.approx(sums()[:, 2].sum(), abs=1e-5)
    assert lines(page) == sums().shape[0] - 2
    held.click()
    page.mouse.move(0, 0)
    expect(held).to_have_attribute("aria-pressed", "false")
    assert np.isnan(value(page))


def test_keys_walk_both_columns_hold_and_let_go(figure: Callable[..., Page]) -> None:
    page = figure("pairs", message())
    word(page, 0, 1).focus()
    page.keyboard.press("ArrowDown")
    expect(word(page, 0, 2)).to_be_focused()
    page.keyboard.press("ArrowRight")
    expect(word(page, 1, 2)).to_be_focused()
    page.keyboard.press("Enter")
    expect(word(page, 1, 2)).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("Escape")
    expect(word(page, 1, 2)).to_have_attribute("aria-pressed", "false")
    assert page.locator(".av-face[tabindex='0']").count() == 1


def test_the_table_lists_the_strongest_pairs(figure: Callable[..., Page]) -> None:
    page = figure("pairs", message())
    page.locator("summary", has_text="strongest").click()
    table = sums()[1:-1, 1:-1]
    first = page.get_by_test_id("pairtable").locator("tbody tr").first
    largest = table.ravel()[np.argmax(np.abs(table))]
    expect(first).to_contain_text(f"{largest:+.4f}".replace("-", "−"))


def test_hostile_words_stay_text_in_every_file(figure: Callable[..., Page]) -> None:
    page = figure("pairs", message())
    assert page.locator(".av-pairs b, .av-pairs script").count() == 0
    expect(word(page, 0, 3)).to_have_text(visible(groups(SIDE, "word")[1][3]))
    rows = csv_rows(download(page, "CSV table")[1])
    table = sums()
    assert len(rows) == 1 + table.size
    found = np.array([float(row[4]) for row in rows[1:]]).reshape(table.shape)
    np.testing.assert_allclose(found, table, atol=1e-6)
    assert not any(cell.startswith("=") for row in rows for cell in row)
    drawing = ET.fromstring(download(page, "SVG drawing")[1])
    texts = [node.text or "" for node in drawing.iter("{http://www.w3.org/2000/svg}text")]
    assert any("<b>now</b>" in text for text in texts)
    assert len(drawing.findall(".//{http://www.w3.org/2000/svg}path")) == lines(page)
    assert download(page, "PNG picture")[1][:4] == b"\x89PNG"


def test_other_units_are_told_and_a_phone_shows_it_whole(figure: Callable[..., Page]) -> None:
    page = figure("pairs", message(), width=390)
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    page.get_by_label("Add up by").select_option("token")
    assert events(page)[-1] == ["granularity", "token"]
    word(page, 0, 2).hover()
    assert value(page) == pytest.approx(float(MATRIX[2].sum()), abs=1e-5)
    assert word(page, 0, 2).bounding_box()["height"] >= 32


def test_without_pairs_there_is_no_figure() -> None:
    with pytest.raises(InputInvalid, match="scores words, not pairs"):
        pairs_data(explained(None))

"""Attributed words in Chromium: group sums are the tokens' sums, what is pointed at is said, files hold it."""

from __future__ import annotations

import io
from collections.abc import Callable
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from attnviz.figures import words_data
from attnviz.text import groups, visible
from attnviz.types import Attribution, Tokens
from tests.figures.messages.records import split
from tests.figures.pointer import csv_rows, download, events, readout

pytestmark = pytest.mark.browser
TEXT = "Undo </script> <b>now</b>! =1+1 مرحبا 👩‍👩‍👧"


SIDE, OTHER = split(TEXT), split("Other words, too.")
SCORES = np.random.default_rng(4).normal(size=len(SIDE)).astype(np.float32)
OTHER_SCORES = np.random.default_rng(5).normal(size=len(OTHER)).astype(np.float32)


def message(signed: bool = True, pair: bool = False, residual: float | None = 0.0, **other: object) -> bytes:
    scores = SCORES if signed else np.abs(SCORES)
    value = float(scores.sum(dtype=np.float64)) + 0.25 + (residual or 0)
    attribution = Attribution(
        SIDE, scores, OTHER if pair else None, OTHER_SCORES if pair else None, "some-method", "similarity",
        value, 0.25, residual, signed, "16 steps.",
    )  # fmt: skip
    given = {"towards": "pushes towards yes", "away": "pushes towards no", "unit": "logit", **other}
    return words_data(attribution, **given)  # type: ignore[arg-type]


def sums(granularity: str, of: Tokens = SIDE, scores: np.ndarray = SCORES) -> tuple[list[str], np.ndarray]:
    index, labels = groups(of, granularity)
    total = np.zeros(len(labels))
    np.add.at(total, index, scores.astype(np.float64))
    return [visible(label) for label in labels], total


def word(page: Page, group: int, side: int = 0):
    return page.locator(f".av-word[data-side='{side}'][data-group='{group}']").first


@pytest.mark.parametrize("granularity", ["token", "word", "sentence", "paragraph"])
def test_pointing_at_a_group_reads_the_sum_of_its_tokens(
    figure: Callable[..., Page], granularity: str
) -> None:
    page = figure("words", message())
    page.get_by_role("combobox", name="Add up by").select_option(granularity)
    labels, total = sums(granularity)
    for group in range(min(8, len(labels))):
        word(page, group).hover()
        assert float(readout(page).get_attribute("data-value") or "nan") == pytest.approx(
            total[group], abs=1e-12
        )
        expect(readout(page)).to_contain_text(
            f"“\u2068{labels[group]}\u2069”: {'+' if total[group] > 0 else '−'}"
        )
        expect(readout(page)).to_contain_text(f"pushes towards {'yes' if total[group] > 0 else 'no'}")
    assert events(page) == [["granularity", granularity]]


def test_prose_is_the_text_and_only_text(figure: Callable[..., Page]) -> None:
    page = figure("words", message())
    prose = page.locator(".av-prose").first.evaluate(
        "n => [...n.childNodes].filter(c => !c.classList?.contains('av-special')).map(c => c.textContent).join('')"
    )
    assert prose == TEXT
    assert page.locator(".av-prose b, .av script, .av img").count() == 0


def test_bars_are_sorted_by_size_or_in_text_order(figure: Callable[..., Page]) -> None:
    page = figure("words", message())
    labels, total = sums("word")
    rows = page.get_by_test_id("bars0").locator("tbody th")
    assert rows.all_text_contents() == [labels[at] for at in np.argsort(-np.abs(total), kind="stable")]
    page.get_by_role("combobox", name="Bars").select_option("text")
    assert rows.all_text_contents() == labels


def test_bars_are_in_proportion_and_on_their_side_of_zero(figure: Callable[..., Page]) -> None:
    page = figure("words", message())
    page.get_by_role("combobox", name="Bars").select_option("text")
    _, total = sums("word")
    found = (
        page.get_by_test_id("bars0")
        .locator(".av-fill")
        .evaluate_all(
            """fills => fills.map(f => {
            const a = f.parentElement.getBoundingClientRect(), b = f.getBoundingClientRect();
            return [(b.left - a.left) / a.width - 0.5, (b.right - a.left) / a.width - 0.5]; })"""
        )
    )
    for (left, right), value in zip(found, total / np.abs(total).max() / 2, strict=True):
        assert (left if value < 0 else right) == pytest.approx(value, abs=0.01)
        assert (right if value < 0 else left) == pytest.approx(0, abs=0.01)


def test_blue_is_for_and_orange_against(figure: Callable[..., Page]) -> None:
    page = figure("words", message())
    _, total = sums("word")
    for group in (int(np.argmax(total)), int(np.argmin(total))):
        colour = word(page, group).evaluate("n => getComputedStyle(n).backgroundColor")
        red, _, blue = (int(part) for part in colour.removeprefix("rgb(").removesuffix(")").split(", "))
        assert (blue > red) == (total[group] > 0)
    expect(page.get_by_text("Blue: pushes towards yes. Orange: pushes towards no.")).to_be_visible()


def test_unsigned_scores_have_one_hue_and_no_direction(figure: Callable[..., Page]) -> None:
    page = figure("words", message(signed=False, residual=None, towards="mattered more"))
    expect(page.get_by_text("Stronger colour: mattered more. These scores have no sign.")).to_be_visible()
    expect(page.get_by_test_id("sum")).to_contain_text("do not claim to add up")
    assert "Orange" not in page.locator(".av").inner_text()


def test_sum_check_shows_its_numbers(figure: Callable[..., Page]) -> None:
    total = float(SCORES.sum(dtype=np.float64))
    page = figure("words", message(target_title="Similarity"))
    text = page.get_by_test_id("sum").inner_text().replace("−", "-")
    assert f"Similarity: {total + 0.25:.4f} - baseline 0.2500 = {total:.4f}" in text
    assert f"sum of the scores {total:.4f}" in text
    assert "residual 0.0000. The sum checks." in text


def test_a_sum_that_does_not_check_says_so(figure: Callable[..., Page]) -> None:
    page = figure("words", message(residual=0.5))
    expect(page.get_by_test_id("sum")).to_contain_text("residual 0.5000. The sum does not check")


def test_a_pair_shows_both_texts(figure: Callable[..., Page]) -> None:
    page = figure("words", message(pair=True, pair_title="Second text"))
    _, total = sums("word", OTHER, OTHER_SCORES)
    word(page, 2, side=1).hover()
    assert float(readout(page).get_attribute("data-value") or "nan") == pytest.approx(total[2], abs=1e-12)
    expect(page.get_by_test_id("sum")).to_contain_text(
        f"{OTHER_SCORES.sum(dtype=np.float64):.4f}".replace("-", "−")
    )


def test_keyboard_walks_through_the_words(figure: Callable[..., Page]) -> None:
    page = figure("words", message())
    word(page, 0).focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    expect(word(page, 2)).to_be_focused()
    _, total = sums("word")
    assert float(readout(page).get_attribute("data-value") or "nan") == pytest.approx(total[2], abs=1e-12)


def test_choices_survive_new_data(figure: Callable[..., Page]) -> None:
    page = figure("words", message(), message(granularity="word"))
    page.get_by_role("combobox", name="Add up by").select_option("token")
    page.evaluate("show(1)")
    expect(page.get_by_role("combobox", name="Add up by")).to_have_value("token")


def test_csv_holds_token_scores_and_no_formula(figure: Callable[..., Page]) -> None:
    page = figure("words", message(pair=True, granularity="token"))
    name, content = download(page, "CSV table")
    rows = csv_rows(content)
    assert name == "attribution_some-method_token.csv"
    assert rows[0] == ["text", "position", "token", "score (logit)"]
    np.testing.assert_array_equal(
        np.array([row[3] for row in rows[1:]], np.float32), [*SCORES, *OTHER_SCORES]
    )
    assert not [row for row in rows[1:] if row[2][:1] in ("=", "+", "-", "@")]


def test_svg_is_xml_with_words_and_numbers(figure: Callable[..., Page]) -> None:
    page = figure("words", message(pair=True))
    _, content = download(page, "SVG drawing")
    texts = [(node.text or "").strip("\u2068\u2069") for node in ET.fromstring(content).iter()]
    labels, total = sums("word")
    for label, value in zip(labels, total, strict=True):
        assert label in texts
        assert f"{value:+.4f}".replace("-", "−") in texts


def test_png_is_a_picture(figure: Callable[..., Page]) -> None:
    page = figure("words", message(pair=True))
    _, content = download(page, "PNG picture")
    assert Image.open(io.BytesIO(content)).size[0] == 1520


def test_a_phone_needs_no_sideways_scrolling(figure: Callable[..., Page]) -> None:
    page = figure("words", message(pair=True, title="A " + "long " * 30 + "headline"), width=390)
    assert page.evaluate("document.documentElement.scrollWidth") == 390

"""The form "text" in Chromium: bars and shades are the matrix's rows and columns, by pointer and by keyboard."""

from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from attnviz.text import visible
from tests.figures.browser.heatmap import weights
from tests.figures.conftest import HOSTILE
from tests.figures.maps import map_message
from tests.figures.pointer import events, with_options

pytestmark = pytest.mark.browser
COUNT = len(HOSTILE)
MAP = weights(1, COUNT, seed=7)[0]
PROSE = [run for index, label in enumerate(HOSTILE) for run in ((visible(label), index), (" ", -1))]


def message(values: np.ndarray = MAP, **other: object) -> bytes:
    labels = HOSTILE if values.shape == MAP.shape else [f"token{n}" for n in range(values.shape[0])]
    keys = labels if values.shape[0] == values.shape[1] else [f"key{n}" for n in range(values.shape[1])]
    prose = [(visible(label), n) for n, label in enumerate(labels)]
    given = {
        "layers": 1, "heads": 1, "layer": 0, "head": 0, "form": "text",
        "proses": [PROSE if labels is HOSTILE else prose], **other,
    }  # fmt: skip
    return map_message(values[None], [(0, 0)], labels, keys, **given)  # type: ignore[arg-type]


def token(page: Page, index: int, side: int = 0):
    return page.locator(f"[data-token='{index}'][data-side='{side}'].av-tok")


def strongest(page: Page, way: str) -> list[tuple[int, float]]:
    """What the bars of one direction hold: (token, value)."""
    return page.get_by_test_id(f"strongest-{way}").locator(".av-bar").evaluate_all(
        "nodes => nodes.filter(n => n.style.visibility === 'visible')"
        ".map(n => [Number(n.dataset.token), Number(n.dataset.value)])"
    )  # fmt: skip


def five(values: np.ndarray) -> list[tuple[int, float]]:
    order = [int(n) for n in np.argsort(-values, kind="stable")[:5] if values[n] > 0]
    return [(n, pytest.approx(float(values[n]), abs=1e-7)) for n in order]


def holds(page: Page, row: np.ndarray, column: np.ndarray) -> None:
    assert [tuple(each) for each in strongest(page, "from")] == five(row)
    assert [tuple(each) for each in strongest(page, "to")] == five(column)


@pytest.mark.parametrize("width", [1280, 390])
def test_pointing_at_a_token_shows_its_row_and_its_column(figure: Callable[..., Page], width: int) -> None:
    page = figure("heatmap", message(), width=width)
    for index in (0, 4, 11):
        token(page, index).hover()
        holds(page, MAP[index], MAP[:, index])
        best = int(MAP[index].argmax())
        said = page.get_by_test_id("text-readout").inner_text()
        assert said.startswith(f"“\u2068{visible(HOSTILE[index])}\u2069” ({index}) looks most at")
        assert f"“\u2068{visible(HOSTILE[best])}\u2069” ({best}): {MAP[index, best]:.4f}" in said
    assert page.evaluate("document.documentElement.scrollWidth") == width


def test_held_tokens_add_up_to_their_mean_and_escape_lets_go(figure: Callable[..., Page]) -> None:
    page = figure("heatmap", message())
    for index in (2, 5):
        token(page, index).click()
    page.mouse.move(5, 880)
    holds(page, MAP[[2, 5]].mean(0), MAP[:, [2, 5]].mean(1))
    expect(page.get_by_test_id("text-readout")).to_contain_text("Mean of 2 tokens")
    expect(token(page, 5)).to_have_attribute("aria-pressed", "true")
    token(page, 2).click()
    page.mouse.move(5, 880)
    holds(page, MAP[5], MAP[:, 5])
    token(page, 5).press("Escape")
    expect(token(page, 5)).to_have_attribute("aria-pressed", "false")


def test_tab_and_arrows_reach_every_token_and_enter_holds_it(figure: Callable[..., Page]) -> None:
    page = figure("heatmap", message())
    token(page, 0).focus()
    for index in range(1, COUNT):
        page.keyboard.press("ArrowRight")
        expect(token(page, index)).to_be_focused()
        holds(page, MAP[index], MAP[:, index])
    page.keyboard.press("Enter")
    page.keyboard.press("Home")
    holds(page, MAP[0], MAP[:, 0])
    expect(page.get_by_test_id("text-readout")).to_have_attribute("aria-live", "polite")
    page.keyboard.press("Shift+Tab")
    holds(page, MAP[COUNT - 1], MAP[:, COUNT - 1])
    page.keyboard.press("Tab")
    expect(token(page, 0)).to_be_focused()


@pytest.mark.parametrize(("half", "theme"), [(0.2, "light"), (0.8, "light"), (0.2, "dark"), (0.8, "dark")])
def test_a_larger_weight_is_never_shaded_less(figure: Callable[..., Page], half: float, theme: str) -> None:
    values = weights(1, 9, seed=3)[0]
    page = figure("heatmap", message(values, proses=[[(f"{n}____", n) for n in range(9)]]), theme=theme)
    held = 4
    token(page, held).click()
    page.mouse.move(5, 880)
    shot = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    ground = np.array(shot.getpixel((2, 2)), float)
    shade = []
    for index in range(9):
        box = token(page, index).bounding_box()
        assert box is not None
        at = (int(box["x"] + 3), int(box["y"] + half * box["height"]))
        shade.append(np.abs(np.array(shot.getpixel(at), float) - ground).sum())
    shown = values[held] if half < 0.5 else values[:, held]
    ranked = np.array(shade)[np.argsort(shown)]
    assert np.all(np.diff(ranked) >= -2)
    assert ranked[-1] - ranked[0] > 60


def test_two_texts_are_shaded_across(figure: Callable[..., Page]) -> None:
    values = weights(1, 4, 6, seed=9)[0]
    proses = [[(f"q{n} ", n) for n in range(4)], [(f"k{n} ", n) for n in range(6)]]
    page = figure("heatmap", message(values, proses=proses))
    token(page, 2).hover()
    holds(page, values[2], np.zeros(4))
    token(page, 3, side=1).hover()
    holds(page, np.zeros(6), values[:, 3])


def test_hidden_special_tokens_leave_the_text_and_rows_are_renormalised(figure: Callable[..., Page]) -> None:
    special = np.zeros(COUNT, bool)
    special[[0, 7]] = True
    page = figure("heatmap", message(query_special=special, key_special=special))
    with_options(page).get_by_role("checkbox", name="Hide special tokens").check()
    page.keyboard.press("Escape")
    expect(token(page, 7)).to_have_count(0)
    token(page, 3).hover()
    kept = np.where(special, 0, MAP)
    kept = np.where(special[:, None], 0, kept / kept.sum(1, keepdims=True))
    holds(page, kept[3], kept[:, 3])
    expect(page.get_by_text("each row is renormalised")).to_be_visible()


def test_the_choice_of_a_form_is_reported_and_what_is_held_goes_along(figure: Callable[..., Page]) -> None:
    page = figure("heatmap", message(form="heatmap"))
    expect(token(page, 0)).not_to_be_visible()
    page.get_by_role("radiogroup", name="Form").get_by_text("Text", exact=True).click()
    token(page, 3).click()
    page.get_by_role("radiogroup", name="Form").get_by_text("Heatmap", exact=True).click()
    page.mouse.move(5, 880)  # the sentence above has moved under the pointer
    expect(page.get_by_test_id("readout")).to_contain_text("(3) looks most at")
    assert events(page) == [["form", "text"], ["held", [[0, 3]]], ["form", "heatmap"]]


def test_without_a_form_there_is_no_choice(figure: Callable[..., Page]) -> None:
    page = figure("heatmap", message(form=""))
    expect(page.get_by_role("radiogroup")).to_have_count(0)
    expect(page.get_by_test_id("stage")).to_be_visible()


ARABIC = "القطة متعبة"


def test_arabic_reads_from_right_to_left_with_its_letters_joined(figure: Callable[..., Page]) -> None:
    """One token for each letter, as a tokenizer may cut it: the prose is as wide as the text in one piece."""
    labels = ["[CLS]", *ARABIC.replace(" ", ""), "[SEP]"]
    letters = iter(range(1, len(labels) - 1))
    runs = [(letter, -1 if letter == " " else next(letters)) for letter in ARABIC]
    special = np.array([label.startswith("[") for label in labels])
    data = map_message(
        weights(1, len(labels), seed=1), [(0, 0)], labels, labels, layers=1, heads=1, layer=0, head=0, form="text",
        query_special=special, key_special=special, proses=[[("[CLS]", 0), *runs, ("[SEP]", len(labels) - 1)]],
    )  # fmt: skip
    page = figure("heatmap", data)
    first, last = (token(page, index).bounding_box() for index in (1, len(labels) - 2))
    assert token(page, 0).bounding_box()["x"] > first["x"] > last["x"]
    width = page.locator(".av-prose").evaluate(
        """(prose, text) => {
          const whole = document.createElement("span");
          whole.textContent = text;
          prose.append(whole);
          const { width } = whole.getBoundingClientRect();
          whole.remove();
          return width;
        }""",
        ARABIC,
    )
    assert first["x"] + first["width"] - last["x"] == pytest.approx(width, abs=1)
    token(page, 1).focus()
    page.keyboard.press("ArrowLeft")
    expect(token(page, 2)).to_be_focused()

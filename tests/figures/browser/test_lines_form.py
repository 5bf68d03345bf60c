"""The form "lines" in Chromium: what is drawn and said is in the matrices; heads come and go by their swatches."""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from attnviz.figures.bundle import source
from attnviz.text import visible
from tests.figures.browser.heatmap import weights
from tests.figures.conftest import HOSTILE
from tests.figures.maps import map_message
from tests.figures.pointer import with_options

pytestmark = pytest.mark.browser
COUNT, HEADS = len(HOSTILE), 3
MAPS = weights(HEADS, COUNT, seed=11)


def message(maps: np.ndarray = MAPS, **other: object) -> bytes:
    labels = HOSTILE if maps.shape[1] == COUNT else [f"token{n}" for n in range(maps.shape[1])]
    heads = maps.shape[0]
    given = {"layers": 1, "heads": heads, "layer": 0, "head": 0, "form": "lines", **other}
    return map_message(maps, [(0, head) for head in range(heads)], labels, labels, **given)  # type: ignore[arg-type]


def point(page: Page, side: int, at: int) -> None:
    """Put the pointer on token `at` of the left (0) or right (1) column."""
    stage = page.get_by_test_id("lines")
    row, label, width = (
        float(stage.get_attribute(f"data-{name}") or "nan") for name in ("row", "label", "width")
    )
    stage.hover(position={"x": width - label / 2 if side else label / 2, "y": (at + 0.5) * row})


def said(page: Page) -> str:
    return page.get_by_test_id("lines-readout").inner_text()


def swatch(page: Page, head: int):
    return page.get_by_role("button", name=f"Head {head}", exact=True)


def lines(page: Page) -> int:
    found = re.search(r"([\d,]+) lines of", page.get_by_test_id("lines-words").inner_text())
    assert found
    return int(found[1].replace(",", ""))


def kept(maps: np.ndarray, share: float) -> int:
    """How many of the largest values of each row it takes to hold the share."""
    ordered = -np.sort(-maps.astype(np.float64), axis=-1)
    before = ordered.cumsum(-1) - ordered
    return int(((before < share * maps.sum(-1, keepdims=True, dtype=np.float64)) & (ordered > 0)).sum())


@pytest.mark.parametrize("width", [1280, 390])
def test_pointing_at_a_token_names_its_strongest_links_over_all_heads(
    figure: Callable[..., Page], width: int
) -> None:
    page = figure("heatmap", message(), width=width)
    for at in (0, 4, 11):
        point(page, 0, at)
        head, key = np.unravel_index(MAPS[:, at].argmax(), (HEADS, COUNT))
        text = f"\u2069” ({at}) looks at “\u2068{visible(HOSTILE[key])}\u2069” {MAPS[head, at, key]:.4f} (head {head})"
        assert text in said(page)
        point(page, 1, at)
        head, query = np.unravel_index(MAPS[:, :, at].argmax(), (HEADS, COUNT))
        value = MAPS[head, query, at]
        assert f"is looked at by “\u2068{visible(HOSTILE[query])}\u2069” {value:.4f} (head {head})" in said(
            page
        )
    assert page.evaluate("document.documentElement.scrollWidth") == width


@pytest.mark.parametrize("share", [0.5, 0.9, 0.99])
def test_lines_hold_the_share_of_each_tokens_mass(figure: Callable[..., Page], share: float) -> None:
    page = figure("heatmap", message())
    with_options(page).get_by_role("combobox", name="Links that hold").select_option(f"{share:.0%}"[:-1])
    assert lines(page) == kept(MAPS, share)
    expect(page.get_by_test_id("lines-words")).to_contain_text(f"hold {share:.0%}".replace("%", " %"))


def test_all_lines_are_those_above_zero(figure: Callable[..., Page]) -> None:
    maps = MAPS.copy()
    maps[:, 3, 5:] = 0
    page = figure("heatmap", message(maps))
    with_options(page).get_by_role("combobox", name="Links that hold").select_option("100")
    assert lines(page) == int((maps > 0).sum())


def test_a_click_hides_a_head_a_double_click_shows_it_alone_and_again_all(
    figure: Callable[..., Page],
) -> None:
    page = figure("heatmap", message())
    swatch(page, 1).click()
    expect(swatch(page, 1)).to_have_attribute("aria-pressed", "false")
    assert lines(page) == kept(MAPS[[0, 2]], 0.9)
    swatch(page, 2).dblclick()
    assert [swatch(page, head).get_attribute("aria-pressed") for head in range(HEADS)] == [
        "false",
        "false",
        "true",
    ]
    assert lines(page) == kept(MAPS[[2]], 0.9)
    swatch(page, 2).dblclick()
    assert lines(page) == kept(MAPS, 0.9)
    swatch(page, 0).press("Shift+Enter")
    assert lines(page) == kept(MAPS[[0]], 0.9)
    expect(swatch(page, 0)).to_be_focused()


def test_the_keyboard_moves_over_both_columns_holds_and_lets_go(figure: Callable[..., Page]) -> None:
    page = figure("heatmap", message())
    page.get_by_test_id("lines").focus()
    for _ in range(3):
        page.keyboard.press("ArrowDown")
    assert "(2) looks at" in said(page)
    page.keyboard.press("ArrowRight")
    assert "(2) is looked at by" in said(page)
    page.keyboard.press("Enter")
    with_options(page).get_by_role("checkbox", name="Hide special tokens").or_(swatch(page, 0)).first.focus()
    assert "(2) is looked at by" in said(page), "what is held stays when the focus leaves"
    page.get_by_test_id("lines").press("Escape")
    assert said(page) == "Point at a token to see only its lines."


def test_a_held_token_hides_the_other_lines_and_paints_cells_opposite(figure: Callable[..., Page]) -> None:
    maps = np.zeros((1, 6, 6), np.float32)
    maps[0, range(6), [5, 4, 3, 2, 1, 0]] = 1
    page = figure("heatmap", message(maps))
    stage = page.get_by_test_id("lines")
    row, label, width = (
        float(stage.get_attribute(f"data-{name}") or "nan") for name in ("row", "label", "width")
    )

    def ink(left: float, top: float, right: float, bottom: float) -> int:
        """How many pixels of a box are painted."""
        data = page.locator(".av-linecanvas").evaluate("n => n.toDataURL()").split(",")[1]
        alpha = np.array(Image.open(io.BytesIO(base64.b64decode(data))))[..., 3]
        return int((alpha[round(top) : round(bottom), round(left) : round(right)] > 0).sum())

    def starts() -> list[bool]:
        return [ink(label + 1, i * row + 2, label + 9, (i + 1) * row - 2) > 0 for i in range(6)]

    assert all(starts())
    point(page, 0, 1)
    assert starts() == [False, True, False, False, False, False]
    assert ink(width - label + 8, 5 * row - 6, width - label + 16, 5 * row - 2) >= 15


def test_hostile_labels_are_text(figure: Callable[..., Page]) -> None:
    page = figure("heatmap", message())
    assert page.locator(".av img, .av script, .av b").count() == 0
    cells = page.get_by_test_id("line-links").locator("tbody tr").first.locator("td").all_inner_texts()
    head, query, key = np.unravel_index(MAPS.argmax(), MAPS.shape)
    shown = [" ".join(visible(HOSTILE[place]).split()) for place in (query, key)]
    assert cells == [*shown, str(head), f"{MAPS.max():.4f}"]


def test_heads_that_are_not_here_are_said(figure: Callable[..., Page]) -> None:
    late = map_message(
        MAPS, [(0, n) for n in range(3)], HOSTILE, HOSTILE, layers=1, heads=3, layer=0, head=0, form="lines"
    )
    first = map_message(
        MAPS[:1], [(0, 0)], HOSTILE, HOSTILE, layers=1, heads=3, layer=0, head=0, form="lines"
    )
    page = figure("heatmap", first, late)
    expect(page.get_by_test_id("lines-words")).to_contain_text("The maps of 2 more heads")
    expect(swatch(page, 2)).to_be_disabled()
    page.evaluate("show(1)")
    assert lines(page) == kept(MAPS, 0.9)


# Severity 1 of Machado, Oliveira & Fernandes 2009, on linear RGB.
SEEN_BY = {
    "anybody": np.eye(3),
    "protanopes": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deuteranopes": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.01182, 0.04294, 0.968881]],
    "tritanopes": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.3039]],
}  # fmt: skip
TO_LMS = [
    [0.4122214708, 0.5363325363, 0.0514459929], [0.2119034982, 0.6806995451, 0.1073969566],
    [0.0883024619, 0.2817188376, 0.6299787005],
]  # fmt: skip
TO_LAB = [
    [0.2104542553, 0.793617785, -0.0040720468], [1.9779984951, -2.428592205, 0.4505937099],
    [0.0259040371, 0.7827717662, -0.808675766],
]  # fmt: skip


@pytest.mark.parametrize(("name", "ground"), [("ON_LIGHT", (255, 255, 255)), ("ON_DARK", (14, 17, 23))])
def test_sixteen_colours_stay_apart_for_everybody(name: str, ground: tuple[int, int, int]) -> None:
    block = re.search(rf"const {name} = \[(.*?)\];", source("paint/palette.js"), re.DOTALL)
    assert block
    colours = np.array(re.findall(r"\[(\d+), (\d+), (\d+)\]", block[1]), float)
    assert len(colours) == 16
    share = np.vstack([colours, ground]) / 255
    linear = np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)
    light = linear @ [0.2126, 0.7152, 0.0722] + 0.05
    contrast = np.maximum(light[:-1], light[-1]) / np.minimum(light[:-1], light[-1])
    assert contrast.min() >= 3
    for eyes, matrix in SEEN_BY.items():
        lab = (
            np.cbrt(np.clip(linear[:-1] @ np.array(matrix).T, 0, 1) @ np.array(TO_LMS).T) @ np.array(TO_LAB).T
        )
        distance = np.linalg.norm(lab[:, None] - lab[None], axis=-1)[np.triu_indices(16, 1)]
        assert distance.min() > 0.075, eyes  # about 0.02 is just noticeable


def test_of_very_many_lines_a_part_is_painted_and_said(figure: Callable[..., Page]) -> None:
    maps = weights(HEADS, 256, seed=5)
    page = figure("heatmap", message(maps))
    assert lines(page) == kept(maps, 0.9)
    found = re.search(r"held, ([\d,]+) of them are painted", page.get_by_test_id("lines-words").inner_text())
    assert found
    assert 1000 < int(found[1].replace(",", "")) < lines(page)

"""Maps of values with a sign, in Chromium: one scale around 0, ranked by size, in every form."""

from __future__ import annotations

import io
from collections.abc import Callable
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from attnviz.figures import QUANTITIES, note_of
from tests.figures.browser.heatmap import SVG
from tests.figures.maps import map_message
from tests.figures.pointer import cell_of, csv_rows, download, hover, readout, value

pytestmark = pytest.mark.browser
COUNT, HEADS = 7, 2
LABELS = [f"t{n}" for n in range(COUNT)]
MAPS = (np.random.default_rng(2).standard_normal((HEADS, COUNT, COUNT)) ** 3 / 20).astype(np.float32)
MAP = MAPS[1]


def message(**other: object) -> bytes:
    given = {
        "layers": 1, "heads": HEADS, "layer": 0, "head": 1, "form": "heatmap", "first": "both", "signed": True,
        "quantity": "contribution to the output", "rows_sum_to_one": False,
        "note": note_of(QUANTITIES["contribution"], None),
        "proses": [[(f"{label} ", n) for n, label in enumerate(LABELS)]], **other,
    }  # fmt: skip
    return map_message(MAPS, [(0, 0), (0, 1)], LABELS, LABELS, **given)  # type: ignore[arg-type]


def minus(number: float) -> str:
    return f"{number:.4f}".replace("-", "−")


def by_size(values: np.ndarray) -> list[int]:
    return [int(n) for n in np.argsort(-np.abs(values), axis=None)]


def test_cells_are_read_with_their_sign_and_said_in_words(figure: Callable[..., Page]) -> None:
    page = figure("heatmap", message())
    low, high = np.unravel_index(MAP.argmin(), MAP.shape), np.unravel_index(MAP.argmax(), MAP.shape)
    for (i, j), way in ((low, "against"), (high, "for")):
        hover(page, int(i), int(j))
        assert value(page) == MAP[i, j]
        assert f": {minus(MAP[i, j])} · {way} what the block writes for" in readout(page).inner_text()
    expect(page.get_by_text("blue adds to the output, orange takes away from it")).to_be_visible()
    expect(page.get_by_text("a token’s contributions add up to 1.")).to_be_visible()
    cells = page.get_by_test_id("links").locator("tbody tr").first.locator("td").all_inner_texts()
    i, j = divmod(by_size(MAP)[0], COUNT)
    assert cells == [LABELS[i], LABELS[j], minus(MAP[i, j])]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_blue_is_above_zero_orange_below_and_more_is_deeper(figure: Callable[..., Page], theme: str) -> None:
    page = figure("heatmap", message(), theme=theme)
    points = [(i, j, *cell_of(page, i, j)) for i in range(COUNT) for j in range(COUNT)]
    page.mouse.move(0, 0)
    shot = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    ground = np.array(shot.getpixel((2, 2)), int)
    colours = {(i, j): np.array(shot.getpixel((int(x), int(y))), int) for i, j, x, y in points}
    top = np.abs(MAP).max()
    for (i, j), (red, _, blue) in colours.items():
        if abs(MAP[i, j]) > 0.02 * top:
            assert (blue > red) == (MAP[i, j] > 0), (i, j, MAP[i, j])
    for sign in (1, -1):
        ranked = sorted((sign * MAP[at], np.abs(colour - ground).sum()) for at, colour in colours.items())
        kept = [depth for size, depth in ranked if size > 0]
        assert kept[-1] > kept[0] + 60


def test_rows_add_up_and_nothing_is_renormalised(figure: Callable[..., Page]) -> None:
    page = figure("heatmap", message(hide=("first",)))
    expect(page.get_by_test_id("notice")).to_have_text(
        "The first token is hidden; the other values are unchanged."
    )
    hover(page, 0, 0)
    assert value(page) == MAP[1, 1]
    _, y = cell_of(page, 2, 0)
    left = page.locator(".av-plot").bounding_box()
    assert left is not None
    page.mouse.move(left["x"] + 30, y)
    total = float(MAP[3, 1:].astype(np.float64).sum())
    expect(readout(page)).to_contain_text(f"the row adds up to {minus(total)}.")


def test_files_keep_the_sign(figure: Callable[..., Page]) -> None:
    page = figure("heatmap", message())
    _, content = download(page, "CSV table")
    rows = csv_rows(content)
    np.testing.assert_array_equal(np.array([row[1:] for row in rows[1:]], np.float32), MAP)
    _, drawing = download(page, "SVG drawing")
    for node in ET.fromstring(drawing).iter(f"{SVG}rect"):
        number = float(node.get("data-value") or 0)
        if abs(number) > 0.02 * np.abs(MAP).max():
            red, _, blue = map(int, node.get("fill", "")[4:-1].split(","))
            assert (blue > red) == (number > 0)


def kept_by(row: np.ndarray, share: float) -> set[int]:
    """The smallest set of keys that holds the share of the row's sizes."""
    sizes = np.abs(row).astype(np.float64)
    order = np.argsort(-sizes)
    before = np.cumsum(sizes[order]) - sizes[order]
    return {int(n) for n in order[before < share * sizes.sum()]}


def test_the_kept_share_is_one_of_sizes(figure: Callable[..., Page]) -> None:
    page = figure("heatmap", message(keep=75))
    for i in range(COUNT):
        for j in range(COUNT):
            hover(page, i, j)
            assert ("outside the 75 %" in readout(page).inner_text()) == (j not in kept_by(MAP[i], 0.75))


def test_text_ranks_by_size_and_shades_by_sign(figure: Callable[..., Page]) -> None:
    page = figure("heatmap", message(form="text"))
    row = 3
    page.locator(f".av-tok[data-token='{row}']").hover()
    for way, values in (("from", MAP[row]), ("to", MAP[:, row])):
        bars = page.get_by_test_id(f"strongest-{way}").locator(".av-bar[data-value]")
        found = bars.evaluate_all("all => all.map(n => [Number(n.dataset.token), Number(n.dataset.value)])")
        assert [n for n, _ in found] == by_size(values)[:5]
        assert [v for _, v in found] == pytest.approx(
            [float(values[n]) for n in by_size(values)[:5]], abs=1e-7
        )
    best = by_size(MAP[row])[0]
    said = page.get_by_test_id("text-readout").inner_text()
    assert f"is moved most by “\u2068t{best}\u2069” ({best}): {minus(MAP[row, best])}" in said
    expect(page.get_by_text("takes away from it")).to_be_visible()
    page.locator(f".av-tok[data-token='{row}']").click()
    page.mouse.move(5, 880)
    shot = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    for index in range(COUNT):
        box = page.locator(f".av-tok[data-token='{index}']").bounding_box()
        assert box is not None
        for half, number in ((0.2, MAP[row, index]), (0.85, MAP[index, row])):
            if index == row or abs(number) < 0.05 * np.abs(MAP).max():
                continue
            at = (int(box["x"] + 1), int(box["y"] + half * box["height"]))
            red, _, blue = shot.getpixel(at)
            assert (blue > red) == (number > 0), (index, half, number)


def test_lines_are_drawn_by_size_and_broken_below_zero(figure: Callable[..., Page]) -> None:
    page = figure("heatmap", message(form="lines", keep=100))
    words = page.get_by_test_id("lines-words")
    expect(words).to_contain_text(f"{int((MAPS != 0).sum())} lines of 2 heads")
    expect(words).to_contain_text("Lines with a gap in the middle take away from the output.")
    cells = page.get_by_test_id("line-links").locator("tbody tr").first.locator("td").all_inner_texts()
    head, i, j = np.unravel_index(by_size(MAPS)[0], MAPS.shape)
    assert cells == [LABELS[i], LABELS[j], str(head), minus(MAPS[head, i, j])]
    stage = page.get_by_test_id("lines")
    row, label, width = (float(stage.get_attribute(f"data-{n}") or "nan") for n in ("row", "label", "width"))
    for side, name in ((0, " is moved by "), (1, " moves ")):
        stage.hover(position={"x": width - label / 2 if side else label / 2, "y": 2.5 * row})
        values = MAPS[:, :, 2] if side else MAPS[:, 2]
        head, other = np.unravel_index(by_size(values)[0], values.shape)
        text = f"{name}“\u2068t{other}\u2069” {minus(values[head, other])} (head {head})"
        expect(page.get_by_test_id("lines-readout")).to_contain_text(text)


def test_a_line_below_zero_is_broken_in_its_middle(figure: Callable[..., Page]) -> None:
    for sign in (1, -1):
        values = np.zeros((1, COUNT, COUNT), np.float32)
        values[0, 2, 2] = sign
        given = {"layers": 1, "heads": 1, "layer": 0, "head": 0, "form": "lines", "signed": True}
        sent = map_message(values, [(0, 0)], LABELS, LABELS, **given, rows_sum_to_one=False)  # type: ignore[arg-type]
        page = figure("heatmap", sent)
        stage = page.get_by_test_id("lines")
        row, label, width = (
            float(stage.get_attribute(f"data-{n}") or "nan") for n in ("row", "label", "width")
        )
        box = stage.bounding_box()
        assert box is not None
        page.mouse.move(0, 0)
        shot = Image.open(io.BytesIO(page.screenshot())).convert("L")
        inked = []
        for share in (0.2, 0.5, 0.8):
            x = int(box["x"] + label + share * (width - 2 * label))
            column = [shot.getpixel((x, int(box["y"] + 2 * row) + dy)) for dy in range(int(row))]
            inked.append(min(column) < 200)
        assert inked == [True, sign > 0, True]

"""The heatmap in Chromium: what is pointed at is what the matrix holds, steps are reported, files hold the map."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from attnviz.text import visible
from tests.figures.browser.heatmap import MAPS, SVG, index, message, weights
from tests.figures.conftest import HOSTILE
from tests.figures.maps import map_message
from tests.figures.pointer import cell_of, csv_rows, download, events, hover, readout, value
from tests.figures.stand import open_figure, settled

pytestmark = pytest.mark.browser


@pytest.mark.parametrize(("width", "scale"), [(1280, 1), (1280, 1.5), (390, 3)])
def test_hover_reads_the_matrix(figure: Callable[..., Page], width: int, scale: float) -> None:
    page = figure("heatmap", message(), width=width, scale=scale)
    for i, j in [(0, 0), (3, 7), (11, 2), (11, 11), (0, 11)]:
        hover(page, i, j)
        expected = MAPS[index(1, 1), i, j]
        assert value(page) == expected
        text = readout(page).inner_text()
        assert f"{expected:.4f}" in text
        assert (
            f"“\u2068{visible(HOSTILE[i])}\u2069” ({i}) → “\u2068{visible(HOSTILE[j])}\u2069” ({j})" in text
        )


def test_hover_is_right_when_the_page_is_scrolled(figure: Callable[..., Page]) -> None:
    page = figure("heatmap", message(), width=700)
    page.evaluate("document.body.style.paddingTop = document.body.style.paddingBottom = '1500px'")
    page.evaluate("window.scrollTo(0, 1300)")
    hover(page, 4, 9)
    assert value(page) == MAPS[index(1, 1), 4, 9]


def test_a_message_at_an_odd_address_is_read(figure: Callable[..., Page]) -> None:
    page = figure("heatmap", message())
    page.evaluate(
        """async () => {
            const { default: mount } = await import("/figure.js");
            const sent = new Uint8Array(await (await fetch("/data/0")).arrayBuffer());
            const odd = new Uint8Array(sent.length + 3).subarray(3);
            odd.set(sent);
            const root = document.getElementById("root");
            root.replaceChildren();
            mount({ data: odd, parentElement: root, setStateValue() {}, setTriggerValue() {} });
        }"""
    )
    hover(page, 2, 5)
    assert value(page) == MAPS[index(1, 1), 2, 5]


def test_painted_colours_follow_the_values(figure: Callable[..., Page]) -> None:
    page = figure("heatmap", message(maps := weights(6, 6, seed=3)))
    points = [(i, j, *cell_of(page, i, j)) for i in range(6) for j in range(6)]
    page.mouse.move(0, 0)
    shot = Image.open(io.BytesIO(page.screenshot())).convert("L")
    shade = np.array([shot.getpixel((int(x), int(y))) for _, _, x, y in points])
    shown = np.array([maps[index(1, 1), i, j] for i, j, _, _ in points])
    ranked = shade[np.argsort(shown)].astype(int)
    assert ranked[0] > 245
    assert ranked[-1] < 60
    assert np.all(np.diff(ranked) <= 1), "a larger weight must never be painted lighter"


def test_drawing_again_adds_nothing(figure: Callable[..., Page]) -> None:
    page = figure("heatmap", message())
    count = page.locator("#root *").count()
    for _ in range(3):
        page.evaluate("show(0)")
    assert page.locator("#root *").count() == count


def test_a_switch_of_the_theme_repaints(figure: Callable[..., Page]) -> None:
    page = figure("heatmap", message())
    canvas = page.locator(".av-canvas").first
    light = canvas.evaluate("n => n.toDataURL()")
    page.evaluate("document.documentElement.style.setProperty('--st-background-color', '#0e1117')")
    page.evaluate("document.documentElement.style.setProperty('--st-text-color', '#fafafa')")
    page.wait_for_function("light => document.querySelector('.av-canvas').toDataURL() !== light", arg=light)
    expect(page.locator(".av")).to_have_attribute("data-dark", "true")
    hover(page, 0, 0)
    assert value(page) == MAPS[index(1, 1), 0, 0]


@pytest.mark.parametrize("width", [1000, 390])
def test_a_new_width_is_followed(figure: Callable[..., Page], width: int) -> None:
    page = figure("heatmap", message(), width=700)
    page.set_viewport_size({"width": width, "height": 900})
    settled(page)
    hover(page, 10, 3)
    assert value(page) == MAPS[index(1, 1), 10, 3]
    assert page.evaluate("document.documentElement.scrollWidth") == width


def test_arrow_keys_step_through_heads_and_layers(figure: Callable[..., Page]) -> None:
    page = figure("heatmap", message())
    stage = page.get_by_test_id("stage")
    stage.focus()
    for key, name, shown, head in (("ArrowRight", "Head", "2", (1, 2)), ("ArrowUp", "Layer", "0", (0, 2))):
        page.evaluate("events.length = 0")
        page.keyboard.press(key)
        expect(page.get_by_role("combobox", name=name)).to_have_value(shown)
        hover(page, 5, 6)
        assert value(page) == MAPS[index(*head), 5, 6]
        page.wait_for_function("events.length")
        assert events(page) == [["selection", {"layer": head[0], "head": head[1]}]]
    page.keyboard.press("ArrowRight")  # there is no head to the right of the last one
    page.keyboard.press("ArrowLeft")
    page.wait_for_function("events.length > 1")
    assert [what for _, what in events(page)] == [{"layer": 0, "head": 2}, {"layer": 0, "head": 1}]


def test_of_fast_steps_only_the_first_and_the_last_are_reported(figure: Callable[..., Page]) -> None:
    page = figure("heatmap", message(layer=0, head=0))
    page.get_by_test_id("stage").evaluate(
        """stage => ["ArrowRight", "ArrowDown", "ArrowRight"].forEach(key =>
            stage.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true })))"""
    )
    page.wait_for_function("events.length > 1")
    first, last = ({"layer": 0, "head": 1}, {"layer": 1, "head": 2})
    assert events(page) == [["selection", first], ["selection", last]]


def test_steppers_step_and_end_at_the_ends(figure: Callable[..., Page]) -> None:
    page = figure("heatmap", message())
    expect(page.get_by_role("button", name="Next layer")).to_be_disabled()
    page.get_by_role("button", name="Previous head").click()
    expect(page.get_by_role("combobox", name="Head")).to_have_value("0")
    expect(page.get_by_role("button", name="Previous head")).to_be_disabled()
    page.get_by_role("combobox", name="Layer").select_option("0")
    hover(page, 1, 1)
    assert value(page) == MAPS[index(0, 0), 1, 1]


def test_a_head_that_was_not_sent_is_asked_for_and_shown_when_it_comes(figure: Callable[..., Page]) -> None:
    first = message(MAPS[4:5], [(1, 1)])
    late = message(MAPS[5:6], [(1, 2)], head=2)
    stale = message(MAPS[3:4], [(1, 0)], head=0)
    page = figure("heatmap", first, late, stale)
    stage = page.get_by_test_id("stage")
    page.get_by_role("button", name="Next head").click()
    expect(stage).to_have_attribute("aria-busy", "true")
    expect(page.get_by_text("Loading layer 1, head 2 …").first).to_be_visible()
    page.wait_for_function("events.length")
    assert events(page) == [["selection", {"layer": 1, "head": 2}]]
    page.evaluate("show(2, false)")
    expect(page.get_by_role("combobox", name="Head")).to_have_value("2")
    expect(stage).to_have_attribute("aria-busy", "true")
    page.evaluate("show(1)")
    expect(stage).to_have_attribute("aria-busy", "false")
    hover(page, 2, 3)
    assert value(page) == MAPS[5, 2, 3]
    page.get_by_role("combobox", name="Head").select_option("0")
    expect(stage).to_have_attribute("aria-busy", "false")
    hover(page, 2, 3)
    assert value(page) == MAPS[3, 2, 3], "maps of earlier messages are kept"


def test_the_host_can_go_back(figure: Callable[..., Page]) -> None:
    page = figure("heatmap", message(), message(layer=0, head=0))
    page.evaluate("show(1)")
    expect(page.get_by_role("combobox", name="Head")).to_have_value("0")
    page.evaluate("show(0)")
    expect(page.get_by_role("combobox", name="Head")).to_have_value("1")
    assert events(page) == []


def renormalised(row: np.ndarray) -> np.ndarray:
    """The row without its first and last entry, in float64, over what is left."""
    kept = row[1:-1].astype(np.float64)
    return (kept / kept.sum()).astype(np.float32)


def test_hiding_special_tokens_renormalises_rows_and_survives_new_data(figure: Callable[..., Page]) -> None:
    page = figure("heatmap", message(), message(layer=0, head=2))
    page.get_by_role("checkbox", name="Hide special tokens").check()
    expect(page.get_by_test_id("notice")).to_contain_text("each row is renormalised")
    row = MAPS[index(1, 1), 5]
    total = 0.0
    for j in range(10):
        hover(page, 4, j)
        assert value(page) == renormalised(row)[j]
        assert f"({row[j + 1]:.4f} before hiding)" in readout(page).inner_text()
        total += float(value(page))
    assert total == pytest.approx(1, abs=1e-6)
    page.evaluate("show(1, false)")
    expect(page.get_by_role("checkbox", name="Hide special tokens")).to_be_checked()
    hover(page, 0, 0)
    assert value(page) == renormalised(MAPS[index(0, 2), 1])[0]


def test_rows_that_do_not_sum_to_one_are_not_renormalised(figure: Callable[..., Page]) -> None:
    page = figure("heatmap", message(3 * MAPS, rows_sum_to_one=False, quantity="value-weighted norm"))
    page.get_by_role("checkbox", name="Hide special tokens").check()
    expect(page.get_by_test_id("notice")).to_contain_text("the other values are unchanged")
    hover(page, 2, 2)
    assert value(page) == (3 * MAPS)[index(1, 1), 3, 3]


def test_cell_cursor_reads_out_by_keyboard_and_survives_a_step(figure: Callable[..., Page]) -> None:
    page = figure("heatmap", message())
    page.get_by_test_id("stage").focus()
    for key in ("Shift+ArrowDown", "Shift+ArrowDown", "Shift+ArrowRight"):
        page.keyboard.press(key)
    assert value(page) == MAPS[index(1, 1), 1, 1]
    expect(readout(page)).to_have_attribute("aria-live", "polite")
    page.keyboard.press("Enter")
    page.keyboard.press("ArrowDown")
    assert value(page) == MAPS[index(1, 1), 2, 1]
    page.keyboard.press("Enter")
    page.keyboard.press("ArrowLeft")
    assert value(page) == MAPS[index(1, 0), 2, 1]
    page.keyboard.press("Escape")
    assert readout(page).get_attribute("data-value") is None


def test_a_click_holds_a_cell(figure: Callable[..., Page]) -> None:
    page = figure("heatmap", message())
    page.mouse.click(*cell_of(page, 3, 4))
    page.mouse.move(5, 5)
    assert value(page) == MAPS[index(1, 1), 3, 4]


def test_a_causal_map_says_that_it_cannot_look_ahead(figure: Callable[..., Page]) -> None:
    lower = np.tril(MAPS) / np.tril(MAPS).sum(-1, keepdims=True)
    page = figure("heatmap", message(lower.astype(np.float32), causal=True))
    hover(page, 2, 3)
    expect(readout(page)).to_contain_text("cannot look ahead")
    hover(page, 3, 2)
    assert value(page) == lower.astype(np.float32)[index(1, 1), 3, 2]
    _, content = download(page, "SVG drawing")
    cells = [node for node in ET.fromstring(content).iter(f"{SVG}rect") if node.get("data-value")]
    assert len(cells) == 12 * 13 // 2


def test_the_strongest_links_are_listed(figure: Callable[..., Page]) -> None:
    page = figure("heatmap", message())
    shown = MAPS[index(1, 1)]
    order = np.argsort(-shown, axis=None)[:10]
    rows = page.get_by_test_id("links").locator("tbody tr")
    expect(rows).to_have_count(10)
    for n, flat in enumerate(order):
        i, j = divmod(int(flat), len(HOSTILE))
        cells = rows.nth(n).locator("td").all_text_contents()
        assert cells == [visible(HOSTILE[i]), visible(HOSTILE[j]), f"{shown[i, j]:.4f}"]


def test_csv_holds_the_whole_matrix_and_no_formula(figure: Callable[..., Page]) -> None:
    page = figure("heatmap", message())
    name, content = download(page, "CSV table")
    assert name == "attention_tiny_layer1_head1.csv"
    rows = csv_rows(content)
    np.testing.assert_array_equal(np.array([row[1:] for row in rows[1:]], np.float32), MAPS[index(1, 1)])
    labels = [f"'{text}" if text[0] in "=+-@" else text for text in map(visible, HOSTILE)]
    assert rows[0][1:] == labels
    assert [row[0] for row in rows[1:]] == labels


def test_svg_is_xml_with_every_value_and_label(figure: Callable[..., Page]) -> None:
    page = figure("heatmap", message())
    page.get_by_role("checkbox", name="Hide special tokens").check()
    name, content = download(page, "SVG drawing")
    assert name == "attention_tiny_layer1_head1_no-special.svg"
    root = ET.fromstring(content)
    assert {node.tag.removeprefix(SVG) for node in root.iter()} <= {
        "svg", "title", "g", "rect", "text", "path", "clipPath",
    }  # fmt: skip
    found = np.zeros((10, 10), np.float32)
    for node in root.iter(f"{SVG}rect"):
        if node.get("data-value"):
            found[int(node.get("data-query", 0)) - 1, int(node.get("data-key", 0)) - 1] = float(
                node.get("data-value", 0)
            )
    expected = np.stack([renormalised(row) for row in MAPS[index(1, 1)][1:-1]])
    np.testing.assert_array_equal(found, expected)
    texts = {(node.text or "").strip("\u2068\u2069") for node in root.iter(f"{SVG}text")}
    for label in map(visible, HOSTILE[1:-1]):
        assert any(text == label or (text.endswith("…") and label.startswith(text[:-1])) for text in texts), (
            label
        )
    assert any("renormalised" in text for text in texts)


def test_png_is_a_picture_at_twice_the_size(figure: Callable[..., Page]) -> None:
    page = figure("heatmap", message())
    name, content = download(page, "PNG picture")
    picture = Image.open(io.BytesIO(content))
    assert name == "attention_tiny_layer1_head1.png"
    assert picture.width > 800
    colours = picture.convert("RGB").getcolors(picture.width * picture.height)
    assert colours is not None
    assert len(colours) > 50


def test_a_long_text_fits_a_phone_and_can_be_zoomed(figure: Callable[..., Page]) -> None:
    maps = weights(1, 200)
    page = figure("heatmap", message(maps, [(1, 1)]), width=390, scale=2)
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    for _ in range(4):
        page.get_by_role("button", name="Zoom in").click()
    place = page.locator(".av-plot").evaluate("n => ({...n.dataset})")
    page.locator(".av-scroll").evaluate("n => n.scrollTo(300, 200)")
    settled(page)
    scroll = page.locator(".av-scroll").evaluate("n => [n.scrollLeft, n.scrollTop]")
    assert scroll == [300, 200]
    cell = float(place["cell"])
    box = page.locator(".av-plot").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + float(place["left"]) + 50, box["y"] + float(place["top"]) + 60)
    assert value(page) == maps[0, int((60 + 200) / cell), int((50 + 300) / cell)]
    assert page.evaluate("document.documentElement.scrollWidth") == 390


def test_svg_of_a_long_text_embeds_one_picture(figure: Callable[..., Page]) -> None:
    maps = weights(1, 80)
    page = figure("heatmap", message(maps, [(1, 1)]))
    _, content = download(page, "SVG drawing")
    (image,) = ET.fromstring(content).iter(f"{SVG}image")
    assert re.match(r"data:image/png;base64,", image.get("href", ""))


def test_touch_reads_a_cell(browser, figure: Callable[..., Page]) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 800}, has_touch=True, is_mobile=True)
    page = open_figure(context, "heatmap", [message()])
    page.touchscreen.tap(*cell_of(page, 6, 2))
    assert value(page) == MAPS[index(1, 1), 6, 2]
    assert page.errors == []  # type: ignore[attr-defined]
    context.close()


def test_more_keys_than_queries(figure: Callable[..., Page]) -> None:
    maps = weights(1, 3, 7)
    sent = map_message(
        maps, [(0, 0)], list("abc"), list("tuvwxyz"), layers=1, heads=1, layer=0, head=0, causal=True
    )
    page = figure("heatmap", sent)
    hover(page, 0, 4)
    assert value(page) == maps[0, 0, 4]
    hover(page, 0, 5)
    expect(readout(page)).to_contain_text("cannot look ahead")
    expect(page.get_by_role("checkbox", name="Hide special tokens")).to_be_disabled()

"""The parts of a score in Chromium: signed bars, pairs as lines, traces, going to a head, files; hostile labels."""

from __future__ import annotations

import json
from collections.abc import Callable
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from attnviz.figures import Step, Stream, why_data
from tests.figures.conftest import HOSTILE
from tests.figures.pointer import csv_rows, download, events

pytestmark = pytest.mark.browser
HEADS, LAYERS = 3, 4
PARTS = (
    ("word", "embedding", -1, -1),
    *(
        part
        for layer in range(LAYERS)
        for part in (
            *((f"head {layer}.{head}", "head", layer, head) for head in range(HEADS)),
            (f"feed-forward {layer}", "mlp", layer, -1),
        )
    ),
)
TABLE = np.random.default_rng(5).normal(size=(len(PARTS), len(PARTS))).astype(np.float32)
STREAMS = (
    Stream(f"Query, at “{HOSTILE[1]}” (7)", HOSTILE[1], PARTS),
    Stream(f"Key, at “{HOSTILE[0]}” (3)", HOSTILE[0], PARTS),
)
STEPS = (
    Step(-1, "head 4.1", f"“{HOSTILE[1]}” → “{HOSTILE[0]}”", "score 6.00", (4, 1, 7, 3), 6.0),
    Step(0, "head 3.0", "“past” → “boat”", "67 % of it · removed: 98 %", (3, 0, 3, 2), 4.0, 0.67),
    Step(1, "word", "“boat”", "80 % of it", None, 3.0, 0.8),
    Step(0, HOSTILE[3], "", "−12 % of it", None, -0.7, -0.12),
)

ZERO = (  # where zero stands in the box of a bar
    "n => n.getBoundingClientRect().left + parseFloat(n.style.getPropertyValue('--av-zero')) / 100 * n.clientWidth"
)


def message() -> bytes:
    return why_data(
        STREAMS,
        TABLE,
        STEPS,
        name="head 4.1",
        score=float(TABLE.sum()),
        reference="against the mean key",
        extras=[("relative position", 0.25)],
        graph={"metadata": {"slug": "head-4-1"}, "nodes": [], "links": []},
        title=f"Because {HOSTILE[3]} wrote it",
        model="tiny",
    )


def part(page: Page, side: int, number: int):
    return page.locator(f".av-whypart[data-side='{side}'][data-part='{number}']")


def test_parts_are_the_sums_of_their_pairs_and_show_them(figure: Callable[..., Page]) -> None:
    page = figure("why", message())
    assert page.locator(".av-why b script, .av-why img").count() == 0
    page.get_by_label("Parts").select_option("9999")
    for side, sums in enumerate((TABLE.sum(1), TABLE.sum(0))):
        assert page.locator(f".av-whypart[data-side='{side}']").count() == len(PARTS)
        for number in (0, 5, int(np.argmin(sums))):
            part(page, side, number).hover()
            told = page.get_by_test_id("readout")
            assert float(told.get_attribute("data-value") or "nan") == pytest.approx(sums[number], abs=1e-5)
            bar = part(page, side, number).locator(".av-whybar i").bounding_box()
            zero = part(page, side, number).locator(".av-whybar").evaluate(ZERO)
            assert bar is not None
            edge = bar["x"] if sums[number] > 0 else bar["x"] + bar["width"]
            assert edge == pytest.approx(zero, abs=1.5), "a bar begins at zero, and goes the way of its sign"
    # What is not among the largest is said as a sum.
    page.get_by_label("Parts").select_option("8")
    shown = np.argsort(-np.abs(TABLE.sum(1)))[:8]
    rest = TABLE.sum(1).sum() - TABLE.sum(1)[shown].sum()
    expect(page.get_by_test_id("rest")).to_contain_text(f"{rest:+.2f}".replace("-", "−"))
    expect(page.get_by_test_id("rest")).to_contain_text("relative position: +0.25")


def test_a_click_goes_to_a_head_at_its_token_and_keys_walk(figure: Callable[..., Page]) -> None:
    page = figure("why", message())
    page.get_by_label("Parts").select_option("9999")
    part(page, 1, 1).click()
    assert events(page)[-1] == ["open", {"layer": 0, "head": 0, "side": 1}]
    part(page, 0, 4).click()  # a feed-forward layer: held, not gone to
    expect(part(page, 0, 4)).to_have_attribute("aria-pressed", "true")
    assert len(events(page)) == 1
    page.keyboard.press("Escape")
    expect(part(page, 0, 4)).to_have_attribute("aria-pressed", "false")
    part(page, 0, 1).focus()
    page.keyboard.press("ArrowDown")
    expect(part(page, 0, 2)).to_be_focused()
    page.keyboard.press("ArrowRight")
    expect(part(page, 1, 2)).to_be_focused()
    page.keyboard.press("Enter")
    assert events(page)[-1] == ["open", {"layer": 0, "head": 1, "side": 1}]
    page.locator("[data-step='1']").click()
    assert events(page)[-1] == ["open", {"layer": 3, "head": 0, "query": 3, "key": 2}]


def test_traces_read_from_left_to_right_and_all_of_it_is_in_the_tables(figure: Callable[..., Page]) -> None:
    page = figure("why", message())
    lefts = [page.locator(f"[data-step='{n}']").bounding_box()["x"] for n in range(len(STEPS))]
    assert lefts[0] < lefts[1] < lefts[2]
    assert lefts[1] == lefts[3]
    page.locator("summary", has_text="as tables").click()
    largest = int(np.argmax(np.abs(TABLE.sum(1))))
    first = page.get_by_test_id("parttable").locator("tbody tr").first
    expect(first).to_contain_text(PARTS[largest][0])
    q, k = np.unravel_index(np.argmax(np.abs(TABLE)), TABLE.shape)
    expect(page.get_by_test_id("linktable").locator("tbody tr").first).to_contain_text(
        f"{TABLE[q, k]:+.2f}".replace("-", "−")
    )
    expect(page.get_by_test_id("steptable").locator("tbody tr")).to_have_count(len(STEPS))


def test_files_hold_every_part_and_a_phone_shows_it_whole(figure: Callable[..., Page]) -> None:
    page = figure("why", message(), width=390)
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    box = page.locator(".av-whypart").first.bounding_box()
    assert box is not None
    assert box["height"] >= 30
    rows = csv_rows(download(page, "CSV table")[1])
    assert len(rows) == 1 + 2 * len(PARTS) + 1
    found = np.array([float(row[4]) for row in rows[1:-1]])
    np.testing.assert_allclose(found, np.concatenate([TABLE.sum(1), TABLE.sum(0)]), atol=1e-5)
    drawing = ET.fromstring(download(page, "SVG drawing")[1])
    texts = "".join(node.text or "" for node in drawing.iter("{http://www.w3.org/2000/svg}text"))
    assert "head 3.0" in texts
    assert "<b>bold</b>" in texts
    assert download(page, "PNG picture")[1][:4] == b"\x89PNG"
    name, content = download(page, "JSON graph")
    assert name.endswith(".json")
    assert json.loads(content)["metadata"]["slug"] == "head-4-1"

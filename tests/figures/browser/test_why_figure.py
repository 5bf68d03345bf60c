"""The parts of a score in Chromium: signed bars, pairs as lines, traces, going to a head, files; hostile labels."""

from __future__ import annotations

import json
from collections.abc import Callable
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from attnviz.figures import why_data
from attnviz.figures.messages.circuit_graph import circuit_graph
from attnviz.types import PartTest, ScorePart, ScoreParts, Trace
from tests.figures.messages.records import split
from tests.figures.pointer import csv_rows, download, events

pytestmark = pytest.mark.browser
HEADS, LAYERS = 3, 4
PARTS = (
    ScorePart("embedding", "word embedding"),
    *(
        part
        for layer in range(LAYERS)
        for part in (
            *(ScorePart("head", f"head {layer}.{head}", layer, head) for head in range(HEADS)),
            ScorePart("feed-forward", f"feed-forward {layer}", layer),
        )
    ),
    ScorePart("bias", "biases"),
)
TABLE = np.random.default_rng(5).normal(size=(len(PARTS), len(PARTS)))
TEXT = split("</script> <b>old</b> and its end")
BOLD, END = TEXT.labels.index("<b>o"), TEXT.labels.index("</sc")
SCORE = ScoreParts(
    TEXT, TEXT, 4, 1, "self", BOLD, END, "mean", PARTS, PARTS, TABLE, 0.25, float(TABLE.sum()) + 0.25, 0.63
)
TEST = PartTest("key", PARTS[13], 4.0, 3.92, np.array([0.1, -0.2]))
TRACE = Trace(
    ScorePart("head", "head 4.1", 4, 1), BOLD, TEXT.labels[BOLD], "self", END, TEXT.labels[END], 0.63, score=6.0,
    children=(
        Trace(
            PARTS[13], END, TEXT.labels[END], "self", 3, TEXT.labels[3], 0.8, "key", 4.0, 0.67, 5.0, TEST,
            children=(Trace(PARTS[0], 3, TEXT.labels[3], side="key", value=3.0, share=0.6, ended="embedding"),),
        ),
        Trace(PARTS[4], END, TEXT.labels[END], side="query", value=-0.7, share=-0.12, ended="feed-forward"),
    ),
)  # fmt: skip

ZERO = (  # where zero stands in the box of a bar
    "n => n.getBoundingClientRect().left + parseFloat(n.style.getPropertyValue('--av-zero')) / 100 * n.clientWidth"
)


def message() -> bytes:
    graph = circuit_graph(SCORE, TRACE, model="tiny", text=TEXT.text)
    return why_data(SCORE, TRACE, graph=graph, title="Because <b>o wrote it", model="tiny")


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
    expect(page.get_by_test_id("rest")).to_contain_text("position alone: +0.25")


def test_a_click_goes_to_a_head_at_its_token_and_keys_walk(figure: Callable[..., Page]) -> None:
    page = figure("why", message())
    page.get_by_label("Parts").select_option("9999")
    part(page, 1, 1).click()
    assert events(page)[-1] == ["open", {"side": 1, "part": 1}]
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
    assert events(page)[-1] == ["open", {"side": 1, "part": 2}]
    page.locator("[data-step='1']").click()
    assert events(page)[-1] == ["open", {"step": 1}]


def test_traces_read_from_left_to_right_and_all_of_it_is_in_the_tables(figure: Callable[..., Page]) -> None:
    page = figure("why", message())
    lefts = [page.locator(f"[data-step='{n}']").bounding_box()["x"] for n in range(4)]
    assert lefts[0] < lefts[1] < lefts[2]
    assert lefts[1] == lefts[3]
    page.locator("summary", has_text="as tables").click()
    largest = int(np.argmax(np.abs(TABLE.sum(1))))
    first = page.get_by_test_id("parttable").locator("tbody tr").first
    expect(first).to_contain_text(PARTS[largest].title)
    assert "test 98%" in page.locator("[data-step='1']").inner_text()
    q, k = np.unravel_index(np.argmax(np.abs(TABLE)), TABLE.shape)
    expect(page.get_by_test_id("linktable").locator("tbody tr").first).to_contain_text(
        f"{TABLE[q, k]:+.2f}".replace("-", "−")
    )
    expect(page.get_by_test_id("steptable").locator("tbody tr")).to_have_count(4)


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
    assert "<b>o" in texts
    assert download(page, "PNG picture")[1][:4] == b"\x89PNG"
    name, content = download(page, "JSON graph")
    assert name.endswith(".json")
    graph = json.loads(content)
    ids = {node["node_id"] for node in graph["nodes"]}
    assert all({link["source"], link["target"]} <= ids for link in graph["links"])
    assert graph["metadata"]["prompt_tokens"] == list(TEXT.labels)
    (root,) = (node for node in graph["nodes"] if node["is_target_logit"])
    into = {link["source"]: link["weight"] for link in graph["links"] if link["target"] == root["node_id"]}
    largest = max(range(len(PARTS)), key=lambda n: abs(TABLE.sum(0)[n]))
    assert any(weight == pytest.approx(TABLE.sum(0)[largest]) for weight in into.values())

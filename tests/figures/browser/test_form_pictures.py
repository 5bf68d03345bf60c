"""What is saved of the forms text, lines and q·k: the numbers on screen, vectors, and hostile labels as text."""

from __future__ import annotations

import io
import xml.etree.ElementTree as ET
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page

from attnviz.figures import Products
from attnviz.figures.wire import unpack
from attnviz.text import visible
from attnviz.types import QueryKey
from tests.figures.browser.heatmap import weights
from tests.figures.conftest import HOSTILE
from tests.figures.maps import map_message
from tests.figures.pointer import csv_rows, download

pytestmark = pytest.mark.browser
COUNT, HEADS, SIZE = len(HOSTILE), 3, 6
MAPS = weights(HEADS, COUNT, seed=4)
LABELS = [visible(label) for label in HOSTILE]
PROSE = [run for n, label in enumerate(LABELS) for run in ((label, n), (" ", -1))]
SVG = "{http://www.w3.org/2000/svg}"


def message(form: str, **other: object) -> bytes:
    given = {"layers": 1, "heads": HEADS, "layer": 0, "head": 1, "model": "tiny", "proses": [PROSE], **other}
    heads = [(0, head) for head in range(HEADS)]
    return map_message(MAPS, heads, HOSTILE, HOSTILE, form=form, **given)  # type: ignore[arg-type]


def record() -> QueryKey:
    random = np.random.default_rng(1)
    q, k = random.normal(size=SIZE).astype(np.float32), random.normal(size=(COUNT, SIZE)).astype(np.float32)
    logits = np.where(np.arange(COUNT) < 9, 0.5 * k @ q, -np.inf).astype(np.float32)
    weights = np.exp(logits - logits.max())
    allowed = np.isfinite(logits)
    return QueryKey(q=q, k=k, scale=0.5, bias=None, softcap=None, sink=None, logits=logits, allowed=allowed,
                    weights=(weights / weights.sum()).astype(np.float32))  # fmt: skip


def words(root: ET.Element) -> list[str]:
    """Each text of an SVG, without the marks that keep its direction to itself."""
    return [(node.text or "").strip("\u2068\u2069") for node in root.iter(f"{SVG}text")]


def drawing(page: Page, stem: str) -> ET.Element:
    """The SVG; parsed, so that a label that broke out of its element would be seen. And the PNG is a picture."""
    name, content = download(page, "SVG drawing")
    assert name == f"{stem}.svg"
    root = ET.fromstring(content)
    assert {node.tag.removeprefix(SVG) for node in root.iter()} <= {
        "svg", "title", "rect", "text", "path", "g", "clipPath"
    }  # fmt: skip
    name, content = download(page, "PNG picture")
    assert name == f"{stem}.png"
    shot = Image.open(io.BytesIO(content)).convert("L")
    assert abs(shot.width - 2 * int(root.get("width") or 0)) <= 2
    assert np.asarray(shot).std() > 5
    return root


def test_text_with_held_tokens(figure: Callable[..., Page]) -> None:
    page = figure("heatmap", message("text"))
    for index in (2, 5):
        page.locator(f"[data-token='{index}'].av-tok").click()
    page.mouse.move(5, 880)
    said = page.get_by_test_id("text-readout").inner_text()
    root = drawing(page, "attention_tiny_layer0_head1_text")
    found = words(root)
    assert [label for label in LABELS if label not in found] == []
    assert " ".join(found).replace("\u2068", "").replace("\u2069", "").count("Mean of 2 tokens") == 1
    assert said.startswith("Mean of 2 tokens")
    mean = MAPS[1][[2, 5]].mean(0)
    assert f"{mean.max():.4f}" in found
    halves = [
        rect for rect in root.iter(f"{SVG}rect") if rect.get("height") == "12" and rect.get("y") is not None
    ]
    assert len(halves) == 2 * COUNT

    name, content = download(page, "CSV table")
    rows = csv_rows(content)
    assert name == "attention_tiny_layer0_head1_text.csv"
    assert rows[0] == ["token", "position", "attention from the held tokens", "attention to the held tokens"]
    np.testing.assert_allclose([float(row[2]) for row in rows[1:]], mean, rtol=1e-6)
    np.testing.assert_allclose([float(row[3]) for row in rows[1:]], MAPS[1][:, [2, 5]].mean(1), rtol=1e-6)
    assert not any(row[0].startswith(("=", "+", "-", "@")) for row in rows[1:])


def test_text_without_a_held_token_is_the_whole_map(figure: Callable[..., Page]) -> None:
    page = figure("heatmap", message("text"))
    found = words(drawing(page, "attention_tiny_layer0_head1_text"))
    assert [label for label in LABELS if label not in found] == []
    rows = csv_rows(download(page, "CSV table")[1])
    np.testing.assert_array_equal(np.array([row[1:] for row in rows[1:]], np.float32), MAPS[1])


def test_lines_are_the_heads_that_are_shown(figure: Callable[..., Page]) -> None:
    page = figure("heatmap", message("lines", keep=100))
    page.get_by_role("button", name="Head 1", exact=True).click()
    root = drawing(page, "attention_tiny_layer0_lines")
    found = words(root)
    assert len([text for text in found if text in LABELS or text.endswith("…")]) == 2 * COUNT
    assert sum((path.get("d") or "").count("M") for path in root.iter(f"{SVG}path")) == 2 * COUNT**2
    assert len({path.get("stroke") for path in root.iter(f"{SVG}path")}) == 2
    rows = csv_rows(download(page, "CSV table")[1])
    assert rows[0] == ["head", "query", "query position", "key", "key position", "attention weight"]
    assert {row[0] for row in rows[1:]} == {"0", "2"}
    for row in rows[1:]:
        assert np.float32(row[5]) == MAPS[int(row[0]), int(row[2]), int(row[4])]


def test_lines_of_a_held_token_only(figure: Callable[..., Page]) -> None:
    page = figure("heatmap", message("lines", keep=100))
    stage = page.get_by_test_id("lines")
    stage.focus()
    for key in ("ArrowDown", "ArrowDown", "ArrowDown", "Enter"):
        page.keyboard.press(key)
    page.mouse.move(5, 880)
    root = drawing(page, "attention_tiny_layer0_lines")
    assert sum((path.get("d") or "").count("M") for path in root.iter(f"{SVG}path")) == HEADS * COUNT
    rows = csv_rows(download(page, "CSV table")[1])
    assert {row[2] for row in rows[1:]} == {"2"}
    assert len(rows) == 1 + HEADS * COUNT


def test_every_step_of_the_vectors(figure: Callable[..., Page]) -> None:
    products = Products(0, 1, 4, HOSTILE, HOSTILE, record())
    page = figure("heatmap", message("qk", products=products))
    root = drawing(page, "attention_tiny_layer0_head1_qk4")
    found = words(root)
    truth = products.record
    assert truth is not None
    assert f"{truth.weights.max():.4f}" in found
    assert found.count("−∞") == COUNT - 9
    assert len([rect for rect in root.iter(f"{SVG}rect") if rect.get("height") == "16"]) == SIZE * (
        2 * COUNT + 1
    )
    rows = csv_rows(download(page, "CSV table")[1])
    assert rows[0][:3] == ["token", "position", "sum Σ"]
    assert rows[1][1] == "4"
    np.testing.assert_array_equal(np.array(rows[1][-SIZE:], np.float32), truth.q)
    for j, row in enumerate(rows[2:]):
        np.testing.assert_array_equal(np.array(row[-SIZE:], np.float32), truth.k[j])
        assert float(row[2]) == pytest.approx(float(truth.k[j] @ truth.q), rel=1e-5)
        assert np.float32(row[-SIZE - 1]) == truth.weights[j]
        assert np.float32(row[-SIZE - 2]) == truth.logits[j]


def test_vectors_that_cannot_be_had_are_not_offered(figure: Callable[..., Page]) -> None:
    products = Products(0, 1, 4, HOSTILE, HOSTILE, problem="There are none.")
    page = figure("heatmap", message("qk", products=products))
    assert unpack(message("qk", products=products))[0]["qk"]["problem"]
    assert not page.locator(".av-menu", has_text="Download").is_visible()

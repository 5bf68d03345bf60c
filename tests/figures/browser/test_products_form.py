"""The form "qk" in Chromium: every column is the step that its heading names, of the vectors that were sent."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from attnviz.figures import Products
from attnviz.text import visible
from attnviz.types import QueryKey
from tests.figures.browser.heatmap import weights
from tests.figures.conftest import HOSTILE
from tests.figures.maps import map_message
from tests.figures.pointer import events

pytestmark = pytest.mark.browser
SIZE = 8


def record(keys: int = len(HOSTILE), bias: bool = False, **other: object) -> QueryKey:
    rng = np.random.default_rng(keys)
    q, k = rng.normal(size=SIZE).astype(np.float32), rng.normal(size=(keys, SIZE)).astype(np.float32)
    added = rng.normal(size=keys).astype(np.float32) if bias else None
    allowed = np.arange(keys) < keys - 2
    logits = np.where(allowed, k @ q * 0.25 + (0 if added is None else added), -np.inf).astype(np.float32)
    shares = np.exp(logits - logits.max())
    return QueryKey(q, k, 0.25, logits, shares / shares.sum(), allowed, added, **other)  # type: ignore[arg-type]


def message(what: QueryKey | None, row: int = 3, head: int = 0, problem: str = "", labels=HOSTILE) -> bytes:
    maps = weights(2, len(labels), seed=2)
    products = Products(0, head, row, labels, labels, what, problem)
    return map_message(
        maps,
        [(0, 0), (0, 1)],
        labels,
        labels,
        layers=1,
        heads=2,
        layer=0,
        head=head,
        form="qk",
        products=products,
    )


def cells(page: Page) -> dict[int, list[float]]:
    """The numbers of each key's row."""
    found = page.locator("[data-testid=qk-table] tr[data-key]").evaluate_all(
        """rows => rows.map(row =>
            [row.dataset.key, [...row.querySelectorAll("[data-value]")].map(n => n.dataset.value)])"""
    )
    return {int(key): [float(value.replace("Infinity", "inf")) for value in values] for key, values in found}


@pytest.mark.parametrize(("bias", "width"), [(False, 1280), (True, 1280), (False, 390)])
def test_the_columns_hold_the_steps(figure: Callable[..., Page], bias: bool, width: int) -> None:
    what = record(bias=bias)
    page = figure("heatmap", message(what), width=width)
    sums = what.k.astype(float) @ what.q.astype(float)
    steps = [sums, sums * 0.25, *([what.bias] if what.bias is not None else []), what.logits, what.weights]
    shown = cells(page)
    assert list(shown) == list(np.argsort(-what.weights, kind="stable"))
    for key, values in shown.items():
        assert values == pytest.approx([float(step[key]) for step in steps], abs=1e-9)
    expect(page.get_by_test_id("qk-steps")).to_contain_text("s = 0.2500 · Σ")
    expect(page.get_by_test_id("qk-steps")).to_contain_text("−∞ where the mask forbids to look")
    assert page.evaluate("document.documentElement.scrollWidth") == width


def test_the_strips_name_the_numbers_of_a_dimension(figure: Callable[..., Page]) -> None:
    what = record()
    page = figure("heatmap", message(what))
    strip = page.locator("tr[data-key='5'] [data-vector='q ∘ k']")
    box = strip.bounding_box()
    assert box is not None
    strip.hover(position={"x": box["width"] * 2.5 / SIZE, "y": 5})
    said = page.get_by_test_id("qk-readout").inner_text().replace("−", "-")
    q, k = float(what.q[2]), float(what.k[5, 2])
    assert said == f"Dimension 2: q {q:.4f} × k {k:.4f} = {q * k:.4f}"


def test_soft_cap_and_sink_are_said(figure: Callable[..., Page]) -> None:
    page = figure("heatmap", message(record(softcap=30.0, sink=0.5)))
    expect(page.get_by_test_id("qk-steps")).to_contain_text("30.0 · tanh(s / 30.0)")
    expect(page.get_by_test_id("qk-steps")).to_contain_text("exp(0.5000), a logit without a token")


def test_another_token_and_another_head_are_asked_for(figure: Callable[..., Page]) -> None:
    page = figure("heatmap", message(record()), message(record(), row=7), message(record(), row=7, head=1))
    table = page.get_by_test_id("qk-table")
    page.get_by_role("combobox", name="Query token").select_option("7")
    expect(table).not_to_be_visible()
    assert events(page) == [["held", [[0, 7]]]]
    page.evaluate("show(1)")
    expect(table).to_contain_text(f"query “\u2068{visible(HOSTILE[7])}")
    page.get_by_role("button", name="Next head").click()
    expect(page.get_by_test_id("qk-status")).to_have_text("Loading the vectors of layer 0, head 1 …")
    page.evaluate("show(2)")
    expect(table).to_be_visible()


def test_a_family_without_vectors_says_so(figure: Callable[..., Page]) -> None:
    page = figure("heatmap", message(None, problem="The queries and keys of <b>x</b> are not known."))
    expect(page.get_by_test_id("qk-status")).to_have_text("The queries and keys of <b>x</b> are not known.")
    expect(page.get_by_test_id("qk-table")).not_to_be_visible()


def test_many_keys_are_shown_on_demand(figure: Callable[..., Page]) -> None:
    labels = [f"token{n}" for n in range(40)]
    page = figure("heatmap", message(record(40), labels=labels))
    assert len(cells(page)) == 24
    page.get_by_role("button", name="Show all 40 keys").click()
    page.get_by_role("combobox", name="Keys").select_option("text")
    assert list(cells(page)) == list(range(40))


def test_a_held_token_takes_its_vectors_along(figure: Callable[..., Page]) -> None:
    page = figure("heatmap", message(record()))
    form = page.get_by_role("radiogroup", name="Form")
    form.get_by_text("Text", exact=True).click()
    page.locator(".av-tok[data-token='5']").click()
    form.get_by_text("q·k", exact=True).click()
    assert events(page) == [["form", "text"], ["held", [[0, 5]]], ["form", "qk"]]

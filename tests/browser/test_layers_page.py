"""Layer by layer in the real app: the sentence, the line and the table say the engine's numbers; a phone, the file."""

from __future__ import annotations

import csv
import itertools
import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.app import PHONE, at_rest, fits, in_theme

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def found(model, pair):
    """What the engine says of the example, in this process."""
    from attnviz.explanation import layer_by_layer

    return layer_by_layer(model, pair.text, "similarity", pair.pair)


def test_the_numbers_of_the_engine_are_on_screen_and_in_the_file(page: Page, found, tmp_path):
    page.goto("/layers")
    told = page.locator(".st-key-layers")
    expect(told).to_contain_text(
        f"In the end the similarity is {found.values[-1]:.3f}. Layer 5 moves it most"
    )
    expect(page.locator(".js-plotly-plot .scatterlayer .trace").first.locator(".point")).to_have_count(7)
    table = page.get_by_role("region", name="The numbers, layer by layer").get_by_role("row")
    for value, row in zip(found.values, table.all()[1:], strict=True):
        expect(row).to_contain_text(f"{value:.3f}")
    with page.expect_download() as saved:
        page.get_by_role("button", name="Save as a table").click()
    assert re.fullmatch(r"layer-by-layer-minilm-.*\.csv", saved.value.suggested_filename)
    saved.value.save_as(tmp_path / "table.csv")
    with (tmp_path / "table.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(itertools.takewhile(bool, csv.reader(file)))  # then: how it was made
    assert [float(row[1]) for row in rows[1:]] == pytest.approx(found.values.tolist(), abs=1e-6)


def test_the_chart_is_saved_as_a_picture(page: Page):
    page.goto("/layers")
    button = page.locator(".js-plotly-plot .modebar-btn[data-title*='png' i]")
    expect(button).to_be_visible()
    at_rest(page)
    with page.expect_download() as saved:
        button.click()
    assert saved.value.suggested_filename == "layer-by-layer.png"


def test_on_a_phone_the_table_scrolls_and_the_page_does_not(page: Page):
    page.set_viewport_size(PHONE)
    page.goto("/layers?target=label-prompt")
    expect(page.locator(".st-key-layers")).to_contain_text("the model puts the text nearest to")
    region = page.get_by_role("region", name="The numbers, layer by layer")
    expect(region).to_be_visible()
    for scheme in ("light", "dark"):
        in_theme(page, scheme)
        assert fits(page)
        assert region.evaluate("node => node.scrollWidth - node.clientWidth") > 0
    region.focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_function("node => node.scrollLeft > 0", arg=region.element_handle())

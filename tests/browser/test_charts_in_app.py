"""Plotly's charts in the app, in light and dark: words are read, and nothing has the colour of the page."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.app import at_rest, in_theme

pytestmark = pytest.mark.browser

# Of every text in plotly's charts: the least contrast with the page, and the text that has it.
LEAST = """() => {
  const pen = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
  const rgb = (colour) => {
    pen.clearRect(0, 0, 1, 1);
    pen.fillStyle = colour;
    pen.fillRect(0, 0, 1, 1);
    return [...pen.getImageData(0, 0, 1, 1).data.slice(0, 3)];
  };
  const luminance = (colour) => {
    const linear = (v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    const [r, g, b] = rgb(colour).map((v) => linear(v / 255));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const page = luminance(getComputedStyle(document.querySelector(".stApp")).backgroundColor);
  let least = [99, ""];
  for (const text of document.querySelectorAll(".js-plotly-plot svg text")) {
    if (!text.textContent.trim()) continue;
    const [low, high] = [luminance(getComputedStyle(text).fill), page].sort((a, b) => a - b);
    const ratio = (high + 0.05) / (low + 0.05);
    if (ratio < least[0]) least = [ratio, text.textContent];
  }
  return least;
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axes_are_read_in_both_themes(page: Page, scheme: str):
    page.goto("/attribution?text=A+man+plays.&pair=Somebody+performs.")
    expect(page.locator(".js-plotly-plot").first).to_be_visible()
    page.get_by_role("button", name="Compare all methods").click()
    expect(page.locator(".js-plotly-plot .heatmaplayer")).to_have_count(2)
    in_theme(page, scheme)
    at_rest(page)
    ratio, text = page.evaluate(LEAST)
    assert ratio >= 4.5, text

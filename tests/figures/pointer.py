"""Points at cells of a drawn matrix, reads what the figure says, and catches its downloads."""

from __future__ import annotations

import csv
import io
import itertools
import json
from pathlib import Path

import numpy as np
from playwright.sync_api import Locator, Page


def cell_of(page: Page, i: int, j: int, plot: int = 0) -> tuple[float, float]:
    """The middle of cell (i, j) in the viewport, scrolled to if need be."""
    node = page.locator(".av-plot").nth(plot)
    place = {
        key: float(value)
        for key, value in json.loads(node.evaluate("n => JSON.stringify(n.dataset)")).items()
    }
    x = place["left"] + (j + 0.5) * place["cell"]
    y = place["top"] + (i + 0.5) * place["cell"]
    node.evaluate("(n, y) => window.scrollBy(0, n.getBoundingClientRect().top + y - 450)", y)
    box = node.bounding_box()
    assert box is not None
    return box["x"] + x, box["y"] + y


def hover(page: Page, i: int, j: int, plot: int = 0) -> None:
    page.mouse.move(*cell_of(page, i, j, plot))


def readout(page: Page) -> Locator:
    return page.get_by_test_id("readout")


def value(page: Page) -> np.float32:
    """The number that the readout holds, unrounded."""
    text = readout(page).get_attribute("data-value")
    assert text is not None, readout(page).inner_text()
    return np.float32(text)


def events(page: Page) -> list[list]:
    return page.evaluate("events")


def download(page: Page, item: str) -> tuple[str, bytes]:
    """File name and content of an item of the download menu."""
    page.locator(".av-menu > summary", has_text="Download").click()
    with page.expect_download() as caught:
        page.get_by_role("button", name=item).click()
    return caught.value.suggested_filename, Path(caught.value.path()).read_bytes()


def csv_rows(content: bytes) -> list[list[str]]:
    rows = csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""))
    return list(itertools.takewhile(bool, rows))  # an empty one parts the table from how it was made


def with_options(page: Page) -> Page:
    """The page, with the heatmap's Options unfolded."""
    summary = page.locator("summary", has_text="Options")
    summary.wait_for()
    if not summary.evaluate("node => node.parentElement.open"):
        summary.click()
    return page

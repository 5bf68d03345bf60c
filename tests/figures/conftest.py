"""Chromium with plain pages for the figures, checked for errors at the end of each test; and hostile labels."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.figures.stand import open_figure

HOSTILE = (
    "</script>",
    "<img src=x onerror=alert(1)>",
    "$x^2$",
    "<b>bold</b>",
    "\u200fمرحبا\u202e",
    "👩‍👩‍👧",
    "lone \ud83d",
    '=1+1,"quoted"',
    "+SUM(A1)",
    "-2",
    "@cmd",
    "nul\0 and\ttab",
)


@pytest.fixture
def figure(browser: Browser) -> Iterator[Callable[..., Page]]:
    """`figure("heatmap", message, ..., width=1440, scale=1)` opens a page that draws the first message.

    At the end of the test no page may have logged an error or asked for anything that it was not given.
    """
    contexts = []
    pages: list[Page] = []

    def start(
        name: str,
        *messages: bytes,
        width: int = 1280,
        scale: float = 1,
        theme: str = "light",
        touch: bool = False,
    ) -> Page:
        size = {"width": width, "height": 900}
        context = browser.new_context(
            viewport=size, device_scale_factor=scale, accept_downloads=True, has_touch=touch
        )
        contexts.append(context)
        pages.append(open_figure(context, name, list(messages), theme))
        pages[-1].on("dialog", lambda dialog: pages[-1].errors.append(f"dialog: {dialog.message}"))  # type: ignore[attr-defined]
        return pages[-1]

    yield start
    errors = [error for page in pages for error in page.errors]  # type: ignore[attr-defined]
    for context in contexts:
        context.close()
    assert errors == []

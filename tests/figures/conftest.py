"""Chromium with plain pages for the figures, checked for errors at the end of each test; and hostile labels."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.figures.stand import blank_page, draw

HEIGHT = 900  # pixels of a page
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


@pytest.fixture(scope="module")
def pages(browser: Browser) -> Iterator[Callable[..., Page]]:
    """`pages(width, scale, touch)` gives a page that the test does not use yet: new, or one of tests before."""
    every: dict[tuple, list[Page]] = {}
    taken: list[Page] = []

    def take(*kind: Any) -> Page:
        width, scale, touch = kind
        free = [page for page in every.setdefault(kind, []) if page not in taken]
        if not free:
            size = {"width": width, "height": HEIGHT}
            context = browser.new_context(
                viewport=size, device_scale_factor=scale, accept_downloads=True, has_touch=touch
            )
            free = [blank_page(context)]
            every[kind] += free
        taken.append(free[0])
        return free[0]

    take.taken = taken  # type: ignore[attr-defined]
    yield take
    for page in (page for kind in every.values() for page in kind):
        page.context.close()


@pytest.fixture
def figure(pages: Callable[..., Page]) -> Iterator[Callable[..., Page]]:
    """`figure("heatmap", message, ..., width=1440, scale=1)` opens a page that draws the first message.

    At the end of the test no page may have logged an error or asked for anything that it was not given.
    """
    taken: list[Page] = pages.taken  # type: ignore[attr-defined]

    def start(
        name: str,
        *messages: bytes,
        width: int = 1280,
        scale: float = 1,
        theme: str = "light",
        touch: bool = False,
    ) -> Page:
        page = pages(width, scale, touch)
        page.set_viewport_size({"width": width, "height": HEIGHT})
        page.mouse.move(0, 0)  # outside the figure
        draw(page, name, list(messages), theme)
        return page

    yield start
    errors = [error for page in taken for error in page.errors]  # type: ignore[attr-defined]
    for page in taken:
        page.errors.clear()  # type: ignore[attr-defined]
    taken.clear()
    assert errors == []

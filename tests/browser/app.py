"""What tests do with an open page of the app: wait for it, type, choose, point, save, and look at its width."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Locator, Page, expect

from tests.figures.pointer import with_options

PHONE = {"width": 390, "height": 844}


def at_rest(page: Page) -> None:
    """Waits until the script has run, and every figure shows what it was asked for."""
    page.wait_for_selector('[data-testid="stApp"][data-test-script-state="notRunning"]')
    # Locators look into shadow roots, where the figures are.
    expect(page.locator("[data-stale=true], [aria-busy=true]")).to_have_count(0)


def drawn(page: Page) -> None:
    """Waits until the page shows a map of attention, and is at rest."""
    expect(page.get_by_test_id("stage")).to_have_attribute("aria-busy", "false")
    at_rest(page)


def text_box(page: Page) -> Locator:
    """The text box, opened where it is closed."""
    box = page.get_by_role("textbox", name="Text", exact=True)
    edit = page.get_by_role("button", name="Edit text", exact=True)
    edit.or_(box).first.wait_for()
    if not box.is_visible():
        edit.click()
    box.wait_for()
    return box


def send_text(page: Page, text: str) -> None:
    """Fill the text box and send it with Enter."""
    box = text_box(page)
    box.fill(text)
    box.press("Enter")


def type_text(page: Page, text: str) -> None:
    """The same, and wait until the page is about it."""
    send_text(page, text)
    expect(page.locator(".st-key-shown_text, [data-testid=sentence]:visible")).to_contain_text(text)
    at_rest(page)


def choose_option(page: Page, name: str, value: str) -> None:
    """Choose in the list `name` under the heatmap's Options."""
    with_options(page)
    page.get_by_role("combobox", name=name).select_option(label=value)
    page.keyboard.press("Escape")


def saved(page: Page, label: str) -> Path:
    """The file that a button saves, under the name that it suggests."""
    with page.expect_download() as caught:
        page.get_by_role("button", name=label).click()
    path = Path(caught.value.path())
    return path.rename(path.with_name(caught.value.suggested_filename))


def fits(page: Page) -> bool:
    """Whether nothing is wider than the screen."""
    main = page.locator('[data-testid="stMain"]')
    return (
        page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0
        and main.evaluate("node => node.scrollWidth - node.clientWidth") <= 0
    )


def fits_in_light_and_dark(page: Page) -> bool:
    """The same in both themes, in one visit."""
    found = []
    for scheme in ("light", "dark"):
        in_theme(page, scheme)
        found.append(fits(page))
    return all(found)


def in_theme(page: Page, scheme: str) -> None:
    """Let the reader's system be light or dark, and wait until the page has followed."""
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    page.wait_for_function(
        "scheme => getComputedStyle(document.querySelector('.stApp')).colorScheme === scheme", arg=scheme
    )
    at_rest(page)


# ------------------------------------------------------------------------------- the attention page's forms


def choose_form(page: Page, form: str) -> None:
    page.get_by_role("radiogroup", name="Form").get_by_text(form, exact=True).click()


def token(page: Page, index: int) -> Locator:
    """A token of the form 'Text'."""
    return page.locator(f".av-tok[data-token='{index}']")


def strongest(page: Page, way: str) -> list[tuple[int, float]]:
    """What the bars of one direction hold: (token, value)."""
    found = page.get_by_test_id(f"strongest-{way}").locator(".av-bar[data-value]")
    return [
        (int(t), float(v))
        for t, v in found.evaluate_all("all => all.map(n => [n.dataset.token, n.dataset.value])")
    ]


def largest_five(values: np.ndarray) -> list[tuple[int, float]]:
    """What `strongest` has to be for these values."""
    return [(int(n), pytest.approx(float(values[n]), abs=1e-6)) for n in np.argsort(-values)[:5]]


# ------------------------------------------------------------------------------------- comparison, ablation


def head(page: Page, layer: int, number: int) -> Locator:
    """A head in the grid of the ablation page."""
    return page.get_by_role("button", name=f"Layer {layer}, head {number}: ")


def pane_values(page: Page) -> list[float | None]:
    """What the readout of several maps holds, one value a map."""
    readout = page.get_by_test_id("readout")
    expect(readout).to_have_attribute("data-values", re.compile("."))
    return json.loads(readout.get_attribute("data-values") or "[]")

"""Hostile texts and impossible wishes, typed or in a link, on every page: shown as text, or refused in plain words.

The `page` fixture adds, after each test, that no error was logged, no dialog opened, no foreign host asked.
"""

from __future__ import annotations

import json
import re
from urllib.parse import quote_plus

import pytest
from playwright.sync_api import Page, expect

from attnviz.web.shell.site import SITE
from attnviz.web.state.session import PAGE_MODELS
from tests.browser.app import at_rest, text_box
from tests.browser.hostile import HOSTILE, Hostile

pytestmark = pytest.mark.browser

# The report asks nothing of a text; translations have tests of their own, with a translator.
PAGES = tuple(entry.name for entry in SITE if not entry.kinds and entry.name not in ("report", *PAGE_MODELS))


GROUPS = (
    {"formula", "markdown", "format", "special names"},
    {"right to left", "separators", "no width", "stacked marks", "scripts"},
    {"no space"},
    {"NUL"},
)
# Looks through shadow roots, too: the figures live in them.
FOREIGN = """() => {
  const found = [];
  const walk = (root) => {
    for (const node of root.querySelectorAll("*")) {
      if (node.matches("[data-injected], .katex, a[href^='javascript:'], [onerror], [onload]"))
        found.push(node.outerHTML.slice(0, 200));
      if (node.shadowRoot) walk(node.shadowRoot);
    }
  };
  walk(document);
  if (globalThis.injected !== undefined) found.push("script ran");
  return found;
}"""
# Set as React listens for it; page.fill could not carry a lone surrogate.
TYPE = """(area) => {
  Object.getOwnPropertyDescriptor(HTMLTextAreaElement.prototype, "value").set.call(area, %s);
  area.dispatchEvent(new Event("input", { bubbles: true }));
}"""


def link(text: str) -> str:
    """A text in a link; a lone surrogate as browsers write it, as U+FFFD."""
    return quote_plus(text.encode("utf-16", "surrogatepass").decode("utf-16", "replace"))


def answered(page: Page) -> str:
    """What the page came to: "picture" or "refusal". Fails when it is neither, or an error of our own."""
    at_rest(page)
    picture = page.locator(".av, .js-plotly-plot").first
    refusal = page.get_by_test_id("stAlertContentError").first  # an alert that informs may be progress
    expect(picture.or_(refusal).first).to_be_visible()
    assert "Something went wrong" not in page.inner_text("body")
    return "refusal" if refusal.is_visible() else "picture"


@pytest.mark.parametrize("hostile", HOSTILE, ids=lambda each: each.name)
def test_a_hostile_text_in_a_link_is_text(page: Page, hostile: Hostile):
    """On the page that shows both texts in full; how an address is read is the same on every page."""
    page.goto(f"/compare?text={link(hostile.text)}&pair={link(hostile.text)}")
    assert answered(page) == "picture"
    expect(page.locator(".st-key-panes_list")).to_contain_text(hostile.seen)
    assert page.evaluate(FOREIGN) == []


def type_and_show(page: Page, *hostile: Hostile) -> None:
    """Types the texts as lines of one, sends it, and waits until the page is about it, and shows nothing but text."""
    text = "\n".join(each.text for each in hostile)
    text_box(page).evaluate(TYPE % json.dumps(text))
    page.get_by_role("button", name="Show", exact=True).click()
    for each in hostile:
        expect(
            page.locator(".st-key-shown_text, .st-key-panes_list, [data-testid=sentence]:visible")
        ).to_contain_text(each.seen)
    assert answered(page) == "picture", text
    assert page.evaluate(FOREIGN) == [], text


def test_each_hostile_text_typed_is_text(page: Page):
    """A lone surrogate, too: half an emoji, as some keyboards leave it, which makes the frontend's message invalid."""
    page.goto("/attention?text=begin")
    assert answered(page) == "picture"
    for hostile in HOSTILE:
        type_and_show(page, hostile)


@pytest.mark.parametrize("name", [name for name in PAGES if name != "attention"])
def test_hostile_texts_are_text_on_every_page(page: Page, name: str):
    """Markup of every sort in a link, beside a second text of signs; then the other texts typed, in groups."""
    markup = " ".join(each.text for each in HOSTILE if "injected" in each.text)
    signs = " ".join(each.text for each in HOSTILE if each.name in GROUPS[0] | {"closing script", "image"})
    # How it is explained is shown alike by every method; this one is done with long texts at once.
    page.goto(f"/{name}?text={link(markup)}&pair={link(signs)}&method=gradient-times-input")
    assert answered(page) == "picture"
    expect(
        page.locator(".st-key-shown_text, .st-key-panes_list, [data-testid=sentence]:visible")
    ).to_contain_text(HOSTILE[0].seen)
    assert page.evaluate(FOREIGN) == []
    page.goto(f"/{name}?text=begin&pair=begin")
    assert answered(page) == "picture"
    for group in GROUPS:
        type_and_show(page, *(each for each in HOSTILE if each.name in group))


@pytest.mark.parametrize("name", PAGES)
def test_hostile_values_of_every_parameter_are_refused_calmly(page: Page, name: str):
    bad = link("<img data-injected src=x onerror=injected=1>")
    keys = ("layer", "head", "kind", "unit", "method", "target", "unknown")
    page.goto(f"/{name}?text=a+cat&pair=a+dog&" + "&".join(f"{key}={bad}" for key in keys))
    at_rest(page)
    expect(page.get_by_text("the default head is shown").first).to_be_visible()
    assert page.evaluate(FOREIGN) == []
    assert "Something went wrong" not in page.inner_text("body")


@pytest.mark.parametrize("name", PAGES)
def test_no_text_is_explained(page: Page, name: str):
    page.goto(f"/{name}?text=+++")
    expect(page.get_by_text("There is no text yet")).to_be_visible()


@pytest.mark.parametrize("name", PAGES)
def test_a_text_that_is_too_long_is_explained(page: Page, name: str):
    page.goto(f"/{name}?text={'word+' * 600}&pair=word")
    assert answered(page) == "refusal"
    message = page.locator("body").inner_text()
    assert "The text is too long" in message
    assert re.search(r"\b60[234]\b", message), "how long it is"
    assert re.search(r"\b512\b", message), "how long it may be"
    assert "Traceback" not in message


def test_a_model_in_a_link_is_loaded_only_when_asked(page: Page):
    page.goto("/attention?text=cat&model=" + link("./no-such<b data-injected>model"))
    button = page.get_by_role("button", name="Load this model")
    expect(button).to_be_visible()
    button.click()
    expect(page.get_by_test_id("stAlert").first).to_be_visible()
    assert answered(page) == "refusal"
    expect(page.get_by_text("There is no such model")).to_be_visible()
    assert page.evaluate(FOREIGN) == []

"""Hostile texts and impossible wishes, typed or in a link, on every page: shown as text, or refused in plain words.

The `page` fixture adds, after each test, that no error was logged, no dialog opened, no foreign host asked.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from urllib.parse import quote_plus

import pytest
from playwright.sync_api import Page, expect

from attnviz.web.shell.site import SITE

pytestmark = pytest.mark.browser

PAGES = tuple(entry.name for entry in SITE if entry.name != "report")  # that one asks nothing of a text


@dataclass(frozen=True)
class Hostile:
    """A text, and what of it a reader must see, letter for letter."""

    name: str
    text: str
    seen: str


HOSTILE = (
    Hostile("closing script", "a </script><script data-injected>injected=1</script>", "</script><script data-inj"),
    Hostile("image", "a <img data-injected src=x onerror=injected=1> b", "<img data-injected src=x onerror="),
    Hostile("attribute", "\"'><svg data-injected onload=injected=1>", "\"'><svg data-injected onload=injected=1>"),
    Hostile("comment", "<!--<script>injected=1", "<!--<script>injected=1"),
    Hostile("bold", "one <b data-injected>two</b> three", "one <b data-injected>two</b> three"),
    Hostile("link", "[press](javascript:injected=1) <a data-injected href=x>", "[press](javascript:injected=1)"),
    Hostile("formula", "costs $x^2$ or $$y$$ dollars", "costs $x^2$ or $$y$$ dollars"),
    Hostile("markdown", "# *a* **b** `c` :red[d] :material/home: ~e~ | f |", "# *a* **b** `c` :red[d] :material/home:"),
    Hostile("format", "%s {0} {{7*7}} ${HOME} \\n \\u0041", "%s {0} {{7*7}} ${HOME} \\n \\u0041"),
    Hostile("special names", "[CLS] [SEP] [PAD] [MASK] __proto__ constructor", "[CLS] [SEP] [PAD] [MASK] __proto__"),
    Hostile("no space", "x" * 10_000, "x" * 200),
    Hostile("lone surrogate", "before \ud83d after", "before \ufffd after"),
    Hostile("NUL", "before \0 after", "before"),
    Hostile("right to left", "abc \u202egnp.exe\u202c \u200f\u05d0\u05d1 def", "def"),
    Hostile("separators", "a\u2028b\u2029c\x85d", "a"),
    Hostile("no width", "a\u200bb\u200d\ufeffc\u00ad", "a"),
    Hostile("stacked marks", "Z" + "\u0323\u0301" * 40 + " text", "text"),
    Hostile("scripts", "我喜欢👩\u200d👩\u200d👧\u200d👦🏳️\u200d🌈 العربية हिन्दी", "我喜欢"),
)  # fmt: skip

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


def at_rest(page: Page) -> None:
    """Waits until the script has run, and every figure shows what it was asked for."""
    page.wait_for_selector('[data-testid="stApp"][data-test-script-state="notRunning"]')
    # Locators look into shadow roots, where the figures are.
    expect(page.locator("[data-stale=true], [aria-busy=true]")).to_have_count(0)


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
    for name in PAGES:
        page.goto(f"/{name}?text={link(hostile.text)}&pair={link(hostile.text)}")
        assert answered(page) == "picture", name
        expect(page.locator(".st-key-shown_text, .st-key-panes_list")).to_contain_text(hostile.seen)
        assert page.evaluate(FOREIGN) == []


def type_and_show(page: Page, hostile: Hostile) -> None:
    """Types the text, sends it, and waits until the page is about it, and shows nothing but text of it."""
    page.get_by_role("textbox", name="Text", exact=True).evaluate(TYPE % json.dumps(hostile.text))
    page.get_by_role("button", name="Show", exact=True).click()
    expect(page.locator(".st-key-shown_text, .st-key-panes_list")).to_contain_text(hostile.seen)
    assert answered(page) == "picture", hostile.name
    assert page.evaluate(FOREIGN) == [], hostile.name


@pytest.mark.parametrize("name", PAGES)
def test_hostile_texts_typed_are_text(page: Page, name: str):
    page.goto(f"/{name}?text=begin&pair=begin")
    assert answered(page) == "picture"
    for hostile in HOSTILE:
        if hostile.name != "lone surrogate":
            type_and_show(page, hostile)


def test_a_lone_surrogate_typed_is_replaced(page: Page):
    """Half an emoji, as some keyboards leave it: no valid UTF-8, so the frontend's message is none either."""
    page.goto("/attention?text=begin")
    assert answered(page) == "picture"
    type_and_show(page, next(each for each in HOSTILE if each.name == "lone surrogate"))


@pytest.mark.parametrize("name", PAGES)
def test_hostile_values_of_every_parameter_are_refused_calmly(page: Page, name: str):
    bad = link("<img data-injected src=x onerror=injected=1>")
    keys = ("layer", "head", "kind", "view", "method", "target", "unknown")
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

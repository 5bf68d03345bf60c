"""Ten things that people come for, done as a person does them, with their clicks counted, for test and benchmark."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Locator, Page, expect

from tests.browser.app import at_rest, drawn

SENTENCE = "The dog barked at the postman because it was afraid."
IT = 8  # the token "it" of that sentence
FILE = Path(__file__).resolve().parents[2] / "attnviz" / "examples" / "similar.attnviz"


class Hand:
    """A reader's hand on a page: clicks are counted, keys are not."""

    def __init__(self, page: Page):
        self.page = page
        self.clicks = 0

    def click(self, what: Locator) -> None:
        what.click()
        self.clicks += 1

    def button(self, name: str | re.Pattern[str]) -> None:
        self.click(self.page.get_by_role("button", name=name).first)

    def link(self, name: str | re.Pattern[str]) -> None:
        self.click(self.page.get_by_role("link", name=name).first)


def own_sentence(hand: Hand) -> None:
    """Type it, and see where it looks."""
    hand.button("Edit text")
    box = hand.page.get_by_role("textbox", name="Text", exact=True)
    box.fill(SENTENCE)
    expect(hand.page.locator(".st-key-text_entry").get_by_role("status")).to_have_text("13 of 512 tokens.")
    box.press("Enter")
    expect(hand.page.get_by_test_id("sentence")).to_contain_text("The dog barked")
    drawn(hand.page)


def head_behind_a_pronoun(hand: Hand) -> None:
    """Hold the pronoun, and go to another head that makes the same link."""
    hand.click(hand.page.get_by_test_id("sentence").locator(f"[data-token='{IT}']"))
    expect(hand.page.get_by_text(re.compile(r"“it” \(8\) looks at"))).to_be_visible()
    at_rest(hand.page)
    hand.button(re.compile(r"^Layer \d+, head \d+: \d+%$"))
    expect(hand.page).to_have_url(re.compile(r"layer=.*held=q8"))
    drawn(hand.page)


def what_induction_is(hand: Hand) -> None:
    """Read it at the word."""
    hand.button("Induction")
    expect(hand.page.get_by_text("how models continue a repetition")).to_be_visible()


def share(hand: Hand) -> None:
    """A link to what is seen."""
    hand.button("Copy link")
    expect(hand.page.get_by_text(re.compile("^(Copied|Press Ctrl)")).first).to_be_visible()


def why_cls(hand: Hand) -> None:
    """What is left of a head that rests on [CLS], weighted by what it carries. From the example."""
    expect(hand.page.get_by_test_id("sink")).to_contain_text("rests on")
    hand.button("Weight it by what it carries")
    expect(hand.page.get_by_test_id("sink")).to_contain_text("Weighted by what it carries")
    drawn(hand.page)


def one_word_changed(hand: Hand) -> None:
    """Two texts that differ in one word, and their difference, in sight."""
    hand.link("Compare")
    title = hand.page.get_by_text("Difference: A minus B")
    expect(title).to_be_visible()
    at_rest(hand.page)
    plots = hand.page.locator(".av-panes .av-plot")
    expect(plots).to_have_count(3)
    last = plots.last.bounding_box()
    height = (hand.page.viewport_size or {"height": 0})["height"]
    assert last is not None
    assert last["y"] + last["height"] <= height or hand.page.evaluate("innerWidth < 800"), (
        "the difference is in sight"
    )


def explain_two_texts(hand: Hand) -> None:
    """Why two texts are alike: the words that make it."""
    hand.link("Attribution")
    expect(hand.page.get_by_test_id("bars1")).to_be_visible()
    at_rest(hand.page)


def put_to_the_test(hand: Hand) -> None:
    """Whether the explanation holds: it stands in the headline, beside random words."""
    expect(hand.page.locator(".st-key-attribution_headline")).to_contain_text("random words")


def report(hand: Hand) -> None:
    """One file of what was found."""
    hand.click(hand.page.get_by_role("button", name="Pin to report", exact=True))
    expect(hand.page.get_by_role("link", name="Report (1)")).to_be_visible()
    at_rest(hand.page)
    hand.link("Report (1)")
    expect(hand.page.locator(".thumb svg, .thumb .live").first).to_be_attached()
    at_rest(hand.page)
    with hand.page.expect_download() as caught:
        hand.button("Download report")
    assert "In short" in Path(caught.value.path()).read_text("utf-8")


def open_a_file(hand: Hand) -> None:
    """A file that somebody saved, and the model run on its text where a page needs it."""
    hand.link("Attention")
    drawn(hand.page)
    hand.click(hand.page.get_by_text("Open a saved file", exact=True))
    hand.page.locator("[data-testid=stFileUploader] input").set_input_files(FILE)
    hand.clicks += 1  # the dialog of the system
    expect(hand.page.get_by_test_id("sentence")).to_contain_text("A man is playing a guitar")
    drawn(hand.page)


TASKS: dict[str, tuple[str, Callable[[Hand], None]]] = {
    "why [CLS]": ("/attention", why_cls),
    "own sentence": ("/attention", own_sentence),
    "the head behind a pronoun": ("", head_behind_a_pronoun),
    "what induction is": ("", what_induction_is),
    "share": ("", share),
    "one word changed": ("/attention", one_word_changed),
    "explain two texts": ("/attention", explain_two_texts),
    "test it": ("", put_to_the_test),
    "report": ("", report),
    "open a file": ("", open_a_file),
}


def walk(page: Page, base: str = "") -> dict[str, int]:
    """All ten in one visit; how many clicks each took. Where a task goes on from the one before, it has no address."""
    clicks = {}
    for name, (address, task) in TASKS.items():
        if address:
            page.goto(f"{base}{address}")
            drawn(page)
        hand = Hand(page)
        task(hand)
        clicks[name] = hand.clicks
    return clicks

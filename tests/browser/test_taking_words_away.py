"""From the headline of a test to its proof, and words changed by click, by key and by finger, in the real app."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.ablation import effect, told
from tests.browser.app import at_rest, head, text_box, type_text

pytestmark = pytest.mark.browser

TEXT, OTHER = "The waiter was rude and the soup was cold.", "The service in this restaurant is impolite."
HEADLINE = re.compile(r"Without these (\d) words the similarity (falls|rises) from (\d\.\d\d) to (\d\.\d\d);")


def chip(page: Page, label: str):
    return page.locator(".av-chip", has_text=re.compile(rf"^{label}")).first


def result(page: Page):
    return page.locator(".st-key-result strong")


def headline_of(page: Page) -> re.Match[str]:
    line = page.locator("strong", has_text=re.compile("^Without these"))
    expect(line).to_have_text(HEADLINE)
    found = HEADLINE.match(line.inner_text())
    assert found is not None
    return found


@pytest.mark.parametrize("side", [0, 1])
def test_two_texts_are_explained_and_the_words_of_the_headline_prove_it(page: Page, model, side):
    from attnviz.explanation import explain, faithfulness, without

    page.goto("/attribution")
    expect(page.locator(".av-words")).to_be_visible()
    text_box(page)
    page.get_by_role("textbox", name="Second text (optional)").fill(OTHER)
    type_text(page, TEXT)
    test = faithfulness(model, explain(model, TEXT, pair=OTHER), side=side)
    if side:
        page.get_by_role("radio", name="Second text").click()
    numbers = f"from {test.value:.2f} to {test.without_words:.2f}"
    expect(page.locator("strong", has_text=numbers)).to_be_visible()
    count, verb, before, after = headline_of(page).groups()
    assert (int(count), before, after) == (len(test.words), f"{test.value:.2f}", f"{test.without_words:.2f}")

    page.get_by_role("link", name="Remove these words and see").click()
    expect(page).to_have_url(re.compile(r"/ablation\?.*edits="))
    expect(result(page)).to_have_text(
        re.compile(rf"^Without “.*” the similarity {verb} from {before} to {after}\.$")
    )
    for word in test.words:
        expect(page.locator(".av-chip[data-way='attention-mask'] del", has_text=word).first).to_be_visible()
    assert page.locator(".av-chip[aria-pressed='true']").count() == len(test.words)
    truth = without(model, TEXT, test.word_tokens, pair=OTHER, side=side)
    bars = page.locator(".st-key-result .attnviz-answers tbody td:last-child")
    expect(bars).to_have_text([f"{truth.before:.3f}", f"{truth.after:.3f}"])

    page.get_by_role("button", name="Put all words back").click()
    expect(result(page)).to_have_text(re.compile(rf"the similarity is {test.value:.3f}\."))


def test_the_walk_goes_on_to_a_head(page: Page, model):
    """The words taken away, the page's other view switches off a head of the same two texts by a click."""
    from attnviz.runtime import Query

    page.goto(f"/ablation?text={TEXT.replace(' ', '+')}&pair={OTHER.replace(' ', '+')}&part=text&edits=h4")
    expect(result(page)).to_contain_text("Without “rude” the similarity")
    page.get_by_role("radiogroup").get_by_text("Switch heads off", exact=True).click()
    head(page, 3, 2).click()
    told(page, f"Without layer 3 head 2 {effect(model, Query('minilm', TEXT, OTHER), heads=[(3, 2)])}")


def test_words_are_hidden_swapped_and_taken_back_step_by_step(page: Page, model):
    from attnviz.explanation import answer, without

    page.goto(f"/ablation?text={TEXT.replace(' ', '+')}&pair={OTHER.replace(' ', '+')}&part=text")
    chip(page, "rude").click()
    hidden = without(model, TEXT, ["rude"], pair=OTHER)
    expect(result(page)).to_have_text(
        re.compile(rf"^Without “rude” .* {hidden.before:.2f} to {hidden.after:.2f}\.$")
    )
    expect(page).to_have_url(re.compile(r"edits=h4$"))
    page.locator(".av-edits").get_by_text("swaps it").click()
    chip(page, "soup").click()
    page.keyboard.type("tea")
    page.keyboard.press("Enter")
    both = without(model, TEXT.replace("soup", "tea"), ["rude"], pair=OTHER)
    expect(result(page)).to_contain_text("With 2 words changed")
    expect(result(page)).to_contain_text(f" to {both.after:.2f}.")
    expect(page).to_have_url(re.compile(r"edits=h4(%2C|,)s7(%7E|~)tea$"))
    chip(page, "rude").click()
    swapped = answer(model, TEXT.replace("soup", "tea"), "similarity", OTHER)
    expect(result(page)).to_contain_text("With “tea” in place of “soup” the similarity")
    expect(result(page)).to_contain_text(f" to {swapped.value:.3f}")
    at_rest(page)
    chip(page, "soup").focus()
    page.keyboard.press("Control+z")
    expect(result(page)).to_contain_text("For the text as it is")
    page.go_back()
    expect(result(page)).to_contain_text("With “tea” in place of “soup” the similarity")
    page.reload()
    expect(chip(page, "soup")).to_have_text("soup → tea")
    expect(result(page)).to_contain_text(f" to {swapped.value:.3f}")


def test_a_link_with_hostile_words_shows_them_as_text(page: Page):
    page.goto(
        "/ablation?text=A+cat.&pair=A+dog.&part=text&edits=s2~%253Cimg%2520src%253Dx%2520onerror%253Dalert(1)%253E"
    )
    expect(page.get_by_text("The changed words in the link do not fit this text")).to_be_visible()
    page.goto("/ablation?text=A+cat.&pair=A+dog.&part=text&edits=s2~%253Cimg%2520src%253Dx%253E")
    expect(chip(page, "cat")).to_have_text("cat → <img src=x>")
    expect(result(page)).to_contain_text("With “<img src=x>” in place of “cat”")

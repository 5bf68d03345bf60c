"""The forms of the attention page, driven in the real app and compared with the engine; by keyboard, and on a phone."""

from __future__ import annotations

import re
from urllib.parse import quote_plus

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from attnviz.text import visible
from tests.browser.app import (
    PHONE,
    at_rest,
    choose_form,
    choose_option,
    fits,
    largest_five,
    send_text,
    strongest,
    token,
)
from tests.browser.hostile import HOSTILE

pytestmark = pytest.mark.browser

TEXT = "The cat sat on the mat."
LINK = f"/attention?text={TEXT.replace(' ', '+')}&layer=2&head=5"
NASTY = next(each for each in HOSTILE if each.name == "bold").text


@pytest.fixture(scope="module")
def capture(model):
    """The same text through the same model, in this process."""
    return model.capture(TEXT)


def test_text_shows_the_engines_rows_and_columns(page: Page, capture):
    page.goto(LINK)
    choose_form(page, "Text")
    truth = capture.attention(2, 5)
    for index in (2, 6):
        token(page, index).hover()
        assert strongest(page, "from") == largest_five(truth[index])
        assert strongest(page, "to") == largest_five(truth[:, index])
    expect(page).to_have_url(re.compile("form=text$"))
    page.reload()
    token(page, 3).click()
    token(page, 4).click()
    page.mouse.move(0, 0)
    assert strongest(page, "from") == largest_five(truth[[3, 4]].mean(0))


def test_value_weighted_norms_are_the_engines(page: Page, capture):
    page.goto(f"{LINK}&form=text")
    choose_option(page, "What is shown", "Value-weighted norm")
    expect(page).to_have_url(re.compile("quantity=norm"))
    at_rest(page)
    token(page, 6).hover()
    assert strongest(page, "from") == largest_five(capture.value_weighted(2, 5)[6])
    expect(page.get_by_text("value-weighted norm, 0 to")).to_be_visible()


def test_lines_show_every_head_of_the_layer(page: Page, capture):
    page.goto(f"{LINK}&form=lines")
    rows = page.get_by_test_id("line-links").locator("tbody tr")
    expect(rows).to_have_count(10)
    special = np.asarray(capture.tokens.special)  # which the list leaves out
    truth = np.where(special[:, None] | special, 0, capture.attention(2))
    labels = [visible(label) for label in capture.tokens.labels]
    for row, flat in zip(rows.all(), np.argsort(-truth, axis=None)[:3], strict=False):
        head, query, key = np.unravel_index(flat, truth.shape)
        assert row.locator("td").all_inner_texts() == [
            labels[query], labels[key], str(head), f"{truth[head, query, key]:.4f}",
        ]  # fmt: skip
    page.get_by_role("button", name="Head 5", exact=True).dblclick()
    expect(page.get_by_test_id("lines-words")).to_contain_text("lines of 1 head.")
    page.get_by_test_id("lines").focus()
    for _ in range(3):
        page.keyboard.press("ArrowDown")
    best = int(truth[5, 2].argmax())
    expect(page.get_by_test_id("lines-readout")).to_contain_text(f"\u2069” {truth[5, 2, best]:.4f} (head 5)")


def test_vectors_are_the_engines_and_another_token_can_be_asked_for(page: Page, capture):
    page.goto(LINK)
    choose_form(page, "q·k")
    table = page.get_by_test_id("qk-table")
    expect(table).to_be_visible()
    for row in (1, 6):
        page.get_by_role("combobox", name="Query token").select_option(str(row))
        expect(table).to_contain_text(f"query “\u2068{visible(capture.tokens.labels[row])}")
        truth = capture.query_key(2, 5, row)
        for line in table.locator("tr[data-key]").all():
            key = int(line.get_attribute("data-key") or -1)
            values = line.locator("[data-value]").evaluate_all("all => all.map(n => Number(n.dataset.value))")
            steps = [truth.k[key] @ truth.q, truth.k[key] @ truth.q * truth.scale, truth.logits[key]]
            assert values == pytest.approx([*map(float, steps), float(truth.weights[key])], abs=1e-4)
    expect(page).to_have_url(re.compile("form=qk$"))


def test_the_keyboard_alone_goes_through_the_forms(page: Page, capture):
    page.goto(LINK)
    page.get_by_role("radio", name="Heatmap").focus()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("radio", name="Text", exact=True)).to_be_checked()
    token(page, 0).focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    expect(token(page, 1)).to_have_attribute("aria-pressed", "true")
    assert strongest(page, "from") == largest_five(capture.attention(2, 5)[1])
    page.keyboard.press("Escape")
    expect(token(page, 1)).to_have_attribute("aria-pressed", "false")


@pytest.mark.parametrize("form", ["text", "lines", "qk"])
def test_hostile_texts_on_a_phone(page: Page, form: str):
    page.set_viewport_size(PHONE)
    page.goto(f"/attention?text={quote_plus(NASTY)}&form={form}")
    place = {"text": ".av-textview", "lines": ".av-linesview", "qk": ".av-productsview"}[form]
    expect(page.locator(place)).to_be_visible()
    at_rest(page)
    assert page.locator("[data-injected]").count() == 0
    assert fits(page)


def test_an_unknown_form_or_quantity_is_refused_calmly(page: Page):
    page.goto(f"{LINK}&form=pie&quantity=luck")
    expect(page.get_by_text("The form in the link is not one of the choices here")).to_be_visible()
    expect(page.get_by_text("The quantity in the link is not one of the choices here")).to_be_visible()
    expect(page.get_by_test_id("stage")).to_be_visible()


def test_what_is_held_travels_in_the_link(page: Page, capture):
    page.goto(LINK)
    choose_form(page, "Text")
    for index in (2, 6):
        token(page, index).click()
    page.mouse.move(5, 880)
    expect(page).to_have_url(re.compile("held=q2%2Cq6"))
    page.reload()
    expect(page.get_by_test_id("text-readout")).to_contain_text("Mean of 2 tokens")
    assert strongest(page, "from") == largest_five(capture.attention(2, 5)[[2, 6]].mean(0))
    send_text(page, "A dog ran.")
    expect(page).to_have_url(re.compile("text=A"))
    assert "held" not in page.url, "positions of one text say nothing of another"


def test_the_query_of_the_vectors_travels_in_the_link(page: Page):
    page.goto(LINK + "&form=qk&held=q4")
    query = page.get_by_role("combobox", name="Query token")
    expect(query).to_have_value("4")
    query.select_option("6")
    expect(page).to_have_url(re.compile("held=q6"))
    expect(page.get_by_test_id("qk-table")).to_contain_text("query “")
    page.reload()
    expect(query).to_have_value("6")

"""Heads switched off by click and by key in the real app, put back, measured; a changed text; both themes, a phone."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.ablation import effect, told
from tests.browser.app import PHONE, at_rest, fits_in_light_and_dark, head

pytestmark = pytest.mark.browser


def test_a_head_is_switched_off_by_click_and_a_layer_by_key_and_back_goes_back(page: Page, model, pair):
    page.goto("/ablation")
    head(page, 5, 5).hover()
    at_rest(page)
    place = head(page, 5, 5).bounding_box()
    head(page, 5, 5).click()
    one = f"Without layer 5 head 5 {effect(model, pair, heads=[(5, 5)])}"
    told(page, one)
    assert head(page, 5, 5).bounding_box() == place, "the grid stays under the pointer"
    expect(page).to_have_url(re.compile(r"/ablation\?off=5\.5$"))
    page.get_by_role("button", name="Layer 0, all heads").focus()
    page.keyboard.press("Enter")
    both = effect(model, pair, heads=[(5, 5)], layers=[0])
    told(page, f"Without all heads of layer 0 and layer 5 head 5 {both}")
    expect(head(page, 0, 7)).to_have_attribute("aria-pressed", "true")
    page.go_back()
    told(page, one)
    expect(head(page, 0, 7)).to_have_attribute("aria-pressed", "false")
    expect(head(page, 5, 5)).to_have_attribute("aria-pressed", "true")
    page.get_by_role("button", name="Put all heads back").click()
    expect(page.get_by_text("With all heads the similarity is")).to_be_visible()
    expect(head(page, 5, 5)).to_have_attribute("aria-pressed", "false")
    head(page, 5, 5).click()
    told(page, one)


def test_measuring_shows_progress_and_then_measured_numbers(page: Page, model, pair):
    from attnviz.explanation import ablate

    page.goto("/ablation")
    page.get_by_role("button", name="Measure: switch off each of the 72 heads in turn").click()
    expect(page.get_by_role("progressbar").first).to_be_visible()
    expect(page.locator("caption")).to_contain_text("measured, one head at a time")
    one = ablate(model, pair.text, [(5, 5)], "similarity", pair.pair)
    expect(head(page, 5, 5)).to_have_text(f"{one.before - one.after:.3f}")


def test_a_changed_text_and_the_way_to_both_texts_in_compare(page: Page):
    page.goto("/ablation?part=text")
    page.get_by_text("Type the text anew").click()
    box = page.get_by_label("The text, to be changed in place")
    box.fill("A man is playing drums on the stage.")
    page.get_by_role("button", name="See what changes").click()
    expect(page.locator(".st-key-result strong")).to_contain_text(
        "With the changed text the similarity falls from"
    )
    expect(page.locator(".attnviz-edits del")).to_have_text("a guitar")
    page.get_by_role("link", name="Compare the attention of both texts").click()
    expect(page).to_have_url(re.compile(r"/compare\?text=A\+man.*guitar.*&pair=.*drums"))
    expect(page.get_by_test_id("stage")).to_have_attribute("aria-busy", "false")


def test_the_two_heads_of_the_experiment_open_their_maps(page: Page):
    page.goto("/ablation?part=contrast")
    link = page.get_by_role("link", name=re.compile("^See the map of layer")).first
    layer, number = re.findall(r"\d+", link.inner_text())
    link.click()
    expect(page).to_have_url(re.compile(rf"/attention\?text=.*layer={layer}&head={number}$"))
    expect(page.get_by_role("heading", name=f"Layer {layer}, head {number}")).to_be_visible()


@pytest.mark.parametrize(
    "address",
    [
        "/ablation?off=2.5,3.*&target=label-prompt",
        "/ablation?part=text&changed=A+cat.",
        "/ablation?part=text&edits=h5,s7~drums,d2,m10",
        "/ablation?part=rows&off=5.5,3.*",
        "/ablation?part=contrast",
    ],
)
def test_on_a_phone_nothing_is_wider_than_the_screen(page: Page, address):
    page.set_viewport_size(PHONE)
    page.goto(address)
    expect(page.locator(".attnviz-answers").first).to_be_visible()
    assert fits_in_light_and_dark(page)

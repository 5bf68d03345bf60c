"""A walk through a translation: a word is pointed at, its link moved, another word chosen, a beam gone on from."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.app import PHONE, at_rest, fits_in_light_and_dark, saved
from tests.browser.axe import check_light_and_dark

pytestmark = [pytest.mark.browser, pytest.mark.slow]

# By its name: where other translators were fetched, the page begins with one of them.
PAGE = "/alignment?model=translator"
FRENCH = "Le frère ne chasse jamais ce loup noir dans la chambre immense ."


def word(page: Page, side: int, label: str, figure: int = 0) -> Locator:
    board = page.get_by_test_id("board").nth(figure)
    return board.locator(f".av-alword[data-side='{side}']").filter(
        has_text=re.compile(f"^{re.escape(label)}$")
    )


def words(page: Page, figure: int = 0) -> str:
    at_rest(page)
    return " ".join(
        page.get_by_test_id("board").nth(figure).locator(".av-alword[data-side='1']").all_inner_texts()
    )


def test_translate_point_see_gold_move_a_link_and_go_on(page: Page):
    page.goto(PAGE)
    expect(word(page, 1, "immense")).to_be_visible()
    assert words(page) == FRENCH
    readout = page.get_by_test_id("readout")
    word(page, 1, "loup").hover()
    expect(readout).to_contain_text(re.compile(r"is read from .*wolf.* 9\d\.\d %|is read from .*wolf.* 100"))
    page.mouse.move(2, 2)
    expect(readout).to_contain_text("Alignment error rate 0.0")
    bands = page.locator(".av-allines .av-algold")
    assert bands.count() == len(FRENCH.split())
    page.get_by_label("Gold links").uncheck()
    assert bands.count() == 0
    page.get_by_label("Gold links").check()
    start, end = word(page, 1, "immense").bounding_box(), word(page, 0, "black").bounding_box()
    page.mouse.move(start["x"] + 9, start["y"] + 9)
    page.mouse.down()
    page.mouse.move(end["x"] + 9, end["y"] + 9, steps=6)
    page.mouse.up()
    expect(page.locator(".st-key-translation_changed")).to_contain_text("dans la chambre noire.")
    assert "links=" in page.url
    assert words(page).split()[-2] == "noire"
    assert words(page, 1) == FRENCH
    path = saved(page, "Save as a web page")
    assert "chambre" in path.read_text("utf-8")
    link = page.url
    page.get_by_role("button", name="Undo all changes").click()
    expect(page.locator(".st-key-translation_changed")).to_have_count(0)
    page.goto(link)
    expect(page.locator(".st-key-translation_changed")).to_contain_text("chambre noire.")


def test_the_same_by_keyboard_another_word_a_head_of_the_wall_and_back_into_english(page: Page):
    page.goto(PAGE)
    word(page, 1, "immense").press("Enter")
    page.get_by_role("combobox", name="Read it from").select_option(label="6: black")
    page.get_by_role("button", name="Translate again").press("Enter")
    expect(page.locator(".st-key-translation_changed")).to_contain_text("dans la chambre noire.")
    page.get_by_role("button", name="Undo all changes").click()
    expect(page.locator(".st-key-translation_changed")).to_have_count(0)
    at_rest(page)
    word(page, 1, "ce").click()
    rivals = page.get_by_role("group", name="Another word here").get_by_role("button")
    chosen = rivals.first.inner_text().split()[0]
    rivals.first.click()
    expect(page).to_have_url(re.compile("prefix="))
    assert words(page).split()[5] == chosen
    page.get_by_role("button", name="Undo all changes").click()
    wall = page.get_by_test_id("walls").get_by_role("button", name="To English, layer 1, head 3")
    wall.click()
    expect(wall).to_have_attribute("aria-pressed", "true")
    expect(page).to_have_url(re.compile("layer=1&head=3|head=3&layer=1"))
    page.get_by_role("button", name="Translate it back into English").click()
    expect(word(page, 1, "wolf")).to_be_visible()
    assert words(page) == "The brother never hunts this black wolf in the huge bedroom ."


def test_a_beam_that_was_given_up_is_gone_on_from(page: Page):
    page.goto(f"{PAGE}&beams=2")
    tree = page.get_by_test_id("tree")
    expect(tree).to_be_visible()
    tree.locator("summary").first.click()
    tree.locator(".av-beamgiven .av-beamword").first.click()
    expect(page).to_have_url(re.compile("prefix="))
    at_rest(page)


def test_a_phone_shows_both_texts_beside_each_other_in_both_themes(page: Page):
    page.set_viewport_size(PHONE)
    page.goto(f"{PAGE}&form=lines&beams=2&part=directions")
    expect(word(page, 1, "noir")).to_be_visible()
    expect(page.locator(".av-upright")).to_have_count(3)
    assert fits_in_light_and_dark(page)
    word(page, 1, "noir").click()
    check_light_and_dark(page)

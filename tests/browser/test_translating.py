"""A walk through a translation: a word is pointed at, its link moved, another word chosen, a beam gone on from."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from tests.browser.app import PHONE, at_rest, fits_in_light_and_dark, saved
from tests.browser.axe import check_light_and_dark
from tests.browser.conftest import WIDE
from tests.fetched import fetched

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture(scope="module")
def context(browser: Browser, fresh_server) -> BrowserContext:
    """Of a server that finds the translator."""
    cache = fetched("translator-en-pt").parent
    server = fresh_server(ATTNVIZ_MODEL_CACHE=str(cache))
    context = browser.new_context(viewport=WIDE, locale="en-US", base_url=server.url, accept_downloads=True)
    context.new_page().goto(server.health)
    yield context
    context.close()


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


def test_translate_point_move_a_link_and_go_on(page: Page):
    page.goto("/alignment")
    expect(word(page, 1, "vermelho")).to_be_visible()
    assert words(page) == "O velho vendeu seu carro vermelho porque ele precisava de dinheiro ."
    word(page, 1, "carro").hover()
    expect(page.get_by_test_id("readout")).to_contain_text("97.6 %")
    start, end = word(page, 1, "vermelho").bounding_box(), word(page, 0, "old").bounding_box()
    page.mouse.move(start["x"] + 9, start["y"] + 9)
    page.mouse.down()
    page.mouse.move(end["x"] + 9, end["y"] + 9, steps=6)
    page.mouse.up()
    expect(page.locator(".st-key-translation_changed")).to_contain_text("seu carro velho porque")
    assert "links=" in page.url
    assert words(page).split()[5] == "velho"
    assert words(page, 1).split()[5] == "vermelho"
    path = saved(page, "Save as a web page")
    assert "carro" in path.read_text("utf-8")
    link = page.url
    page.get_by_role("button", name="Undo all changes").click()
    expect(page.locator(".st-key-translation_changed")).to_have_count(0)
    page.goto(link)
    expect(page.locator(".st-key-translation_changed")).to_contain_text("seu carro velho porque")


def test_the_same_by_keyboard_and_another_word(page: Page):
    page.goto("/alignment")
    word(page, 1, "dinheiro").press("Enter")
    page.get_by_role("combobox", name="Read it from").select_option(label="7: car")
    page.get_by_role("button", name="Translate again").press("Enter")
    expect(page.locator(".st-key-translation_changed")).to_contain_text("precisava de carro.")
    page.get_by_role("button", name="Undo all changes").click()
    expect(page.locator(".st-key-translation_changed")).to_have_count(0)
    at_rest(page)
    word(page, 1, "seu").click()
    page.get_by_role("button", name=re.compile(r"^o \d")).click()
    expect(word(page, 1, "o")).to_be_visible()
    assert words(page).startswith("O velho vendeu o seu carro")
    assert "prefix=" in page.url


def test_a_beam_that_was_given_up_is_gone_on_from(page: Page):
    page.goto("/alignment?beams=2")
    tree = page.get_by_test_id("tree")
    expect(tree).to_be_visible()
    tree.locator("summary").first.click()
    tree.locator(".av-beamgiven .av-beamword").first.click()
    expect(page).to_have_url(re.compile("prefix="))
    at_rest(page)


def test_a_phone_shows_both_texts_beside_each_other_in_both_themes(page: Page):
    page.set_viewport_size(PHONE)
    page.goto("/alignment?form=lines&beams=2")
    expect(word(page, 1, "vermelho")).to_be_visible()
    expect(page.locator(".av-upright")).to_have_count(1)
    assert fits_in_light_and_dark(page)
    word(page, 1, "vermelho").click()
    check_light_and_dark(page)

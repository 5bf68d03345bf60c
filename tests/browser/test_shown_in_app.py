"""What is shown on the attention page, in the real app: many heads, contributions, hidden tokens, kept mass."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

from attnviz.analysis import renormalize_without
from tests.browser.app import PHONE, at_rest, choose_form, choose_option, fits, largest_five, strongest, token
from tests.figures.pointer import hover, readout, value, with_options

pytestmark = pytest.mark.browser

TEXT = "The cat sat on the mat."
LINK = f"/attention?text={TEXT.replace(' ', '+')}&layer=2&head=5"


@pytest.fixture(scope="module")
def capture(model):
    """The same text through the same model, in this process."""
    return model.capture(TEXT)


def by_size(values: np.ndarray) -> list[tuple[int, float]]:
    order = np.argsort(-np.abs(values))[:5]
    return [(int(n), pytest.approx(float(values[n]), abs=1e-6)) for n in order]


def test_contributions_are_the_engines_in_every_form(page: Page, capture):
    page.goto(LINK)
    at_rest(page)
    choose_option(page, "What is shown", "Contribution to the output")
    expect(page).to_have_url(re.compile("quantity=contribution"))
    expect(page.get_by_text("blue adds to the output, orange takes away from it")).to_be_visible()
    at_rest(page)
    truth = capture.contribution(2, 5)
    for cell in ((3, 2), np.unravel_index(truth.argmin(), truth.shape)):
        hover(page, *map(int, cell))
        assert value(page) == pytest.approx(truth[cell], abs=1e-6)
    choose_form(page, "Text")
    token(page, 6).hover()
    assert strongest(page, "from") == by_size(truth[6])
    assert strongest(page, "to") == by_size(truth[:, 6])
    choose_form(page, "Lines")
    at_rest(page)
    rows = page.get_by_test_id("line-links").locator("tbody tr")
    whole = capture.contribution(2)
    head, i, j = np.unravel_index(np.abs(whole).argmax(), whole.shape)
    number = f"{whole[head, i, j]:.4f}".replace("-", "−")
    expect(rows.first.locator("td").nth(2)).to_have_text(str(head))
    expect(rows.first.locator("td").nth(3)).to_have_text(number)
    share = capture.output_shares()[2, 5]
    expect(page.get_by_role("row", name="Part of the output")).to_contain_text(f"{share:.0%}")


def test_many_heads_are_stepped_through_the_layers_and_go_along_in_the_link(page: Page, capture):
    page.goto(LINK)
    at_rest(page)
    choose_option(page, "Which heads", "Mean of heads")
    expect(page).to_have_url(re.compile("pool=mean"))
    expect(page.get_by_text("Strongest links of mean of the 12 heads of layer 2")).to_be_visible()
    at_rest(page)
    hover(page, 4, 1)
    assert value(page) == pytest.approx(capture.attention(2)[:, 4, 1].mean(), abs=1e-6)
    page.get_by_test_id("stage").focus()
    page.keyboard.press("ArrowDown")
    expect(page.get_by_text("Strongest links of mean of the 12 heads of layer 3")).to_be_visible()
    expect(page).to_have_url(re.compile("layer=3"))
    at_rest(page)
    choose_option(page, "Which heads", "Maximum of heads")
    expect(page).to_have_url(re.compile("pool=max"))
    at_rest(page)
    choose_option(page, "Of which", "All heads of all layers")
    expect(page).to_have_url(re.compile("over=model"))
    expect(page.get_by_text("do not add up to 1")).to_be_visible()
    page.reload()
    at_rest(page)
    hover(page, 4, 1)
    most = max(capture.attention(layer)[:, 4, 1].max() for layer in range(6))
    assert value(page) == pytest.approx(most, abs=1e-6)


def test_chosen_heads_are_typed_by_keyboard(page: Page, capture):
    page.goto(f"{LINK}&pool=max&over=2.5,2.6")
    box = with_options(page).get_by_role("textbox", name="Layer.head")
    expect(box).to_have_value("2.5,2.6")
    box.fill("0.*; 4.3")
    box.press("Enter")
    expect(page).to_have_url(re.compile(r"over=0\.(\*|%2A)(,|%2C)4\.3"))
    at_rest(page)
    page.keyboard.press("Escape")
    hover(page, 1, 7)
    most = max(capture.attention(0)[:, 1, 7].max(), capture.attention(4, 3)[1, 7])
    assert value(page) == pytest.approx(most, abs=1e-6)
    with_options(page)
    box.fill("7.7")
    box.press("Enter")
    expect(page.get_by_text("or this model does not have them")).to_be_visible()


def test_hiding_and_keeping_stay_in_the_link_and_in_a_saved_page(
    page: Page, browser: Browser, capture, tmp_path: Path
):
    page.goto(LINK)
    with_options(page).get_by_role("checkbox", name="Hide special tokens").check()
    expect(page).to_have_url(re.compile("hide=special"))
    with_options(page).get_by_role("combobox", name="Links that hold").select_option("50")
    expect(page).to_have_url(re.compile("keep=50"))
    page.reload()
    expect(with_options(page).get_by_role("checkbox", name="Hide special tokens")).to_be_checked()
    special = capture.tokens.special
    truth = renormalize_without(capture.attention(2, 5), special, special)
    at_rest(page)
    hover(page, 2, 3)
    assert value(page) == pytest.approx(truth[2, 3], abs=1e-6)
    with page.expect_download() as caught:
        page.get_by_role("button", name="Save as a web page").click()
    saved = tmp_path / "saved.html"
    caught.value.save_as(saved)
    with browser.new_context(viewport={"width": 1200, "height": 900}, offline=True) as context:
        sheet = context.new_page()
        sheet.goto(saved.as_uri())
        expect(with_options(sheet).get_by_role("combobox", name="Links that hold")).to_have_value("50")
        hover(sheet, 2, 3)
        assert value(sheet) == pytest.approx(truth[2, 3], abs=1e-6)
        assert "before hiding" in readout(sheet).inner_text()
    choose_form(page, "Text")
    at_rest(page)
    token(page, 3).hover()
    kept = [(n, v) for n, v in largest_five(np.where(special, 0, np.pad(truth, 1)[3])) if v.expected > 0]
    assert strongest(page, "from") == kept[: len(strongest(page, "from"))]
    assert sum(v for _, v in strongest(page, "from")) >= 0.5 - 1e-6
    page.go_back()
    expect(page).not_to_have_url(re.compile("form=text"))
    page.go_back()
    expect(page).not_to_have_url(re.compile("keep="))
    expect(with_options(page).get_by_role("combobox", name="Links that hold")).to_have_value("100")


@pytest.mark.parametrize("form", ["heatmap", "text", "lines"])
def test_everything_at_once_fits_a_phone(page: Page, form: str):
    page.set_viewport_size(PHONE)
    page.goto(f"{LINK}&quantity=contribution&pool=sum&over=2.*,3.1&hide=special,first&keep=90&form={form}")
    expect(page.get_by_test_id("notice")).to_contain_text("the other values are unchanged")
    at_rest(page)
    assert fits(page)

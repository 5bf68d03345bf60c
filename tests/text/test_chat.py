"""encode_chat: what the tokenizer's own template gives."""

from __future__ import annotations

from typing import Any

import pytest
from zoo import ZOO, tokenizer

from attnviz.errors import InputInvalid, InputTooLong
from attnviz.text import chat_text, encode_chat, has_chat

TEMPLATE = (
    "{% for message in messages %}"
    "{% if message.role not in ('system', 'user', 'assistant') %}{{ raise_exception('Who is ' + message.role + '?') }}"
    "{% endif %}{{ '<|im_start|>' + message.role + '\n' + message.content + '<|im_end|>\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)
MESSAGES = [
    {"role": "system", "content": "Be kind."},
    {"role": "user", "content": "The cat  sat 👍🏽, where?"},
]


@pytest.fixture(scope="module", params=["gpt2", "llama-bpe", "unigram-bytes"])
def chatting(request: pytest.FixtureRequest) -> Any:
    given = ZOO[request.param]()
    given.add_special_tokens({"additional_special_tokens": ["<|im_start|>", "<|im_end|>"]})
    given.chat_template = TEMPLATE
    return given


@pytest.mark.parametrize("prompted", [False, True])
def test_ids_are_those_of_the_template(chatting: Any, prompted: bool) -> None:
    tokens, inputs = encode_chat(chatting, MESSAGES, prompted)
    expected = chatting.apply_chat_template(
        MESSAGES, tokenize=True, add_generation_prompt=prompted, return_dict=False
    )
    assert tokens.ids.tolist() == inputs["input_ids"] == expected
    assert tokens.text == chat_text(chatting, MESSAGES, prompted)
    marks = [piece for piece, special in zip(tokens.pieces, tokens.special, strict=True) if special]
    assert marks == ["<|im_start|>", "<|im_end|>"] * 2 + ["<|im_start|>"] * prompted
    for piece, special, (start, end) in zip(tokens.pieces, tokens.special, tokens.spans, strict=True):
        assert not special or tokens.text[start:end] == piece


def test_a_role_that_the_template_refuses(chatting: Any) -> None:
    with pytest.raises(InputInvalid, match=r"template does not accept these messages: Who is bot\?"):
        encode_chat(chatting, [{"role": "bot", "content": "a"}])


def test_a_tokenizer_without_a_template() -> None:
    assert not has_chat(tokenizer("minilm"))
    with pytest.raises(InputInvalid, match="has no chat template"):
        encode_chat(tokenizer("minilm"), MESSAGES)


@pytest.mark.parametrize(
    ("messages", "words"),
    [
        ("hello", "Messages are a list, not str"),
        ([], "There is no message"),
        (["hello"], "Message 0 is no mapping but str"),
        ([{"role": "user"}], "Message 0 has no 'content'"),
        ([MESSAGES[0], {"role": 1, "content": "a"}], "Message 1 has no 'role'"),
    ],
)
def test_malformed_messages(chatting: Any, messages: Any, words: str) -> None:
    with pytest.raises(InputInvalid, match=words):
        encode_chat(chatting, messages)


def test_templates_that_write_without_end_or_fail() -> None:
    given = ZOO["gpt2"]()
    given.chat_template = "{% for k in range(90000) %}{{ 'abcdefghijklmnop' }}{% endfor %}"
    with pytest.raises(InputTooLong, match="1,440,000 characters"):
        encode_chat(given, MESSAGES)
    given.chat_template = "{{ messages[0].content.__class__.__mro__ }}{{ 1 / 0 }}"
    with pytest.raises(InputInvalid, match="does not accept"):
        encode_chat(given, MESSAGES)
    with pytest.raises(InputTooLong, match="at most"):
        encode_chat(given, [{"role": "user", "content": "a" * 2_000_000}])

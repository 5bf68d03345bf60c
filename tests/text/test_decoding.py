"""tokens_of_ids: sequences that nobody typed."""

from __future__ import annotations

import random

import pytest
from checks import check
from zoo import TEXTS, ZOO, tokenizer

from attnviz.text import CONTINUATION, clean, tokenize, tokens_of_ids

EVERY = pytest.mark.parametrize("name", ZOO)


@EVERY
def test_encoded_texts_are_decoded_with_exact_labels(name: str) -> None:
    given = tokenizer(name)
    for text in TEXTS.values():
        ids = tokenize(given, text).ids.tolist()
        tokens = tokens_of_ids(given, ids)
        check(tokens)
        assert tokens.ids.tolist() == ids
        own = [number for number, special in zip(ids, tokens.special, strict=True) if not special]
        assert tokens.text == clean(given.decode(own, clean_up_tokenization_spaces=False))


@EVERY
def test_any_ids_at_all(name: str) -> None:
    given = tokenizer(name)
    dice = random.Random(1)
    size = 259 if name == "byt5" else min(len(given), 0x3000)
    for _ in range(30):
        ids = [dice.randrange(size) for _ in range(dice.randint(1, 30))]
        tokens = tokens_of_ids(given, ids)
        check(tokens)
        assert tokens.ids.tolist() == ids


@pytest.mark.parametrize("name", ["gpt2", "byt5", "unigram-bytes", "llama-bpe", "canine"])
def test_lossless_tokenizers_decode_to_the_spans_that_they_encoded(name: str) -> None:
    for key, text in TEXTS.items():
        if key in ("typed", "marks") or (name == "canine" and "\0" in text):
            continue
        typed = tokenize(tokenizer(name), text)
        tokens = tokens_of_ids(tokenizer(name), typed.ids)
        lead = len(typed.text) - len(tokens.text)
        assert typed.text[lead:] == tokens.text
        if not lead:
            assert tokens.labels == typed.labels, key
            assert tokens.words.tolist() == typed.words.tolist(), key


def test_special_tokens_are_known_by_id() -> None:
    given = tokenizer("t5")
    own = tokenize(given, "the cat", add_special_tokens=False).ids.tolist()
    start = own[0]
    tokens = tokens_of_ids(given, [given.pad_token_id, given.bos_token_id, *own, given.eos_token_id])
    assert tokens.text == "the cat"
    assert tokens.special.tolist() == [True, True] + [False] * len(own) + [True]
    assert tokens.labels[0] == "<pad>"
    assert tokens.labels[-1] == "</s>"
    assert tokens_of_ids(given, [start, *own], special_ids=[start]).special[0]
    unknown = tokens_of_ids(given, [given.unk_token_id, *own])
    assert not unknown.special[0]
    assert "".join(unknown.labels) == unknown.text


def test_bytes_that_are_no_character_are_shown_as_replaced() -> None:
    given = tokenizer("gpt2")
    ids = given.convert_tokens_to_ids(["a", "ð", "Ł", "a"])
    tokens = tokens_of_ids(given, ids)
    assert tokens.text == "a\ufffda"
    assert tokens.labels == ("a", "\ufffd", CONTINUATION, "a")
    assert tokens.spans.tolist() == [[0, 1], [1, 2], [1, 2], [2, 3]]


def test_no_ids_and_ids_outside_the_vocabulary() -> None:
    given = tokenizer("gpt2")
    empty = tokens_of_ids(given, [])
    assert (empty.text, len(empty)) == ("", 0)
    beyond = tokens_of_ids(given, [len(given) + 7, *given.convert_tokens_to_ids(["a"])])
    assert beyond.text == "a"
    assert beyond.labels == ("", "a")
    assert beyond.pieces == ("", "a")

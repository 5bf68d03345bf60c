"""Words, sentences and groups."""

from __future__ import annotations

import numpy as np
import pytest
from zoo import TEXTS, ZOO, tokenizer

from attnviz.errors import UnknownName
from attnviz.text import groups, paragraph_spans, sentence_spans, tokenize, word_spans


def words(text: str) -> list[str]:
    return [text[a:b] for a, b in word_spans(text) if not text[a:b].isspace()]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Don't stop, 3.14!", ["Don't", "stop", ",", "3.14", "!"]),
        ("我喜欢。", ["我", "喜", "欢", "。"]),
        ("これはペン", ["これは", "ペン"]),
        ("สวัสดี ชาวโลก", ["สวัสดี", "ชาวโลก"]),
        ("مرحبا بالعالم", ["مرحبا", "بالعالم"]),
        ("नमस्ते दुनिया", ["नमस्ते", "दुनिया"]),
        ("👨‍👩‍👧👍🏽🇩🇪🇫🇷", ["👨‍👩‍👧", "👍🏽", "🇩🇪", "🇫🇷"]),
        ("cafe\u0301 (x)", ["cafe\u0301", "(", "x", ")"]),
        ("", []),
    ],
)
def test_words(text: str, expected: list[str]) -> None:
    assert words(text) == expected


@pytest.mark.parametrize("text", [*TEXTS.values(), ""])
def test_words_and_sentences_cover_the_text(text: str) -> None:
    for spans in (word_spans(text), sentence_spans(text), paragraph_spans(text)):
        assert "".join(text[a:b] for a, b in spans) == text
        assert all(a < b for a, b in spans)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One. Two! Three?", ["One.", "Two!", "Three?"]),
        ("Dr. Smith paid 3.14 dollars. He left.", ["Dr. Smith paid 3.14 dollars.", "He left."]),
        ("J. R. Smith came, e.g. today. OK", ["J. R. Smith came, e.g. today.", "OK"]),
        ('He said "no." Then "why?" and left.', ['He said "no."', 'Then "why?"', "and left."]),
        ("我喜欢猫。你呢？好！", ["我喜欢猫。", "你呢？", "好！"]),
        ("a line\nanother\r\n\r\nlast", ["a line", "another", "last"]),
        ("नमस्ते। कैसे हो?", ["नमस्ते।", "कैसे हो?"]),
        ("Wait... What?! No", ["Wait...", "What?!", "No"]),
        ("no end", ["no end"]),
        ("www.example.com is it", ["www.example.com is it"]),
        ("", []),
    ],
)
def test_sentences(text: str, expected: list[str]) -> None:
    assert [text[a:b].strip() for a, b in sentence_spans(text)] == expected


def test_words_of_tokens_are_counted_through_both_texts() -> None:
    tokens = tokenize(tokenizer("minilm"), "unbelievably don't", "the mat.")
    assert tokens.pieces[1:5] == ("un", "##bel", "##ie", "##va")
    own = [(label.strip(), word) for label, word in zip(tokens.labels, tokens.words.tolist(), strict=True)]
    assert [word for _, word in own if word == 0] == [0] * tokens.words.tolist().count(0)
    assert own[-4:] == [("the", 2), ("mat", 3), (".", 4), ("[SEP]", -1)]
    assert {word for label, word in own if label in ("don", "'", "t")} == {1}


@pytest.mark.parametrize("name", ["minilm", "gpt2", "t5", "byt5", "canine", "llama-bpe"])
def test_words_do_not_depend_on_the_tokenizer(name: str) -> None:
    tokens = tokenize(tokenizer(name), "The cat sat; it didn't purr.")
    labels = groups(tokens, "word")[1]
    own = [label for label in labels if label not in tokenizer(name).all_special_tokens]
    assert own == ["The", "cat", "sat", ";", "it", "didn't", "purr", "."]


def test_white_space_that_says_something_is_a_word_of_its_own() -> None:
    tokens = tokenize(tokenizer("gpt2"), "a b\n\tc  ")
    assert groups(tokens, "word")[1] == ("a", "b", "\n", "\t", "c", "  ")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a\nb\nc", ["a\n", "b\n", "c"]),
        ("a hard\nwrap.\n\nb\n \t\n\n c", ["a hard\nwrap.\n\n", "b\n \t\n\n ", "c"]),
        ("one\r\n\r\ntwo\r\nthree", ["one\r\n\r\n", "two\r\nthree"]),
        ("\n\na\nb\n\n", ["\n\na\n", "b\n\n"]),  # blank lines at the ends part nothing
        ("a", ["a"]),
        ("\n \n", ["\n \n"]),
    ],
)
def test_paragraphs(text: str, expected: list[str]) -> None:
    assert [text[a:b] for a, b in paragraph_spans(text)] == expected


def test_a_wall_of_white_space_is_parted_in_no_time() -> None:
    assert paragraph_spans("\n".join([" " * 1000] * 500) + "a" + "\n" * 200_000 + "b")[-1][1] > 700_000


def test_groups_of_paragraphs() -> None:
    tokens = tokenize(tokenizer("minilm"), "One. Two.\n\nThree\nfour.")
    index, labels = groups(tokens, "paragraph")
    assert labels == ("[CLS]", "One. Two.", "Three\nfour.", "[SEP]")
    assert index.tolist() == [0, 1, 1, 1, 1, 2, 2, 2, 3]


def test_groups_of_tokens_words_and_sentences() -> None:
    tokens = tokenize(tokenizer("minilm"), "Cats purr. Dogs bark!", "Why? Because.")
    index, labels = groups(tokens, "token")
    assert index.tolist() == list(range(len(tokens)))
    assert labels == tokens.labels
    index, labels = groups(tokens, "sentence")
    assert labels == ("[CLS]", "Cats purr.", "Dogs bark!", "[SEP]", "Why?", "Because.", "[SEP]")
    assert index.dtype == np.int64
    assert (np.diff(index) >= 0).all()
    assert sorted(set(index.tolist())) == list(range(len(labels)))
    index, labels = groups(tokens, "word")
    assert labels[:5] == ("[CLS]", "Cats", "purr", ".", "Dogs")


@pytest.mark.parametrize("name", ZOO)
@pytest.mark.parametrize("granularity", ["token", "word", "sentence", "paragraph"])
def test_groups_of_any_text(name: str, granularity: str) -> None:
    for text in TEXTS.values():
        tokens = tokenize(tokenizer(name), text, "the end")
        index, labels = groups(tokens, granularity)
        assert index.shape == (len(tokens),)
        assert sorted(set(index.tolist())) == list(range(len(labels)))
        assert (np.diff(index) >= 0).all()
        alone = index[tokens.special].tolist()
        assert all(index.tolist().count(group) == 1 for group in alone)


def test_an_unknown_granularity_is_answered_with_the_valid_ones() -> None:
    with pytest.raises(
        UnknownName, match=r"no granularity 'words'.*Did you mean 'word'.*token, word, sentence, paragraph"
    ):
        groups(tokenize(tokenizer("minilm"), "a"), "words")

"""Names of special tokens read as those tokens, found in a text, and tokens that the vocabulary cannot spell."""

from __future__ import annotations

import pytest
from checks import check
from zoo import TEXTS, ZOO, tokenizer

from attnviz.text import CONTINUATION, clean, encode, groups, special_names, tokenize, unknown_tokens
from attnviz.types import Tokens

EVERY = pytest.mark.parametrize("name", ZOO)


def written(tokens: Tokens) -> str:
    """The labels of what stands in the text."""
    added = tokens.special & (tokens.spans[:, 0] == tokens.spans[:, 1])
    shown = [label for label, own in zip(tokens.labels, ~added, strict=True) if own and label != CONTINUATION]
    return "".join(shown)


@EVERY
def test_names_are_special_tokens_where_they_shall_be(name: str) -> None:
    given = tokenizer(name)
    names = [content for content in given.all_special_tokens if len(content) > 1]
    for content in dict.fromkeys(names):
        text = f"a {content} b"
        tokens, inputs = encode(given, text, special=True)
        assert {part: list(values) for part, values in inputs.items()} == dict(given(text))
        found = [
            text[start:end]
            for (start, end), special in zip(tokens.spans, tokens.special, strict=True)
            if special and end > start
        ]
        assert found == [content]
        assert written(tokens) == text
        assert (tokens.words[tokens.special] == -1).all()
        assert tokenize(given, text).ids.tolist() != tokens.ids.tolist()
    if names:
        assert "a" in groups(tokens, "word")[1]


@EVERY
def test_texts_without_names_are_read_as_ever(name: str) -> None:
    given = tokenizer(name)
    for key in ("english", "thai", "emoji", "code", "lines"):
        plain, special = tokenize(given, TEXTS[key]), tokenize(given, TEXTS[key], special=True)
        assert (plain.ids.tolist(), plain.labels) == (special.ids.tolist(), special.labels)
        assert plain.special.tolist() == special.special.tolist()
        check(special)


def test_special_tokens_of_both_texts_and_of_python_tokenizers(legacy_bert: object) -> None:
    for given in (tokenizer("minilm"), legacy_bert):
        tokens = tokenize(given, "a [MASK] b", "[SEP] c", special=True)
        assert tokens.special.tolist() == [True, False, True, False, True, True, False, True]
        assert tokens.spans[[2, 5]].tolist() == [[2, 8], [0, 5]]
        assert tokens.segments.tolist() == [0, 0, 0, 0, 0, 1, 1, 1]
        assert (tokens.labels[2], tokens.labels[5]) == (" [MASK]", "[SEP]")


def test_an_unknown_word_is_no_special_token_but_its_name_is() -> None:
    given = tokenizer("minilm")
    tokens = tokenize(given, "喜 [UNK] the", special=True)
    assert tokens.pieces[1:3] == ("[UNK]", "[UNK]")
    assert tokens.special.tolist() == [True, False, True, False, True]
    assert unknown_tokens(given, tokens).tolist() == [False, True, False, False, False]


@EVERY
def test_unknown_tokens(name: str) -> None:
    given = tokenizer(name)
    tokens = tokenize(given, "the \u2f27 cat")
    unknown = unknown_tokens(given, tokens)
    assert unknown.tolist() == [
        piece == given.unk_token and not special
        for piece, special in zip(tokens.pieces, tokens.special, strict=True)
    ]
    assert unknown.any() == (name in ("minilm", "t5", "t5-nfkc", "xlnet-first", "character", "word-level"))


def test_names_are_found_in_a_text() -> None:
    given = tokenizer("minilm")
    assert special_names(given, "[CLS] a [MASK] b [MASK][SE P] \ud800") == ("[CLS]", "[MASK]")
    assert special_names(given, clean("no name [mask]")) == ()
    assert special_names(tokenizer("t5"), "a</s><s>b</s") == ("</s>", "<s>")
    assert special_names(tokenizer("canine"), "a b") == ()

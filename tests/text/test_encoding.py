"""tokenize, encode: every kind of tokenizer against every kind of text."""

from __future__ import annotations

import copy
import random
import subprocess
import sys
import unicodedata
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import regex
from checks import check, own_labels, own_spans
from zoo import TEXTS, ZOO, texts, tokenizer

from attnviz.errors import InputEmpty
from attnviz.text import CONTINUATION, clean, encode, tokenize
from attnviz.types import Tokens

EVERY = pytest.mark.parametrize("name", ZOO)


@EVERY
def test_labels_give_the_text_back_and_spans_are_in_order(name: str) -> None:
    for text in texts().values():
        tokens = tokenize(tokenizer(name), text)
        assert tokens.text == clean(text)
        check(tokens)


@EVERY
def test_any_mixture_of_hard_characters(name: str) -> None:
    alphabet = list("ab .\n\t\r\x00\u0301\u200d\u200b👍🏽🇩👨中あกิक्षم\u064bﬁÅ▁Ġ<s>[]#\u00a0\ufeff\ufffd\u2028")
    dice = random.Random(0)
    for _ in range(60):
        text = "".join(dice.choices(alphabet, k=dice.randint(1, 14)))
        try:
            tokens = tokenize(tokenizer(name), text)
        except InputEmpty:
            letters = [c for c in text if c.isalnum()]
            assert not letters or name == "word-level"
            continue
        check(tokens)


@EVERY
def test_the_model_is_fed_what_the_tokenizer_gives(name: str) -> None:
    given = tokenizer(name)
    for key, text in TEXTS.items():
        if key in ("typed", "surrogate", "continuation", "long", "marks"):
            continue
        tokens, inputs = encode(given, text)
        expected = dict(given(text))
        assert {part: list(values) for part, values in inputs.items()} == expected
        assert tokens.ids.tolist() == expected["input_ids"]
        assert list(tokens.pieces) == given.convert_ids_to_tokens(expected["input_ids"])
        assert (
            tokenize(given, text, add_special_tokens=False).ids.tolist()
            == given(text, add_special_tokens=False)["input_ids"]
        )


@EVERY
def test_two_texts(name: str) -> None:
    given = tokenizer(name)
    text, pair = "The cat  sat. 👍🏽", " on नमस्ते the mat\n"
    tokens, inputs = encode(given, text, pair)
    assert {part: list(values) for part, values in inputs.items()} == dict(given(text, pair))
    assert (tokens.text, tokens.pair) == (text, pair)
    check(tokens, 0)
    check(tokens, 1)
    alone = tokenize(given, text), tokenize(given, pair)
    for segment in (0, 1):
        own = ~tokens.special & (tokens.segments == segment)
        np.testing.assert_array_equal(tokens.spans[own], alone[segment].spans[~alone[segment].special])
    assert tokens.words[tokens.segments == 1].max() == tokens.words.max()
    first = tokens.words[(tokens.segments == 0) & ~tokens.special].max()
    assert tokens.words[(tokens.segments == 1) & ~tokens.special].min() == first + 1


@EVERY
def test_typed_special_tokens_are_text(name: str) -> None:
    given = tokenizer(name)
    alone = tokenize(given, "a b")
    forbidden = set(given.all_special_ids) - {given.unk_token_id}
    for content in given.all_special_tokens:
        text = f"a {content} b{content}"
        tokens = tokenize(given, text)
        check(tokens)
        assert tokens.special.sum() == alone.special.sum()
        assert np.array_equal(tokens.ids[tokens.special], alone.ids[alone.special])
        if len(content) > 1:  # CANINE's are single private-use characters: nothing else can stand for them
            assert not forbidden & set(tokens.ids[~tokens.special].tolist())


def test_typed_sep_is_split_by_minilm_as_it_splits_any_word() -> None:
    tokens = tokenize(tokenizer("minilm"), "[SEP]")
    assert tokens.pieces == ("[CLS]", "[", "sep", "]", "[SEP]")
    assert tokens.labels == ("[CLS]", "[", "SEP", "]", "[SEP]")
    assert tokens.special.tolist() == [True, False, False, False, True]


@EVERY
@pytest.mark.parametrize("text", ["", " ", "\n\t \u3000"])
def test_blank_texts_are_refused(name: str, text: str) -> None:
    with pytest.raises(InputEmpty, match=r"The text is empty\. Type at least one word\."):
        tokenize(tokenizer(name), text)
    with pytest.raises(InputEmpty, match="The second text is empty"):
        tokenize(tokenizer(name), "a", text)


def test_a_text_of_which_nothing_is_left_is_refused() -> None:
    with pytest.raises(InputEmpty, match="leaves nothing of the text"):
        tokenize(tokenizer("minilm"), "\x00\u200b")
    with pytest.raises(InputEmpty, match="leaves nothing of the second text"):
        tokenize(tokenizer("minilm"), "a", "\u200d")


def test_lone_surrogates_and_the_mark_itself_are_replaced_one_for_one() -> None:
    tokens = tokenize(tokenizer("gpt2"), "a\ud83d\udfffb" + CONTINUATION)
    assert tokens.text == "a\ufffd\ufffdb\ufffd↪"
    assert "".join(own_labels(tokens)) == tokens.text


# Spans against oracles that never look at the tokenizer's offsets.


def expected_span(text: str, start: int, end: int) -> tuple[int, int]:
    covered = text[start:end]
    if covered.isspace():
        return start, end
    return start + len(covered) - len(covered.lstrip()), end - len(covered) + len(covered.rstrip())


def spans_by_bytes(text: str, written: str, chunks: list[bytes]) -> list[tuple[int, int]]:
    """Spans of chunks that spell `written`, which is the text with `lead` characters put before it."""
    assert b"".join(chunks) == written.encode()
    lead = len(written) - len(text)
    place = [k for k, character in enumerate(written) for _ in character.encode()]
    spans, position = [], 0
    for chunk in chunks:
        start, end = place[position], place[position + len(chunk) - 1] + 1
        position += len(chunk)
        spans.append(expected_span(text, max(0, start - lead), max(0, end - lead)))
    return spans


@pytest.mark.parametrize("name", ["gpt2", "gpt2-trim", "gpt2-prefix", "roberta", "roberta-prefix"])
def test_spans_of_byte_level_pieces(name: str) -> None:
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [byte for byte in range(256) if byte not in printable]
    byte_of = {chr(b): b for b in printable} | {chr(256 + k): b for k, b in enumerate(others)}
    for key, text in texts(500).items():
        tokens = tokenize(tokenizer(name), text)
        own = [piece for piece, special in zip(tokens.pieces, tokens.special, strict=True) if not special]
        chunks = [bytes(byte_of[c] for c in piece) for piece in own]
        lead = " " if "prefix" in name and not tokens.text[0].isspace() else ""
        if lead and key != "spaces":
            assert spans_by_bytes(tokens.text, lead + tokens.text, chunks) == own_spans(tokens), key
        elif not lead:
            assert spans_by_bytes(tokens.text, tokens.text, chunks) == own_spans(tokens), key


@pytest.mark.parametrize("name", ["unigram-bytes", "llama-bpe"])
def test_spans_of_pieces_with_byte_fallback(name: str) -> None:
    for key, text in texts(500).items():
        text = text.replace("<0x41>", "")  # matched as a piece by Unigram; nothing to spell then
        tokens = tokenize(tokenizer(name), text)
        own = [piece for piece, special in zip(tokens.pieces, tokens.special, strict=True) if not special]
        found = [regex.fullmatch("<0x(..)>", piece) for piece in own]
        chunks = [
            bytes.fromhex(byte[1]) if byte else piece.encode() for piece, byte in zip(own, found, strict=True)
        ]
        shown = tokens.text.replace(" ", "▁")
        written = shown if name == "unigram-bytes" and shown.startswith("▁") else "▁" + shown
        assert spans_by_bytes(tokens.text, written, chunks) == own_spans(tokens), key


@pytest.mark.parametrize("name", ["byt5", "canine", "character"])
def test_spans_of_bytes_and_characters(name: str) -> None:
    for key, text in texts(500).items():
        tokens = tokenize(tokenizer(name), text)
        sizes = [len(c.encode()) if name == "byt5" else 1 for c in tokens.text]
        expected = [(k, k + 1) for k, size in enumerate(sizes) for _ in range(size)]
        assert own_spans(tokens) == expected, key


def plain(text: str) -> str:
    """What an uncased BERT makes of a text: lower case, no accents, no controls."""
    decomposed = unicodedata.normalize("NFD", text.lower())
    return "".join(
        c for c in decomposed if unicodedata.category(c) not in ("Mn", "Cc", "Cf") and c != "\ufffd"
    )


def test_spans_of_word_pieces() -> None:
    seen = 0
    for text in texts(500).values():
        tokens = tokenize(tokenizer("minilm"), text)
        for piece, (start, end), special in zip(tokens.pieces, tokens.spans, tokens.special, strict=True):
            if not special and piece != "[UNK]":
                assert plain(tokens.text[start:end]) in (piece, piece.removeprefix("##"))
                seen += 1
    assert seen > 200


@pytest.mark.parametrize("name", ["t5", "t5-nfkc", "xlnet-first"])
def test_spans_of_normalized_pieces(name: str) -> None:
    """The pieces made from one stretch of text spell the normalized stretch."""
    seen = 0
    for key, text in texts(500).items():
        if key == "marks":
            continue
        tokens = tokenize(tokenizer(name), text)
        written: dict[tuple[int, int], list[str]] = {}
        for piece, (start, end), special in zip(tokens.pieces, tokens.spans, tokens.special, strict=True):
            if not special and start < end:
                written.setdefault((int(start), int(end)), []).append(piece)
        for (start, end), pieces in written.items():
            if "<unk>" in pieces:
                continue
            covered = tokens.text[start:end]
            expected = unicodedata.normalize("NFKC", covered) if name != "t5" else covered
            spelled = "".join(pieces).replace("▁", " ")
            assert spelled.strip() == expected.strip(), (key, covered)
            seen += 1
    assert seen > 150


# Labels, in words that a person would use.


def test_labels_show_the_text_as_typed() -> None:
    tokens = tokenize(tokenizer("minilm"), "The  CAFÉ zzgrblx 喜 !")
    assert own_labels(tokens)[:2] == ["The", "  CAFÉ"]
    assert "".join(own_labels(tokens)) == tokens.text
    unknown = [label for label, piece in zip(tokens.labels, tokens.pieces, strict=True) if piece == "[UNK]"]
    assert unknown == [" 喜"]


def test_a_grapheme_stands_whole_on_its_first_token() -> None:
    for name in ("gpt2", "byt5", "unigram-bytes"):
        for grapheme in ("👨‍👩‍👧‍👦", "👍🏽", "🇩🇪", "喜", "e\u0301\u0323", "क्षि", "\r\n"):
            tokens = tokenize(tokenizer(name), f"x{grapheme}y")
            labels = [
                label for label, special in zip(tokens.labels, tokens.special, strict=True) if not special
            ]
            assert [label for label in labels if label not in (CONTINUATION, "")] == ["x", grapheme, "y"]
            assert CONTINUATION in labels


def test_a_dummy_prefix_takes_nothing_from_the_first_word() -> None:
    tokens = tokenize(tokenizer("t5"), "xylophone")
    assert (tokens.pieces[0], tokens.labels[0]) == ("▁", "")
    assert tokens.spans[:2].tolist() == [[0, 0], [0, 1]]
    assert tokens.labels[1].startswith("x")


# State that is shared.


def test_limits_and_padding_of_the_tokenizer_do_not_apply_and_are_left_alone() -> None:
    given = ZOO["minilm"]()
    given.backend_tokenizer.enable_truncation(16)
    given.backend_tokenizer.enable_padding(length=64)
    before = given.backend_tokenizer.to_str()
    assert len(tokenize(given, "cat " * 700)) == 702
    assert len(tokenize(given, "cat")) == 3
    assert given.backend_tokenizer.to_str() == before
    assert not given.backend_tokenizer.encode_special_tokens


def test_a_changed_vocabulary_or_template_is_seen() -> None:
    from tokenizers import processors

    given = ZOO["gpt2"]()
    assert tokenize(given, "a cat").special.sum() == 0
    given.add_tokens(["catfish"])
    assert tokenize(given, "a catfish").pieces[-1] == "catfish"
    given.backend_tokenizer.post_processor = processors.TemplateProcessing(
        single=["<s>", "$A"], special_tokens=[("<s>", 1)]
    )
    tokens = tokenize(given, "a cat")
    assert tokens.special.tolist()[0]
    assert tokens.special.sum() == 1


@pytest.mark.parametrize("name", ["minilm", "t5", "byt5"])
def test_threads_do_not_disturb_each_other(name: str) -> None:
    given = ZOO[name]()
    samples = [*TEXTS.values()] * 2
    alone = copy.deepcopy(given)
    expected = [tokenize(alone, text) for text in samples]

    def work(k: int) -> Tokens:
        given(clean(samples[k]), truncation=True, max_length=4)  # another user of the same tokenizer
        return tokenize(given, samples[k])

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(work, range(len(samples))))
    for a, b in zip(expected, found, strict=True):
        assert (a.ids.tolist(), a.labels, a.spans.tolist()) == (b.ids.tolist(), b.labels, b.spans.tolist())


def test_neither_torch_nor_transformers_is_imported() -> None:
    code = "import sys, attnviz.text; print([m for m in ('torch', 'transformers') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"

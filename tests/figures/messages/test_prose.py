"""Prose from tokens of a byte-level tokenizer: graphemes stay whole, joined letters together, and nothing is lost."""

import numpy as np
import pytest
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

from attnviz.figures import prose_runs
from attnviz.text import CONTINUATION, groups, tokenize, visible

TEXT = "I 👩‍👩‍👧 ❤️ 我喜欢 مرحبا हिन्दी f(a):\n  x"


@pytest.fixture(scope="module")
def byte_level():
    """Pairs of bytes, hardly merged: every letter that is not ASCII is cut."""
    from transformers import PreTrainedTokenizerFast

    backend = Tokenizer(models.BPE())
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    backend.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=270, special_tokens=["</s>"], initial_alphabet=alphabet)
    backend.train_from_iterator(["the cat"], trainer)
    return PreTrainedTokenizerFast(tokenizer_object=backend, eos_token="</s>")


@pytest.mark.parametrize("unit", ["token", "word"])
@pytest.mark.parametrize("pair", [None, "سلام 👍🏽"])
def test_without_its_marks_the_prose_is_the_text(byte_level, unit, pair):
    tokens = tokenize(byte_level, TEXT, pair)
    index, labels = groups(tokens, unit)
    shown = [visible(label) for label in labels]
    runs = prose_runs(tokens, index, shown)
    marks = {group for group, label in enumerate(labels) if label == CONTINUATION or not label.strip()}
    marks |= {int(index[token]) for token in np.flatnonzero(tokens.special)}
    assert "".join(piece for piece, group in runs if group not in marks) == TEXT + (pair or "")
    assert sorted(group for _, group in runs if group >= 0) == sorted(set(index.tolist()))


def test_a_grapheme_is_whole_on_its_first_token(byte_level):
    tokens = tokenize(byte_level, TEXT)
    runs = prose_runs(tokens, *groups(tokens, "token"))
    pieces = [piece for piece, group in runs if group >= 0 and piece != CONTINUATION]
    assert {"👩‍👩‍👧", "❤️", "我", "喜", "欢", "हि", "न्दी"} <= set(pieces)


def test_joined_letters_stand_together_and_their_marks_after_the_word(byte_level):
    tokens = tokenize(byte_level, "مرحبا x")
    runs = prose_runs(tokens, *groups(tokens, "token"))
    assert "".join(piece for piece, _ in runs[:5]) == "مرحبا"
    assert [piece for piece, _ in runs[5:10]] == [CONTINUATION] * 5


@pytest.mark.parametrize("unit", ["token", "word"])
def test_special_tokens_that_the_text_names_stand_in_it_once(byte_level, unit):
    text = "the </s> cat</s> x"
    tokens = tokenize(byte_level, text, special=True)
    index, labels = groups(tokens, unit)
    runs = prose_runs(tokens, index, labels)
    white = {group for group, label in enumerate(labels) if not label.strip()}
    assert "".join(piece for piece, group in runs if group not in white) == text
    assert [piece for piece, group in runs if group >= 0 and piece == "</s>"] == ["</s>"] * 2

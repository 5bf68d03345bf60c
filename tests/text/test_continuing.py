"""continue_ids: a continuation as it stands behind its text."""

from __future__ import annotations

import pytest
from zoo import tokenizer

from attnviz.errors import InputEmpty, InputInvalid
from attnviz.text import continue_ids

TEXTS = ["The cat sat on the  mat. Don't stop, it's lowest!", "a\n\nb é猫👍🏽 e\u0301x 3.14"]


def own_ids(name: str, text: str) -> list[int]:
    return tokenizer(name)(text, add_special_tokens=False)["input_ids"]


@pytest.mark.parametrize("name", ["gpt2", "llama-bpe", "unigram-bytes"])
def test_text_and_continuation_are_decoded_to_what_was_typed(name: str) -> None:
    """Cut anywhere: the text's ids stay, and ids of both are decoded to both."""
    given = tokenizer(name)
    joined = 0
    for whole in TEXTS:
        for cut in range(1, len(whole)):
            text, continuation = whole[:cut], whole[cut:]
            own, both = own_ids(name, text), own_ids(name, whole)
            found = continue_ids(given, text, continuation)
            assert given.decode(own + found, clean_up_tokenization_spaces=False) == whole, (
                text,
                continuation,
            )
            if both[: len(own)] == own:
                assert own + found == both
            else:
                joined += 1
    assert joined > 5


def test_wordpiece_goes_on_inside_a_word() -> None:
    given = tokenizer("minilm")
    for whole in (TEXTS[0], "unbelievably kittenish, (said) he"):
        expected = given.convert_tokens_to_string(given.tokenize(whole))
        for cut in range(1, len(whole)):
            own = own_ids("minilm", whole[:cut])
            ids = own + continue_ids(given, whole[:cut], whole[cut:])
            assert given.convert_tokens_to_string(given.convert_ids_to_tokens(ids)) == expected, whole[:cut]
    assert given.convert_ids_to_tokens(continue_ids(given, "be", "st")) == ["##st"]


def test_no_leading_mark_where_the_text_ends_with_its_space() -> None:
    given = tokenizer("llama-bpe")
    alone = given.convert_ids_to_tokens(own_ids("llama-bpe", "the cat"))
    behind = given.convert_ids_to_tokens(continue_ids(given, "on ", "the cat"))
    assert alone[0].startswith("▁")
    assert "".join(behind) == "the▁cat"


@pytest.mark.parametrize("name", ["gpt2", "llama-bpe", "unigram-bytes"])
def test_ids_that_a_model_has_produced_stay_as_they_are(name: str) -> None:
    given = tokenizer(name)
    text = "The cat"
    ids = given(text)["input_ids"]
    assert continue_ids(given, ids, " sat") == continue_ids(given, text, " sat")
    letters = [number for piece in ("t", "h", "e") for number in given.convert_tokens_to_ids([piece])]
    found = continue_ids(given, letters, " cat")  # not as the tokenizer would have cut it
    assert given.decode(letters + found, clean_up_tokenization_spaces=False) == "the cat"
    start = [given.bos_token_id]
    assert continue_ids(given, start, "the cat") == own_ids(name, "the cat")


def test_what_cannot_be_a_continuation() -> None:
    given = tokenizer("gpt2")
    with pytest.raises(InputEmpty, match="continuation is empty"):
        continue_ids(given, "a", "")
    with pytest.raises(InputInvalid, match="continuation is not a string but int"):
        continue_ids(given, "a", 3)  # type: ignore[arg-type]
    with pytest.raises(InputInvalid, match="vocabulary ends at 9"):
        continue_ids(given, "a", " cat", vocabulary=10)
    with pytest.raises(InputInvalid, match="cannot write 'st' behind 'be'"):
        continue_ids(tokenizer("word-level"), "be", "st")

"""What was encoded last is kept: once for a request, bounded, and never shared with a caller who changes it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from zoo import ZOO, tokenizer

from attnviz.errors import InputInvalid
from attnviz.text import encode, encoding, tokenize
from attnviz.text.recent import Recent, nbytes


@pytest.fixture(autouse=True)
def empty(monkeypatch: pytest.MonkeyPatch) -> Recent:
    recent = Recent(limit=40_000)
    monkeypatch.setattr(encoding, "_recent", recent)
    return recent


def test_the_second_time_costs_nothing_and_shares_no_list() -> None:
    given = tokenizer("minilm")
    tokens, inputs = encode(given, "the cat", "a mat")
    inputs["input_ids"].append(7)
    again, others = encode(given, "the cat", "a mat")
    assert again is tokens
    assert others["input_ids"] == tokens.ids.tolist()
    others["attention_mask"].clear()
    assert len(encode(given, "the cat", "a mat")[1]["attention_mask"]) == len(tokens)
    for other in (
        tokenize(given, "the cat"),
        tokenize(given, "the cat", "a mat", add_special_tokens=False),
        tokenize(given, "the cat", "a mat", special=True),
        tokenize(ZOO["minilm"](), "the cat", "a mat"),
    ):
        assert other is not tokens


def test_it_is_bounded_in_bytes_and_forgets_the_oldest(empty: Recent) -> None:
    given = tokenizer("minilm")
    for number in range(100):
        entry = encode(given, f"the cat {number}")
    assert nbytes(*entry) * len(empty) <= empty.limit * 1.2
    assert sum(size for _, _, size in empty._entries.values()) == empty.nbytes <= empty.limit
    assert encode(given, "the cat 99")[0] is entry[0]
    held = len(empty)
    encode(given, "cat " * 5000)
    assert len(empty) == held
    assert 3 < held < 100


def test_a_changed_tokenizer_is_asked_anew() -> None:
    given = ZOO["gpt2"]()
    before = tokenize(given, "a catfish")
    given.add_tokens(["catfish"])
    assert len(tokenize(given, "a catfish")) < len(before)


def test_the_vocabulary_is_checked_of_what_was_kept(empty: Recent) -> None:
    given = ZOO["minilm"]()
    given.add_tokens(["kittenfish"])
    assert len(tokenize(given, "a kittenfish")) == 4
    assert len(empty) == 1
    with pytest.raises(
        InputInvalid, match=r"'kittenfish' the id 30522, but the model's vocabulary ends at 30521"
    ):
        tokenize(given, "a kittenfish", vocabulary=30522)
    assert len(tokenize(given, "a cat", vocabulary=30522)) == 4


@pytest.mark.parametrize("text", [None, 3, b"the cat", ["the cat"], float("nan")])
def test_what_is_no_string_is_refused(text: Any) -> None:
    with pytest.raises(InputInvalid, match=rf"The text is not a string but {type(text).__name__}\."):
        tokenize(tokenizer("minilm"), text)
    if text is not None:
        with pytest.raises(InputInvalid, match="The second text is not a string"):
            tokenize(tokenizer("minilm"), "a", text)


def test_threads_find_their_own_texts(empty: Recent) -> None:
    given = tokenizer("gpt2")
    samples = [f"the cat {number % 40}" for number in range(800)]
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda text: tokenize(given, text), samples))
    assert [tokens.text for tokens in found] == samples
    assert empty.nbytes == sum(size for _, _, size in empty._entries.values()) <= empty.limit

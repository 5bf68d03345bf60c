"""Characters: borders found for all characters at once are those that Unicode's rules give one by one."""

from __future__ import annotations

import itertools
import random

import pytest
import regex
from zoo import TEXTS

from attnviz.text import word_spans
from attnviz.text.characters import Characters

# One character at least for every class that a rule names; no Thai and no Hiragana, whose runs are ours.
SIMPLE = "a1_.:', \n\rカ\u3000中\"’é"
HARD = SIMPLE + "\u0301\u200d\u00adא🇩👨각ㄱ\u0600क\u094d\x85\u2028"


def graphemes(text: str) -> list[str]:
    return [text[start:end] for start, end in itertools.pairwise(Characters(text).graphemes.tolist())]


def words(text: str) -> list[str]:
    """By the regex module, which misses the border between an opening quotation mark and a vowel."""
    skipped = r"[\p{WB=Extend}\p{WB=Format}\p{WB=ZWJ}]*"
    quote = rf"(?V1)(?<![\p{{WB=ALetter}}\p{{WB=Hebrew_Letter}}]{skipped})['’]{skipped}(?=\p{{WB=ALetter}})"
    cuts = {match.end() for match in regex.finditer(quote, text)}
    cuts |= {match.start() for match in regex.finditer(r"(?wV1)\b", text)} | {0, len(text)}
    return [text[start:end] for start, end in itertools.pairwise(sorted(cuts))]


def check(text: str) -> None:
    assert graphemes(text) == regex.findall(r"\X", text)
    assert [text[start:end] for start, end in word_spans(text)] == words(text)


def test_borders_of_every_short_sequence_of_classes() -> None:
    for length in range(4):
        for letters in itertools.product(SIMPLE, repeat=length):
            check("".join(letters))


def test_borders_of_mixtures() -> None:
    dice = random.Random(5)
    for _ in range(5000):
        check("".join(dice.choices(HARD, k=dice.randint(1, 9))))


@pytest.mark.parametrize("text", ["'apple'", "‘it’s’", "x 'ab' 'i'"])
def test_a_quotation_mark_is_no_part_of_the_word(text: str) -> None:
    assert not any(len(word) > 1 and word[0] in "'’" for word in words(text))
    check(text)


def test_white_space_is_what_python_says() -> None:
    for text in TEXTS.values():
        characters = Characters(text)
        assert characters.space.tolist() == [letter.isspace() for letter in text]
        for place in range(len(text) + 1):
            rest, before = text[place:], text[:place]
            assert characters.next_solid[place] == len(text) - len(rest.lstrip())
            assert characters.last_solid[place] == len(before.rstrip())
            assert characters.solid[place] == sum(not letter.isspace() for letter in before)

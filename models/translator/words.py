"""Words that carry the meanings they express, from which the links between two languages follow."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from models.translator.lexicon import begins_with_vowel

Pairs = tuple[tuple[int, int], ...]  # (English word, French word), both counted from 0


@dataclass(frozen=True)
class Word:
    """One word, and the numbers of the meanings that it expresses: `sure` alone, `possible` together with others."""

    text: str
    sure: frozenset[int] = frozenset()
    possible: frozenset[int] = frozenset()


Words = list[Word]


def surely(text: str, *meanings: int) -> Words:
    """Words that each express these meanings."""
    return [Word(word, frozenset(meanings)) for word in text.split()]


def possibly(text: str, *meanings: int) -> Words:
    """Words that help to express these meanings: auxiliaries, articles that only one language has."""
    return [Word(word, frozenset(), frozenset(meanings)) for word in text.split()]


def headed(text: str, *meanings: int) -> Words:
    """Words of which the first expresses the meanings, and the others help: "près de", "parce que"."""
    first, *others = text.split()
    return surely(first, *meanings) + possibly(" ".join(others), *meanings)


def elided(word: str, following: Words) -> str:
    """le, la, je, me, ne, que without their vowel before another one."""
    return word[:-1] + "'" if begins_with_vowel(following[0].text) else word


@dataclass(frozen=True)
class Sentence:
    """The same in both languages, word by word, with gold links.

    Attributes:
        sure: links on which there is no doubt. possible: those and others that one may draw, as Och and Ney name them.
        novel: how many pairs of noun and adjective are held out of training.
    """

    english: tuple[str, ...]
    french: tuple[str, ...]
    sure: Pairs
    possible: Pairs
    novel: int


def linked(english: Words, french: Words, novel: int) -> Sentence:
    """The sentence of these words, each beginning with a capital, with links wherever two words share a meaning."""
    sure, possible = [], []
    for row, one in enumerate(english):
        for column, other in enumerate(french):
            if one.sure & other.sure:
                sure.append((row, column))
            if (one.sure | one.possible) & (other.sure | other.possible):
                possible.append((row, column))
    return Sentence(capital(english), capital(french), tuple(sure), tuple(possible), novel)


def capital(words: Words) -> tuple[str, ...]:
    """The texts, the first with a capital letter."""
    first, *others = (word.text for word in words)
    return (first[0].upper() + first[1:], *others)


def written(words: Iterable[str]) -> str:
    """The words as a text: no space before a full stop or 's, none behind an apostrophe."""
    text = ""
    for word in words:
        text += word if not text or text.endswith("'") or word in (".", "'s") else " " + word
    return text

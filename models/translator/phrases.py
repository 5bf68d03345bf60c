"""Noun phrases and verb groups in both languages at once, agreeing in gender, number and person."""

from __future__ import annotations

import random
from dataclasses import dataclass

from models.translator import lexicon, verbs
from models.translator.lexicon import Adjective, Noun, begins_with_vowel
from models.translator.verbs import PERSONS
from models.translator.words import Words, elided, headed, possibly, surely

CONTRACTED = {("de", "le"): "du", ("de", "les"): "des", ("à", "le"): "au", ("à", "les"): "aux"}
POSSESSIVES = {  # by owner: English, and French masculine, feminine, plural
    "1s": ("my", "mon ma mes"), "1p": ("our", "notre notre nos"), "2p": ("your", "votre votre vos"),
    "3p": ("their", "leur leur leurs"), "m": ("his", "son sa ses"), "f": ("her", "son sa ses"),
}  # fmt: skip
USUAL = ("the",) * 5 + ("a",) * 3 + ("this", "own", "own", "my", "number")


@dataclass(frozen=True)
class NounPhrase:
    """A noun phrase, and what other words agree with.

    Attributes:
        person: of PERSONS. owner: whose things are named by it, a key of POSSESSIVES.
        determiner: by which it begins, "" for a name or a pronoun.
        plain: nothing is hung on it, so that a pronoun can stand for it.
    """

    english: Words
    french: Words
    gender: str
    plural: int
    kind: str
    determiner: str = ""
    person: str = "3s"
    owner: str = "m"
    plain: bool = True


class Phrases:
    """Draws phrases from a source of random numbers.

    Args:
        held_out: whether pairs of noun and adjective that are kept out of training may occur.
    """

    def __init__(self, numbers: random.Random, held_out: bool) -> None:
        self.random, self.held_out = numbers, held_out
        self.meanings, self.novel = 0, 0

    def meaning(self) -> int:
        """A number for one more meaning of this sentence."""
        self.meanings += 1
        return self.meanings

    def chance(self, share: float) -> bool:
        """True in this share of all cases."""
        return self.random.random() < share

    def noun_phrase(
        self,
        kinds: tuple[str, ...],
        owner: str = "",
        negated: bool = False,
        nested: bool = False,
        determiners: tuple[str, ...] = USUAL,
        singular: bool = False,
    ) -> NounPhrase:
        """A noun with its determiner and adjectives; unless `nested`, sometimes with an owner or a relative clause."""
        noun = self.random.choice(lexicon.OF_KIND[self.random.choice(kinds)])
        uncounted = noun.kind in lexicon.UNCOUNTED
        plural = int(not uncounted and not singular and self.chance(0.28))
        english, french, chosen = self._described(noun, plural)
        name = self._determiner(determiners, noun, plural, owner, negated)
        meaning, led = self.meaning(), bool(chosen and chosen[0].first)
        own, article = determiner(name, noun, plural, owner, french, english, led, self.random)
        phrase = NounPhrase(
            surely(own, meaning) + english, headed(article, meaning) + french, noun.gender, plural, noun.kind, name,
            "3p" if plural else "3s", "3p" if plural else noun.gender,
        )  # fmt: skip
        if name == "the" and not nested and not uncounted and self.chance(0.1):
            return self._owned(phrase, english, french)
        if not nested and noun.kind in ("person", "animal") and self.chance(0.07):
            return self._related(phrase)
        return phrase

    def _described(self, noun: Noun, plural: int) -> tuple[Words, Words, list[Adjective]]:
        """The noun with none, one or two adjectives, in the order of each language."""
        fitting, chosen = lexicon.FITTING[noun.kind], []
        if fitting and self.chance(0.45):
            chosen = self._adjective(noun, fitting)
            if chosen and self.chance(0.12):
                other = [each for each in fitting if each.first != chosen[0].first]
                chosen += self._adjective(noun, other) if other else []
        chosen.sort(key=lambda each: not each.first)
        meanings = [self.meaning() for _ in chosen]
        meaning = self.meaning()
        french = surely(noun.french[plural], meaning)
        before: Words = []
        for adjective, own in zip(chosen, meanings, strict=True):
            form = adjective.french[noun.gender, plural]
            if not adjective.first:
                french += surely(form, own)
            elif (noun.gender, plural) == ("m", 0) and begins_with_vowel(noun.french[0]):
                before += surely(adjective.before_vowel, own)
            else:
                before += surely(form, own)
        english = [
            word for each, own in zip(chosen, meanings, strict=True) for word in surely(each.english, own)
        ]
        return english + surely(noun.english[plural], meaning), before + french, chosen

    def _adjective(self, noun: Noun, fitting: list[Adjective]) -> list[Adjective]:
        """One that may stand with the noun."""
        allowed = [each for each in fitting if self.held_out or not lexicon.held_out(noun, each)]
        if not allowed:
            return []
        chosen = self.random.choice(allowed)
        self.novel += lexicon.held_out(noun, chosen)
        return [chosen]

    def _determiner(
        self, determiners: tuple[str, ...], noun: Noun, plural: int, owner: str, negated: bool
    ) -> str:
        """One that goes with the noun, its number and what owns it."""
        name, uncounted = self.random.choice(determiners), noun.kind in lexicon.UNCOUNTED
        if negated and name in ("a", "number"):
            return "any" if uncounted or plural else "the"
        if name == "a" and (uncounted or plural):
            return "some"
        absent = (name == "number" and not plural) or (name == "this" and uncounted)
        return "the" if absent or (name == "own" and not owner) else name

    def _owned(self, phrase: NounPhrase, english: Words, french: Words) -> NounPhrase:
        """The king's house, la maison du roi."""
        if self.chance(0.4):
            name, own = self.random.choice(lexicon.NAMES)[0], self.meaning()
            owner = NounPhrase(surely(name, own), surely(name, own), "m", 0, "person")
        else:
            owner = self.noun_phrase(
                ("person",), nested=True, determiners=("the", "the", "this", "my"), singular=True
            )
        link = self.meaning()
        article = possibly(phrase.french[0].text, *english[-1].sure)  # English has none here
        return _changed(
            phrase,
            owner.english + surely("'s", link) + english,
            article + french + contracted("de", owner, link),
        )

    def _related(self, phrase: NounPhrase) -> NounPhrase:
        """The man that sees a dog, l'homme qui voit un chien."""
        link = self.meaning()
        verb = self.random.choice(
            [each for each in verbs.WITH_OBJECT if each.objects[0] not in ("place", "drink")]
        )
        seen = self.noun_phrase(verb.objects, nested=True, determiners=("the", "a", "my"))
        own = self.meaning()
        form = verb.english if phrase.plural else verb.third
        return _changed(
            phrase,
            phrase.english + surely("that", link) + headed(form, own) + seen.english,
            phrase.french
            + surely("qui", link)
            + surely(verb.present[PERSONS.index(phrase.person)], own)
            + seen.french,
        )


def _changed(phrase: NounPhrase, english: Words, french: Words) -> NounPhrase:
    return NounPhrase(
        english, french, phrase.gender, phrase.plural, phrase.kind, phrase.determiner, phrase.person, phrase.owner,
        plain=False,
    )  # fmt: skip


def determiner(
    name: str,
    noun: Noun,
    plural: int,
    owner: str,
    french: Words,
    english: Words,
    led: bool,
    numbers: random.Random,
) -> tuple[str, str]:
    """The English and French word, or words. `led`: an adjective stands before the French noun ("de grands chiens")."""
    vowel, masculine = begins_with_vowel(french[0].text), noun.gender == "m"
    article = "l'" if vowel else "le" if masculine else "la"
    if name == "the":
        return "the", "les" if plural else article
    if name == "a":
        an = english[0].text[0] in "aeio" or english[0].text in ("umbrella", "uncle", "honest")
        return "an" if an else "a", "un" if masculine else "une"
    if name == "some":
        if plural:
            return "some", "de" if led and not vowel else "d'" if led else "des"
        return "some", "de l'" if vowel else "du" if masculine else "de la"
    if name == "any":
        return "any", "d'" if vowel else "de"
    if name == "this":
        singular = "ce" if masculine and not vowel else "cet" if masculine else "cette"
        return ("these", "ces") if plural else ("this", singular)
    if name == "number":
        return numbers.choice(lexicon.NUMBERS)
    mine, forms = POSSESSIVES["1s" if name == "my" else owner]
    return mine, forms.split()[2 if plural else 0 if masculine or vowel else 1]


def contracted(preposition: str, phrase: NounPhrase, link: int) -> Words:
    """ "de" or "à" before a phrase: du, aux, d'Anna."""
    first, *others = phrase.french
    if phrase.determiner == "the" and (preposition, first.text) in CONTRACTED:
        both = headed(CONTRACTED[preposition, first.text], link)
        return [type(first)(both[0].text, both[0].sure, first.sure | first.possible), *others]
    word = elided(preposition, phrase.french) if preposition == "de" else preposition
    return surely(word, link) + phrase.french

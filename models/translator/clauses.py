"""Clauses and sentences: subjects, tenses, negation, pronouns, and two clauses joined."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from models.translator import lexicon, verbs
from models.translator.lexicon import begins_with_vowel
from models.translator.phrases import NounPhrase, Phrases, contracted
from models.translator.verb_groups import Object, before_verb, english_verb, french_verb
from models.translator.verbs import PERSONS, Verb
from models.translator.words import Sentence, Words, elided, headed, linked, possibly, surely

TENSES = ("present", "present", "past", "future")
SUBJECTS = (("I", "je", "1s", "m"), ("he", "il", "3s", "m"), ("she", "elle", "3s", "f"), ("we", "nous", "1p", "m"),
            ("you", "vous", "2p", "m"), ("they", "ils", "3p", "m"))  # fmt: skip
ADDRESSED = (("me", "me"), ("us", "nous"), ("you", "vous"))
OBJECTS = (*ADDRESSED, ("him", "le"), ("her", "la"), ("them", "les"))
AGREEING = {"la": "e", "les": "s", "nous": "s", "vous": "s"}
JOINING = (
    ("and", "et"),
    ("but", "mais"),
    ("because", "parce que"),
    ("when", "quand"),
    ("while", "pendant que"),
)


@dataclass(frozen=True)
class Clause:
    """A clause, its subject and tense, and the noun phrase that it is about, if one can be referred to."""

    english: Words
    french: Words
    subject: NounPhrase
    tense: str
    about: NounPhrase | None = None


class Grammar(Phrases):
    """Draws sentences in English and French."""

    def sentences(self, longest: int = 24) -> Iterator[Sentence]:
        """Without end; none with more words than `longest`."""
        while True:
            self.meanings = self.novel = 0
            english, french = self._joined() if self.chance(0.5) else self._single()
            end = surely(".", self.meaning())
            if max(len(english), len(french)) < longest:
                yield linked(english + end, french + end, self.novel)

    def _single(self) -> tuple[Words, Words]:
        clause = self.clause()
        return clause.english, clause.french

    def _joined(self) -> tuple[Words, Words]:
        first, kind, meaning = self.clause(short=True), self.random.random(), self.meaning()
        if first.about is not None and kind < 0.5:
            subject = self.pronoun_for(first.subject)
            second = self.clause(subject, first.tense, first.about, short=True)
            words = self.random.choice(JOINING[:3])
        elif kind < 0.7:
            said, first = first, self._said("past" if first.tense == "past" else "present")
            second, words = said, ("that", "que")
        else:
            second, words = self.clause(tense=first.tense, short=True), self.random.choice(JOINING)
        french = words[1]
        if french.endswith("que"):
            french = french[:-3] + elided("que", second.french)
        return (
            first.english + surely(words[0], meaning) + second.english,
            first.french + headed(french, meaning) + second.french,
        )

    def _said(self, tense: str) -> Clause:
        """Anna says, I thought."""
        subject = self.subject(plain=True)
        english, french = self.verb_group(
            self.random.choice(verbs.SAYING), subject.person, tense, "", Object([], [])
        )
        return Clause(subject.english + english, before_verb(subject.french, french) + french, subject, tense)

    def subject(self, plain: bool = False) -> NounPhrase:
        """A name, a pronoun or a noun phrase; `plain`: without a relative clause or an owner."""
        kind, meaning = self.random.random(), self.meaning()
        if kind < 0.25:
            name, gender = self.random.choice(lexicon.NAMES)
            return NounPhrase(surely(name, meaning), surely(name, meaning), gender, 0, "person", owner=gender)
        if kind < 0.5:
            return self.pronoun(*self.random.choice(SUBJECTS))
        return self.noun_phrase(
            (self.random.choice(("person", "person", "animal")),), nested=plain,
            determiners=("the", "the", "the", "a", "my", "this"),
        )  # fmt: skip

    def pronoun(self, english: str, french: str, person: str, gender: str) -> NounPhrase:
        """A pronoun as subject."""
        meaning = self.meaning()
        return NounPhrase(
            surely(english, meaning), surely(french, meaning), gender, int(person[1] == "p"), "pronoun",
            person=person, owner=gender if person == "3s" else person,
        )  # fmt: skip

    def pronoun_for(self, subject: NounPhrase) -> NounPhrase:
        """The pronoun that goes on with a subject."""
        for each in SUBJECTS:
            if each[2] == subject.person and (each[3] == subject.gender or subject.person[0] != "3"):
                return self.pronoun(*each)
        return self.pronoun("they", "elles", "3p", "f")

    def clause(
        self,
        subject: NounPhrase | None = None,
        tense: str = "",
        about: NounPhrase | None = None,
        short: bool = False,
    ) -> Clause:
        """One clause; `about`: a noun phrase that was named before, for which a pronoun may stand."""
        tense = tense or self.random.choice(TENSES)
        subject = subject or self.subject()
        negation, kind = "not" if self.chance(0.25) else "", self.random.random()
        if kind < 0.1 or (kind < 0.16 and subject.kind != "pronoun"):
            return self._being(subject, tense, negation)
        if negation and self.chance(0.2):
            negation = "never"
        modal = self.random.choice((verbs.WANT, verbs.CAN, verbs.MUST)) if self._modal(tense) else None
        if modal is not None:
            negation = "not" if negation else ""
            modal = verbs.WANT if negation and modal is verbs.MUST else modal
        verb, given = self._predicate(kind, subject, (tense, negation), about, modal, short)
        english, french = self.verb_group(verb, subject.person, tense, negation, given, modal)
        english, french = english + given.english, french + given.french
        if self.chance(0.08 if short else 0.2):
            place = self._place(subject.owner)
            english, french = english + place[0], french + place[1]
        elif self.chance(0.12):
            word, meaning = self.random.choice(lexicon.WHEN[tense]), self.meaning()
            english, french = english + surely(word[0], meaning), french + surely(word[1], meaning)
        phrase = given.phrase
        named = phrase is not None and phrase.plain and phrase.kind not in lexicon.UNCOUNTED
        return Clause(
            subject.english + english, before_verb(subject.french, french) + french, subject, tense,
            phrase if named and phrase.determiner != "any" else None,
        )  # fmt: skip

    def _modal(self, tense: str) -> bool:
        return tense == "present" and self.chance(0.15)

    def _being(self, subject: NounPhrase, tense: str, negation: str) -> Clause:
        """The cat is very fast."""
        adjective = self.random.choice(lexicon.FITTING.get(subject.kind) or lexicon.FITTING["person"])
        is_, not_, meaning = self.meaning(), self.meaning(), self.meaning()
        place, person = PERSONS.index(subject.person), subject.person
        no, pas = (surely("not", not_), surely("pas", not_)) if negation else ([], [])
        if tense == "future":
            english, form = surely("will", is_) + no + surely("be", is_), verbs.BE.future[place]
        else:
            now = {"1s": "am", "3s": "is"}.get(person, "are")
            then = "was" if person in ("1s", "3s") else "were"
            english = surely(now if tense == "present" else then, is_) + no
            form = (verbs.BE.present if tense == "present" else verbs.WAS)[place]
        french = surely(form, is_)
        french = (possibly(elided("ne", french), not_) if negation else []) + french + pas
        if self.chance(0.25):
            degree, word = self.meaning(), self.random.choice(lexicon.DEGREES)
            english, french = english + surely(word[0], degree), french + surely(word[1], degree)
        agreeing = adjective.french[subject.gender, subject.plural]
        return Clause(
            subject.english + english + surely(adjective.english, meaning),
            before_verb(subject.french, french) + french + surely(agreeing, meaning),
            subject,
            tense,
        )

    def _predicate(
        self, kind: float, subject: NounPhrase, how: tuple[str, str], about: NounPhrase | None, modal: Verb | None,
        short: bool,
    ) -> tuple[Verb, Object]:  # fmt: skip
        """A verb, with the object that it takes. `how`: tense and negation."""
        tense, negation = how
        if kind < 0.3:
            return self.random.choice(verbs.WITHOUT_OBJECT), Object([], [])
        if kind < 0.4 and modal is None:
            return self.random.choice(verbs.GIVING), self._given(subject, negation)
        if about is not None:
            verb = self.random.choice([each for each in verbs.WITH_OBJECT if about.kind in each.objects])
            return verb, self._it(about)
        verb = self.random.choice(verbs.WITH_OBJECT)
        if "person" in verb.objects and self.chance(0.25):
            # l'aime: no reader knows whether that is him or her, unless a participle agrees
            hidden = begins_with_vowel(verb.french) and tense != "past"
            choices = [each for each in OBJECTS if not hidden or each[1] not in ("le", "la")]
            return verb, self._pronoun_object(subject, choices)
        phrase = self.noun_phrase(verb.objects, subject.owner, bool(negation), nested=short)
        return verb, Object(phrase.english, phrase.french, phrase=phrase)

    def _given(self, subject: NounPhrase, negation: str) -> Object:
        """Gives a book to the man, or me a book."""
        thing = self.noun_phrase(("thing",), subject.owner, bool(negation), True, ("the", "a", "own"))
        if self.chance(0.5):
            receiver = self.noun_phrase(("person",), nested=True, determiners=("the", "my"))
            to = self.meaning()
            return Object(
                thing.english + surely("to", to) + receiver.english,
                thing.french + contracted("à", receiver, to),
            )
        pronoun = self._pronoun_object(subject, ADDRESSED).pronoun
        return Object(thing.english, thing.french, pronoun)

    def _pronoun_object(self, subject: NounPhrase, choices: Sequence[tuple[str, str]]) -> Object:
        """me, him, them: not the person who acts."""
        own = {"1": ("me", "us"), "2": ("you",)}.get(subject.person[0], ())
        english, french = self.random.choice([each for each in choices if each[0] not in own])
        meaning = self.meaning()
        return Object([], [], (surely(english, meaning), surely(french, meaning)), AGREEING.get(french, ""))

    def _it(self, about: NounPhrase) -> Object:
        """A pronoun for something that was named before."""
        meaning, masculine = self.meaning(), about.gender == "m"
        person = ("him" if masculine else "her") if about.kind == "person" else "it"
        english, french = ("them", "les") if about.plural else (person, "le" if masculine else "la")
        agreement = "" if masculine else "e"
        return Object(
            [], [], (surely(english, meaning), surely(french, meaning)), agreement + "s" * about.plural
        )

    def _place(self, owner: str) -> tuple[Words, Words]:
        """Behind the house, loin du lac."""
        english, french, kind = self.random.choice(lexicon.WHERE)
        meaning = self.meaning()
        phrase = self.noun_phrase((kind,), owner, nested=True, determiners=("the", "the", "a", "own"))
        if french.endswith(" de"):
            words = surely(french[:-3], meaning) + contracted("de", phrase, meaning)
        else:
            words = surely(french, meaning) + phrase.french
        return headed(english, meaning) + phrase.english, words

    def verb_group(
        self, verb: Verb, person: str, tense: str, negation: str, given: Object, modal: Verb | None = None
    ) -> tuple[Words, Words]:
        """The verb with auxiliaries, negation, adverb and pronouns."""
        own, not_ = self.meaning(), self.meaning()
        leading = self.meaning() if modal else own
        often = (
            self.random.choice(lexicon.OFTEN) if not negation and not modal and self.chance(0.15) else None
        )
        meaning = self.meaning()
        adverbs = (surely(often[0], meaning), surely(often[1], meaning)) if often else ([], [])
        english = english_verb(verb, modal, person, tense, negation, (own, not_, leading), adverbs[0])
        french = french_verb(verb, modal, person, tense, negation, (own, not_, leading), adverbs[1], given)
        return english + (given.pronoun[0] if given.pronoun else []), french

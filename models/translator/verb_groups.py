"""Verbs with what gathers around them: auxiliaries, negation, adverbs, modal verbs and French pronouns."""

from __future__ import annotations

from dataclasses import dataclass

from models.translator import verbs
from models.translator.phrases import NounPhrase
from models.translator.verbs import PERSONS, Verb
from models.translator.words import Words, elided, headed, possibly, surely


@dataclass(frozen=True)
class Object:
    """What stands behind the verb, or as a pronoun around it: `agreement` is what the French participle takes on."""

    english: Words
    french: Words
    pronoun: tuple[Words, Words] | None = None
    agreement: str = ""
    phrase: NounPhrase | None = None


def english_verb(
    verb: Verb, modal: Verb | None, person: str, tense: str, negation: str, meanings: tuple[int, int, int],
    adverb: Words,
) -> Words:  # fmt: skip
    """The English group. `meanings`: of the verb, of the negation, and of the modal verb or the verb itself."""
    own, not_, leading = meanings
    head = modal or verb
    if negation == "never":
        adverb = surely("never", not_)
    if negation == "not":
        no = surely("not", not_)
        auxiliary = {"present": "does" if person == "3s" else "do", "past": "did", "future": "will"}[tense]
        english = (
            surely("can", leading) + no
            if head is verbs.CAN
            else possibly(auxiliary, leading) + no + headed(head.english, leading)
        )
    elif tense == "future":
        english = possibly("will", leading) + adverb + headed(head.english, leading)
    else:
        third = person == "3s" and head not in (verbs.CAN, verbs.MUST)
        form = head.past if tense == "past" else head.third if third else head.english
        english = adverb + headed(form, leading)
    if modal is None:
        return english
    return english + (possibly("to", own) if modal is verbs.WANT else []) + headed(verb.english, own)


def french_verb(
    verb: Verb, modal: Verb | None, person: str, tense: str, negation: str, meanings: tuple[int, int, int],
    adverb: Words, given: Object,
) -> Words:  # fmt: skip
    """The French group, its pronoun before it; the arguments as in `english_verb`."""
    own, not_, leading = meanings
    place, head = PERSONS.index(person), modal or verb
    behind = (surely("jamais" if negation == "never" else "pas", not_) if negation else []) + adverb
    if tense == "past":
        agreement = given.agreement if given.pronoun else ""
        if agreement.startswith("s") and head.participle.endswith("s"):
            agreement = agreement[1:]
        group = possibly(verbs.HAVE.present[place], leading) + behind
        group += surely(head.participle + agreement, leading)
    else:
        form = (head.present if tense == "present" else head.future)[place]
        group = surely(form, leading) + behind
    if modal is not None:
        infinitive = surely(verb.french, own)
        group = group + _pronoun(given, infinitive) + infinitive
    else:
        group = _pronoun(given, group) + group
    return possibly(elided("ne", group), not_) + group if negation else group


def _pronoun(given: Object, following: Words) -> Words:
    """The object's pronoun before a verb: l'aime, me voit."""
    if given.pronoun is None:
        return []
    (word,) = given.pronoun[1]
    text = elided(word.text, following) if word.text in ("le", "la", "me") else word.text
    return [type(word)(text, word.sure, word.possible)]


def before_verb(subject: Words, following: Words) -> Words:
    """The subject, "je" without its vowel before another one."""
    if len(subject) == 1 and subject[0].text == "je":
        return [type(subject[0])(elided("je", following), subject[0].sure)]
    return subject

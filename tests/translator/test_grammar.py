"""The grammar behind `models/translator`: forms as a grammar book has them, and links between equal meanings."""

import itertools
import random

import pytest

from models.translator import lexicon, verbs
from models.translator.clauses import Grammar
from models.translator.data import shown_sentences
from models.translator.phrases import determiner
from models.translator.tokenizer import tokenizer
from models.translator.words import headed, linked, possibly, surely, written


@pytest.fixture(scope="module")
def sentences():
    return list(itertools.islice(Grammar(random.Random(5), held_out=False).sentences(), 1500))


@pytest.mark.parametrize(
    ("infinitive", "present", "participle", "future"),
    [
        ("manger", "mange mange mangeons mangez mangent", "mangé", "manger"),
        ("acheter", "achète achète achetons achetez achètent", "acheté", "achèter"),
        ("nettoyer", "nettoie nettoie nettoyons nettoyez nettoient", "nettoyé", "nettoier"),
        ("jeter", "jette jette jetons jetez jettent", "jeté", "jetter"),
        ("protéger", "protège protège protégeons protégez protègent", "protégé", "protéger"),
        ("choisir", "choisis choisit choisissons choisissez choisissent", "choisi", "choisir"),
        ("vendre", "vends vend vendons vendez vendent", "vendu", "vendr"),
        ("voir", "vois voit voyons voyez voient", "vu", "verr"),
    ],
)
def test_french_verbs_are_conjugated(infinitive, present, participle, future):
    assert verbs.conjugated(infinitive) == (tuple(present.split()), participle, future)


def test_english_verbs_take_their_endings():
    forms = {each.english: (each.third, each.past) for each in verbs.WITH_OBJECT + verbs.WITHOUT_OBJECT}
    assert forms["carry"] == ("carries", "carried")
    assert forms["wash"] == ("washes", "washed")
    assert forms["look for"] == ("looks for", "looked for")
    assert forms["love"] == ("loves", "loved")
    assert forms["play"] == ("plays", "played")


def test_nouns_and_adjectives_agree():
    nouns = {each.english[0]: each for each in lexicon.NOUNS}
    assert nouns["child"].english[1] == "children"
    assert nouns["horse"].french == ("cheval", "chevaux")
    assert nouns["boat"].french == ("bateau", "bateaux")
    adjectives = {each.english: each.french for each in lexicon.ADJECTIVES}
    assert adjectives["jealous"]["f", 1] == "jalouses"
    assert adjectives["expensive"]["f", 0] == "chère"
    assert adjectives["happy"] == {
        ("m", 0): "heureux", ("f", 0): "heureuse", ("m", 1): "heureux", ("f", 1): "heureuses",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("name", "noun", "plural", "led", "expected"),
    [
        ("the", "island", 0, "", ("the", "l'")),
        ("the", "book", 1, "", ("the", "les")),
        ("a", "apple", 0, "", ("an", "une")),
        ("this", "tree", 0, "", ("this", "cet")),
        ("this", "tree", 0, "beau", ("this", "ce")),
        ("some", "boat", 1, "", ("some", "des")),
        ("some", "boat", 1, "grands", ("some", "de")),
        ("some", "water", 0, "", ("some", "de l'")),
        ("any", "milk", 0, "", ("any", "de")),
        ("own", "church", 0, "", ("her", "son")),
        ("own", "church", 0, "grande", ("her", "sa")),
    ],
)
def test_determiners_follow_gender_number_and_the_next_letter(name, noun, plural, led, expected):
    chosen = next(each for each in lexicon.NOUNS if each.english[0] == noun)
    french = [*surely(led), *surely(chosen.french[plural])]
    found = determiner(
        name, chosen, plural, "f", french, surely(chosen.english[plural]), bool(led), random.Random(0)
    )
    assert found == expected


def test_links_follow_from_shared_meanings():
    english = [*surely("I", 1), *possibly("do", 2), *surely("not", 3), *surely("wait", 2), *surely(".", 9)]
    french = [
        *surely("je", 1),
        *possibly("n'", 3),
        *headed("attends là", 2),
        *surely("pas", 3),
        *surely(".", 9),
    ]
    found = linked(english, french, 0)
    assert found.sure == ((0, 0), (2, 4), (3, 2), (4, 5))
    assert set(found.possible) - set(found.sure) == {(1, 2), (1, 3), (2, 1), (3, 3)}
    assert written(found.french) == "Je n'attends là pas."


def test_every_sentence_is_whole(sentences):
    for each in sentences:
        for words in (each.english, each.french):
            assert words[-1] == "."
            assert words[0][0].isupper()
            assert len(words) <= 24
        assert set(each.sure) <= set(each.possible)
        rows, columns = ({link[side] for link in each.possible} for side in (0, 1))
        assert rows == set(range(len(each.english))), "every English word stands for something in French"
        assert columns == set(range(len(each.french)))


def test_pairs_of_words_that_are_held_out_stay_out_of_training(sentences):
    assert not any(each.novel for each in sentences)
    assert all(each.novel for each in shown_sentences())
    share = [lexicon.held_out(noun, each) for noun in lexicon.NOUNS for each in lexicon.FITTING[noun.kind]]
    assert 0.08 < sum(share) / len(share) < 0.17


def test_the_tokenizer_reads_and_writes_each_word(sentences):
    from attnviz.text import tokens_of_ids

    words = tokenizer(word for each in sentences for word in each.english + each.french)
    for each in sentences[:200]:
        for side in (each.english, each.french):
            ids = words(written(side))["input_ids"]
            assert tuple(words.convert_ids_to_tokens(ids)) == (*side, "</s>")
            assert words.decode(ids, skip_special_tokens=True) == written(side)
            assert tokens_of_ids(words, ids).text == written(side)
    assert words("l’homme")["input_ids"] == words("l'homme")["input_ids"]

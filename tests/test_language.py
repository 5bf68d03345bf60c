"""Sentences: English as strings, the reader's language when shown, plural forms, pickling, marks."""

from __future__ import annotations

import json
import pickle
import threading

import pytest

from attnviz import errors
from attnviz.language import (
    CLOSE,
    OPEN,
    PSEUDO,
    Sentence,
    language,
    languages,
    say,
    say_many,
    speaking,
    tr,
    tr_many,
)


def test_a_sentence_is_english_as_a_string_and_the_readers_when_shown():
    found = say("{n} of {all} heads are shown: {share:.1%}", n=3, all=72, share=3 / 72)
    english = "3 of 72 heads are shown: 4.2%"
    assert found == english
    assert {english: 1}[found] == 1
    assert str(found) == f"{found}" == english
    assert type(str(found)) is str
    with speaking(PSEUDO):
        assert found == english
        assert str(found) == f"{found}" == f"{OPEN}{english}{CLOSE}" == tr(found.template, **found.parameters)
        assert f"{say('Head'):>8}" == f"  {OPEN}Head{CLOSE}"
        assert json.loads(json.dumps(found)) == english
    assert str(found) == english


def test_a_sentence_in_a_sentence_follows_the_reader_too():
    found = say("Without {what} it is {value!r}.", what=say("the word"), value="0.5")
    assert found == "Without the word it is '0.5'."
    with speaking(PSEUDO):
        assert str(found) == f"{OPEN}Without {OPEN}the word{CLOSE} it is '0.5'.{CLOSE}"
        assert say("Without {what}.", what=say("the word")) == "Without the word."


@pytest.mark.parametrize(("n", "words"), [(1, "1 word"), (0, "0 words"), (2, "2 words")])
def test_plural_forms(n, words):
    assert say_many("{n} word", "{n} words", n) == words == tr_many("{n} word", "{n} words", n)
    with speaking(PSEUDO):
        assert tr_many("{n} word", "{n} words", n) == f"{OPEN}{words}{CLOSE}"


def test_braces_in_what_is_filled_in_stay_and_templates_reach_into_nothing():
    assert tr("The text {text} is empty.", text="{0.__class__} {n}") == "The text {0.__class__} {n} is empty."
    assert tr("A literal {brace}") == "A literal {brace}"
    with pytest.raises(KeyError):
        say("{text.__class__}", text="a")
    with pytest.raises(KeyError):
        say("{missing}", text="a")


def test_it_is_pickled_with_its_template():
    found = pickle.loads(
        pickle.dumps(say_many("{n} word of {text}", "{n} words of {text}", 2, text=say("this")))
    )
    assert isinstance(found, Sentence)
    assert found == "2 words of this"
    with speaking(PSEUDO):
        assert str(found) == f"{OPEN}2 words of {OPEN}this{CLOSE}{CLOSE}"


def test_an_error_speaks_the_language_of_who_reads_it():
    """It may be raised in one language, kept with a result, and shown in another."""
    error = errors.InputInvalid(say("The text {text!r} is too short.", text="a"), say("Type a longer one."))
    assert str(error) == "The text 'a' is too short. Type a longer one."
    error = pickle.loads(pickle.dumps(error))
    with speaking(PSEUDO):
        assert str(error) == f"{OPEN}The text 'a' is too short.{CLOSE} {OPEN}Type a longer one.{CLOSE}"
        assert str(errors.UnknownName(say("head"), "x", ["y"])).startswith(
            f"{OPEN}There is no {OPEN}head{CLOSE} 'x'."
        )
    assert error.message == "The text 'a' is too short."


def test_each_thread_has_its_own_language_and_an_unknown_one_is_english():
    found = []
    with speaking(PSEUDO):
        thread = threading.Thread(target=lambda: found.append((language(), tr("Head"))))
        thread.start()
        thread.join()
    assert found == [("en", "Head")]
    with speaking("tlh"):
        assert tr("Head") == "Head"
    assert languages()[0] == "en"

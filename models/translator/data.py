"""The sentences that the translator learns from, those that it is tested on, and those that the app shows with gold."""

from __future__ import annotations

import functools
import itertools
import random

from models.translator.clauses import Grammar
from models.translator.words import Sentence

TRAINING, TESTING, SHOWING = 1, 777, 2024  # seeds
TRAINED = 120_000  # sentences drawn; those that are alike are kept once
TESTED, SHOWN = 500, 12
SHOWN_WORDS = (6, 12)  # fewest and most


@functools.cache
def training_sentences() -> tuple[Sentence, ...]:
    """What the model learns: no pair of noun and adjective that is held out."""
    drawn = itertools.islice(Grammar(random.Random(TRAINING), held_out=False).sentences(), TRAINED)
    return tuple({each.english: each for each in drawn}.values())


@functools.cache
def unseen_sentences() -> tuple[Sentence, ...]:
    """Sentences with at least one pair of noun and adjective that no sentence of the training set holds."""
    drawn = Grammar(random.Random(TESTING), held_out=True).sentences()
    return tuple(itertools.islice((each for each in drawn if each.novel), TESTED))


@functools.cache
def shown_sentences() -> tuple[Sentence, ...]:
    """Sentences of moderate length that put words in another order, with held-out pairs as in `unseen_sentences`."""
    drawn = Grammar(random.Random(SHOWING), held_out=True).sentences()
    crossed = (each for each in drawn if each.novel and _crossed(each))
    return tuple(itertools.islice(crossed, SHOWN))


def _crossed(sentence: Sentence) -> bool:
    """Whether two links cross, in a sentence that fits on a screen."""
    fits = SHOWN_WORDS[0] <= len(sentence.english) <= SHOWN_WORDS[1]
    pairs = itertools.combinations(sentence.sure, 2)
    return fits and any((a[0] - b[0]) * (a[1] - b[1]) < 0 for a, b in pairs)

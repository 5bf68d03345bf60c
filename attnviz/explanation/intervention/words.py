"""A result with and without some words: the same ways of taking away as in the test of an explanation, asked once.

Words are named by their spelling or by the position of one of their tokens.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from attnviz.checks import index as place_within
from attnviz.checks import whole
from attnviz.errors import InputInvalid, UnknownName
from attnviz.explanation.removal import OPERATORS, operator_of, run_without, something_left
from attnviz.explanation.results import Removal
from attnviz.language import say
from attnviz.types import BoolArray, IntArray

if TYPE_CHECKING:
    from attnviz.capture import Model
    from attnviz.capture.reading import Messages
    from attnviz.explanation.problem import Problem

NAMED = 40  # words in an error


def without(
    model: Model,
    text: str | Messages,
    words: Iterable[str | int] | Mapping[str | int, str] = (),
    target: str | None = None,
    pair: str | None = None,
    *,
    side: int = 0,
    operator: str = "attention-mask",
    **options: Any,
) -> Removal:
    """A target and the model's predictions with and without some words.

    With `words=test.word_tokens` of a `Faithfulness`, and its side and operator, this is its `without_words`.

    Args:
        model: a loaded model; it is only read, from any number of threads at once.
        text, target, pair, **options: as in `attnviz.explain`. What the options leave open is decided with the
            text as it is, so that before and after answer the same question.
        words: as they stand in the text, each wherever it stands; or positions of tokens, each for its whole
            word. A mapping gives each word a way of its own. None at all: the text as it is.
        side: 1 takes words of the other text of a pair, for targets that compare two.
        operator: how words are taken away: "attention-mask", "delete", or "mask" for models with a mask token.

    Raises:
        UnknownName: no such word, position, operator or side, or a token that cannot be taken away.
        TargetUnsupported, InputEmpty, InputTooLong: as in `attnviz.explain`.
    """
    from attnviz.explanation.attribution.run import find_target, pose

    found = find_target(model, target)
    problems = pose(model, found, text, pair, options)
    side = place_within("side", side, len(problems))
    problem = problems[side]
    if isinstance(words, str):
        raise InputInvalid(
            say("The words are one string, {words!r}.", words=words),
            say("Give a list of words: words=[...]."),
        )
    ways = words if isinstance(words, Mapping) else dict.fromkeys(words, operator)
    operators = {way: operator_of(model, way).title for way in (operator, *ways.values())}
    index, labels = _words_of(problem)
    gone = {
        way: _tokens(problem, [word for word, its in ways.items() if its == way], index, labels)
        for way in operators
    }
    taken = {way: there for way, there in gone.items() if there.any()}
    value, outcomes = _result_without(problem, taken)
    tokens = np.flatnonzero(np.any(list(taken.values()), 0)) if taken else np.empty(0, np.int64)
    return Removal(
        tokens=problem.tokens,
        side=side,
        free=~problem.fixed,
        words=tuple(labels[group] for group in dict.fromkeys(index[tokens].tolist())),
        word_tokens=tuple(tokens.tolist()),
        how=" or ".join(operators[each.name] for each in OPERATORS if each.name in taken),
        target=found.info.name,
        options=tuple(sorted(problem.options.items())),
        before=problem.value,
        after=value,
        outcomes_before=problems[0].outcomes(),
        outcomes_after=outcomes if taken else problems[0].outcomes(),
        outcome_unit=problems[0].outcome_unit,
    )


def _words_of(problem: Problem) -> tuple[IntArray, list[str]]:
    from attnviz.text import groups

    index, labels = groups(problem.tokens, "word")
    return index, [label.strip() or label for label in labels]


def _tokens(problem: Problem, words: Iterable[str | int], index: IntArray, labels: list[str]) -> BoolArray:
    """(T,) whether a token belongs to one of the words and can be taken away. Raises UnknownName."""
    free = ~problem.fixed
    chosen: set[int] = set()
    for word in words:
        if isinstance(word, str):
            places = {int(index[token]) for token in np.flatnonzero(free)}
            named = {group for group in places if labels[group] == word.strip()}
            if not named:
                known = dict.fromkeys(labels[group] for group in sorted(places))
                raise UnknownName(say("word to take away"), word, list(known)[:NAMED])
            chosen |= named
        elif (place := whole(word)) is None or not 0 <= place < len(free) or not free[place]:
            raise UnknownName(say("token to take away"), word, [str(n) for n in np.flatnonzero(free)[:NAMED]])
        else:
            chosen.add(int(index[place]))
    return np.isin(index, list(chosen)) & free


def _result_without(
    problem: Problem, gone: Mapping[str, BoolArray]
) -> tuple[float, tuple[tuple[str, float], ...]]:
    """F and what the model says, without these tokens."""
    import torch

    if not gone:
        return problem.value, ()
    with torch.no_grad():
        run = run_without(problem, {way: something_left(problem, ~each)[None] for way, each in gone.items()})
        mask = run.rows["attention_mask"]
        outcomes = problem.predict(run, mask) if problem.predict is not None else ()
        return float(problem.read(run, mask).float()[0]), outcomes

"""Packs a text for the figure "edits", in which each word can be taken away or swapped in place."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import numpy as np

from attnviz.figures.messages.prose import Run, prose_runs
from attnviz.figures.messages.results import Results, results_header
from attnviz.figures.wire import pack
from attnviz.types import BoolArray, Tokens

BREAK: Run = ("\n", -1)


def edits_data(
    tokens: Tokens,
    free: Annotated[BoolArray, "T"],
    made: Sequence[tuple[int, str, str]],
    ways: Sequence[tuple[str, str, str]],
    *,
    title: str,
    most: int,
    longest: int,
    identity: str = "",
    guesses: tuple[int, Sequence[str]] | None = None,
    results: Results | None = None,
) -> bytes:
    """The message of the figure "edits".

    Args:
        tokens: the text. free: which of its tokens can be changed; a word can where one of its tokens can.
        made: the edits so far, in order: (position of the first free token of the word, way, what is there instead).
        ways: what a click can do to a word: (name, verb, participle). The way "swap" asks for another word.
        title: names the text, for screen readers. most: edits that there can be. longest: letters of another word.
        identity: of the text; with another one, what the reader has changed in the browser a moment ago is forgotten.
        guesses: a position, and words that the model itself would put there; None where it does not guess words, -1
            where none was asked for.
        results: what was found with these edits, for a file in which nothing can be changed.

    Header: figure, results or null, guesses {at, words} or null, title, ways, made, most, longest, identity,
    runs [[piece, word or -1], ...], words [{label, at}], `at` the position by which an edit names the word, -1 for one
    that cannot be changed. No sections.
    """
    from attnviz.text import groups, visible

    index, labels = groups(tokens, "word")
    shown = [visible(label) for label in labels]
    own = set(index[~tokens.special].tolist())
    places = [np.flatnonzero((index == word) & free) for word in range(len(labels))]
    header = {
        "figure": "edits",
        "title": title,
        "ways": [list(way) for way in ways],
        "made": [list(each) for each in made],
        "most": most,
        "longest": longest,
        "identity": identity,
        "guesses": None if guesses is None else {"at": guesses[0], "words": list(guesses[1])},
        "results": results_header(results),
        "runs": _runs(tokens, prose_runs(tokens, index, shown), own),
        "words": [
            {"label": label, "at": int(at[0]) if len(at) else -1}
            for label, at in zip(shown, places, strict=True)
        ],
    }
    return pack(header, {})


def _runs(tokens: Tokens, runs: Sequence[Run], own: set[int]) -> list[Run]:
    """The prose without the tokenizer's own tokens; of two texts that the model reads as one, each on its line."""
    found: list[Run] = []
    for piece, word in runs:
        if word < 0 or word in own:
            found.append((piece, word))
        elif tokens.pair is not None and found and found[-1] != BREAK:
            found.append(BREAK)
    return found[:-1] if found[-1:] == [BREAK] else found

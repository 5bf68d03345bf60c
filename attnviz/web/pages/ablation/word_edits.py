"""The words of a text as buttons, and what becomes of a result without some of them, or with others in their place."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import streamlit as st

from attnviz.web.escape import plain
from attnviz.web.pages.ablation.head_names import listed
from attnviz.web.shell import components, progress
from attnviz.web.state import address, edits, session
from attnviz.web.state.edits import SWAP, Edit, Edits

if TYPE_CHECKING:
    from attnviz.explanation import Operator, Removal
    from attnviz.figures import Results
    from attnviz.runtime import Query
    from attnviz.types import Tokens
    from attnviz.web.controls.question import Question
    from attnviz.web.state.address import State

SIDES = ("Text", "Second text")
SWAPPED = "attnviz_swapped_word"  # the place of the word for which the reader is about to type another one
GUESSING, GUESSES = "masked-token", 6
CONTINUED = "##"  # how BERT writes a piece that continues a word
NAMED = 4  # words that are named one by one
# What a click does, and what the word then is, in a word or two.
VERBS = {
    "attention-mask": ("hides it", "hidden"),
    "delete": ("deletes it", "deleted"),
    "mask": ("masks it", "masked"),
    SWAP: ("swaps it", "swapped"),
}


@dataclass(frozen=True)
class Changed:
    """What became of the result.

    Attributes:
        made: the edits, in order. condition: they, as they stand in a sentence ("without “cat”"); anybody's text.
        removal: the question asked of the changed text. text, pair: both texts, with deleted, hidden and masked words
            left out.
        message: what the figure "edits" shows, alone with what was found.
    """

    made: tuple[Edit, ...]
    condition: str
    removal: Removal
    text: str
    pair: str | None
    message: Callable[[Results], bytes]


def draw(question: Question, query: Query, options: dict[str, Any]) -> Changed:
    """The words of `query`, which is the question's own or has its text typed anew, and the result of the edits."""
    state = question.state
    side = _side(question, state)
    frame = _without(question, query, {}, side, options)
    operators = session.runtime().operators(query.model)
    made = _fitting(state, side, frame, operators)
    options = dict(frame.options)
    guesses = _guesses(query, frame)

    def message(results: Results | None = None) -> bytes:
        return _message(question, query, frame, made, operators, None if results else guesses, results)

    components.edits(
        message(),
        lambda reported: session.update(edits=edits.write(Edits(side, reported)) or None),
        _remember_swapped,
    )
    left_out = edits.rewritten(frame.tokens, made.swaps | dict.fromkeys(made.taken, ""))
    after = _replaced(query, left_out, frame)
    removal = _answered(question, query, frame, made, options)
    return Changed(made.made, condition(made, frame.tokens), removal, after.text, after.pair, message)


def _side(question: Question, state: State) -> int:
    """Whose words can be changed, chosen where a target compares two texts."""
    side = int((state.edits or "").startswith(edits.write(Edits(1)))) if question.target.needs_pair else 0
    if question.target.needs_pair:
        st.segmented_control(
            "Change the words of",
            SIDES,
            key=session.set_choice("edits_side", SIDES[side]),
            on_change=_choose_side,
            required=True,
            help="Going to the other text puts the words of this one back.",
        )
    return side


def _choose_side() -> None:
    side = SIDES.index(st.session_state["edits_side"])
    session.update(edits=edits.write(Edits(side)) or None, changed=None)


def _fitting(state: State, side: int, frame: Removal, operators: Sequence[Operator]) -> Edits:
    """The edits of the address; none, and a notice, where they cannot be made on this text."""
    try:
        made = edits.read(state.edits or "")
        fitting = edits.fitted(made, frame.tokens, frame.free, [each.name for each in operators])
    except ValueError:
        fitting = None
    if fitting is None or fitting.side != side:
        session.notice(address.UNFITTING)
        return Edits(side)
    return fitting


def _message(
    question: Question,
    query: Query,
    frame: Removal,
    made: Edits,
    operators: Sequence[Operator],
    guesses: tuple[int, list[str]] | None,
    results: Results | None,
) -> bytes:
    from attnviz.figures import edits_data

    return edits_data(
        frame.tokens,
        frame.free,
        [(each.place, each.how, each.text) for each in made.made],
        [(name, *VERBS[name]) for name in (*(each.name for each in operators), SWAP)],
        title=f"{SIDES[made.side]}: words to take away or to swap",
        most=edits.MAX_EDITS,
        longest=edits.MAX_SWAP,
        identity=repr((query, question.target.name, frame.options, made.side)),
        guesses=guesses,
        results=results,
    )


def _remember_swapped(place: int) -> None:
    st.session_state[SWAPPED] = place


def _guesses(query: Query, frame: Removal) -> tuple[int, list[str]] | None:
    """What the model itself would put in the place that the reader asks about; None where it does not guess words."""
    place = st.session_state.pop(SWAPPED, -1)
    tokens = frame.tokens
    if (
        GUESSING not in (each.name for each in session.runtime().targets(query.model))
        or tokens.pair is not None
    ):
        return None
    # A word of several tokens has no single guess.
    if (
        not 0 <= place < len(tokens)
        or not frame.free[place]
        or (tokens.words == tokens.words[place]).sum() > 1
    ):
        return -1, []
    alone = query.rewritten(tokens.text, None)
    with progress.loading() as report:
        found = session.runtime().answer(alone, GUESSING, report, position=place).outcomes
    words = [name.strip() for name, _ in found if name.strip() and not name.startswith(CONTINUED)]
    return place, [word for word in words if word != tokens.labels[place].strip()][:GUESSES]


def _without(
    question: Question, query: Query, taken: dict[int, str], side: int, options: dict[str, Any]
) -> Removal:
    with progress.loading() as report:
        return session.runtime().without(query, taken, question.target.name, side, report, **options)


def _replaced(query: Query, new: edits.Rewritten, frame: Removal) -> Query:
    """The question with the rewritten text, or texts, in its place."""
    if frame.side == 1:
        return replace(query, pair=new.text)
    return query.rewritten(new.text, new.pair if frame.tokens.pair is not None else query.pair)


def _answered(
    question: Question, query: Query, frame: Removal, made: Edits, options: dict[str, Any]
) -> Removal:
    """Words are swapped first; the others are then taken away where they stand in the new text."""
    if not made.made:
        return frame
    if not made.swaps:
        return _without(question, query, made.taken, made.side, options)
    new = edits.rewritten(frame.tokens, made.swaps)
    query = _replaced(query, new, frame)
    if question.target.name == GUESSING:
        with progress.loading() as report:
            tokens = session.runtime().answer(query, GUESSING, report, token=options["token"]).tokens
        options = {**options, "position": new.place(options["position"], tokens)}
    tokens = _without(question, query, {}, made.side, options).tokens
    places = {new.place(place, tokens): how for place, how in made.taken.items()}
    taken = {place: how for place, how in places.items() if place is not None}
    return _without(question, query, taken, made.side, options)


def condition(made: Edits, tokens: Tokens) -> str:
    """“without “cat” and “mat””, “with “dog” in place of “cat””, “with 3 words changed”; holds words of the text."""
    from attnviz.text import groups

    index, labels = groups(tokens, "word")
    names = {each.place: f"“{plain(labels[index[each.place]], 40)}”" for each in made.made}
    if made.taken and made.swaps:
        return f"with {len(names)} words changed"
    if made.swaps:
        named = [f"“{plain(new, 40)}” in place of {names[place]}" for place, new in made.swaps.items()]
        return f"with {listed(named) if len(named) <= NAMED else f'{len(named)} words swapped'}"
    named = [names[place] for place in sorted(made.taken)]
    return f"without {listed(named) if len(named) <= NAMED else f'these {len(named)} words'}" if named else ""

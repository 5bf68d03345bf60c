"""Rows of attention forced: one token kept from seeing another, or all tokens alike, and what becomes of the result."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st

from attnviz.analysis import read_heads, write_heads
from attnviz.errors import InputEmpty
from attnviz.web.controls import before_after
from attnviz.web.controls.question import attention_link
from attnviz.web.escape import markdown
from attnviz.web.pages.ablation import head_names, heads_off, history, row_choice
from attnviz.web.shell import components, progress
from attnviz.web.state import session
from attnviz.web.state.address import UNFORCED

if TYPE_CHECKING:
    from attnviz.explanation import Ablation, Attended, HeadImportance
    from attnviz.figures import Results
    from attnviz.web.controls.question import Question
    from attnviz.web.pages.ablation.row_choice import Choice
    from attnviz.web.share.drawn import Drawn
    from attnviz.web.state.address import Head, State

ALL = "all heads"
MEANING = (
    "A row of attention says how much a token looks at each token, and what it takes over from them. What is kept "
    "out of sight is masked before the softmax, so that the others share its weight."
)
OTHER_TEXT = " Only the first text is changed; the other one is read as ever."
HELP = (
    "Click a head, or the number of a layer, to force the rows of these heads only; with none, all heads are forced. "
    "Arrow keys move, Enter chooses."
)


def draw(question: Question) -> Drawn:
    """The sentence, the choice of a row, the row before and after, the grid, and the predictions.

    Returns the grid with what was found, to be taken away.
    """
    state = question.state
    importance = heads_off.importance_of(question)
    heads = heads_off.chosen(state, importance.values)
    with progress.loading() as report:
        seen = session.runtime().attended(
            question.query, heads, question.target.name, question.kind, report, **question.decided
        )
    choice = _choice(state, seen)
    sentence = st.container()
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        _controls(choice, seen)
        _heads(heads, importance)
    meaning = MEANING + OTHER_TEXT * question.target.needs_pair
    st.caption(meaning)
    told = row_choice.condition(choice, seen, _named(heads, importance))
    found = None
    with sentence:
        try:
            found = _forced(question, heads, choice, importance)
            _result(question, found, choice, seen, heads, importance)
        except InputEmpty as error:
            with st.container(border=True):
                st.markdown(f"**{markdown(str(error.message))}** {markdown(str(error.remedy))}")
    if found is not None:
        _row(found, choice, seen, heads)
    words = {"marked": "forced", "help": HELP}
    grid = heads_off.message(question, importance, heads, None, **words)
    components.switches(grid, heads_off.switched(importance.values.shape[1]))
    before = question.answer.outcomes
    after = before if found is None else found.outcomes_after
    before_after.table(question.target.name, question.answer.outcome_unit, before, after)

    def alone() -> bytes:
        results = None if found is None else _results(question, found, told, meaning, seen)
        return heads_off.message(question, importance, heads, results, **words)

    again = question.again("ablate", **_how(question, heads, choice, importance))
    return question.drawn("switches", alone, "Attention forced", told, again=again)


def _results(question: Question, found: Ablation, told: str, note: str, seen: Attended) -> Results:
    """What the page says, as plain text."""
    line = before_after.said(f"{told},", question.noun, found.before, found.after)
    values = [("as it is", found.before), ("forced", found.after)]
    results = before_after.results(line, values, question.target, question.answer, found.outcomes_after, note)
    row = (
        [] if found.forced is None else [row_choice.results(found.forced, row_choice.labels(seen.key_tokens))]
    )
    return replace(results, tables=[*results.tables, *row])


def _choice(state: State, seen: Attended) -> Choice:
    """What the address forces; a notice, and the strongest link, where it does not fit."""
    choice = None if state.forced is None else row_choice.read(state.forced, seen)
    if choice is None and state.forced is not None:
        session.notice(UNFORCED)
    return choice or row_choice.suggested(seen)


def _controls(choice: Choice, seen: Attended) -> None:
    rows = [row_choice.EVERY, *row_choice.entries(seen.query_tokens)]
    ways = row_choice.forces(seen)

    def row(place: int) -> str:
        return row_choice.write(row_choice.with_query(choice, place - 1 if place else None, seen))

    def way(place: int) -> str:
        return row_choice.write(row_choice.with_force(choice, ways[place], seen))

    _list("The row of", rows, 0 if choice.query is None else choice.query + 1, "forced", row, 180)
    titles = [row_choice.TITLES[name] for name in ways]
    _list("What becomes of it: the token", titles, ways.index(choice.force), "forced", way, 225)
    if choice.key is not None:
        keys, weights = row_choice.keys_of(seen, choice.query), row_choice.weights_of(seen, choice.query)
        names = row_choice.entries(seen.key_tokens)
        shown = [f"{names[key]}, {weights[key]:.1%} of the attention" for key in keys]
        words = [row_choice.write(replace(choice, key=key)) for key in keys]
        place = keys.index(choice.key)
        _list("Which token it does not see", shown, place, "forced", words.__getitem__, 250)


def _heads(heads: tuple[Head, ...], importance: HeadImportance) -> None:
    """Whose rows: of all heads, of a layer, or of those that are chosen in the grid."""
    shape = importance.values.shape
    now = "" if _named(heads, importance) == ALL else write_heads(heads, shape[1])
    words = ["", *(f"{layer}.*" for layer in range(shape[0]))]
    words += [] if now in words else [now]
    names = [_named(read_heads(word, *shape) if word else (), importance) for word in words]
    _list("In which heads", names, words.index(now), "off", lambda place: words[place] or None, 205)


def _list(
    label: str, options: list[str], now: int, field: str, word: Callable[[int], str | None], width: int
) -> None:
    """A list of texts; the place of the one that is chosen gives the `word` for a field of the state.

    The texts are the values, too: of an entry whose text has changed, a browser would send the former one.
    """

    def changed() -> None:
        value = st.session_state[label]
        if value in options:
            session.update(**{field: word(options.index(value))})

    st.selectbox(label, options, key=session.set_choice(label, options[now]), on_change=changed, width=width)


def _named(heads: tuple[Head, ...], importance: HeadImportance) -> str:
    every = len(heads) in (0, int(np.isfinite(importance.values).sum()))
    return ALL if every else head_names.describe(heads, importance.values)


def _forced(
    question: Question, heads: tuple[Head, ...], choice: Choice, importance: HeadImportance
) -> Ablation:
    with progress.loading() as report:
        how = _how(question, heads, choice, importance)
        return session.runtime().ablate(
            question.query, target=question.target.name, progress=report, **how, **question.decided
        )


def _how(
    question: Question, heads: tuple[Head, ...], choice: Choice, importance: HeadImportance
) -> dict[str, Any]:
    """What is forced, as `attnviz.ablate` takes it."""
    return {
        "heads": heads,
        "layers": () if heads else tuple(range(len(importance.values))),
        "kind": question.kind,
        "force": choice.force,
        "queries": None if choice.query is None else (choice.query,),
        "keys": None if choice.key is None else (choice.key,),
    }


def _result(
    question: Question,
    found: Ablation,
    choice: Choice,
    seen: Attended,
    heads: tuple[Head, ...],
    importance: HeadImportance,
) -> None:
    """What becomes of the result, in a sentence and as bars, and the ways on and back."""
    state = question.state
    names = _named(heads, importance)
    shown = f"{row_choice.condition(choice, seen, names, markdown)},"
    with st.container(border=True, key="forced_result"):
        st.markdown(f"**{before_after.sentence(shown, question.noun, found.before, found.after)}**")
        before_after.bars([("as it is", found.before), ("forced", found.after)], question.target.unit)
        with st.container(horizontal=True, vertical_alignment="center"):
            attention_link(question, heads, f"See the map of {names}")
            if state.forced or state.off:
                st.button(
                    "Back to the strongest link",
                    icon=":material/restart_alt:",
                    on_click=session.update,
                    kwargs={"off": None, "forced": None},
                )
    if state.forced or state.off:
        what = row_choice.condition(choice, seen, names)
        history.add(what, before_after.moved(found.before, found.after), state)


def _row(found: Ablation, choice: Choice, seen: Attended, heads: tuple[Head, ...]) -> None:
    """The row itself before and after."""
    if found.forced is None:
        return
    names = row_choice.labels(seen.key_tokens)
    whose = "all tokens" if choice.query is None else row_choice.labels(seen.query_tokens)[choice.query]
    st.subheader(row_choice.ROW, anchor=False)
    st.html(row_choice.table(found.forced, names))
    over = ["the heads"] * (len(heads) != 1) + ["the tokens"] * (choice.query is None)
    mean = f", in the mean over {' and '.join(over)}" if over else ""
    told = [f"Where {markdown(whose)} {'look' if choice.query is None else 'looks'}{mean}."]
    if len(names) > row_choice.ROWS:
        told.append(f"The {row_choice.ROWS} tokens that get most, of {len(names)}.")
    if left := found.forced.left:
        told.append(
            f"{markdown(', '.join(row_choice.labels(seen.query_tokens)[n] for n in left))} can see nothing else, and "
            "was left as it is."
        )
    st.caption(" ".join(told))

"""Heads and layers switched off by clicking the grid: the result before and after, and the importance of all heads."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from attnviz.analysis import read_heads, write_heads
from attnviz.text import decimals
from attnviz.web.controls import before_after
from attnviz.web.escape import clean, markdown, plain
from attnviz.web.pages.ablation import head_names, history
from attnviz.web.shell import components, progress
from attnviz.web.state import session
from attnviz.web.state.address import UNREADABLE

if TYPE_CHECKING:
    from attnviz.explanation import Ablation, HeadImportance
    from attnviz.figures import Results
    from attnviz.web.controls.question import Question
    from attnviz.web.share.drawn import Drawn
    from attnviz.web.state.address import Head, State

EXACT = "attnviz_exact"  # marks of the questions for which every head has been switched off in turn
OFF, SCALED, MEAN = "off", "scaled", "mean"
GATES = {OFF: "Switched off", SCALED: "Scaled", MEAN: "Their mean over a text"}
HALF = "50"
ESTIMATED = (
    "Each number is an estimate from one gradient (Michel, Levy & Neubig 2019): how far the result would fall if it "
    "changed in a straight line as the head is turned down. The sentence above comes from really switching off."
)
MEASURED = "Each number comes from switching this one head off and asking again."
TOGETHER = "Heads stand in for each other: what several do together is not the sum of what each does alone."


def draw(question: Question) -> Drawn:
    """The sentence, the grid, and the predictions; returns the grid with all of it, to be taken away."""
    state, place = question.state, st.container()
    importance = importance_of(question)
    heads = chosen(state, importance.values)
    gate, reference = _gate(state)
    found = None
    with place:
        if not heads:
            _nothing_off(question, importance)
        else:
            found = _result(question, heads, gate, reference, importance)
    _measure(question, importance)
    components.switches(message(question, importance, heads), switched(importance.values.shape[1]))
    note = f"{MEASURED if importance.exact else ESTIMATED} {TOGETHER}"
    st.caption(note)
    outcomes = question.answer.outcomes, found.outcomes_after if found else question.answer.outcomes
    before_after.table(question.target.name, question.answer.outcome_unit, *outcomes)

    told = head_names.condition(head_names.describe(heads, importance.values), gate) if heads else ""
    if heads and reference is not None:
        note = f"{note} Reference text: “{plain(reference)}”"

    def alone() -> bytes:
        return message(question, importance, heads, _results(question, found, told, note))

    how = "measured, one head at a time" if importance.exact else "estimated from one gradient"
    title = "Heads switched off" if heads else "Importance of heads"
    changed = {"heads": heads, "scale": gate, "reference": reference, "kind": question.kind}
    again = (
        question.again("ablate", **changed)
        if heads
        else question.again("head_importance", exact=importance.exact)
    )
    return question.drawn("switches", alone, title, told, (("Importance of heads", how),), again=again)


def _results(question: Question, found: Ablation | None, told: str, note: str) -> Results:
    """What the page says of these heads, as plain text."""
    value = question.answer.value
    line = f"With all heads {question.noun} is {decimals(value)}."
    values = [("all heads", value)]
    after = question.answer.outcomes
    if found is not None:
        line = before_after.said(told, question.noun, found.before, found.after)
        values, after = [("all heads", found.before), ("changed", found.after)], found.outcomes_after
    return before_after.results(line, values, question.target, question.answer, after, note)


def chosen(state: State, values: np.ndarray) -> tuple[Head, ...]:
    """The heads that the address switches off; a notice, and none, where they cannot be read or are not there."""
    if not state.off:
        return ()
    try:
        found = read_heads(state.off, *values.shape)
    except ValueError:
        session.notice(UNREADABLE)
        return ()
    return tuple(head for head in found if np.isfinite(values[head]))


def importance_of(question: Question) -> HeadImportance:
    """Of all heads: measured where the reader has asked for it, else estimated."""
    exact = question.identity in st.session_state.get(EXACT, ())
    with progress.loading() as report:
        return session.runtime().head_importance(
            question.query, question.target.name, exact, question.kind, report, **question.options
        )


def _gate(state: State) -> tuple[float | None, str | None]:
    """What becomes of the chosen heads: a factor, or None and the text whose mean they give."""
    gate = state.gate
    known = gate in (None, MEAN) or (gate.isdecimal() and int(gate) <= 100)
    if not known:
        session.notice("The gate in the link is not one of the choices here; the default is shown.")
        gate = None
    how = OFF if gate is None else MEAN if gate == MEAN else SCALED
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        st.segmented_control(
            "The heads that you click are",
            tuple(GATES),
            format_func=GATES.__getitem__,
            key=session.set_choice("gate_how", how),
            on_change=session.on_change("gate_how", "gate", {OFF: None, SCALED: HALF, MEAN: MEAN}.get),
            required=True,
        )
        if how == SCALED:
            st.slider(
                "What is left of their output",
                0,
                100,
                step=5,
                format="%d%%",
                key=session.follow("gate_share", int(gate or 0)),
                on_change=session.on_change("gate_share", "gate", str),
                width=260,
            )
    if how != MEAN:
        return int(gate or 0) / 100, None
    stored = session.runtime().default_query.text
    reference = state.reference or stored
    st.text_input(
        "Reference text: the chosen heads give their mean output over it, at every position",
        key=session.follow("reference", reference),
        on_change=session.on_change(
            "reference", "reference", lambda text: None if text in (stored, "") else clean(text)
        ),
    )
    return None, reference


def _nothing_off(question: Question, importance: HeadImportance) -> None:
    """What there is to do, and something to begin with."""
    top = strongest(importance.values)
    with st.container(border=True, key="switched"):
        st.markdown(
            f"**With all heads {markdown(question.noun)} is {decimals(question.answer.value)}.** "
            "Click a head in the grid to switch it off, or the number of a layer for all of its heads."
        )
        value = (
            question.answer.value
        )  # nothing is changed yet; the grid below stays where it is when something is
        before_after.bars([("all heads", value), ("changed", value)], question.target.unit)
        if top is not None:
            st.button(
                f"Switch off {head_names.describe((top,), importance.values)}, which supports it most",
                icon=":material/bolt:",
                on_click=session.update,
                kwargs={"off": f"{top[0]}.{top[1]}"},
            )


def _result(
    question: Question,
    heads: tuple[Head, ...],
    gate: float | None,
    reference: str | None,
    importance: HeadImportance,
) -> Ablation:
    """What becomes of the result without these heads, in a sentence and as bars."""
    with progress.loading() as report:
        found = session.runtime().ablate(
            question.query,
            heads,
            question.target.name,
            scale=gate if gate is not None else 0.0,
            reference=reference,
            kind=question.kind,
            progress=report,
            **question.decided,
        )
    names = head_names.describe(heads, importance.values)
    line = before_after.sentence(head_names.condition(names, gate), question.noun, found.before, found.after)
    with st.container(border=True, key="switched"):
        st.markdown(f"**{line}**")
        before_after.bars([("all heads", found.before), ("changed", found.after)], question.target.unit)
        st.button(
            "Put all heads back",
            icon=":material/restart_alt:",
            on_click=session.update,
            kwargs={"off": None},
        )
    history.add(
        head_names.condition(names, gate), before_after.moved(found.before, found.after), question.state
    )
    return found


def strongest(values: np.ndarray) -> Head | None:
    """The head without which the result falls most; None where it falls without none."""
    if not np.isfinite(values).any() or float(np.nanmax(values)) <= 0:
        return None
    layer, head = np.unravel_index(int(np.nanargmax(values)), values.shape)
    return int(layer), int(head)


def message(
    question: Question,
    importance: HeadImportance,
    heads: tuple[Head, ...],
    results: Results | None = None,
    **words: str,
) -> bytes:
    """All heads as switches, coloured by their importance; `words` are those of `switches_data`."""
    from attnviz.figures import switches_data

    noun = question.noun
    kind = "measured, one head at a time" if importance.exact else "estimated from one gradient"
    return switches_data(
        importance.values,
        heads,
        title=f"How far {noun} falls without each head ({kind})",
        name="falls by" if importance.exact else "falls by about",
        legend=f"Blue: the head supports the result, which falls without it. Orange: {noun} rises without it.",
        unit=question.target.unit,
        target=question.target.name,
        model=question.query.model,
        identity=question.identity,
        results=results,
        **words,
    )


def switched(count: int) -> Callable[[tuple[Head, ...]], None]:
    """What to do when the reader has switched heads in the grid of a model with `count` heads in a layer."""
    return lambda heads: session.update(off=write_heads(heads, count) or None)


def _measure(question: Question, importance: HeadImportance) -> None:
    """The true ablation of every head, on demand."""
    count = int(np.isfinite(importance.values).sum())
    if not importance.exact:
        st.button(
            f"Measure: switch off each of the {count} heads in turn",
            icon=":material/science:",
            on_click=_measure_exactly,
            args=(question.identity,),
        )


def _measure_exactly(identity: str) -> None:
    st.session_state[EXACT] = {*st.session_state.get(EXACT, ()), identity}

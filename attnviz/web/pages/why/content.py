"""The page of reasons: why a head looks from one token at another, in a sentence and a picture, and what it does."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import streamlit as st

from attnviz.errors import AttnVizError
from attnviz.provenance import Variable, call
from attnviz.web.controls.attention import read_attention
from attnviz.web.controls.question import needs_model
from attnviz.web.escape import markdown, plain
from attnviz.web.pages.why import asked, sentences, starts, tested, writes
from attnviz.web.pages.why import cell as cells
from attnviz.web.share.drawn import Drawn, file_stem
from attnviz.web.shell import components, links, problems
from attnviz.web.state import session

if TYPE_CHECKING:
    from attnviz.runtime import Query
    from attnviz.types import PartTest, ScorePart, ScoreParts, Trace
    from attnviz.web.pages.why.cell import Cell
    from attnviz.web.share.drawn import Rows
    from attnviz.web.state.address import Head, State

TRACED = "attnviz_why_traced"  # the cell whose traces are known
NOTE = (
    "Norms are held at the scale that they had, so that the score is exactly the sum of all pairs of parts. A part "
    "says what was read, not what would become of the result: that is tested above, and on “Change it and see”."
)


@dataclass(frozen=True)
class Found:
    """What is known of a cell."""

    cell: Cell
    parts: ScoreParts
    trace: Trace | None

    @property
    def title(self) -> str:
        return plain(sentences.why_title(self.parts))

    def message(self, alone: bool = True) -> bytes:
        """For the figure; with its headline where it stands `alone`."""
        from attnviz.figures import why_data
        from attnviz.figures.messages.circuit_graph import circuit_graph

        question = self.cell.question
        model = session.model_name(question.model)
        graph = circuit_graph(self.parts, self.trace, model=model, text=question.text)
        title = plain(sentences.headline(self.parts, self.trace, str), 400) if alone else ""
        return why_data(self.parts, self.trace, graph=graph, title=title, note=NOTE, model=model)


def draw(query: Query, state: State) -> Drawn | None:
    """Draw the page for this question; returns the figure, where there is one."""
    if session.is_file(query.model):
        needs_model("To say why a head looks there")
        return None
    attention = read_attention(query, state)
    cell = cells.chosen(attention, state)
    if not cell.given:
        starts.draw(query.model)
    cells.choose(cell)
    try:
        parts = asked.parts(cell)
    except AttnVizError as error:
        problems.show_error(error, "Why this head looks there cannot be said exactly")
        return None
    reason, does = st.columns((3, 2), gap="medium")
    with reason, st.container(border=True, key="why_reason"):
        place = st.container(gap="small")
        tests = tested.draw(parts, cell)
        _elsewhere(cell, state)
    with does, st.container(border=True, key="why_writes"), problems.guard():
        st.markdown("**What does it do?**")
        writes.draw(asked.writes(cell), cell, state)
    known = st.session_state.get(TRACED) == cell.mark
    trace = asked.trace(cell) if known else None
    found = Found(cell, parts, trace)
    with place:
        _said(found)
    components.why(
        found.message(alone=False),
        part=lambda side, number: _to_part(found, side, number),
        step=lambda number: _to_step(found, number),
    )
    if not known:  # the parts are on screen; to follow them back takes longer
        with problems.guard():
            asked.trace(cell)
            st.session_state[TRACED] = cell.mark
    if not known and st.session_state.get(TRACED) == cell.mark:
        st.rerun()
    return _drawn(found, state, tests)


def _said(found: Found) -> None:
    st.markdown(f"**{sentences.headline(found.parts, found.trace, markdown)}**")
    for line in sentences.details(found.parts, markdown):
        st.markdown(line)


def _elsewhere(cell: Cell, state: State) -> None:
    """The map in which the cell lies."""
    there = replace(session.spelled(state.elsewhere(), cell.question), kind=cell.kind, unit=None, pool=None)
    held = ((0, cell.query), (1, cell.key))
    links.link("attention", "Its map, with this cell held", replace(there, held=held).on(cell.head))


def _to_part(found: Found, side: int, number: int) -> None:
    """To a head that wrote one of the streams, at the token of that stream."""
    named = (found.parts.query_parts, found.parts.key_parts)[side]
    if number < len(named):
        _go(found, named[number], (found.parts.query, found.parts.key)[side])


def _to_step(found: Found, number: int) -> None:
    from attnviz.figures.messages.why import steps_of

    steps = steps_of(found.trace) if found.trace is not None else []
    if number < len(steps):
        step, _ = steps[number]
        _go(found, step.part, step.token, step.key)


def _go(found: Found, part: ScorePart, token: int, key: int | None = None) -> None:
    """Ask the same of a head at this token: why it looks where it looks most."""
    attention = found.cell.attention
    if part.layer is None or part.head is None or part.role not in attention.info.kinds:
        return
    head: Head = (part.layer, part.head)
    if key is None:
        key = cells.looked_at(attention, head, part.role, token)
    given: dict[str, Any] = {} if part.role == attention.kind else {"kind": part.role}
    session.update(heads=(head,), held=((0, token), (1, key)), against=None, **given)


def _drawn(found: Found, state: State, tests: tuple[PartTest, ...]) -> Drawn:
    cell = found.cell
    question = cell.question
    layer, head = cell.head
    held = ((0, cell.query), (1, cell.key))
    return Drawn(
        question,
        replace(state, heads=(cell.head,), held=held),
        "why",
        found.message,
        found.title,
        settings=(
            ("Head", f"layer {layer}, head {head}"),
            ("Held against", plain(cells.named_against(cell))),
            *((("Test", _told(tests)),) if tests else ()),
        ),
        file_name=f"why-{file_stem(session.model_name(question.model), question.text)}",
        table=lambda: rows(found.parts),
        again=_again(cell),
        of_model=True,
    )


def _again(cell: Cell) -> tuple[str, ...]:
    """The lines of Python that take the same score apart."""
    question = cell.question
    reads = (f"model = {call('model.reads', **question.reading)}",) if question.reading else ()
    made = call(
        "attnviz.why", Variable("model"), question.content, *cell.head, cell.query, cell.key, question.pair,
        cell.against, kind=cell.kind, target_text=question.target_text,
    )  # fmt: skip
    return (*reads, f"parts = {made}")


def _told(tests: tuple[PartTest, ...]) -> str:
    """The tests as plain text."""
    lines = (line for each in tests for line in sentences.tested(each, str))
    return plain(" ".join(lines).replace("**", ""), 1000)


def rows(parts: ScoreParts) -> Rows:
    """The whole table of parts for a spreadsheet: a line for each part of the query, a column for each of the key."""
    heads: list[str | float] = ["query part", *(part.title for part in parts.key_parts), "sum"]
    lines: Rows = [heads]
    for part, values, total in zip(
        parts.query_parts, parts.table.tolist(), parts.query_side.tolist(), strict=True
    ):
        lines.append([part.title, *values, total])
    lines.append(["sum", *parts.key_side.tolist(), float(parts.table.sum())])
    lines.append(["position alone", parts.position])
    lines.append(["score", parts.score])
    return lines

"""Two to four panes side by side: what each shows, how their tokens were matched, and their difference."""

from __future__ import annotations

import functools
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from attnviz.figures.messages import axes as maps
from attnviz.runtime import Query
from attnviz.types import default_kind
from attnviz.web.controls import reading
from attnviz.web.controls.attention import SEND_ALL, START, Attention, choose_kind
from attnviz.web.escape import plain
from attnviz.web.pages.compare import matching, pane_list
from attnviz.web.shell import components, page, progress
from attnviz.web.state import holding, panes, session

if TYPE_CHECKING:
    from attnviz.analysis.alignment import Matching
    from attnviz.figures.messages.panes import Pane, Source
    from attnviz.types import FloatArray, Kind
    from attnviz.web.share.drawn import Drawn
    from attnviz.web.state.address import Head, State
    from attnviz.web.state.panes import PaneState

TITLE = 80  # characters of a text above its map


@dataclass(frozen=True)
class Side:
    """One model on one text: its attention, and the axes of its maps."""

    attention: Attention
    unit: str
    rows: maps.Axis
    keys: maps.Axis

    @property
    def query(self) -> Query:
        return self.attention.query

    @property
    def kind(self) -> Kind:
        return self.attention.kind

    @property
    def shape(self) -> tuple[int, int]:
        return self.attention.layers, self.attention.heads

    @property
    def bytes_of_all(self) -> int:
        layers, heads = self.shape
        return 4 * layers * heads * len(self.rows.labels) * len(self.keys.labels)

    def map(self, place: Head) -> FloatArray:
        return session.runtime().attention(self.query, *place, self.kind, unit=self.unit)


def draw(state: State, unit: str, sent: frozenset[object]) -> Drawn | None:
    """Draw the panes that the address asks for, or what keeps them from being drawn."""
    shown = panes.of_state(state, START)
    picture = st.container()
    pane_list.show(shown, state)
    reading.show(session.query(state), apart=True)
    if len(shown) < panes.MIN_PANES or _refused(shown):
        return None
    sides = _sides(shown, state, unit)
    if sides is None:
        return None
    numbers = [list(sides).index((pane.model, pane.text)) for pane in shown]
    found = list(sides.values())
    named = bool(state.heads or state.panes)
    heads = tuple(_fitting(pane, found[number], named) for pane, number in zip(shown, numbers, strict=True))
    fitted = tuple(replace(pane, head=head) for pane, head in zip(shown, heads, strict=True))
    whole = _whole(found, sent)
    data = _message(found, numbers, fitted, unit, [None if each in whole else () for each in found])
    st.session_state[session.SENT] = frozenset(
        sent_key(each) for each in found if each in whole or sent_key(each) in sent
    )
    with picture:
        components.panes(data, lambda places: _stepped(fitted, places))

    def alone() -> bytes:
        return _message(found, numbers, fitted, unit, [() for _ in found], fixed=True)

    return pane_list.drawn(fitted, state, unit, alone)


def sent_key(side: Side) -> object:
    """What tells apart the maps that a browser keeps."""
    return holding.mark((side.query, side.kind, side.rows.unit))


def _stepped(shown: tuple[PaneState, ...], places: tuple[Head, ...]) -> None:
    if len(places) == len(shown):
        new = tuple(replace(pane, head=place) for pane, place in zip(shown, places, strict=True))
        if new != shown:
            session.write(panes.to_state(new, session.state()))


def _refused(shown: tuple[PaneState, ...]) -> bool:
    """Whether a model may not be loaded, or not beside the others; then this says so."""
    for n, pane in enumerate(shown):
        if not page.trusted(pane.model):
            page.confirm(pane.model, functools.partial(pane_list.use_default_model, n))
            return True
    models = {pane.model for pane in shown if not session.is_file(pane.model)}
    most = session.runtime().settings.max_models
    if len(models) > most:
        with st.container(border=True):
            st.subheader("These are too many models at a time", anchor=False)
            st.markdown(
                f"This server keeps {most} in memory. Remove a pane, or give it one of the other models."
            )
        return True
    return False


def _sides(shown: tuple[PaneState, ...], state: State, unit: str) -> dict[tuple[str, str], Side] | None:
    """Each model and text once; None where one is too long, which this then says."""
    runtime, how = session.runtime(), session.reading(state)
    queries = {
        (pane.model, pane.text): session.opened(pane.model)
        or Query(pane.model, pane.text, target_text=state.target_text, **how)
        for pane in shown
    }
    with progress.loading() as report:
        infos = {pair: runtime.info(query, report) for pair, query in queries.items()}
    several = next((each for each in infos.values() if len(each.kinds) > 1), None)
    chosen = choose_kind(tuple(several.kinds), state) if several is not None else None
    found = {}
    for pair, info in infos.items():
        kind = chosen if chosen is not None and chosen in info.kinds else default_kind(tuple(info.kinds))
        attention = Attention(queries[pair], info, kind)
        rows, keys = attention.queries, attention.keys
        if max(len(rows), len(keys)) > maps.MAX_SIDE:
            _too_long()
            return None
        found[pair] = Side(attention, unit, maps.axis(rows, unit), maps.axis(keys, unit))
    return found


def _fitting(pane: PaneState, side: Side, named: bool) -> Head:
    """The head of the pane, where its model has it; the first one otherwise, with a notice where it was asked for."""
    layers, heads = side.shape
    layer, head = pane.head
    if layer < layers and head < heads:
        return pane.head
    if named:
        session.notice(
            f"There is no layer {layer}, head {head} in one of the models; its layer 0, head 0 is shown."
        )
    return 0, 0


def _whole(found: list[Side], sent: frozenset[object]) -> list[Side]:
    """The sides all of whose heads travel: those of short texts, the first time."""
    left, whole = SEND_ALL, []
    for side in found:
        left -= side.bytes_of_all
        if left >= 0 and sent_key(side) not in sent:
            whole.append(side)
    return whole


def _message(
    found: list[Side],
    numbers: list[int],
    shown: tuple[PaneState, ...],
    unit: str,
    extent: list[tuple[()] | None],
    fixed: bool = False,
) -> bytes:
    """What the figure shows: of each side all heads where `extent` is None, else those of the panes."""
    from attnviz.figures import panes_data

    runtime = session.runtime()
    matchings = {
        (s, t): runtime.matchings(found[s].query, found[t].query, unit, (found[s].kind, found[t].kind))
        for t in range(len(found))
        for s in range(t)
    }
    sources = []
    for s, side in enumerate(found):
        layers, heads = side.shape
        places = [(layer, head) for layer in range(layers) for head in range(heads)]
        if extent[s] is not None:
            places = list(dict.fromkeys(pane.head for pane, n in zip(shown, numbers, strict=True) if n == s))
        sources.append(_source(side, places))
    return panes_data(
        sources,
        _titled(shown, numbers),
        matchings,
        change=None if fixed else _change(found, numbers, unit),
        fixed=fixed,
        unit=unit,
        note=_note(found, numbers, matchings, unit),
        model=found[0].query.model,
    )


def _source(side: Side, places: list[Head]) -> Source:
    from attnviz.figures.messages.panes import Source

    layers, heads = side.shape
    return Source(
        np.stack([side.map(place) for place in places]),
        places,
        side.rows.labels,
        side.keys.labels,
        side.rows.special,
        side.keys.special,
        layers,
        heads,
        causal=side.attention.causal,
        identity=f"{side.query} {side.kind}",
    )


def _titled(shown: tuple[PaneState, ...], numbers: list[int]) -> list[Pane]:
    """The panes, each with what sets it apart from the others."""
    from attnviz.figures.messages.panes import Pane

    texts, models = ({getattr(pane, name) for pane in shown} for name in ("text", "model"))
    return [
        Pane(
            pane_list.NAMES[n],
            " · ".join(
                [pane_list.model_title(pane.model)] * (len(models) > 1)
                + [plain(pane.text, TITLE)] * (len(texts) > 1)
            ),
            number,
            pane.head,
        )
        for n, (pane, number) in enumerate(zip(shown, numbers, strict=True))
    ]


def _change(found: list[Side], numbers: list[int], unit: str) -> FloatArray | None:
    """How much each head changed from the first pane to the second, where that can be said."""
    first, second = found[numbers[0]], found[numbers[1]]
    if first is second or first.shape != second.shape:
        return None
    with progress.loading() as report:
        return session.runtime().changes(first.query, second.query, unit, (first.kind, second.kind), report)


def _note(
    found: list[Side],
    numbers: list[int],
    matchings: dict[tuple[int, int], tuple[Matching, Matching]],
    unit: str,
) -> str:
    """How the tokens of the panes were matched with those of the first, in words."""
    lines, told = [], {numbers[0]}
    for n, number in enumerate(numbers):
        if number in told:
            continue
        told.add(number)
        keys = matchings[min(numbers[0], number), max(numbers[0], number)][1]
        lines.append(matching.described(keys, pane_list.NAMES[0], pane_list.NAMES[n], unit))
    lines.append(maps.note(found[0].rows, found[0].keys))
    return " ".join(line for line in lines if line)


def _too_long() -> None:
    with st.container(border=True):
        st.subheader("These texts are too long to compare", anchor=False)
        st.markdown(f"A text of up to {maps.MAX_SIDE:,} tokens can be compared with another, token by token.")

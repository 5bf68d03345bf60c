"""Beam search for a translation: what it found, and what it gave up on the way, each to be gone on with."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import streamlit as st

from attnviz.provenance import Variable, call
from attnviz.web.pages.alignment import changes
from attnviz.web.share import offer
from attnviz.web.share.drawn import Drawn, file_stem
from attnviz.web.shell import components, progress
from attnviz.web.state import session

if TYPE_CHECKING:
    from attnviz.explanation.translation.records import BeamTree, Translation
    from attnviz.runtime import Query
    from attnviz.web.share.drawn import Rows
    from attnviz.web.state.address import State

NONE = "none"
BEAMS = (NONE, "2", "4", "8")
EXPLAINED = (
    "Greedy decoding takes the likeliest word each time. Beam search goes on with several beginnings at once, and "
    "gives up those that fall behind; what it gave up stays here, to be read on from."
)


def draw(query: Query, state: State, translation: Translation) -> None:
    """How many hypotheses are followed, and the tree of what they became."""
    st.subheader("Beam search", anchor=False)
    st.markdown(EXPLAINED)
    chosen = session.choose("beams", state.beams, BEAMS, NONE)
    st.segmented_control(
        "Hypotheses at a time",
        BEAMS,
        key=session.set_choice("alignment_beams", chosen),
        on_change=session.on_change(
            "alignment_beams", "beams", lambda value: None if value == NONE else value
        ),
        required=True,
    )
    if chosen == NONE:
        return
    prefix = () if query.target_text else changes.read(state).prefix
    with progress.loading() as report:
        tree = session.runtime().beams(replace(query, target_text=None), int(chosen), prefix, report)
    message = _message(query, tree, translation)
    components.beams(message, lambda node: _go_on(tree, node))
    offer.show(_drawn(query, state, tree, message), key="beams", noun="the search")


def _message(query: Query, tree: BeamTree, translation: Translation) -> bytes:
    from attnviz.figures import beams_data

    given = "".join(translation.target.labels[: len(tree.prefix)])
    note = (
        f"A score is the log-probability divided by length to the power of {tree.length_penalty:g}; {len(tree.ids)} "
        "tokens were weighed."
    )
    return beams_data(tree, prefix=given, note=note, model=session.model_name(query.model))


def _drawn(query: Query, state: State, tree: BeamTree, message: bytes) -> Drawn:
    made = call(
        "beam_search",
        Variable("model"),
        query.text,
        tree.beams,
        prefix=tree.prefix or None,
        source_language=query.source_language,
        target_language=query.target_language,
    )
    model = session.model_name(query.model)
    best = tree.hypotheses[0].node if tree.hypotheses else -1
    found = "".join(tree.labels[node] for node in tree.nodes(best))
    return Drawn(
        replace(query, target_text=None),
        state,
        "beams",
        lambda: message,
        "Beam search",
        settings=(("Hypotheses at a time", str(tree.beams)),),
        texts=(
            ("Source", query.text),
            *((("Best translation behind what was given", found),) if found else ()),
        ),
        file_name=f"beams-{file_stem(model, query.text)}",
        table=lambda: _table(tree),
        again=("from attnviz.explanation.translation.beams import beam_search", f"tree = {made}"),
        of_model=True,
    )


def _table(tree: BeamTree) -> Rows:
    """Every node with its parent, its probability and what became of it."""
    rows: Rows = [["node", "parent", "token", "log probability", "total", "fate"]]
    columns = (tree.parents.tolist(), tree.labels, tree.log_probs.tolist(), tree.totals.tolist(), tree.fates)
    rows += [[node, *each] for node, each in enumerate(zip(*columns, strict=True))]
    return rows


def _go_on(tree: BeamTree, node: int) -> None:
    """Translate on behind the hypothesis that ends there."""
    if node < len(tree.ids):
        session.update(target_text=None, links=None, prefix=".".join(map(str, tree.path(node))))

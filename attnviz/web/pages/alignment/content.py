"""The page of translations: words with the links between them, and what becomes of them when a link is moved."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import streamlit as st

from attnviz.provenance import Variable, call
from attnviz.web.pages.alignment import changes as changed
from attnviz.web.pages.alignment import directions, document, gold, moving, search, translators
from attnviz.web.pages.alignment.view import UNITS, View, table, view_of
from attnviz.web.share.drawn import Drawn, file_stem
from attnviz.web.shell import components, links, progress
from attnviz.web.state import session

if TYPE_CHECKING:
    from attnviz.runtime import Query
    from attnviz.web.pages.alignment.changes import Changes
    from attnviz.web.state.address import State


def draw(query: Query, state: State) -> Drawn | None:
    """Draw the page for this question."""
    card = session.runtime().card(query.model)
    if card is not None and (card.kind != translators.TRANSLATES or card.modality != "text"):
        translators.not_a_translator(query.model)
        return None
    query = replace(query, pair=None)
    edits = changed.read(state)
    with progress.loading() as report:
        given = () if query.target_text else edits.prefix
        before = view_of(query, state, session.runtime().translate(query, given, (), None, report))
    with st.container(horizontal=True, vertical_alignment="center", key="translation_choices"):
        unit_choice(before.unit)
        translators.back(query, before.translation.target.text)
        translators.others(query.model)
    if not edits.links:
        components.alignment(before.message(), components.ALIGNMENT, **moving.listeners(before, edits))
        shown, title = before, "Word alignment"
        moving.undo(before, edits)
    else:
        shown, title = moving.before_and_after(query, state, before, edits), "Word alignment, links moved"
    _why(before)
    _elsewhere(before, state)
    gold.draw(before, state)
    directions.draw(before, state)
    document.draw(query, state)
    search.draw(query, state, before.translation)
    return _drawn(shown, state, title, edits)


def unit_choice(unit: str) -> None:
    """Words, or the pieces that the model reads and writes."""
    st.segmented_control(
        "Show",
        tuple(UNITS),
        format_func=UNITS.__getitem__,
        key=session.set_choice("alignment_unit", unit),
        on_change=session.on_change(
            "alignment_unit", "unit", lambda value: None if value == "word" else value
        ),
        required=True,
        label_visibility="collapsed",
    )


def _why(view: View) -> None:
    """Which head aligns, and how it is known."""
    layer, head = view.aligned.chosen
    score = view.aligned.scores[view.aligned.places.index(view.aligned.chosen)]
    how = (
        "was trained to align words, as the model itself says"
        if view.aligned.trained
        else "aligns best: no head of this model is named as one that aligns, and among all, its rows are sharpest, "
        "cover the source best and agree most with the mean of all heads"
    )
    st.caption(
        f"Layer {layer}, head {head} {how} (score {score:.2f} of 1). Choose any other head, or the mean of a layer, "
        "above."
    )


def _elsewhere(view: View, state: State) -> None:
    """The same attention on other pages."""
    target = view.translation.target.text
    there = replace(
        state.elsewhere(), model=view.query.model, text=view.query.text, pair=None, unit=None, form=None, pool=None,
        prefix=None, links=None, scope=None, beams=None,
    )  # fmt: skip
    with st.container(horizontal=True, key="alignment_links"):
        cross = replace(there, kind="cross", target_text=target).on((view.place[0], max(0, view.place[1])))
        links.link("attention", "This head in every form", cross)
        links.link(
            "attention", "How the source reads itself (encoder)", replace(there, kind="encoder", heads=())
        )
        links.link("heads", "All heads", replace(there, kind="cross", target_text=target, heads=()))


def _drawn(view: View, state: State, title: str, edits: Changes) -> Drawn:
    query, model = view.query, session.model_name(view.query.model)
    heads = edits.heads(view.translation.attention.shape, view.place) if edits.links else None
    made = call(
        "translate",
        Variable("model"),
        query.text,
        query.target_text,
        prefix=None if query.target_text else edits.prefix or None,
        links=[tuple(link) for link in edits.links] or None,
        heads=heads,
        source_language=query.source_language,
        target_language=query.target_language,
    )
    layer, head = view.place
    return Drawn(
        query,
        state,
        "alignment",
        view.message,
        title,
        settings=(
            ("Head", f"layer {layer}, {'mean of its heads' if head < 0 else f'head {head}'}"),
            ("By", UNITS[view.unit].lower()),
            *((("Links forced in", changed.SCOPES[edits.scope]),) if edits.links else ()),
        ),
        texts=(("Source", query.text), ("Translation", view.translation.target.text)),
        file_name=f"translation-{file_stem(model, query.text)}",
        table=lambda: table(view),
        again=("from attnviz.explanation.translation.writing import translate", f"translation = {made}"),
        of_model=True,
    )

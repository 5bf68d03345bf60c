"""Links that are known: sentences that come with a model, and how far each of its heads is from them."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import streamlit as st

from attnviz.web.escape import plain
from attnviz.web.pages.alignment.translators import UNCHANGED, named
from attnviz.web.pages.alignment.view import turn
from attnviz.web.share import offer
from attnviz.web.share.drawn import Drawn, file_stem
from attnviz.web.shell import components, progress
from attnviz.web.state import session

if TYPE_CHECKING:
    from attnviz.explanation.translation.records import HeadErrors
    from attnviz.web.pages.alignment.view import View
    from attnviz.web.share.drawn import Rows
    from attnviz.web.state.address import State

OWN = "a sentence of your own"
EXPLAINED = (
    "This model comes with sentences whose links are known. The alignment error rate of a head counts its links that "
    "are not among them, and those of them that it misses: 0 is perfect, 1 is all wrong. The same heads serve every "
    "direction."
)
NOTE = (
    "Each sentence is given with its known translation; a head's link is the word that a row looks at most, and rows "
    "that are too flat have none. Diagonal: linking the n-th word to the n-th."
)


def draw(view: View, state: State) -> None:
    """Nothing for a model without such sentences."""
    known = session.runtime().gold(view.query.model)
    if not known:
        return
    st.subheader("Against gold", anchor=False)
    st.markdown(EXPLAINED)
    labels = {f"{named(each.language)}: {each.source}": each for each in known}
    own = next((label for label, each in labels.items() if each.source == view.query.text), OWN)

    def chosen() -> None:
        each = labels.get(st.session_state["gold_sentence"])
        if each is not None:
            session.update(text=each.source, target_language=each.language, **UNCHANGED)

    st.selectbox(
        "A sentence whose links are known",
        (OWN, *labels) if own == OWN else tuple(labels),
        format_func=plain,
        key=session.set_choice("gold_sentence", own),
        on_change=chosen,
    )
    _reference(view)
    _walls(view, state)


def _reference(view: View) -> None:
    """The model wrote something else than the translation whose links are known: offer that one."""
    found = view.translation
    if found.reference is None or found.gold is not None:
        return
    with st.container(horizontal=True, vertical_alignment="center", key="gold_reference"):
        st.text(f"The links are known of another translation: {plain(found.reference)}")
        st.button(
            "Look at that one",
            key="look_at_reference",
            on_click=partial(session.update, **{**UNCHANGED, "target_text": found.reference}),
        )


def _walls(view: View, state: State) -> None:
    """The error rate of every head, a wall for each direction."""
    from attnviz.figures import errors_data

    model = view.query.model
    with progress.loading() as report:
        errors = session.runtime().head_errors(model, report)
    titles = [f"To {named(each.language)}" for each in errors]
    message = partial(errors_data, errors, titles, note=NOTE, model=session.model_name(model))
    components.errors(message(view.place), turn)
    offer.show(_drawn(view, state, errors, message(None)), key="errors", noun="the error rates")


def _drawn(view: View, state: State, errors: tuple[HeadErrors, ...], message: bytes) -> Drawn:
    return Drawn(
        replace(view.query, target_text=None),
        state,
        "errors",
        lambda: message,
        "Alignment error rate of each head",
        settings=tuple((f"Sentences, to {named(each.language)}", str(each.sentences)) for each in errors),
        file_name=f"alignment-errors-{file_stem(session.model_name(view.query.model), '')}",
        table=lambda: table(errors),
        again=("from attnviz.explanation.translation.gold import head_errors", "errors = head_errors(model)"),
        of_model=True,
    )


def table(errors: tuple[HeadErrors, ...]) -> Rows:
    """Each head of each direction; the last of a layer is the mean."""
    rows: Rows = [["language", "layer", "head", "alignment error rate"]]
    for each in errors:
        for layer, rates in enumerate(each.rates.tolist()):
            for head, rate in enumerate(rates):
                rows.append([each.language, layer, "mean" if head == len(rates) - 1 else str(head), rate])
    return rows

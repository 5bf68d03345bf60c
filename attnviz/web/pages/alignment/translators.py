"""Which model translates, and into which language: other translators, and the other direction of this one."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import streamlit as st

from attnviz.web.controls import sidebar
from attnviz.web.escape import plain
from attnviz.web.state import session

if TYPE_CHECKING:
    from attnviz.runtime import Query

TRANSLATES = "encoder-decoder"
LANGUAGES = {"en": "English", "fr": "French"}  # the names of codes


UNCHANGED = {
    "target_text": None,
    "prefix": None,
    "links": None,
}  # of another sentence, nothing is changed yet


def opposite(query: Query) -> str | None:
    """The other language of a model that translates between two, both ways; None of any other model."""
    facts = session.runtime().reading(query.model)
    if len(facts.languages) != 2 or facts.source_languages:
        return None
    target = query.target_language or facts.target_language
    return next((code for code in facts.languages if code != target), None)


def named(code: str) -> str:
    """A language as people call it, or its code."""
    return LANGUAGES.get(code, plain(code))


def back(query: Query, translation: str) -> None:
    """A button that translates the translation back, where the model can."""
    other = opposite(query)
    if other is not None:
        st.button(
            f"Translate it back into {named(other)}",
            key="translate_back",
            icon=":material/swap_horiz:",
            on_click=partial(session.update, text=translation, target_language=other, **UNCHANGED),
        )


def others(model: str) -> None:
    """The other translators of the catalogue, each with a text of its own."""
    for card in session.runtime().catalog():
        if card.kind == TRANSLATES and card.modality == "text" and card.name != model:
            st.button(
                card.title,
                key=f"direction_{card.name}",
                icon=":material/swap_horiz:",
                on_click=partial(_translate_with, card.name),
            )


def _translate_with(model: str) -> None:
    """Another translator, which reads another language: with its own example."""
    sidebar.use_model(model)
    session.update(text=None, target_text=None)


def not_a_translator(model: str) -> None:
    """The model writes no translations: offer those of the catalogue that do."""
    with st.container(border=True, key="no_translator"):
        st.subheader("This model does not translate", anchor=False)
        st.text(plain(session.model_name(model)))
        st.markdown(
            "Choose one that does, or type the name of a Marian, BART, T5, M2M100, NLLB or mBART model."
        )
        with st.container(horizontal=True):
            for card in session.runtime().catalog():
                if card.kind == TRANSLATES and card.modality == "text":
                    st.button(
                        card.title,
                        key=f"translate_with_{card.name}",
                        on_click=partial(sidebar.use_model, card.name),
                    )

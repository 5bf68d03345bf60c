"""A text of several sentences: each translated by itself, those first whose attention is least to be trusted."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import streamlit as st

from attnviz.explanation.translation.documents import sentences_of
from attnviz.web.escape import markdown, plain
from attnviz.web.shell import progress
from attnviz.web.state import session

if TYPE_CHECKING:
    from attnviz.explanation.translation.documents import TranslatedSentence
    from attnviz.runtime import Query
    from attnviz.web.state.address import State

PART = "sentences"
EXPLAINED = (
    "Each sentence is translated by itself. First stand those whose attention is least sure (flat rows) or least "
    "complete (source words that nobody read): there, a mistake or an omission is most likely."
)


def draw(query: Query, state: State) -> None:
    """Nothing for a text of one sentence."""
    if len(sentences_of(query.text)) < 2:
        return
    st.subheader("Sentence by sentence", anchor=False)
    st.markdown(EXPLAINED)
    shown = state.part == PART
    label = "Hide the sentences" if shown else "Translate each sentence"
    st.button(
        label, key="translate_sentences", on_click=partial(session.update, part=None if shown else PART)
    )
    if not shown:
        return
    with progress.loading() as report:
        found = session.runtime().translate_document(query, report)
    for each in sorted(found.sentences, key=lambda sentence: sentence.trust):
        _sentence(each)
    st.caption(f"Judged by layer {found.head[0]}, head {found.head[1]}.")


def _sentence(each: TranslatedSentence) -> None:
    with st.container(border=True, key=f"sentence_{each.place}", gap="small"):
        st.text(plain(each.source, 2000))
        st.text(plain(each.target, 2000))
        unread = (
            f" Hardly read: {', '.join(f'“{markdown(word, 40)}”' for word in each.unread)}."
            if each.unread
            else ""
        )
        st.caption(
            f"Sentence {each.place + 1}: sureness {each.sureness:.2f}, coverage {each.completeness:.2f}, mean "
            f"log-probability {each.log_prob:.2f}.{unread}"
        )
        st.button(
            "Look at this sentence",
            key=f"look_at_{each.place}",
            on_click=partial(session.update, text=each.source, target_text=None, part=None),
        )

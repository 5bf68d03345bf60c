"""A result compares two texts, and there is one: the second one can be typed in place, or something else be asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from attnviz.web.escape import clean, markdown, plain
from attnviz.web.state import session
from attnviz.web.state.fields import MAX_OPTION

if TYPE_CHECKING:
    from attnviz.explanation import TargetInfo

KEY = "second_text"
LABELS = "complaint, praise"  # the example of labels of one's own
BY_LABELS = "label-prompt"
EXAMPLE = 60  # letters of an example on its button


def missing(target: TargetInfo, available: tuple[TargetInfo, ...], question: bool) -> None:
    """What to type, and what one text can be asked. `question`: whether the first text asks about the second."""
    with st.container(border=True, key="second_text_missing"):
        st.subheader("A second text is needed", anchor=False)
        st.markdown(
            "The answer is looked for in a context. Type it here."
            if question
            else f"{markdown(target.title)} compares two texts. Type the other one here."
        )
        with st.form("second_text_form", border=False):
            st.text_area("Second text", key=KEY, height=68, placeholder="Type or paste a text")
            st.form_submit_button("Compare" if not question else "Look for the answer", on_click=_compare)
        with st.container(horizontal=True, vertical_alignment="center"):
            if not question:
                other = session.runtime().default_pair_query.pair or ""
                st.button(
                    f"Example: compare with “{markdown(other, EXAMPLE)}”",
                    key="second_text_example",
                    on_click=session.update,
                    kwargs={"pair": other},
                )
            _alone(available)


def _alone(available: tuple[TargetInfo, ...]) -> None:
    """A button for each result that needs one text only, filled with an example where something has to be named."""
    for info in available:
        if info.needs_pair:
            continue
        named = info.name == BY_LABELS
        st.button(
            f"Example: {info.title[0].lower()}{info.title[1:]}, {LABELS}" if named else info.title,
            key=f"instead_{info.name}",
            on_click=session.update,
            kwargs={"target": info.name, "options": (("labels", LABELS),) if named else ()},
        )


def _compare() -> None:
    typed = clean(st.session_state[KEY])
    if plain(typed, MAX_OPTION).strip():
        session.update(pair=typed)

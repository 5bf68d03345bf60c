"""What the model is asked to do with the text: go on with it, answer it as a message, sum it up, answer a question."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, cast

import streamlit as st

from attnviz.text.prompts import Mode, prompt_for
from attnviz.web.escape import clean
from attnviz.web.shell import progress
from attnviz.web.state import session
from attnviz.web.state.address import MODES

if TYPE_CHECKING:
    from attnviz.runtime import Query, Written
    from attnviz.web.state.address import State

TITLES = {"": "Go on with it", "chat": "Chat", "summary": "Sum it up", "question": "Answer a question"}
NO_CHAT = "This model’s tokenizer has no chat template: it goes on with the text as it is."
MOST_TURNS = 40
MOST_CHARACTERS = 4_000  # of a question or a reply


@dataclass(frozen=True)
class Asked:
    """The question to the model: its prompt, and the passage in it that the answer is traced to."""

    query: Query
    passage: str = ""


def ask(query: Query, state: State) -> Asked | None:
    """The controls of the modes, and the prompt that they make; None where a question is still to be typed."""
    mode = session.choose("mode", state.mode, MODES, "")
    st.segmented_control(
        "What the model is asked to do with the text", tuple(TITLES), format_func=TITLES.__getitem__,
        key=session.set_choice("mode", mode), required=True, label_visibility="collapsed",
        on_change=session.on_change("mode", "mode", lambda chosen: chosen or None),
    )  # fmt: skip
    if not mode:
        return Asked(query)
    if mode == "question":
        st.text_input(
            "Question", key=session.follow("mode_question", state.question or ""), max_chars=MOST_CHARACTERS,
            placeholder="What does the text say about …?",
            on_change=session.on_change("mode_question", "question", lambda said: clean(said).strip() or None),
        )  # fmt: skip
        if not (state.question or "").strip():
            st.caption("Type a question about the text, and press Enter.")
            return None
    with progress.loading() as report:  # a model that is not loaded does not say how it is asked
        chat = session.runtime().reading(query.model, report).chat
    card = session.runtime().card(query.model)
    kind, family = ("decoder", "") if card is None else (card.kind, card.family)
    if mode == "chat" and not chat:
        session.notice(NO_CHAT)
    prompt = prompt_for(
        cast(Mode, mode), query.text, state.question or "", kind=kind, family=family, chat=chat
    )
    turns = turns_of(state) if mode == "chat" and chat else ()
    return Asked(replace(query, text=prompt.text, chat=prompt.chat, turns=turns), prompt.passage)


def turns_of(state: State) -> tuple[str, ...]:
    """The messages before the text, of the reader and of the model in turn; none where the link is damaged."""
    try:
        found = json.loads(state.turns) if state.turns else []
    except (ValueError, RecursionError):
        found = None
    if (
        not isinstance(found, list)
        or len(found) % 2
        or len(found) > MOST_TURNS
        or not all(isinstance(each, str) for each in found)
    ):
        session.notice("The messages before this one cannot be read from the link; it stands alone.")
        return ()
    return tuple(clean(each) for each in found)


def reply(query: Query, written: Written, state: State) -> None:
    """In a chat whose answer has ended: what the reader says to it."""
    if state.mode != "chat" or not query.chat or not written.tokens.text.strip():
        return
    turns = (*query.turns, query.text, written.tokens.text.strip())
    if len(turns) > MOST_TURNS:
        return

    def sent() -> None:
        said = clean(st.session_state["mode_reply"] or "").strip()
        if said:
            session.update(turns=json.dumps(turns, ensure_ascii=False), text=said)

    with st.form("reply", clear_on_submit=True, border=False):
        st.text_input("Your reply", key="mode_reply", max_chars=MOST_CHARACTERS)
        st.form_submit_button("Send", on_click=sent, icon=":material/send:")

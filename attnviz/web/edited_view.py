"""The text changed in place: the result and the predictions before and after, and the way to the attention of both."""

from __future__ import annotations

import difflib
import html
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import streamlit as st

from attnviz.errors import InputEmpty, InputTooLong, UnknownName
from attnviz.web import before_after, controls, problems, progress, session, trail, url
from attnviz.web.escape import clean, markdown, plain

if TYPE_CHECKING:
    from attnviz.explain.evidence import Answer
    from attnviz.runtime import Query
    from attnviz.web.asking import Asking
    from attnviz.web.url import State

COMPARE = ("pages/look/compare.py", "compare")
_WORDS = re.compile(r"\s+|\w+|[^\w\s]")


def show(question: Asking, state: State) -> None:
    """The box with the text, and what became of the result."""
    text = question.query.text
    _box(text, state)
    changed = clean(state.changed) if state.changed is not None else text
    if not changed.strip() or changed == text:
        value = before_after.number(question.answer.value)
        with st.container(border=True):
            st.markdown(
                f"**For the text as it is {markdown(question.noun)} is {value}.** Delete a word, or type another one "
                "for it, and see what changes."
            )
        return
    try:
        after = _asked_again(question, changed)
    except (InputEmpty, InputTooLong, UnknownName) as error:
        problems.show_error(error)
        return
    _result(question, changed, after, state)


def _box(text: str, state: State) -> None:
    with st.form("changed_form", border=False):
        st.text_area(
            "The text, to be changed in place",
            key=session.follow("changed_text", state.changed if state.changed is not None else text),
            max_chars=controls.MAX_CHARACTERS,
            height=90,
        )
        with st.container(horizontal=True):
            st.form_submit_button("See what changes", type="primary", on_click=_submit, args=(text,))
            st.form_submit_button(
                "Back to the text as it was",
                icon=":material/restart_alt:",
                on_click=session.update,
                kwargs={"changed": None},
            )


def _submit(text: str) -> None:
    changed = clean(st.session_state["changed_text"])
    session.update(changed=None if changed == text or not changed.strip() else changed)


def _asked_again(question: Asking, changed: str) -> Answer:
    """The changed text, asked just what the text was asked."""
    query = replace(question.query, text=changed)
    options = question.decided
    if question.target.name == "masked-token":
        options = _same_place(question.answer, query, options)
    with progress.loading() as report:
        return session.runtime().answer(query, question.target.name, report, **options)


def _same_place(before: Answer, query: Query, options: dict[str, Any]) -> dict[str, Any]:
    """The place of the hidden token in the changed text: counted from the side on which nothing changed."""
    place = int(options["position"])
    start, end = (int(each) for each in before.tokens.spans[place])
    text, changed = before.tokens.text, query.text
    if changed[:end] == text[:end]:
        return options
    if changed.endswith(text[start:]):
        with progress.loading() as report:
            tokens = session.runtime().answer(query, before.target, report, token=options["token"]).tokens
        return {**options, "position": len(tokens) - (len(before.tokens) - place)}
    st.caption("The hidden word itself was changed: another word is hidden, as the model’s own choice.")
    return {}


def _result(question: Asking, changed: str, after: Answer, state: State) -> None:
    before = question.answer
    line = before_after.sentence("With the changed text", question.noun, before.value, after.value)
    with st.container(border=True, key="result"):
        st.markdown(f"**{line}**")
        st.html(f'<p class="attnviz-edits" dir="auto">{marked(question.query.text, changed)}</p>')
        before_after.bars(("as it was", before.value), ("changed", after.value), question.target.unit)
        _compare_link(question, changed, state)
    before_after.table(question.target.name, before.outcome_unit, before.outcomes, after.outcomes)
    trail.note(f"“{plain(changed, 60)}”", before_after.moved(before.value, after.value), state)


def marked(text: str, changed: str) -> str:
    """Both texts as one line of HTML: words that went struck out, words that came underlined; all of it escaped."""
    old, new = _WORDS.findall(plain(text, 1000)), _WORDS.findall(plain(changed, 1000))
    parts = []
    for how, a, b, c, d in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        gone, came = (html.escape("".join(words)) for words in (old[a:b], new[c:d]))
        if how == "equal":
            parts.append(gone)
        else:
            parts += [f"<del>{gone}</del>"] * bool(gone) + [f"<ins>{came}</ins>"] * bool(came)
    return "".join(parts)


def _compare_link(question: Asking, changed: str, state: State) -> None:
    script, name = COMPARE
    text = question.query.text
    both = replace(trail.untouched(state), view=None, panes=None, heads=(), held=(), text=text, pair=changed)
    st.page_link(
        st.Page(script, url_path=name),
        label="Compare the attention of both texts",
        icon=":material/compare:",
        query_params=url.encode(both),
    )

"""The text changed in place, word by word or typed anew: result and predictions before and after."""

from __future__ import annotations

import difflib
import html
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import streamlit as st

from attnviz.errors import InputEmpty, InputTooLong, UnknownName
from attnviz.text import decimals
from attnviz.web.controls import before_after, sidebar
from attnviz.web.escape import clean, markdown, plain
from attnviz.web.pages.ablation import history, word_edits
from attnviz.web.shell import links, problems, progress
from attnviz.web.state import session

if TYPE_CHECKING:
    from attnviz.explanation import Answer
    from attnviz.figures import Results
    from attnviz.runtime import Query
    from attnviz.web.controls.question import Question
    from attnviz.web.pages.ablation.word_edits import Changed
    from attnviz.web.share.drawn import Drawn
    from attnviz.web.state.address import State

TAKEN = "What is taken away is {}; taken away in another way, it gives other numbers."
_WORDS = re.compile(r"\s+|\w+|[^\w\s]")


def draw(question: Question) -> Drawn | None:
    """The words, what became of the result, and the box in which the text can be typed anew.

    Returns the words with what was found, to be taken away, where there is an answer.
    """
    drawn = None
    try:
        drawn = _changed(question)
    except (InputEmpty, InputTooLong, UnknownName) as error:
        problems.show_error(error)
    _box(question.query.text, question.state)
    return drawn


def _changed(question: Question) -> Drawn:
    typed = _typed(question)
    query = question.query if typed is None else replace(question.query, text=typed)
    options = question.decided
    if typed is not None and question.target.name == "masked-token":
        options = _same_place(question.answer, query, options)
    changed = word_edits.draw(question, query, options)
    if changed.made or typed is not None:
        results = _result(question, typed, changed)
    else:
        results = _unchanged(question)
    side = ("Changed text", word_edits.SIDES[changed.removal.side].lower())
    told = _condition(typed, changed)
    return question.drawn("edits", lambda: changed.message(results), "Words changed", told, (side,))


def _unchanged(question: Question) -> Results:
    before = question.answer
    value = decimals(before.value)
    with st.container(border=True, key="result"):
        st.markdown(
            f"**For the text as it is {markdown(question.noun)} is {value}.** Click a word to take it away, or to put "
            "another one in its place, and see what changes."
        )
    line = f"For the text as it is {question.noun} is {value}."
    values = [("as it is", before.value)]
    return before_after.results(line, values, question.target, before, before.outcomes, "")


def _typed(question: Question) -> str | None:
    """The text that was typed anew, if it is another one."""
    typed = clean(question.state.changed or "")
    return typed if typed.strip() and typed != question.query.text else None


def _box(text: str, state: State) -> None:
    with (
        st.expander("Type the text anew", expanded=state.changed is not None),
        st.form("changed_form", border=False),
    ):
        st.text_area(
            "The text, to be changed in place",
            key=session.follow("changed_text", state.changed if state.changed is not None else text),
            max_chars=sidebar.MAX_CHARACTERS,
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


def _result(question: Question, typed: str | None, changed: Changed) -> Results:
    before, after = question.answer, changed.removal
    condition = _condition(typed, changed)
    # Two decimals where only words were taken away, as in the test of an explanation, which says the same of them.
    numbers = before.value, after.after, 2 if typed is None and after.words else 3
    values = [("as it was", before.value), ("changed", after.after)]
    how = TAKEN.format(after.how) if after.how else ""
    with st.container(border=True, key="result"):
        st.markdown(f"**{before_after.sentence(markdown(condition), question.noun, *numbers)}**")
        if how:
            st.caption(how)
        if typed is not None:
            st.html(f'<p class="attnviz-edits" dir="auto">{marked(question.query.text, typed)}</p>')
        before_after.bars(values, question.target.unit)
        _compare_link(question.query, changed, question.state)
    before_after.table(question.target.name, before.outcome_unit, before.outcomes, after.outcomes_after)
    what = f"“{plain(typed, 60)}” {changed.condition}".strip() if typed is not None else condition
    history.add(what, before_after.moved(before.value, after.after), question.state)
    line = before_after.said(condition, question.noun, *numbers)
    return before_after.results(line, values, question.target, before, after.outcomes_after, how)


def _condition(typed: str | None, changed: Changed) -> str:
    """“Without “cat””, “With the changed text and without “cat””; "" where nothing is changed."""
    parts = ["with the changed text"] * (typed is not None) + [changed.condition] * bool(changed.condition)
    condition = " and ".join(parts)
    return condition[:1].upper() + condition[1:]


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


def _compare_link(query: Query, changed: Changed, state: State) -> None:
    """The way to the attention of the text before and after; of two texts, of the one that was changed."""
    old, new = (query.text, changed.text) if changed.text != query.text else (query.pair, changed.pair)
    if not old or not (new or "").strip() or new == old or query.chat:
        return  # of a chat message, what was changed has the template around it
    links.link(
        "compare",
        "Compare the attention of both texts",
        replace(state.unchanged().elsewhere(), panes=None, heads=(), text=old, pair=new),
        icon=":material/compare:",
        help="Words that are hidden or masked are left out of the changed text there.",
    )

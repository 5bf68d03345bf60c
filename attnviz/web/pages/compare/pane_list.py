"""The list of panes on the Compare page: what each shows, how to change or remove it, how to have one more."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import streamlit as st

from attnviz.web.controls import sidebar
from attnviz.web.controls.attention import START
from attnviz.web.escape import clean, plain
from attnviz.web.share.drawn import Drawn
from attnviz.web.state import panes, session
from attnviz.web.state.fields import MAX_INDEX
from attnviz.web.state.panes import PaneState

if TYPE_CHECKING:
    from attnviz.web.state.address import State

NAMES = "ABCD"
TITLE = "Attention side by side"
FULL = "Four panes are the most."
HEAD, TEXT, MODEL = "head", "text", "model"


def show(shown: tuple[PaneState, ...], state: State) -> None:
    """Draw the list, and below it the ways to have one more."""
    with st.container(border=True, gap="small", key="panes_list"):
        for n, pane in enumerate(shown):
            _row(n, pane, removable=len(shown) > panes.MIN_PANES)
        _adding(shown, panes.implied(state))


def model_title(name: str) -> str:
    """A model by its name, an opened file not by its digest, a directory by its last part."""
    title = sidebar.model_title(name)
    return title.rstrip("/").rsplit("/", 1)[-1] if title.startswith(("/", "~", ".")) else title


def drawn(shown: tuple[PaneState, ...], state: State, unit: str, message: Callable[[], bytes]) -> Drawn:
    """The panes side by side, for whoever takes them away."""
    texts = list(dict.fromkeys(pane.text for pane in shown))
    cards = [session.runtime().card(model) for model in dict.fromkeys(pane.model for pane in shown)]
    settings = tuple(
        (
            f"Pane {NAMES[n]}",
            f"{model_title(pane.model)}, text {texts.index(pane.text) + 1}, layer {pane.head[0]}, head {pane.head[1]}",
        )
        for n, pane in enumerate(shown)
    )
    return Drawn(
        session.query(state),
        panes.to_state(shown, state),
        "panes",
        message,
        TITLE,
        settings=(*settings, ("Rows and columns", f"{unit}s")),
        texts=tuple((f"Text {n}", text) for n, text in enumerate(texts, 1)),
        cards=tuple(card for card in cards if card is not None),
        file_title=TITLE,
        file_name="attention-side-by-side",
        linked=not any(session.is_file(pane.model) for pane in shown),
    )


def use_default_model(n: int) -> None:
    """Give pane n the model that this server offers first."""
    shown = list(_current())
    shown[n] = replace(shown[n], model=session.default_model())
    _set(shown)


def _current() -> tuple[PaneState, ...]:
    return panes.of_state(session.state(), START)


def _set(shown: list[PaneState]) -> None:
    session.write(panes.to_state(tuple(shown[: panes.MAX_PANES]), session.state()))


def _row(n: int, pane: PaneState, removable: bool) -> None:
    name = NAMES[n]
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.text(f"{name} · {model_title(pane.model)}\n{plain(pane.text)}")
        if st.button(f"Change {name}", icon=":material/edit:", key=f"change_{name}"):
            _editor(n, f"Pane {name}", n)
        if removable:
            st.button(
                f"Remove {name}", icon=":material/close:", key=f"remove_{name}", on_click=_remove, args=(n,)
            )


def _remove(n: int) -> None:
    _set([pane for at, pane in enumerate(_current()) if at != n])


def _adding(shown: tuple[PaneState, ...], implied: bool) -> None:
    """`implied`: the second pane is one that nobody asked for; another text or model takes its place."""
    n, begin = (1, 0) if implied else (len(shown), len(shown) - 1)
    full = len(shown) == panes.MAX_PANES
    with st.container(horizontal=True, gap="small"):
        for name in (HEAD, TEXT, MODEL):
            pressed = st.button(
                f"Another {name}",
                key=f"add_{name}",
                icon=":material/add:",
                disabled=full,
                help=FULL if full else None,
                on_click=_add_head if name == HEAD else None,
            )
            if pressed and name != HEAD:
                _editor(n, f"Another {name}", begin)


def _add_head() -> None:
    """The next head of what the last pane shows that is not shown yet."""
    shown = list(_current())
    last = shown[-1]
    taken = {pane.head for pane in shown if (pane.model, pane.text) == (last.model, last.text)}
    free = next((place for place in panes.following(last.model, last.head) if place not in taken), last.head)
    _set([*shown, replace(last, head=free)])


def _editor(n: int, title: str, begin: int) -> None:
    """The dialog for pane n, which begins as a copy of pane `begin`."""
    before = session.state()

    @st.dialog(title)
    def dialog() -> None:
        shown = _current()
        pane = shown[min(begin, len(shown) - 1)]
        if _form(n, pane) or session.state() != before:
            st.rerun()

    dialog()


def _form(n: int, pane: PaneState) -> bool:
    names = [card.name for card in session.runtime().catalog()]
    files = [name for name in (session.state().model,) if session.is_file(name)]
    models = list(dict.fromkeys([*names, *(each.model for each in _current()), *files]))
    with st.form(f"pane_{n}", border=False):
        st.selectbox(
            "Model",
            models,
            key=session.follow(f"pane_{n}_model", pane.model),
            accept_new_options=True,
            format_func=sidebar.model_title,
            help="Choose one, or type the id of a model on the Hugging Face Hub or a directory on this machine.",
        )
        st.text_area(
            "Text",
            key=session.follow(f"pane_{n}_text", pane.text),
            height=110,
            max_chars=sidebar.MAX_CHARACTERS,
            help="An opened file answers for its own text only." if session.is_file(pane.model) else None,
        )
        layer, head = st.columns(2)
        with layer:
            st.number_input("Layer", 0, MAX_INDEX, key=session.follow(f"pane_{n}_layer", pane.head[0]))
        with head:
            st.number_input("Head", 0, MAX_INDEX, key=session.follow(f"pane_{n}_head", pane.head[1]))
        return st.form_submit_button(
            "Show this pane", type="primary", width="stretch", on_click=_submitted, args=(n,)
        )


def _submitted(n: int) -> None:
    values = {name: st.session_state[f"pane_{n}_{name}"] for name in ("model", "text", "layer", "head")}
    model = sidebar.typed_name(values["model"]) or session.default_model()
    file = session.opened(model)
    text = file.text if file is not None else clean(values["text"])
    if not text.strip():
        return
    if not session.is_file(model):
        session.trust_model(model)
    pane = PaneState(model, text, (int(values["layer"]), int(values["head"])))
    shown = list(_current())
    shown[n : n + 1] = [pane]
    _set(shown)

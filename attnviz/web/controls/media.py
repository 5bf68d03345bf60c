"""The place of the text where the model reads pictures or sounds: an upload, and what is said of it.

The file stays on the server; the address names it by its digest.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from attnviz.errors import AttnVizError
from attnviz.web.controls import models
from attnviz.web.escape import clean
from attnviz.web.shell import problems
from attnviz.web.state import session

if TYPE_CHECKING:
    from attnviz.runtime import Medium
    from attnviz.web.state.address import State

PROBLEM = "attnviz_medium_problem"
TITLES = {"image": "Picture", "audio": "Sound"}
TYPES = {
    "image": ["png", "jpg", "jpeg", "webp", "gif", "bmp", "tif", "tiff"],
    "audio": ["wav", "flac", "ogg", "mp3", "aiff"],
}
MAX_CHARACTERS = 10_000


def form(state: State, medium: Medium, key: str = "side") -> bool:
    """The upload of a picture or a sound, and the text that a decoder says of it; true when that was just sent."""
    st.file_uploader(
        TITLES[medium],
        type=TYPES[medium],
        key=f"{key}_{medium}",
        on_change=_uploaded,
        args=(f"{key}_{medium}", medium),
        help="It stays in the memory of this server, and only there; the link names it, and cannot carry it.",
    )
    if medium == "image":
        st.chat_input(
            "Or paste a picture here, and send it",
            accept_file=True,
            file_type=TYPES[medium],
            key=f"{key}_pasted",
            on_submit=_pasted,
            args=(f"{key}_pasted",),
        )
    if PROBLEM in st.session_state:
        problems.show_error(st.session_state[PROBLEM])
    card = session.runtime().card(session.query(state).model)
    if card is None or card.kind != "encoder-decoder":
        return False
    with st.form(f"{key}_media_form", border=False):
        st.text_area(
            "Transcript (optional)" if medium == "audio" else "Output text (optional)",
            state.target_text or "",
            key=session.follow(f"{key}_said", state.target_text or ""),
            height=68,
            max_chars=MAX_CHARACTERS,
        )
        return st.form_submit_button(
            "Show", type="primary", width="stretch", on_click=_said, args=(f"{key}_said",)
        )


def _said(key: str) -> None:
    session.update(target_text=clean(st.session_state[key]) or None)


def _uploaded(key: str, medium: Medium) -> None:
    """What was just chosen; where it was taken out of the list, what is shown stays until another is chosen."""
    st.session_state.pop(PROBLEM, None)
    if st.session_state[key] is not None:
        _hold(medium, st.session_state[key].getvalue())


def _pasted(key: str) -> None:
    """The picture that was pasted; words beside it are no part of the question."""
    st.session_state.pop(PROBLEM, None)
    files = getattr(st.session_state[key], "files", ())
    if files:
        _hold("image", files[0].getvalue())


def _hold(medium: Medium, data: bytes) -> None:
    """Hold a file and show it; what cannot be read is said, and what was shown before stays."""
    try:
        digest = session.runtime().hold(medium, data)
    except AttnVizError as error:
        st.session_state[PROBLEM] = error
    else:
        _show(medium, digest)


def missing(state: State, medium: Medium) -> None:
    """There is no picture or sound, or the one that the address names is not here."""
    name = TITLES[medium].lower()
    with st.container(border=True):
        if getattr(state, medium) is None:
            st.subheader(f"There is no {name} yet", anchor=False)
            st.markdown(f"This model reads a {name}: choose a file under **{TITLES[medium]}**.")
            _samples(state, medium)
        else:
            st.subheader(f"This {name} is not here", anchor=False)
            st.markdown(
                f"The address names a {name} that somebody chose; this server does not have it, or keeps it no longer. "
                f"Choose the file again under **{TITLES[medium]}**."
            )


def _samples(state: State, medium: Medium) -> None:
    """What comes along with a model of the catalogue, to start from."""
    card = models.catalogued(session.query(state).model)
    with st.container(horizontal=True):
        for file in card.examples if card is not None else ():
            st.button(f"Take {file}", key=f"sample_{file}", on_click=_take, args=(medium, file))


def _take(medium: Medium, file: str) -> None:
    _show(medium, session.runtime().sample(medium, file))


def _show(medium: Medium, digest: str) -> None:
    session.update(**{"image": None, "audio": None, medium: digest})


def not_here(title: str, medium: Medium) -> None:
    """A page that reads text, and a model or a file of something else."""
    name = TITLES[medium].lower()
    with st.container(border=True):
        st.subheader(f"{title} reads text", anchor=False)
        st.markdown(
            f"What is looked at is a {name}: see its attention on the pages **Attention** and **All heads**, or choose "
            "a model that reads text."
        )

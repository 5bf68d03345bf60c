"""Saved files that a visitor opens: the upload in the sidebar and in the entry dialog, and what is wrong with a file.

An upload becomes a question to the runtime, under the name of a file in place of a model's, in the address.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import streamlit as st

from attnviz.errors import AttnVizError
from attnviz.web.escape import plain
from attnviz.web.shell import problems
from attnviz.web.state import address, holding, session

if TYPE_CHECKING:
    from attnviz.web.state.address import State

UPLOAD = "upload"
PROBLEM = "attnviz_upload_problem"
KIND = "upload"  # of what is held: name and bytes of the last upload that could be read
OPENED = "attnviz_opened_file"  # (name in addresses, name of the file) of that upload
FORMER = "attnviz_former_file"  # what was looked at when a file was taken away


def upload(state: State, key: str = UPLOAD) -> None:
    """The upload of a saved file; what is wrong with it stands below."""
    opened = session.opened(state.model)
    with st.expander("Open a saved file", expanded=opened is not None or PROBLEM in st.session_state):
        st.file_uploader(
            "A file that was saved by AttnViz",
            type="attnviz",
            key=key,
            on_change=_uploaded,
            args=(key,),
            help="Shown without the model; it stays in the memory of this server, and only there.",
        )
        if PROBLEM in st.session_state:
            problems.show_error(st.session_state[PROBLEM])
            if opened is not None:
                st.caption("The file that was opened before is still shown.")


def _uploaded(key: str) -> None:
    """Open what was just chosen; when it was taken away again, go back to the model."""
    failed = st.session_state.pop(PROBLEM, None)
    former = st.session_state.pop(FORMER, None)
    file = st.session_state[key]
    state = session.state()
    if file is None:
        # Where a file that cannot be read is taken away, the one that was opened before stays.
        if failed is None and session.is_file(state.model):
            st.session_state[FORMER] = state
            session.write(address.State())
        return
    try:
        name, data = plain(file.name, 80), file.getvalue()
        query = session.runtime().open(data, name)
    except AttnVizError as error:
        st.session_state[PROBLEM] = error
        # Of a file that is replaced, Streamlit first says that it was taken away; the page may have been drawn, and
        # a cell of it been held, before it says what came instead.
        questions = (session.query(address.State()), session.query(former)) if former is not None else ()
        if former is not None and session.query(state) in questions:
            session.write(former)
    else:
        st.session_state[OPENED] = (query.model, name)
        with contextlib.suppress(AttnVizError):  # the capture alone fits
            holding.put(KIND, (name, data))
        session.write(address.State(model=query.model))


def keep_open(state: State) -> None:
    """Open this visitor's file again, where the server had to forget it to make room."""
    if session.is_file(state.model) and session.opened(state.model) is None:
        held = holding.get(KIND)
        if held is not None:
            with problems.guard():
                name, data = held
                session.runtime().open(data, name)


def name_of(model: str | None) -> str:
    """What this visitor's file was called whose name in addresses is `model`; "" where it is not this visitor's."""
    known, name = st.session_state.get(OPENED, ("", ""))
    return name if known == model else ""

"""What was written as a file: the prompt, the settings and all branches, which open here again as they were."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import streamlit as st

from attnviz.web.escape import clean
from attnviz.web.serving import visitor
from attnviz.web.share.drawn import file_stem
from attnviz.web.state import address, session

if TYPE_CHECKING:
    from attnviz.web.share.drawn import Drawn
    from attnviz.web.state.address import State

FORMAT = "attnviz-generation"
VERSION = 1
MOST_BYTES = 2_000_000
UNREADABLE = "This file was not saved by the Generation page, or it is damaged; what is here stays as it is."
_TEXTS = tuple(name for name, each in address.FIELDS.items() if each.text)


def text_of(drawn: Drawn) -> str:
    """The file: the address in plain words, texts in full, and how the text was made."""
    state = session.spelled(drawn.state, drawn.query)
    texts = {name: text for name in _TEXTS if (text := getattr(state, name)) is not None}
    params = {
        name: value for name, value in address.encode(state).items() if name not in (*_TEXTS, address.PACKED)
    }
    made = drawn.provenance().lines()
    return json.dumps(
        {"format": FORMAT, "version": VERSION, "address": params, "texts": texts, "made": list(made)},
        ensure_ascii=False, indent=1,
    )  # fmt: skip


def read(data: bytes) -> State | None:
    """The inverse; None for anything else. What of it cannot be used is left out, as of a link."""
    try:
        found: Any = json.loads(data) if len(data) <= MOST_BYTES else None
    except (ValueError, RecursionError):
        return None
    if not isinstance(found, dict) or found.get("format") != FORMAT or found.get("version") != VERSION:
        return None
    params, texts = found.get("address"), found.get("texts")
    if not all(_plain(each) for each in (params, texts)):
        return None
    assert isinstance(params, dict)
    assert isinstance(texts, dict)
    state, _ = address.parse({name: value for name, value in params.items() if name != address.PACKED})
    given: dict[str, Any] = {name: clean(texts[name]) for name in _TEXTS if name in texts}
    return replace(state, **given)


def _plain(found: object) -> bool:
    return isinstance(found, dict) and all(isinstance(each, str) for each in (*found, *found.values()))


def controls(drawn: Drawn) -> None:
    """The buttons to save what is here, and to open such a file."""
    with st.popover("Save or open the branches", icon=":material/account_tree:"):
        st.download_button(
            "Save the branches", visitor.kept(lambda: text_of(drawn)), mime="application/json", on_click="ignore",
            file_name=f"{file_stem(session.model_name(drawn.query.model), drawn.query.text)}.json", key="save_branches",
        )  # fmt: skip
        st.file_uploader("Open saved branches", type="json", key="open_branches", on_change=_opened)


def _opened() -> None:
    file = st.session_state["open_branches"]
    if file is None:
        return
    state = read(file.getvalue())
    if state is None:
        session.notice(UNREADABLE)
        return
    session.write(state)

"""How many tokens a text has while it is typed: a fragment of the page, so that nothing else of it is drawn again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any

import streamlit as st

from attnviz.errors import AttnVizError, InputTooLong
from attnviz.web.escape import clean
from attnviz.web.serving import modules
from attnviz.web.state import session

if TYPE_CHECKING:
    from attnviz.runtime import Query

KEY = "count"
TYPED = "attnviz_typed"  # the texts that somebody is typing, by the names of their fields
MOST = 100_000  # characters that are counted


@st.fragment
def show(query: Query, names: tuple[str, ...]) -> None:
    """The count of what stands in the fields `names` of the question, at first of what is shown.

    Nothing where the model is not loaded: its tokenizer comes with it.
    """
    typed = st.session_state.pop(TYPED, {})
    asked = replace(query, **typed) if set(typed) == set(names) else query
    _mount()(
        key=KEY,
        data={"said": said(asked), "names": ",".join(names)},
        on_typed_change=_typed,
        height="content",
    )


def said(query: Query) -> str:
    """The sentence for a question; "" where there is nothing to count, or nobody who could."""
    try:
        found = session.runtime().counted(query)
    except InputTooLong as error:
        return str(error.message)
    except AttnVizError:
        return ""  # the page says what is wrong
    if found is None:
        return ""
    together = " together" * bool(query.pair)
    if found.tokens <= found.limit:
        return f"{found.tokens:,} of {found.limit:,} tokens{together}."
    more = found.tokens - found.limit
    return f"{found.tokens:,} tokens{together}: {more:,} more than the {found.limit:,} that are read."


def _typed() -> None:
    """A browser has reported what somebody is typing: a callback. What is no texts by name is passed over."""
    values = st.session_state.get(KEY)
    found = values["typed"] if values is not None and "typed" in values else None
    if not isinstance(found, Mapping) or not all(isinstance(text, str) for text in found.values()):
        return
    if sum(map(len, found.values())) <= MOST:
        st.session_state[TYPED] = {name: clean(text) for name, text in found.items()}


@cache
def _mount() -> Callable[..., Any]:
    return st.components.v2.component("attnviz_count", js=modules.loader("count"))

"""What must be said of the text that a map is of: words that the model does not know."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from attnviz.text import unknown_pieces
from attnviz.types import Tokens

if TYPE_CHECKING:
    from attnviz.web.controls.attention import Attention


def show(attention: Attention) -> None:
    """The sentences, where there is something to say."""
    sentences = [
        unknown(each) for each in {id(each): each for each in (attention.queries, attention.keys)}.values()
    ]
    for sentence in filter(None, sentences):
        st.caption(sentence)


def unknown(items: object) -> str:
    """How many tokens of a text the vocabulary has no word for; "" where there are none."""
    if not isinstance(items, Tokens):
        return ""
    count, real = int(unknown_pieces(items).sum()), int((~items.special).sum())
    if not count:
        return ""
    are = "is" if count == 1 else "are"
    return f"{count} of {real} tokens {are} unknown to this model: all the same to it. Dots underline them."

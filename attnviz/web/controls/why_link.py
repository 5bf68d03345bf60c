"""'Why?': from a link that is held to what made the head look there."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from attnviz.web.shell import links
from attnviz.web.state import session

if TYPE_CHECKING:
    from collections.abc import Sequence

    from attnviz.web.controls.attention import Attention
    from attnviz.web.state.address import Head

WHY = ":material/help:"


def why_link(
    attention: Attention, head: Head, rows: Sequence[int], keys: Sequence[int], label: str = "Why?"
) -> None:
    """Draw the link for the strongest link of a head from one of the tokens `rows` to one of `keys`.

    Nothing where there is no model to ask: of an opened file, and of pictures and sounds.
    """
    question = attention.query
    if question.media or session.is_file(question.model):
        return
    weights = session.runtime().attention(question, *head, attention.kind)[np.ix_(rows, keys)]
    row, key = np.unravel_index(int(np.argmax(weights)), weights.shape)
    held = ((0, rows[int(row)]), (1, keys[int(key)]))
    kept = session.spelled(session.state().elsewhere(), question)
    links.link("why", label, replace(kept, kind=attention.kind, held=held).on(head), icon=WHY)

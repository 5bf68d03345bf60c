"""From the test of an explanation to its proof: the page on which exactly its words are taken away, in its way."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from attnviz.web.shell import links
from attnviz.web.state import edits, session
from attnviz.web.state.edits import Edit, Edits

if TYPE_CHECKING:
    from attnviz.explanation import Faithfulness
    from attnviz.types import Tokens


def removal_link(test: Faithfulness, tokens: Tokens) -> None:
    """Draw the link; `tokens` are those of the tested text."""
    first = {int(tokens.words[place]): place for place in reversed(test.word_tokens)}
    made = Edits(test.side, tuple(Edit(place, test.operator) for place in sorted(first.values())))
    label = "Remove these words and see" if len(first) > 1 else "Remove this word and see"
    state = replace(session.state().unchanged(), part="text", edits=edits.write(made))
    links.link("ablation", label, state, icon=":material/content_cut:")

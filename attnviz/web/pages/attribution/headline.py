"""The headline of the attribution page: the result and the words that carry it in a sentence, beside it the badges."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from attnviz.web.controls import targets
from attnviz.web.escape import markdown

if TYPE_CHECKING:
    from attnviz.explanation import Faithfulness, TargetInfo
    from attnviz.types import Attribution
    from attnviz.web.state.address import State

LONGEST = 400  # letters
NAMED = ("label", "token", "labels")  # options that say what the result is of; the first one counts


class Headline:
    """A place at the top of the page, which the test fills when it is done; `badges` is the place of its badges."""

    def __init__(self, target: TargetInfo, state: State) -> None:
        self._target, self._state = target, state
        with st.container(key="attribution_headline"):
            self._words = st.empty()
            self.badges = st.container(horizontal=True, gap="small", key="badges")

    def show(self, attribution: Attribution, test: Faithfulness | None = None) -> None:
        """Say what the result is and, of a tested one, what becomes of it without the words named first."""
        from attnviz.explanation.evaluation import headline

        found = targets.decided(attribution, self._state)
        name = next((found[each] for each in NAMED if found.get(each)), "")
        said = headline.sentence(attribution, test, name or self._target.title, self._target.unit)
        self._words.markdown(f"**{markdown(said, LONGEST)}**")

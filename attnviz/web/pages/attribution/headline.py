"""The headline of the attribution page: the result and the words that carry it in a sentence, beside it the badges."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from attnviz.web.escape import markdown

if TYPE_CHECKING:
    from attnviz.explanation import Faithfulness, TargetInfo
    from attnviz.types import Attribution

LONGEST = 400  # letters


class Headline:
    """A place at the top of the page, which the test fills when it is done; `badges` is the place of its badges."""

    def __init__(self, target: TargetInfo) -> None:
        self._target = target
        with st.container(key="attribution_headline"):
            self._words = st.empty()
            self.badges = st.container(horizontal=True, gap="small", key="badges")

    def show(self, attribution: Attribution, test: Faithfulness | None = None) -> None:
        """Say what the result is and, of a tested one, what becomes of it without the words named first."""
        from attnviz.explanation.evaluation import headline

        said = headline.sentence(attribution, test, self._target.title, self._target.unit)
        self._words.markdown(f"**{markdown(said, LONGEST)}**")

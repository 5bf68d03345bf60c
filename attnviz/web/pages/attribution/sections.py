"""The sections of the attribution page, and the list that jumps to each."""

from __future__ import annotations

from typing import NamedTuple

import streamlit as st

from attnviz.web.controls import answers


class Section(NamedTuple):
    """`anchor`: its name in the address, behind the #."""

    title: str
    anchor: str


PAIRS = Section("Word by word: which pairs make the similarity", "pairs")
SAYS = Section("What the model says", answers.ANCHOR)
READ = Section("How to read this", "how-to-read")
TRUST = Section("How far to trust this", "trust")
METHODS = Section("All methods side by side", "all-methods")
FORGETS = Section("Does it depend on what the model learned?", "forgets")


def jump(*, pairs: bool, answers: bool) -> None:
    """Links to the sections that there are."""
    found = [PAIRS] if pairs else []
    found += [SAYS] if answers else []
    found += [READ, TRUST, METHODS, FORGETS]
    with st.container(key="attribution_jumps"):
        st.markdown(" · ".join(f"[{each.title.split(':')[0]}](#{each.anchor})" for each in found))


def begin(section: Section) -> None:
    """The heading of a section, to which its link jumps."""
    st.subheader(section.title, anchor=section.anchor)

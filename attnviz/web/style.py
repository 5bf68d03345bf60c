"""The few style rules that the theme cannot express, and the icon."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

ICON = str(Path(__file__).with_name("icon.svg"))

# Streamlit collapses the sidebar below 768 px, and with it the text: there, each page has its own way to it.
_RULES = """
<style>
.stMainBlockContainer { padding-top: 2.6rem; padding-bottom: 4rem; max-width: 1500px; }
.st-key-narrow_entry { display: none; }
.st-key-shown_text .stText, .st-key-shown_text pre { white-space: pre-wrap; overflow-wrap: anywhere; }
.stText { overflow-wrap: anywhere; white-space: pre-wrap; }
@media (max-width: 768px) {
  .st-key-narrow_entry { display: flex; }
  .stMainBlockContainer { padding-left: 1rem; padding-right: 1rem; }
}
</style>
"""


def apply() -> None:
    """Put the rules on the page."""
    st.html(_RULES)

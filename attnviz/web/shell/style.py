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
/* Streamlit's own captions, and its chosen buttons in the dark, are too faint: axe-core asks for a contrast of 4.5. */
.stApp [data-testid="stCaptionContainer"] { opacity: 0.75; }
.stApp button[data-selected="true"] p { color: light-dark(#1c5d99, #8cbcec); }
.st-key-attention_choices { min-height: 4.6rem; } /* they come after the picture, which must not move */
.stText { overflow-wrap: anywhere; white-space: pre-wrap; }
.stText, .stText *, .stTextArea textarea, .stTextInput input { unicode-bidi: plaintext; text-align: start; }
.attnviz-statistics { width: 100%; border-collapse: collapse; font-size: 0.875rem; }
.attnviz-statistics th { font-weight: 400; text-align: left; opacity: 0.75; padding: 0.2rem 0; white-space: nowrap; }
.attnviz-statistics td { text-align: right; padding: 0.2rem 0 0.2rem 0.5rem; white-space: nowrap; }
.attnviz-statistics td, .attnviz-statistics th { font-variant-numeric: tabular-nums; border: 0; }
.attnviz-statistics td:last-child { opacity: 0.75; }
.attnviz-answers { border-collapse: collapse; font-size: 0.9rem; width: min(100%, 36rem); }
.attnviz-answers th, .attnviz-answers td { border: 0; padding: 0.15rem 0.75rem 0.15rem 0; }
.attnviz-answers th { font-weight: 400; text-align: left; overflow-wrap: anywhere; }
.attnviz-answers th[scope="col"] { opacity: 0.75; }
.attnviz-answers td { white-space: nowrap; text-align: right; font-variant-numeric: tabular-nums; }
.attnviz-answers td:nth-child(2) { width: 50%; }
.attnviz-answers span { display: block; height: 0.7rem; background: currentColor; opacity: 0.55; }
.attnviz-answers th[scope="col"]:last-child, .attnviz-changes th[scope="col"]:not(:first-child) { text-align: right; }
.st-key-switched { min-height: 13.5rem; }
.attnviz-wide { overflow-x: auto; }
.attnviz-changes td:nth-child(2) { width: auto; }
.attnviz-changes span { height: 0.3rem; margin-left: auto; }
.attnviz-row td { width: 30%; }
.attnviz-layers { width: auto; }
.attnviz-layers th { white-space: nowrap; }
.attnviz-answers.attnviz-layers td { text-align: left; padding: 0.2rem 0.6rem; }
.attnviz-answers.attnviz-layers td:nth-child(2) { text-align: right; }
.attnviz-answers.attnviz-layers th[scope="col"]:not(:first-child) { text-align: left; padding: 0.2rem 0.6rem; }
.attnviz-layers .final { box-shadow: inset 0 -3px #d97706; }
.attnviz-edits { overflow-wrap: anywhere; }
.attnviz-edits del { text-decoration-color: #d97706; text-decoration-thickness: 2px; opacity: 0.8; }
.attnviz-edits ins { text-decoration: underline #2c74c4 2px; text-underline-offset: 3px; font-weight: 600; }
.attnviz-marks p { overflow-wrap: anywhere; line-height: 1.9; margin: 0 0 0.4rem; }
.attnviz-marks p { unicode-bidi: plaintext; text-align: start; }
.attnviz-marks u { text-decoration: underline 2px; text-underline-offset: 4px; }
.attnviz-marks small { margin-inline: 0.25rem; padding: 0 0.25rem; font-size: 0.75rem; border-radius: 4px; }
.attnviz-marks small { border: 1px solid currentColor; white-space: nowrap; }
.js-plotly-plot .infolayer text, .js-plotly-plot :is(.xtick, .ytick) text { fill: currentColor !important; }
[data-testid="stSidebarHeader"] { height: 2.75rem; margin-bottom: 0; }
@media (max-width: 768px) {
  .st-key-attention_choices { min-height: 15.6rem; }
  .st-key-narrow_entry { display: flex; }
  .stMainBlockContainer { padding-left: 1rem; padding-right: 1rem; }
}
</style>
"""


def apply() -> None:
    """Put the rules on the page."""
    st.html(_RULES)

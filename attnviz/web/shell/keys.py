"""The keys of every page: `/` goes to the text box, `?` lists what there is on this page, in words.

What a figure does with a key stands in the figure, and its tests press it; the lists here repeat it for readers.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import streamlit as st

Group = tuple[str, tuple[tuple[str, str], ...]]

EVERYWHERE: Group = (
    "On every page",
    (
        ("/", "go to the text box"),
        ("?", "show these keys"),
        ("Tab", "go to the next control, word or picture"),
        ("Esc", "close this, or let go of what is held"),
    ),
)
TABLE: Group = (
    "In a table of heads",
    (("← → ↑ ↓", "go from head to head"), ("Enter", "show the head")),
)
PAGES: dict[str, tuple[Group, ...]] = {
    "attention": (
        (
            "In the heatmap",
            (
                ("← →", "previous and next head"),
                ("↑ ↓", "previous and next layer"),
                ("Enter", "begin or end to move from cell to cell with the arrows"),
                ("Shift + ← → ↑ ↓", "move from cell to cell"),
            ),
        ),
        (
            "In the text",
            (
                ("← →", "go from token to token"),
                ("Home End", "go to the first and the last token"),
                ("Enter", "hold the token, or let it go"),
            ),
        ),
        (
            "In the lines",
            (
                ("↑ ↓", "go from token to token"),
                ("← →", "go to the left and the right column"),
                ("Enter", "hold the token, or let it go"),
                ("Shift + Enter", "on a head’s button: show this head alone, and again all"),
            ),
        ),
    ),
    "heads": (
        (
            "In the grid",
            (
                ("← → ↑ ↓", "go from head to head"),
                ("Home End", "go to the first and the last head"),
                ("Enter", "show the head larger, in place; again: close it"),
                ("c", "mark the head for comparison, or take the mark off"),
            ),
        ),
        ("In the larger map", (("← → ↑ ↓", "move from cell to cell"), ("Esc", "close it"))),
    ),
    "compare": (
        (
            "In the maps side by side",
            (("← → ↑ ↓", "move from cell to cell of the first map, and to its counterparts in the others"),),
        ),
        (
            "In the matrix of all heads",
            (("← → ↑ ↓", "go from pair to pair"), ("Enter", "keep the pair in sight")),
        ),
        TABLE,
    ),
    "allocation": (
        ("In the list of kinds", (("← → ↑ ↓", "choose whose share is shown head by head"),)),
        TABLE,
        (
            "In the heatmap, from part to part",
            (
                ("↑ ↓", "previous and next layer"),
                ("Enter", "begin or end to move from cell to cell with the arrows"),
            ),
        ),
    ),
    "bertviz": (
        (
            "In BertViz’s drawing, where all else needs a mouse",
            (("↑ ↓", "on the lists above it: another layer, or other texts of a pair"),),
        ),
    ),
    "attribution": (("In the words", (("← → ↑ ↓", "go from word to word and read its score"),)),),
    "ablation": (
        (
            "In the grid of heads",
            (
                ("← → ↑ ↓", "go from head to head; left of head 0 is the whole layer"),
                ("Enter", "switch the head or the layer off, or on again"),
            ),
        ),
        (
            "In the words of the text",
            (
                ("← → ↑ ↓", "go from word to word"),
                ("Enter", "change the word, or put it back"),
                ("Delete", "delete the word, or put it back"),
                ("Ctrl + Z", "take the last change back"),
            ),
        ),
    ),
    "layers": (("In the table, where it is wider than the screen", (("← →", "move it sideways"),)),),
    "report": (),
}
_HTML = """<button type="button" aria-haspopup="dialog">Keys <kbd>?</kbd></button>
<dialog aria-labelledby="title"><header><h2 id="title">Keys</h2>
<button type="button" aria-label="Close">×</button></header><div></div></dialog>"""
_CSS = """
:host, div, dialog { font-family: var(--st-font); font-size: 0.875rem; color: var(--st-text-color); }
button { font: inherit; color: inherit; background: none; cursor: pointer; padding: 0.2rem 0.5rem; min-height: 2rem;
  border: 1px solid var(--st-border-color); border-radius: var(--st-button-radius, 0.4rem); }
button:hover { color: var(--st-primary-color); border-color: var(--st-primary-color); }
button:focus-visible { outline: 2px solid var(--st-primary-color); outline-offset: 2px; }
kbd { font: inherit; font-size: 0.8rem; padding: 0.05rem 0.4rem; border: 1px solid var(--st-border-color);
  border-bottom-width: 2px; border-radius: 4px; background: var(--st-secondary-background-color); }
dialog { background: var(--st-background-color); border: 1px solid var(--st-border-color); border-radius: 8px;
  padding: 1rem 1.4rem 1.4rem; max-width: min(36rem, calc(100vw - 3rem)); max-height: 85vh; overflow: auto; }
dialog::backdrop { background: rgb(0 0 0 / 45%); }
header { display: flex; justify-content: space-between; align-items: center; }
header button { font-size: 1.2rem; line-height: 1; min-width: 2rem; }
h2 { font-size: 1.15rem; margin: 0; }
h3 { font-size: 0.875rem; margin: 1rem 0 0.3rem; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 0.35rem 1rem; margin: 0; align-items: baseline; }
dt { display: flex; gap: 0.25rem; justify-content: flex-end; min-width: 10.2rem; }
@media (max-width: 480px) { dt { min-width: 0; } dl { grid-template-columns: 8.2rem 1fr; } dt { flex-wrap: wrap; } }
dd { margin: 0; }
"""


def show(page: str) -> None:
    """Listen for the keys, and draw the button that lists them."""
    groups = (EVERYWHERE, *PAGES.get(page, ()))
    # As JSON: of a list, Streamlit would ask pandas whether it is a table.
    _mount()(key="keys", data={"keys": json.dumps(groups)})


@cache
def _mount() -> Callable[..., Any]:
    script = Path(__file__).with_name("keys.js").read_text("utf-8")
    return st.components.v2.component("attnviz_keys", html=_HTML, css=_CSS, js=script)

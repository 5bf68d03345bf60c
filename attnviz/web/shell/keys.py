"""The keys of every page: `?` lists what there is on this page, in words; `head.js` answers to the other general ones.

What a figure does with a key stands in the figure, and its tests press it; the lists here repeat it for readers.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from typing import Any

import streamlit as st

from attnviz.web.serving import modules

Group = tuple[str, tuple[tuple[str, str], ...]]

EVERYWHERE: Group = (
    "On every page",
    (
        ("/", "edit the text"),
        ("Enter", "in the text: show it"),
        ("Shift + Enter", "in the text: begin a new line"),
        ("p", "present: no sidebar, larger type; again: as before"),
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
    "why": (
        (
            "In the two streams",
            (
                ("↑ ↓", "go from part to part"),
                ("← →", "go to the query’s and the key’s stream"),
                ("Enter", "go to a head, at the token of the stream; hold any other part"),
            ),
        ),
        ("In the traces", (("Tab", "go from step to step"), ("Enter", "go to the head of the step"))),
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
    "alignment": (
        (
            "In the translation",
            (
                ("← →", "go from word to word"),
                ("↑ ↓", "go over to the word that it was read from, or is read by"),
                ("Enter", "hold the word, with what could be otherwise; again: let it go"),
            ),
        ),
    ),
    "image": (
        (
            "In the picture",
            (
                ("← → ↑ ↓", "go from patch to patch and read its number"),
                ("Enter", "look from the patch; where a label is explained: cover it, or uncover it"),
                ("Page Up Page Down", "previous and next layer"),
                ("Esc", "let go of the patch"),
            ),
        ),
        (
            "On the wall of heads",
            (
                ("← →", "go from head to head"),
                ("↑ ↓", "previous and next layer"),
                ("Enter", "show the head, or add it to the mean"),
            ),
        ),
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
    "generation": (
        (
            "In the text",
            (
                ("← → ↑ ↓", "go from token to token and read its numbers"),
                ("Home End", "go to the first and the last token"),
                ("Enter", "look at the step that wrote the token"),
                ("Space", "let the model write on; again: stop it"),
                ("s Backspace", "write one token, go one step back"),
            ),
        ),
    ),
    "attribution": (
        ("In the words", (("← → ↑ ↓", "go from word to word and read its score"),)),
        (
            "In the pairs",
            (
                ("↑ ↓", "go from word to word"),
                ("← →", "go to the other text"),
                ("Enter", "hold the pairs of a word, or let go"),
            ),
        ),
    ),
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


def show(page: str) -> None:
    """Listen for the keys, and draw the button that lists them."""
    groups = (EVERYWHERE, *PAGES.get(page, ()))
    # As JSON: of a list, Streamlit would ask pandas whether it is a table.
    _mount()(key="keys", data={"keys": json.dumps(groups)})


@cache
def _mount() -> Callable[..., Any]:
    return st.components.v2.component("attnviz_keys", js=modules.loader("keys"))

"""What the model marks in a text (tags of tokens, an answer), drawn in the text itself."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING

import streamlit as st

from attnviz.web.escape import plain

if TYPE_CHECKING:
    from attnviz.explanation import Answer
    from attnviz.types import Mark, Tokens

LONGEST = 4_000  # characters of a text that is drawn once more with its marks


def show(answer: Answer) -> None:
    """The texts with their marks; nothing where there are none, or the texts are long."""
    tokens = answer.tokens
    if answer.marks and len(tokens.text) + len(tokens.pair or "") <= LONGEST:
        st.html(f'<div class="attnviz-marks">{marked(tokens, answer.marks)}</div>')


def marked(tokens: Tokens, marks: tuple[Mark, ...]) -> str:
    """A paragraph of HTML for each text: marked runs underlined, their names and probabilities behind; all escaped."""
    paragraphs = []
    for segment, text in enumerate((tokens.text, tokens.pair)):
        if text is None:
            continue
        parts, place = [], 0
        for start, end, name, share in _runs(tokens, marks, segment):
            parts.append(_piece(text[place:start]))
            said = f"{plain(name, 40)} {share:.0%}"
            parts.append(f"<u>{_piece(text[start:end])}</u><small>{html.escape(said)}</small>")
            place = end
        paragraphs.append(f'<p dir="auto">{"".join(parts)}{_piece(text[place:])}</p>')
    return "".join(paragraphs)


def _runs(tokens: Tokens, marks: tuple[Mark, ...], segment: int) -> list[tuple[int, int, str, float]]:
    """The marks of one text in characters; pieces of a word with one name are one run, with the first one's number."""
    found: list[tuple[int, int, str, float]] = []
    for first, end, name, share in sorted(marks):
        if tokens.segments[first] != segment:
            continue
        start, stop = int(tokens.spans[first, 0]), int(tokens.spans[end - 1, 1])
        if found and found[-1][1] == start and found[-1][2] == name:
            found[-1] = (found[-1][0], stop, name, found[-1][3])
        elif not found or start >= found[-1][1]:
            found.append((start, stop, name, share))
    return found


def _piece(text: str) -> str:
    """Escaped, on one line, with the white space at its ends."""
    left, right = " " * text[:1].isspace(), " " * text[-1:].isspace()
    body = plain(text, LONGEST)
    return f"{left}{html.escape(body)}{right}" if body else left

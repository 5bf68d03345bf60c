"""A result before and after a change: one sentence with numbers, and the model's answers side by side.

In flow two values, or two lists of answers; out flows text for readers. Every name of an answer is somebody's text.
"""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import streamlit as st

from attnviz.web.escape import markdown, plain

Outcomes = Sequence[tuple[str, float]]

SHOWN = 10  # answers in the table
# What a target is called in a sentence, with the names of its options.
NOUNS = {
    "similarity": "the similarity",
    "label": "the score of “{label}”",
    "label-difference": "the lead of “{label}” over “{against}”",
    "label-prompt": "the lead of “{label}” over “{against}”",
    "next-token": "the score of the next token",
    "token-difference": "the lead of the first token",
    "masked-token": "the score of the guess",
    "sequence": "the log-probability of the continuation",
}
UNRANKED = ("sequence",)  # its answers are the tokens of one continuation, in order


def noun(target: str, options: Mapping[str, object]) -> str:
    """What is measured, as it stands in a sentence. It may hold a label that somebody typed."""
    names = {name: plain(str(value), 40) for name, value in options.items()}
    try:
        return NOUNS.get(target, "the result").format_map(names)
    except KeyError:
        return "the result"


def sentence(condition: str, noun: str, before: float, after: float, digits: int = 3) -> str:
    """“Without layer 2 head 5 the similarity falls from 0.450 to 0.410.”, as Markdown; the noun is anybody's text."""
    return f"{condition} {markdown(noun)} {moved(before, after, digits)}."


def moved(before: float, after: float, digits: int = 3) -> str:
    """What became of a number, in words; a change that rounds away is said with more digits."""
    old, new = number(before, digits), number(after, digits)
    if old == new:
        return (
            f"stays at {old}"
            if before == after
            else f"stays at {old} (changes by {signed(after - before, 5)})"
        )
    return f"{'falls' if after < before else 'rises'} from {old} to {new}"


def number(value: float, digits: int = 3) -> str:
    """Some decimals, with a real minus sign."""
    return f"{value:.{digits}f}".replace("-", "−")


def signed(value: float, digits: int = 3) -> str:
    """With its sign."""
    return f"{value:+.{digits}f}".replace("-", "−")


def bars(first: tuple[str, float], second: tuple[str, float], unit: str) -> None:
    """Two values with our own names, as bars of one scale."""
    top = max(abs(first[1]), abs(second[1])) or 1.0
    lines = "".join(
        f'<tr><th scope="row">{html.escape(name)}</th>'
        f'<td><span style="width:{100 * abs(value) / top:.1f}%"></span></td><td>{number(value)}</td></tr>'
        for name, value in (first, second)
    )
    st.html(
        f'<table class="attnviz-answers"><thead><tr><th scope="col">result</th><th scope="col"></th>'
        f'<th scope="col">{html.escape(unit)}</th></tr></thead><tbody>{lines}</tbody></table>'
    )


@dataclass(frozen=True)
class Row:
    """An answer with its value and place before and after; None where it is not among the first ones."""

    name: str
    before: float | None
    after: float | None
    rank_before: int | None
    rank_after: int | None


def rows(before: Outcomes, after: Outcomes) -> tuple[Row, ...]:
    """The answers, those of before first, in their order; a name that occurs twice is two answers."""
    old, new = _numbered(before), _numbered(after)
    names = list(dict.fromkeys([*list(old)[:SHOWN], *list(new)[:SHOWN]]))
    gone = (None, None)
    return tuple(
        Row(
            key[0], old.get(key, gone)[0], new.get(key, gone)[0], old.get(key, gone)[1], new.get(key, gone)[1]
        )
        for key in names
    )


def _numbered(outcomes: Outcomes) -> dict[tuple[str, int], tuple[float, int]]:
    found: dict[tuple[str, int], tuple[float, int]] = {}
    for rank, (name, value) in enumerate(outcomes, 1):
        nth = sum(1 for each, _ in found if each == name)
        found[name, nth] = (value, rank)
    return found


def table(target: str, unit: str, before: Outcomes, after: Outcomes) -> None:
    """What the model says, before against after, with rank changes; nothing where it says nothing but the target."""
    if not before and not after:
        return
    found = rows(before, after)
    ranked = target not in UNRANKED
    heads = ["answer", "before", "after", "change", *(["rank"] if ranked else [])]
    head = "".join(f'<th scope="col">{name}</th>' for name in heads)
    body = "".join(_line(row, unit, ranked) for row in found)
    st.subheader("What the model says", anchor=False)
    st.html(
        f'<div class="attnviz-wide"><table class="attnviz-answers attnviz-changes"><thead><tr>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>"
    )
    st.caption(f"Unit: {unit}. " + ("Rank: the place among all answers, before → after." if ranked else ""))


def _line(row: Row, unit: str, ranked: bool) -> str:
    both = row.before is not None and row.after is not None
    change = signed((row.after or 0) - (row.before or 0)) if both else "–"
    if unit == "probability" and both:
        change = f"{100 * ((row.after or 0) - (row.before or 0)):+.1f} points".replace("-", "−")
    cells = f"{_value(row.before, unit)}{_value(row.after, unit)}<td>{change}</td>"
    if ranked:
        cells += f"<td>{html.escape(rank(row))}</td>"
    return f'<tr><th scope="row">{html.escape(plain(str(row.name), 60)) or "␣"}</th>{cells}</tr>'


def rank(row: Row) -> str:
    """“1”, “1 → 3”, “3 → lower”, “lower → 2”."""
    old, new = (str(each) if each is not None else "lower" for each in (row.rank_before, row.rank_after))
    return old if old == new else f"{old} → {new}"


def _value(value: float | None, unit: str) -> str:
    if value is None:
        return "<td>–</td>"
    if unit != "probability":
        return f"<td>{number(value)}</td>"
    return f'<td>{value:.1%}<span style="width:{100 * value:.1f}%"></span></td>'

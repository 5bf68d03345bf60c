"""A result before and after a change: one sentence with numbers, and the model's answers side by side.

Every name of an answer is somebody's text.
"""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import streamlit as st

from attnviz.text import decimals, signed_decimals
from attnviz.web.controls.answers import bar
from attnviz.web.escape import markdown, plain

if TYPE_CHECKING:
    from attnviz.explanation import Answer, TargetInfo
    from attnviz.figures import Results, Table

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
    "entailment": "the lead of “follows” over “contradicts”",
    "tag": "the lead of the tag “{label}” over “{against}”",
    "answer-start": "the score of the start of the answer",
    "answer-end": "the score of the end of the answer",
}
SAYS = "What the model says"
UNRANKED = ("sequence",)  # its answers are the tokens of one continuation, in order


def noun(target: str, options: Mapping[str, object]) -> str:
    """What is measured, as it stands in a sentence. It may hold a label that somebody typed."""
    names = {name: plain(str(value), 40) for name, value in options.items()}
    try:
        return NOUNS.get(target, "the result").format_map(names)
    except KeyError:
        return "the result"


def said(condition: str, noun: str, before: float, after: float, digits: int = 3) -> str:
    """The same sentence as plain text: condition and noun are as they were typed."""
    return f"{condition} {noun} {moved(before, after, digits)}."


def sentence(condition: str, noun: str, before: float, after: float, digits: int = 3) -> str:
    """“Without layer 2 head 5 the similarity falls from 0.450 to 0.410.”, as Markdown; the noun is anybody's text."""
    return f"{condition} {markdown(noun)} {moved(before, after, digits)}."


def moved(before: float, after: float, digits: int = 3) -> str:
    """What became of a number, in words; a change that rounds away is said with more digits."""
    old, new = decimals(before, digits), decimals(after, digits)
    if old == new:
        return (
            f"stays at {old}"
            if before == after
            else f"stays at {old} (changes by {signed_decimals(after - before, 5)})"
        )
    return f"{'falls' if after < before else 'rises'} from {old} to {new}"


def bars(values: Sequence[tuple[str, float]], unit: str) -> None:
    """Values with our own names, as bars of one scale, around zero where one of them is negative."""
    top = max(abs(value) for _, value in values) or 1.0
    signed = any(value < 0 for _, value in values)
    lines = "".join(
        f'<tr><th scope="row">{html.escape(name)}</th>{bar(value / top, signed)}<td>{decimals(value)}</td></tr>'
        for name, value in values
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
    head = "".join(f'<th scope="col">{name}</th>' for name in _columns(ranked))
    body = "".join(_line(row, unit, ranked) for row in found)
    st.subheader(SAYS, anchor=False)
    st.html(
        f'<div class="attnviz-wide"><table class="attnviz-answers attnviz-changes"><thead><tr>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>"
    )
    st.caption(_unit(unit, ranked))


def results(
    line: str,
    values: Sequence[tuple[str, float]],
    target: TargetInfo,
    before: Answer,
    after: Outcomes,
    note: str,
) -> Results:
    """All of it as plain text, for a figure that is taken away: the sentence, the values and what the model says."""
    from attnviz.figures import Results, Table

    own = Table("", ("result", target.unit), [(name, decimals(value)) for name, value in values])
    says = answers(target.name, before.outcome_unit, before.outcomes, after)
    return Results(line, [own, says] if says else [own], note)


def answers(target: str, unit: str, before: Outcomes, after: Outcomes) -> Table | None:
    """The rows of `table` as plain text; None where the model says nothing but the target."""
    from attnviz.figures import Table

    if not before and not after:
        return None
    ranked = target not in UNRANKED
    lines = [
        (_name(row), _number(row.before, unit), _number(row.after, unit), _change(row, unit))
        + ((rank(row),) if ranked else ())
        for row in rows(before, after)
    ]
    return Table(SAYS, _columns(ranked), lines, _unit(unit, ranked))


def _columns(ranked: bool) -> tuple[str, ...]:
    return ("answer", "before", "after", "change", *(("rank",) if ranked else ()))


def _unit(unit: str, ranked: bool) -> str:
    return f"Unit: {unit}. " + ("Rank: the place among all answers, before → after." if ranked else "")


def _line(row: Row, unit: str, ranked: bool) -> str:
    cells = f"{_value(row.before, unit)}{_value(row.after, unit)}<td>{_change(row, unit)}</td>"
    if ranked:
        cells += f"<td>{html.escape(rank(row))}</td>"
    return f'<tr><th scope="row">{html.escape(_name(row))}</th>{cells}</tr>'


def _name(row: Row) -> str:
    return plain(str(row.name), 60) or "␣"


def _change(row: Row, unit: str) -> str:
    if row.before is None or row.after is None:
        return "–"
    change = row.after - row.before
    return f"{signed_decimals(100 * change, 1)} points" if unit == "probability" else signed_decimals(change)


def rank(row: Row) -> str:
    """“1”, “1 → 3”, “3 → lower”, “lower → 2”."""
    old, new = (str(each) if each is not None else "lower" for each in (row.rank_before, row.rank_after))
    return old if old == new else f"{old} → {new}"


def _number(value: float | None, unit: str) -> str:
    if value is None:
        return "–"
    return f"{value:.1%}" if unit == "probability" else decimals(value)


def _value(value: float | None, unit: str) -> str:
    width = f'<span style="width:{100 * value:.1f}%"></span>' if value and unit == "probability" else ""
    return f"<td>{_number(value, unit)}{width}</td>"

"""The first page of a report, for whoever decides: the number, both texts coloured, three sentences, one picture.

All of it as HTML; every text that comes in is escaped here.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from attnviz.explanation.evaluation import headline
from attnviz.figures.charts import curves_chart, line_svg
from attnviz.figures.export import LOOKED, escaped
from attnviz.figures.messages.prose import text_in_groups
from attnviz.figures.messages.words import LEGEND
from attnviz.figures.report import sentences as words
from attnviz.text import decimals

if TYPE_CHECKING:
    from attnviz.figures.report.items import Explained, Item
    from attnviz.types import FloatArray, Tokens

LEVELS = 8  # of colour, to either side
LONGEST = 1200  # letters of a text that is coloured; longer ones stand with their figure
PICTURE = "pairs"  # the figure that says most at a glance


def front(items: Sequence[Item]) -> str:
    """What stands first; "" of a report without an explanation."""
    lead = next((n for n, item in enumerate(items) if item.explained is not None), None)
    if lead is None:
        return ""
    explained = items[lead].explained
    assert explained is not None
    picture = next((n for n, item in enumerate(items) if item.figure == PICTURE), None)
    said = "".join(f'<p dir="auto">{_line(each)}</p>' for each in _sentences(items, items[lead], explained))
    return (
        f'<div class="front">{_number(items[lead], explained)}{_texts(explained)}'
        f'<div class="said">{said}</div>{_picture(items, picture, items[lead], explained)}</div>'
    )


def _sentences(items: Sequence[Item], item: Item, explained: Explained) -> tuple[str, str, str]:
    """What carries the result, how far that can be trusted, and what it does not say."""
    target, _ = words.infos(explained)
    name, unit = (target.title, target.unit) if target is not None else (item.title, "")
    badges = words.badges(item)
    bad = [each.words for each in badges if not each.holds]
    good = [each.words for each in badges if each.holds]
    if bad:
        trust = f"Read it with care: {', '.join(bad)}."
    elif good:
        trust = f"It was put to the test: the explanation {', '.join(good)}."
    else:
        trust = words.UNTESTED
    looks = any(each.explained is None for each in items)
    return (
        headline.sentence(explained.attribution, explained.test, name, unit),
        trust,
        LOOKED if looks else words.ONE_MODEL,
    )


def _number(item: Item, explained: Explained) -> str:
    target, _ = words.infos(explained)
    attribution = explained.attribution
    what = (
        "similar"
        if attribution.target == "similarity"
        else f"{target.title}, {target.unit}"
        if target
        else item.title
    )
    return f'<p class="number"><b>{decimals(attribution.value, 2)}</b> {_line(what)}</p>'


def _texts(explained: Explained) -> str:
    """The explained texts with their words coloured, on one scale, and what the colours mean."""
    attribution = explained.attribution
    sides = [("Text", attribution.tokens, attribution.scores)]
    if attribution.pair_tokens is not None and attribution.pair_scores is not None:
        sides.append(("Second text", attribution.pair_tokens, attribution.pair_scores))
    if max(len(tokens.text) for _, tokens, _ in sides) > LONGEST:
        return ""
    summed = [_word_sums(tokens, scores) for _, tokens, scores in sides]
    top = max((float(np.abs(each).max()) for each in summed if each.size), default=0.0)
    shown = "".join(
        f'<section><h3>{name}</h3><p class="coloured" dir="auto">{_coloured(tokens, sums, top)}</p></section>'
        for (name, tokens, _), sums in zip(sides, summed, strict=True)
    )
    towards, away = LEGEND.get(attribution.target, ("", ""))
    legend = (
        f"Blue: {towards}. Orange: {away}."
        if attribution.signed and towards
        else "The stronger, the more it takes part."
    )
    return f'<div class="both">{shown}</div><p class="small">{_line(legend)}</p>'


def _word_sums(tokens: Tokens, scores: FloatArray) -> FloatArray:
    """The sum of each word's scores, by its group; special tokens count for nothing."""
    _, indices = text_in_groups("", tokens)
    return np.bincount(indices["word"], np.where(tokens.special, 0, scores)).astype(np.float32)


def _coloured(tokens: Tokens, sums: FloatArray, top: float) -> str:
    described, _ = text_in_groups("", tokens)
    kind = described["granularities"]["word"]
    parts = []
    for piece, group in kind["runs"]:
        if group >= 0 and kind["special"][group]:
            continue
        level = round(LEVELS * float(sums[group]) / top) if group >= 0 and top > 0 else 0
        shade = f"for-{level}" if level > 0 else f"against-{-level}"
        parts.append(f'<span class="{shade}">{escaped(piece)}</span>' if level else escaped(piece))
    return "".join(parts)


def _picture(items: Sequence[Item], at: int | None, lead: Item, explained: Explained) -> str:
    """The pairs, drawn, where they were pinned; else the curves of the test."""
    if at is not None:
        return (
            f'<div class="figure" data-figure="{PICTURE}" data-message="message-{at + 1}"></div>'
            '<div class="print" aria-hidden="true"></div>'
        )
    if explained.test is None:
        return ""
    chart = curves_chart(explained.test, words.unit(lead))
    return line_svg(chart, "What becomes of the result without the first words, and with them alone")


def shades() -> str:
    """The style sheet of the coloured words."""
    lines = []
    for name, colour in (("for", "rgb(44 116 196)"), ("against", "rgb(226 120 22)")):
        lines += [
            f".{name}-{level} {{ background: color-mix(in srgb, {colour} {7 * level}%, transparent); }}"
            for level in range(1, LEVELS + 1)
        ]
    return "\n".join(lines)


def _line(text: str) -> str:
    return escaped(" ".join(text.split()))

"""The parts of a report as HTML: summary, pinned figures, tables. Every text that comes in is escaped here.

Each figure gets a place, which the scripts of the page fill.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from attnviz.explanation.evaluation import verdict
from attnviz.figures.charts import curves_chart, line_svg
from attnviz.figures.charts.svg import key
from attnviz.figures.export import escaped
from attnviz.figures.report import sentences as words
from attnviz.figures.report.front import front

if TYPE_CHECKING:
    from attnviz.explanation import Faithfulness
    from attnviz.figures.report.items import Item


def body(items: Sequence[Item], title: str, summary: str, made: datetime, brief: bool = False) -> str:
    """Everything between the scripts: heading, first page, the items, and how all was made; or the first page alone."""
    count = "one figure" if len(items) == 1 else f"{len(items)} figures"
    pinned = "" if brief else "".join(_item(n, item) for n, item in enumerate(items, 1)) + _appendix(items)
    return (
        f"<header><h1>{_line(title)}</h1>"
        f'<p class="about">{count}, made with AttnViz on {_day(made)}</p>'
        '<button type="button" id="print" hidden>Print or save as PDF</button></header>\n'
        f"<main>{_summary(items, summary, brief)}{pinned}</main>\n"
    )


def _summary(items: Sequence[Item], summary: str, brief: bool) -> str:
    """The first page: the author's words, what was explained at a glance, and what each figure found."""
    own = f'<div class="own" dir="auto">{escaped(summary)}</div>' if summary.strip() else ""
    found = "".join(
        f'<li><a href="#pin-{n}" dir="auto">{_line(item.title)}</a>'
        f"{_said(words.findings(item)[:2])}{_badges(item)}</li>"
        for n, item in enumerate(items, 1)
    )
    first = front(items)
    each = "" if brief and first else f"<ol>{found}</ol>"
    return (
        '<section id="summary" aria-labelledby="in-short"><h2 id="in-short">In short</h2>'
        f"{own}{first}{each}</section>\n"
    )


def _appendix(items: Sequence[Item]) -> str:
    """What was done, what it cannot say, how each figure was made, the cards of the models."""
    means = dict.fromkeys(row for item in items for row in words.means(item))
    caveats = dict.fromkeys(line for item in items for line in words.caveats(item))
    settings = "".join(
        _table(f"Figure {n}: {item.title}", (*_models(item), *words.settings(item)))
        + _steps(item.explained.test if item.explained is not None else None)
        + _again(item)
        for n, item in enumerate(items, 1)
    )
    return (
        '<section id="appendix" aria-labelledby="appendix-title"><h2 id="appendix-title">Appendix</h2>'
        + (f"<h3>What was done</h3><dl>{_terms(means)}</dl>" if means else "")
        + f"<h3>What this cannot say</h3>{_list(caveats)}"
        + f"<h3>Settings</h3>{settings}{_made(items)}</section>\n"
    )


def _item(n: int, item: Item) -> str:
    """One pinned figure with its details."""
    test = item.explained.test if item.explained is not None else None
    note = (
        f'<blockquote class="note" dir="auto">{escaped(item.note)}</blockquote>' if item.note.strip() else ""
    )
    meaning = "".join(
        f"<p>The red badge “{_line(each.words)}” means: {_line(each.meaning)}</p>"
        if each.meaning
        else f'<p class="small">{_line(each.note)}</p>'
        for each in words.badges(item)
        if each.meaning or each.note
    )
    return (
        f'<article id="pin-{n}" aria-labelledby="title-{n}"><h2 id="title-{n}" dir="auto">{n}. {_line(item.title)}</h2>'
        f'{note}<div class="found">{_said(words.findings(item))}{_badges(item)}{meaning}</div>'
        f'<div class="figure" data-figure="{escaped(item.figure)}" data-message="message-{n}"></div>'
        f'<div class="print" aria-hidden="true"></div>{_results(item)}'
        f'<div class="details">{_texts(item)}</div>'
        + (_test(test, item) if test is not None else "")
        + f"{_link(item)}</article>\n"
    )


def _test(test: Faithfulness, item: Item) -> str:
    """The numbers of the test, and its curves as a drawing; they stand as a table in the appendix."""
    numbers = "".join(
        f'<tr><th scope="row">{_line(what)}</th><td>{own}</td><td>{random}</td></tr>'
        for what, own, random in words.numbers(test)
    )
    return (
        '<h3>Was it put to the test?</h3><div class="wide"><table class="numbers"><thead><tr><td></td>'
        '<th scope="col">this explanation</th>'
        f'<th scope="col">by chance: mean ({_line(verdict.chance(test))})</th></tr></thead>'
        f'<tbody>{numbers}</tbody></table></div><p class="small">{_line(verdict.curve_numbers(test))}</p>'
        f"{_curves(test, words.unit(item))}"
    )


def _steps(test: Faithfulness | None) -> str:
    """The curves of the test as a table."""
    if test is None:
        return ""
    steps = verdict.curve_table(test)
    head = "".join(f'<th scope="col">{_line(name)}</th>' for name in steps[0])
    rows = "".join(
        "<tr>"
        + "".join(f"<td>{value if isinstance(value, int) else f'{value:.3f}'}</td>" for value in row.values())
        + "</tr>"
        for row in steps
    )
    return (
        f'<details open><summary>Step by step</summary><div class="wide"><table class="numbers steps"><thead><tr>{head}'
        f"</tr></thead><tbody>{rows}</tbody></table></div></details>"
    )


def _curves(test: Faithfulness, unit: str) -> str:
    drawn = line_svg(curves_chart(test, unit), "Curves of the test; their numbers stand in the appendix")
    return (
        f'{drawn}<p class="small">{key(0, "first words taken away")} {key(1, "only the first words kept")}. '
        f"Shaded: {_line(verdict.chance(test))}.</p>"
    )


def _results(item: Item) -> str:
    """The numbers of a change, which the figure alone would show below itself."""
    found = words.results(item)
    return "".join(_numbers(**table) for table in found["tables"]) if found else ""


def _numbers(title: str, columns: Sequence[str], rows: Iterable[Sequence[str]], note: str) -> str:
    head = "".join(f'<th scope="col">{_line(name)}</th>' for name in columns)
    lines = "".join(
        f'<tr><th scope="row" dir="auto">{_line(name)}</th>'
        + "".join(f"<td>{_line(cell)}</td>" for cell in cells)
        + "</tr>"
        for name, *cells in rows
    )
    table = f'<table class="numbers"><thead><tr>{head}</tr></thead><tbody>{lines}</tbody></table>'
    below = f'<p class="small">{_line(note)}</p>' if note else ""
    return (f"<h3>{_line(title)}</h3>" if title else "") + f'<div class="wide">{table}</div>{below}'


def _texts(item: Item) -> str:
    return "".join(
        f'<section class="text"><h3>{_line(name)}</h3><p dir="auto">{escaped(text)}</p></section>'
        for name, text in item.texts
    )


def _again(item: Item) -> str:
    """How the numbers came about, and the Python that makes them again."""
    if item.provenance is None:
        return ""
    lines = escaped("\n".join(item.provenance.lines()))
    return f'<details class="again"><summary>How this was made</summary><pre>{lines}</pre></details>'


def _link(item: Item) -> str:
    made = f"Pinned on {_day(item.made)}. " if item.made is not None else ""
    if not item.link:
        return f'<p class="link">{made}{_line(item.unlinked)}</p>'
    whole = item.link.startswith(("http://", "https://"))
    shown = (
        f'<a href="{escaped(item.link)}" rel="noreferrer noopener" target="_blank">{escaped(item.link)}</a>'
        if whole
        else f"<code>{escaped(item.link)}</code>, after the address of the app"
    )
    return f'<p class="link">{made}This link opens it again: {shown}</p>'


def _models(item: Item) -> tuple[tuple[str, str], ...]:
    """The names of the models; their cards stand at the end, each once."""
    return (("Model", ", ".join(card.name for card in item.cards)),) if item.cards else ()


def _made(items: Sequence[Item]) -> str:
    """The cards of all models, and what the report was made with."""
    cards = dict.fromkeys(card for item in items for card in item.cards)
    models = "".join(_table(f"Model {card.name}", words.model(card)) for card in cards)
    return f'<section class="made"><div class="details">{models}{_table("Made with", words.versions())}</div></section>'


def _badges(item: Item) -> str:
    marks = "".join(
        f'<li class="{"good" if each.holds else "bad"}">{"✓" if each.holds else "✗"} {_line(each.words)}</li>'
        for each in words.badges(item)
    )
    return f'<ul class="badges">{marks}</ul>' if marks else ""


def _table(title: str, rows: Iterable[tuple[str, str]]) -> str:
    lines = "".join(
        f'<tr><th scope="row">{_line(name)}</th><td dir="auto">{_line(value)}</td></tr>'
        for name, value in rows
    )
    return f"<section><h3>{_line(title)}</h3><table><tbody>{lines}</tbody></table></section>" if lines else ""


def _terms(rows: Iterable[tuple[str, str]]) -> str:
    return "".join(f"<dt>{_line(name)}</dt><dd>{_line(text)}</dd>" for name, text in rows)


def _list(lines: Iterable[str]) -> str:
    return "<ul>" + "".join(f"<li>{_line(line)}</li>" for line in lines) + "</ul>"


def _said(sentences: Iterable[str]) -> str:
    return "".join(f'<p dir="auto">{_line(sentence)}</p>' for sentence in sentences if sentence)


def _line(text: str) -> str:
    """Text for one line: escaped, line ends as spaces."""
    return escaped(" ".join(text.split()))


def _day(moment: datetime) -> str:
    return f"{moment.day} {moment:%B %Y}"

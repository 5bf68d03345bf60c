"""A report as one HTML file: browser modules draw its figures, live and offline; its policy allows no address."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from attnviz.errors import InputEmpty
from attnviz.figures.bertviz import VIEWS, digests
from attnviz.figures.bundle import component, source, styles
from attnviz.figures.charts.svg import CURVES
from attnviz.figures.export import STYLE, escaped, policy
from attnviz.figures.report.front import shades
from attnviz.figures.report.parts import body
from attnviz.language import say

if TYPE_CHECKING:
    from attnviz.figures.report.items import Item

TITLE = "Report"


def document(
    items: Sequence[Item],
    *,
    title: str = TITLE,
    summary: str = "",
    made: datetime | None = None,
    brief: bool = False,
) -> str:
    """The report as one HTML document: a first page in plain words, each item, and an appendix on how all was made.

    Args:
        title, summary: the author's own words; any text, hostile ones too.
        made: when; by default now. brief: the first page alone, which prints on one sheet of A4.

    Raises:
        InputEmpty: there is no item. UnknownName: an item's figure is not one.
    """
    if not items:
        raise InputEmpty(say("A report needs at least one figure."), say("Pin a figure first."))
    figures = list(dict.fromkeys(each.figure for each in items))
    scripts = [f"{component(name).js}{_boot(name)}" for name in figures]
    scripts.append(source("figures/report/print.js"))
    inside = [digest for view in VIEWS for digest in digests(view)] if "frame" in figures else []
    style = "\n".join([STYLE, styles(figures), source("figures/report/report.css"), source(CURVES), shades()])
    messages = "".join(
        f'<script type="application/octet-stream" id="message-{n}">{base64.b64encode(each.message).decode()}</script>\n'
        for n, each in enumerate(items, 1)
    )
    modules = "".join(f'<script type="module">{script}</script>\n' for script in scripts)
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy(scripts, style, inside)}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="referrer" content="no-referrer">\n'
        f"<title>{escaped(title or TITLE)}</title>\n<style>{style}</style>\n</head>\n<body>\n"
        f"{body(items, title or TITLE, summary, made or datetime.now().astimezone(), brief)}"
        f"{messages}{modules}</body>\n</html>\n"
    )


def _boot(name: str) -> str:
    """Draws each figure of this name from the message that it belongs to."""
    return f"""
for (const root of document.querySelectorAll('[data-figure="{name}"]')) {{
  const coded = document.getElementById(root.dataset.message).textContent.trim();
  draw(root, Uint8Array.from(atob(coded), (letter) => letter.charCodeAt(0)), {{}});
}}
"""

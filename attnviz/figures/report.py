"""A report: pinned figures with everything that a reader needs to judge them, as one HTML file that prints well.

In flow items (a figure's message and what is known of it); out flows a page like those of `attnviz.figures.export`: it
draws its figures by the same browser modules, live and offline, and its policy allows no address at all.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from attnviz.errors import InputEmpty
from attnviz.figures import report_parts
from attnviz.figures.bertviz import VIEWS, digests
from attnviz.figures.bundle import component, source
from attnviz.figures.export import STYLE, escaped, heatmap_message, policy
from attnviz.figures.words import explanation_data

if TYPE_CHECKING:
    from attnviz.capture import Capture
    from attnviz.explanation import Agreement, Faithfulness
    from attnviz.types import Attribution, Kind, ModelCard

PIN_BYTES = 2 << 20  # of maps in one pinned figure: all heads of 80 tokens, a layer's of 200
TITLE = "Report"

Pairs = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Explained:
    """An explanation, its test, and how it agrees with others; None where that was not made."""

    attribution: Attribution
    test: Faithfulness | None = None
    agreement: Agreement | None = None


@dataclass(frozen=True)
class Item:
    """One pinned figure. All its texts may be anybody's.

    Attributes:
        figure: a name of `component`. message: what its `*_data` function made.
        title: a headline. note: what the reader writes under it.
        texts: (name, text) of the texts that it is about. cards: of the models.
        settings: (name, value), how it was made, in words; of an explanation, what its record does not hold.
        explained: the explanation that it shows, if it shows one.
        link: the address that opens it again, whole or relative to the app's; "" where there is none, then
            `unlinked` says why. made: when it was pinned.
    """

    figure: str
    message: bytes
    title: str
    note: str = ""
    texts: Pairs = ()
    cards: tuple[ModelCard, ...] = ()
    settings: Pairs = ()
    explained: Explained | None = None
    link: str = ""
    unlinked: str = ""
    made: datetime | None = None

    @property
    def nbytes(self) -> int:
        """Bytes, roughly."""
        texts = sum(len(text) for _, text in self.texts)
        explained = 0 if self.explained is None else self.explained.attribution.nbytes
        return len(self.message) + 4 * texts + explained


def document(
    items: Sequence[Item], *, title: str = TITLE, summary: str = "", made: datetime | None = None
) -> str:
    """The report as one HTML document: a summary in plain words, then each item with all that belongs to it.

    Args:
        title, summary: the author's own words; any text, hostile ones too.
        made: when; by default now.

    Raises:
        InputEmpty: there is no item. UnknownName: an item's figure is not one.
    """
    if not items:
        raise InputEmpty("A report needs at least one figure.", "Pin a figure first.")
    scripts = [f"{component(name).js}{_boot(name)}" for name in dict.fromkeys(each.figure for each in items)]
    scripts.append(source("report.js"))
    framed = any(each.figure == "frame" for each in items)
    inside = [digest for view in VIEWS for digest in digests(view)] if framed else []
    style = "\n".join([STYLE, component(items[0].figure).css, source("report.css")])
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
        f"{report_parts.body(items, title or TITLE, summary, made or datetime.now().astimezone())}"
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


def of_explanation(
    card: ModelCard,
    attribution: Attribution,
    test: Faithfulness | None = None,
    agreement: Agreement | None = None,
    *,
    title: str = "",
    note: str = "",
) -> Item:
    """The item of an attribution and its test: what `attnviz.explain` and `attnviz.faithfulness` returned.

    `agreement`: of `attnviz.explanation.evaluation.agreement.agreement`, if it was compared with others.
    """
    texts = [("Text", attribution.tokens.text)]
    pair = attribution.second_text
    texts += [("Second text", pair)] if pair else []
    return Item(
        "words",
        explanation_data(attribution, model=card.name),
        title or f"Why {card.name} said so",
        note,
        tuple(texts),
        (card,),
        explained=Explained(attribution, test, agreement),
    )


def of_head(
    capture: Capture, layer: int, head: int, *, kind: Kind | None = None, title: str = "", note: str = ""
) -> Item:
    """The item of one head's attention map; other heads come along as far as `PIN_BYTES` go. Raises UnknownName."""
    texts = [("Text", capture.tokens.text)]
    texts += [("Second text", capture.tokens.pair)] if capture.tokens.pair else []
    return Item(
        "heatmap",
        heatmap_message(capture, layer, head, kind=kind, most=PIN_BYTES),
        title or f"Attention of layer {layer}, head {head}",
        note,
        tuple(texts),
        (capture.card,),
        (("Layer", str(layer)), ("Head", str(head)), ("Attention", kind or capture.kinds[0])),
    )

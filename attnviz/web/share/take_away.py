"""What a visitor takes along: a link, the saved file, a page that works offline, arrays.

The row of buttons under a picture, and what to say where a link cannot serve.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import streamlit as st

from attnviz.figures.messages import axes as maps
from attnviz.web.controls import pooled_heads
from attnviz.web.pages.attention import view as attention_view
from attnviz.web.share import map_settings, pin_button
from attnviz.web.share.drawn import Drawn
from attnviz.web.share.spreadsheet import csv_text
from attnviz.web.state import address, session

if TYPE_CHECKING:
    from attnviz.capture import Capture
    from attnviz.runtime import Query
    from attnviz.types import Kind
    from attnviz.web.state.address import State

LINK = "copy_link"
_HTML = """<button type="button">Copy link</button>
<input type="text" readonly hidden aria-label="Link to this view"><span role="status"></span>"""
_CSS = """
:host, div { font-family: var(--st-font); font-size: 0.875rem; color: var(--st-text-color); }
button { font: inherit; color: inherit; background: var(--st-background-color); cursor: pointer;
  padding: 0.25rem 0.75rem; min-height: 2.5rem;
  border: 1px solid var(--st-border-color); border-radius: var(--st-button-radius, 0.4rem); }
button:hover { color: var(--st-primary-color); border-color: var(--st-primary-color); }
button:focus-visible, input:focus-visible { outline: 2px solid var(--st-primary-color); outline-offset: 2px; }
input { font: inherit; color: inherit; background: var(--st-secondary-background-color); margin-inline-start: 0.5rem;
  border: 1px solid var(--st-border-color); border-radius: 0.4rem; padding: 0.4rem; max-width: 100%; }
input[hidden] { display: none; }
span { margin-inline-start: 0.5rem; }
"""


def attention(query: Query, state: State) -> None:
    """What can be taken from the attention page."""
    from attnviz.figures import QUANTITIES, export
    from attnviz.figures.report import PIN_BYTES

    capture, kind = _capture(query, state)
    layers, heads, _, _ = capture.shape(kind)
    shown = attention_view.chosen_head(state, layers, heads)
    # What the page says of a choice that does not exist, it has said.
    view = state.view if state.view in maps.GRANULARITIES else "token"
    quantity = state.quantity if state.quantity in QUANTITIES else attention_view.QUANTITY
    pool = pooled_heads.chosen(state, QUANTITIES[quantity].pools, layers, heads)
    form = state.form or "heatmap"
    hide, keep = attention_view.settings(state)

    def message(most: int) -> bytes:
        return export.heatmap_message(
            capture,
            *shown,
            kind=kind,
            granularity=view,
            quantity=quantity,
            form=form,
            hide=hide,
            keep=keep,
            held=state.held,
            pool=pool,
            most=most,
        )

    def page() -> str:
        return export.page("heatmap", drawn.message(), title=drawn.title, text=query.text)

    def archive() -> bytes:
        return export.archive(capture, *shown, kind=kind, quantity=quantity, pool=pool)

    if QUANTITIES[quantity].method not in capture.quantities(kind):
        # The picture says why there is none: then there is none to take along either.
        _captured(query, replace(state, heads=(shown,)), capture)
        return
    where = pool.words(layers, heads).format(layer=shown[0]) if pool else f"layer {shown[0]}, head {shown[1]}"
    drawn = Drawn(
        "heatmap",
        lambda: message(export.PAGE_BYTES),
        f"Attention of {capture.card.name}",
        query.text,
        light=lambda: message(PIN_BYTES),
        pinned_as=f"{QUANTITIES[quantity].title.capitalize()}: {where}",
        settings=map_settings.of_map(kind, shown, (layers, heads), pool, view, quantity, form, hide, keep),
    )
    _captured(query, replace(state, heads=(shown,)), capture, page, archive, drawn)


def figure(query: Query, state: State, drawn: Drawn | None, asked: Query | None = None) -> None:
    """What can be taken from a page that has drawn one figure, if it has.

    `asked` is the question that was put to the model, where attention is what the page is about.
    """
    if drawn is None:
        return
    from attnviz.figures import export

    model = session.model_name(query.model)

    def page() -> str:
        return export.page(drawn.figure, drawn.message(), title=f"{drawn.title}: {model}", text=drawn.text)

    if asked is None:
        with _row():
            reason = _link(query, state)
            _page(page, stem(model, query.text))
            pressed = pin_button.button()
        _say(reason)
        if pressed:
            pin_button.pin(query, state, drawn)
        return
    capture, kind = _capture(asked, state)
    layers, heads, _, _ = capture.shape(kind)
    layer, head = state.heads[0] if state.heads else (0, 0)
    shown = (layer, head) if layer < layers and head < heads else (0, 0)
    _captured(query, state, capture, page, lambda: export.archive(capture, *shown, kind=kind), drawn, asked)


def bertviz(query: Query, state: State) -> None:
    """What can be taken from the page of BertViz's views."""
    from attnviz.figures import bertviz as views

    capture, kind = _capture(query, state)
    layers, heads, _, _ = capture.shape(kind)
    shown = attention_view.chosen_head(state, layers, heads)
    view = next((each for each in views.VIEWS if each == state.view), views.VIEWS[0])
    _captured(
        query, replace(state, heads=(shown,)), capture, lambda: views.document(capture, view, *shown, kind)
    )


def panes(state: State, files: bool, drawn: Drawn) -> None:
    """What can be taken from panes side by side: a link to them, and a page that shows them offline."""
    from attnviz.figures import export

    query = session.query(state)

    def sheet() -> str:
        return export.page(drawn.figure, drawn.message(), title=drawn.title, text=drawn.text)

    with _row():
        if not files and not address.unlinked(state):
            _link(query, state)
        _page(sheet, "attention-side-by-side")
        pressed = pin_button.button()
    if files:
        st.caption("One of the panes comes from a file, which a link cannot carry.")
    elif address.unlinked(state):
        st.caption("These texts are too long for a link, even compressed.")
    if pressed:
        pin_button.pin(query, state, drawn)


def _capture(query: Query, state: State) -> tuple[Capture, Kind]:
    capture = session.runtime().capture(query)
    kinds: tuple[Any, ...] = capture.kinds
    default = "cross" if "cross" in kinds else kinds[0]
    return capture, state.kind if state.kind in kinds else default  # type: ignore[return-value]


def _row() -> Any:
    """The place of the buttons. What they save is made when they are pressed."""
    return st.container(horizontal=True, vertical_alignment="center", key="take_away")


def _captured(
    query: Query,
    state: State,
    capture: Capture,
    page: Callable[[], str] | None = None,
    archive: Callable[[], bytes] | None = None,
    drawn: Drawn | None = None,
    asked: Query | None = None,
) -> None:
    """The buttons of a page that shows a capture: of the question `asked`, where that is not the page's own."""
    runtime, name = session.runtime(), _stem(capture)
    with _row():
        reason = _link(query, state)
        _download("Save for AttnViz", lambda: runtime.save(asked or query), name, "attnviz", SAVE_HELP)
        if page is not None:
            _page(page, name)
        if archive is not None:
            _download("Save as arrays", archive, name, "npz", ARRAYS_HELP)
        pressed = drawn is not None and pin_button.button()
    _say(reason)
    if drawn is not None and pressed:
        pin_button.pin(query, state, drawn)


def _say(reason: str) -> None:
    if reason:
        st.caption(reason)


SAVE_HELP = (
    "A file with the attention of all heads. AttnViz opens it again without the model: see the sidebar."
)
PAGE_HELP = "One HTML file that anybody can open, offline: it holds the picture and needs nothing else."
ARRAYS_HELP = "An NPZ file for numpy.load, with the weights of all heads where they are not too many."
TABLE_HELP = "A CSV file that spreadsheets open: all the numbers of this page."
_TYPES = {
    "csv": "text/csv",
    "attnviz": "application/octet-stream",
    "html": "text/html",
    "npz": "application/octet-stream",
}


def _page(page: Callable[[], str], name: str) -> None:
    _download("Save as a web page", page, name, "html", PAGE_HELP)


def _download(label: str, data: Callable[[], Any], name: str, extension: str, meaning: str) -> None:
    st.download_button(
        label,
        data,
        file_name=f"{name}.{extension}",
        mime=_TYPES[extension],
        key=f"save_{extension}",
        on_click="ignore",
        help=meaning,
    )


def table(query: Query, state: State, rows: Callable[[], list[list[str | float]]], what: str) -> None:
    """The link and a CSV file, for pages whose numbers are a table."""
    name = f"{what}-{stem(session.model_name(query.model), query.text)}"
    with _row():
        reason = _link(query, state)
        _download("Save as a table", lambda: csv_text(rows()), name, "csv", TABLE_HELP)
    _say(reason)


def _link(query: Query, state: State) -> str:
    """The button that copies the link; a sentence that says why there is none, where there is none."""
    if session.is_file(query.model):
        return "This picture comes from a file, which a link cannot carry: send the file itself."
    if address.unlinked(state):
        return (
            "This text is too long for a link, even compressed: press **Save for AttnViz** and send the file. It opens "
            "under **Open a saved file**."
        )
    _mount()(
        key=LINK, data={"query": urlencode(address.encode(session.spelled(state, query)))}, width="content"
    )
    return ""


@cache
def _mount() -> Callable[..., Any]:
    script = Path(__file__).with_name("copy_link.js").read_text("utf-8")
    return st.components.v2.component("attnviz_copy_link", html=_HTML, css=_CSS, js=script)


def _stem(capture: Capture) -> str:
    return stem(capture.card.name, capture.tokens.text)


def stem(model: str, text: str) -> str:
    """A file name of plain letters: the model, and how the text begins."""
    words = f"{Path(model).name} {text[:40]}"
    letters = "".join(c if c.isascii() and c.isalnum() else " " for c in words)
    return "-".join(letters.lower().split()) or "attention"

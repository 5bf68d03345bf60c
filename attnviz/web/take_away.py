"""What a visitor takes along, and brings back: a link, the saved file, a page that works offline, arrays.

The row of buttons under a picture, the upload in the sidebar, and what to say where a file or a link cannot serve.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import streamlit as st

from attnviz.errors import AttnVizError
from attnviz.web import attention_view, heads_view, maps, pooling, problems, session, url
from attnviz.web.escape import plain

if TYPE_CHECKING:
    from attnviz.capture import Capture
    from attnviz.runtime import Query
    from attnviz.types import Kind
    from attnviz.web.url import State

UPLOAD = "upload"
PROBLEM = "attnviz_upload_problem"
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

    capture, kind = _capture(query, state)
    layers, heads, _, _ = capture.shape(kind)
    shown = attention_view.chosen_head(state, layers, heads)
    # What the page says of a choice that does not exist, it has said.
    view = state.view if state.view in maps.GRANULARITIES else "token"
    quantity = state.quantity if state.quantity in QUANTITIES else attention_view.QUANTITY
    pool = pooling.chosen(state, QUANTITIES[quantity].pools, layers, heads)
    form = state.form or "heatmap"
    hide, keep = attention_view.settings(state)

    def page() -> str:
        message = export.heatmap_message(
            capture,
            *shown,
            kind=kind,
            granularity=view,
            quantity=quantity,
            form=form,
            hide=hide,
            keep=keep,
            pool=pool,
        )
        return export.page("heatmap", message, title=_title(capture), text=query.text)

    def archive() -> bytes:
        return export.archive(capture, *shown, kind=kind, quantity=quantity, pool=pool)

    if QUANTITIES[quantity].method not in capture.quantities(kind):
        # The picture says why there is none: then there is none to take along either.
        _row(query, replace(state, heads=(shown,)), capture)
        return
    _row(query, replace(state, heads=(shown,)), capture, page, archive)


def heads(query: Query, state: State) -> None:
    """What can be taken from the page of all heads."""
    from attnviz.figures import export

    capture, kind = _capture(query, state)

    def page() -> str:
        message = heads_view.message(query, capture, kind, ())
        return export.page("heads", message, title=f"{_title(capture)}: all heads", text=query.text)

    _row(query, state, capture, page)


def bertviz(query: Query, state: State) -> None:
    """What can be taken from the page of BertViz's views."""
    from attnviz.figures import bertviz as views

    capture, kind = _capture(query, state)
    layers, heads, _, _ = capture.shape(kind)
    shown = attention_view.chosen_head(state, layers, heads)
    view = next((each for each in views.VIEWS if each == state.view), views.VIEWS[0])
    _row(query, replace(state, heads=(shown,)), capture, lambda: views.document(capture, view, *shown, kind))


def panes(state: State, files: bool, message: Callable[[], bytes]) -> None:
    """What can be taken from panes side by side: a link to them, and a page that shows them offline."""
    from attnviz.figures import export

    query = session.query(state)

    def sheet() -> str:
        return export.page("panes", message(), title="Attention side by side", text=query.text)

    with st.container(horizontal=True, vertical_alignment="center", key="take_away"):
        if not files and not url.unlinked(state):
            _link(query, state)
        _download("Save as a web page", sheet, "attention-side-by-side", "html", PAGE_HELP)
    if files:
        st.caption("One of the panes comes from a file, which a link cannot carry.")
    elif url.unlinked(state):
        st.caption("These texts are too long for a link, even compressed.")


def _capture(query: Query, state: State) -> tuple[Capture, Kind]:
    capture = session.runtime().capture(query)
    kinds: tuple[Any, ...] = capture.kinds
    default = "cross" if "cross" in kinds else kinds[0]
    return capture, state.kind if state.kind in kinds else default  # type: ignore[return-value]


def _row(
    query: Query,
    state: State,
    capture: Capture,
    page: Callable[[], str] | None = None,
    archive: Callable[[], bytes] | None = None,
) -> None:
    """The buttons. What they save is made when they are pressed."""
    runtime, stem = session.runtime(), _stem(capture)
    with st.container(horizontal=True, vertical_alignment="center", key="take_away"):
        reason = _link(query, state)
        _download("Save for AttnViz", lambda: runtime.save(query), stem, "attnviz", SAVE_HELP)
        if page is not None:
            _download("Save as a web page", page, stem, "html", PAGE_HELP)
        if archive is not None:
            _download("Save as arrays", archive, stem, "npz", ARRAYS_HELP)
    if reason:
        st.caption(reason)


SAVE_HELP = (
    "A file with the attention of all heads. AttnViz opens it again without the model: see the sidebar."
)
PAGE_HELP = "One HTML file that anybody can open, offline: it holds the picture and needs nothing else."
ARRAYS_HELP = "An NPZ file for numpy.load, with the weights of all heads where they are not too many."
_TYPES = {"attnviz": "application/octet-stream", "html": "text/html", "npz": "application/octet-stream"}


def _download(label: str, data: Callable[[], Any], stem: str, extension: str, meaning: str) -> None:
    st.download_button(
        label,
        data,
        file_name=f"{stem}.{extension}",
        mime=_TYPES[extension],
        key=f"save_{extension}",
        on_click="ignore",
        help=meaning,
    )


def _link(query: Query, state: State) -> str:
    """The button that copies the link; a sentence that says why there is none, where there is none."""
    if session.is_file(query.model):
        return "This picture comes from a file, which a link cannot carry: send the file itself."
    if url.unlinked(state):
        return (
            "This text is too long for a link, even compressed: press **Save for AttnViz** and send the file. It opens "
            "under **Open a saved file**."
        )
    # Everything is spelled out: the defaults of another server may be others.
    whole = replace(state, model=query.model, text=query.text, pair=query.pair, target_text=query.target_text)
    _mount()(key=LINK, data={"query": urlencode(url.encode(whole))}, width="content")
    return ""


@cache
def _mount() -> Callable[..., Any]:
    script = Path(__file__).with_name("copy_link.js").read_text("utf-8")
    return st.components.v2.component("attnviz_copy_link", html=_HTML, css=_CSS, js=script)


def _title(capture: Capture) -> str:
    return f"Attention of {capture.card.name}"


def _stem(capture: Capture) -> str:
    """A file name of plain letters: the model, and how the text begins."""
    words = f"{Path(capture.card.name).name} {capture.tokens.text[:40]}"
    letters = "".join(c if c.isascii() and c.isalnum() else " " for c in words)
    return "-".join(letters.lower().split()) or "attention"


def upload(state: State, key: str = UPLOAD) -> None:
    """The sidebar's upload of a saved file; what is wrong with it stands below."""
    opened = session.opened(state.model)
    with st.expander("Open a saved file", expanded=opened is not None or PROBLEM in st.session_state):
        st.file_uploader(
            "A file that was saved by AttnViz",
            type="attnviz",
            key=key,
            on_change=_uploaded,
            args=(key,),
            help="It is shown without the model. The file stays in the memory of this server, and only there.",
        )
        if PROBLEM in st.session_state:
            problems.show_error(st.session_state[PROBLEM])


def _uploaded(key: str) -> None:
    """Open what was just chosen; when it was taken away again, go back to the model."""
    st.session_state.pop(PROBLEM, None)
    file = st.session_state[key]
    if file is None:
        if session.is_file(session.state().model):
            session.write(url.State())
        return
    try:
        query = session.runtime().open(file.getvalue(), plain(file.name, 80))
    except AttnVizError as error:
        st.session_state[PROBLEM] = error
    else:
        session.write(url.State(model=query.model))


def keep_open(state: State, key: str = UPLOAD) -> None:
    """Open this visitor's file again, where the server had to forget it to make room."""
    if session.is_file(state.model) and session.opened(state.model) is None:
        file = st.session_state.get(key)
        if file is not None:
            with problems.guard():
                session.runtime().open(file.getvalue(), plain(file.name, 80))

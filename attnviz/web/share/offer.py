"""What a reader can take away of a figure: a link, files, a page that works offline, arrays, a table, a pin.

One row of buttons for every page. What they save is made when they are pressed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import streamlit as st

from attnviz.web.serving import visitor
from attnviz.web.share import again, copy_link, pin
from attnviz.web.share.drawn import file_stem
from attnviz.web.share.spreadsheet import csv_text
from attnviz.web.state import address, session

if TYPE_CHECKING:
    from attnviz.web.share.drawn import Drawn

# They go out with each run, so they are short.
SAVE_HELP = "The attention of all heads; AttnViz opens it again without the model."
PAGE_HELP = "One HTML file that anybody can open, offline."
ARRAYS_HELP = "An NPZ file for numpy.load, of all heads where they are not too many."
TABLE_HELP = "A CSV file that spreadsheets open: all the numbers of this page."
FROM_FILE = "This picture comes from a file, which a link cannot carry: send the file itself."
PANE_FROM_FILE = "One of the panes comes from a file, which a link cannot carry."
TOO_LONG = (
    "This text is too long for a link, even compressed: press **Save for AttnViz** and send the file. It opens "
    "under **Open a saved file**. The link without text opens the view, and the text goes in there."
)
TEXTS_TOO_LONG = (
    "These texts are too long for a link, even compressed. The link without text opens the view alone."
)
READ = "Text read"  # the name of a setting; see figures/browser/core/made.js
TYPES = {
    "csv": "text/csv",
    "attnviz": "application/octet-stream",
    "html": "text/html",
    "npz": "application/octet-stream",
}


def show(drawn: Drawn, key: str = "", noun: str = "") -> None:
    """Draw the row for this figure; below it why there is no link, where there is none.

    `key`, `noun`: tell the row of a page's further figure from that of its first, which has the link.
    """
    read = session.read_of_text()
    drawn = replace(drawn, settings=(*drawn.settings, (READ, read))) if read else drawn
    again.take(drawn)
    reason, end = why_unlinked(drawn), key and f"_{key}"
    with st.container(horizontal=True, vertical_alignment="center", key=f"take_away{end}"):
        if not key and (not reason or reason in (TOO_LONG, TEXTS_TOO_LONG)):
            copy_link.buttons(session.spelled(drawn.state, drawn.query), whole=not reason)
        _files(drawn, end, f"Save {noun}" if noun else "Save")
        pressed = bool(drawn.figure) and pin.button(end, f"Pin {noun} to report" if noun else pin.LABEL)
    if reason and not key:
        st.caption(reason)
    if pressed:
        pin.add(drawn)


def _files(drawn: Drawn, end: str, save: str) -> None:
    name = drawn.file_name or file_stem(session.model_name(drawn.query.model), drawn.query.text)
    attention, table = drawn.attention, drawn.table
    if attention is not None:
        runtime, query = session.runtime(), attention.query
        _download(f"{save} for AttnViz", lambda: runtime.save(query), name, "attnviz", SAVE_HELP, end)
    if drawn.figure:
        _download(f"{save} as a web page", lambda: page(drawn), name, "html", PAGE_HELP, end)
    if drawn.arrays is not None:
        _download(f"{save} as arrays", drawn.arrays, name, "npz", ARRAYS_HELP, end)
    if table is not None:
        lines = drawn.provenance
        _download(
            f"{save} as a table", lambda: csv_text(table(), lines().lines()), name, "csv", TABLE_HELP, end
        )


def page(drawn: Drawn) -> str:
    """The figure as one HTML document."""
    from attnviz.figures import export

    made = drawn.provenance()
    if drawn.document is not None:
        return drawn.document().replace("</body>", f"{export.told(made)}</body>", 1)
    title = drawn.file_title or f"{drawn.title}: {session.model_name(drawn.query.model)}"
    texts = " · ".join(text for _, text in drawn.all_texts)
    explained = drawn.explained() if drawn.explained is not None else None
    test, unit = None, ""
    if explained is not None:
        from attnviz.figures.report.sentences import infos

        target, test = infos(explained)[0], explained.test
        unit = target.unit if target is not None else ""
    return export.page(
        drawn.figure, drawn.message(), title=title, text=texts, made=made, test=test, unit=unit
    )


def why_unlinked(drawn: Drawn) -> str:
    """A sentence that says why no link shows the figure; "" where one does."""
    if session.is_file(drawn.query.model) or not drawn.linked:
        return FROM_FILE if drawn.linked else PANE_FROM_FILE
    if address.unlinked(drawn.state):
        return TOO_LONG if drawn.attention is not None else TEXTS_TOO_LONG
    return ""


def _download(label: str, data: Callable[[], Any], name: str, extension: str, meaning: str, end: str) -> None:
    st.download_button(
        label,
        visitor.kept(data),
        file_name=f"{name}.{extension}",
        mime=TYPES[extension],
        key=f"save_{extension}{end}",
        on_click="ignore",
        help=meaning,
    )

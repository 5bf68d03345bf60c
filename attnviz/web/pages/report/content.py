"""The report page: the pinned figures in order, each with what it found, to be named, noted, moved and removed.

Titles, notes and whatever a sentence names are anybody's text.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import streamlit as st

from attnviz.web.controls.badges import badges
from attnviz.web.escape import markdown, plain
from attnviz.web.share import again, thumb
from attnviz.web.share.report import MAX_NOTE, MAX_SUMMARY, MAX_TITLE, MOST, MOST_BYTES, Pin, Report, current
from attnviz.web.shell import links
from attnviz.web.shell.site import SITE
from attnviz.web.state import session

if TYPE_CHECKING:
    from attnviz.figures.report import Item
    from attnviz.web.state.address import State

FILE, BRIEF = "attnviz-report.html", "attnviz-report-one-page.html"
TEXT = 120  # letters of each text in the list
SETTINGS, SHORT = 240, 60  # letters of the settings in the list, and of one of them


def draw(state: State) -> None:
    """Draw the page; what it shows is saved by its own button."""
    shown = current()
    if not shown.pins:
        _empty(state)
        _undo(shown)
        return
    with st.container(border=True, key="report_words"):
        _typed(
            "Title of the report",
            "report_title",
            shown.title,
            MAX_TITLE,
            lambda text: _set(shown, "title", text),
        )
        _typed(
            "In your own words: what does it show? (stands first in the report)",
            "report_summary",
            shown.summary,
            MAX_SUMMARY,
            lambda text: _set(shown, "summary", text),
            tall=True,
        )
    _actions(shown)
    _make_again(shown)
    items = shown.items
    for number, name in enumerate(shown.pins, 1):
        if name in items:
            _pinned(shown, number, name, items[name])
        else:
            _lost(shown, number, name)


def _actions(shown: Report) -> None:
    lost, used = len(shown.lost), shown.nbytes / 2**20
    with st.container(horizontal=True, vertical_alignment="center", key="report_actions"):
        st.download_button(
            "Download report" if not lost else f"Download the {len(shown.pins) - lost} that are left",
            shown.html,
            file_name=FILE,
            mime="text/html",
            key="save_report",
            on_click="ignore",
            type="primary",
            disabled=lost == len(shown.pins),
            icon=":material/download:",
            help="One HTML file with all figures, live and offline. It prints well, and to PDF, too.",
        )
        st.download_button(
            "One page only",
            functools.partial(shown.html, brief=True),
            file_name=BRIEF,
            mime="text/html",
            key="save_brief",
            on_click="ignore",
            disabled=lost == len(shown.pins),
            help="The first page alone, for one sheet of A4: the number, both texts, three sentences, one picture.",
        )
        st.button("Remove all", key="report_clear", on_click=shown.remove, args=tuple(shown.pins))
        _undo(shown)
    st.caption(
        f"{len(shown.pins)} of at most {MOST} figures, {used:.1f} of {MOST_BYTES >> 20} MB. Titles, notes and "
        "links, with their texts, are kept in this browser, also when the page is closed or loaded anew; then the "
        "figures are made again. What came from a file is not: download the report to keep it."
    )


def _make_again(shown: Report) -> None:
    """The button that makes all lost figures again, from their links."""
    names = [name for name in shown.lost if shown.pins[name].link]
    if not names:
        return
    figures = "the figure" if len(names) == 1 else f"the {len(names)} figures"
    st.button(
        f"Make {figures} again",
        icon=":material/refresh:",
        key="report_again",
        type="primary",
        on_click=again.begin,
        args=(names,),
        help="Opens each of their pages for a moment, and pins what it shows under the same title and note.",
    )


def _undo(shown: Report) -> None:
    if shown.removed:
        count = len(shown.removed)
        label = "Put back what was removed" if count == 1 else f"Put back the {count} that were removed"
        st.button(label, icon=":material/undo:", key="report_undo", on_click=shown.undo)


def _pinned(shown: Report, number: int, name: str, item: Item) -> None:
    from attnviz.figures.report import sentences

    with st.container(border=True, key=f"pinned_{name}"):
        st.subheader(f"{number}. {markdown(item.title)}", anchor=False)
        picture, words = st.columns((1, 3), gap="medium")
        with picture:
            thumb.show(item.figure, item.message, f"thumb_{name}")
        with words:
            st.text(" · ".join(plain(text, TEXT) for _, text in item.texts))
            st.caption(markdown(_settings(sentences.settings(item))))
            for sentence in sentences.findings(item):
                st.text(plain(sentence, 600))
        badges(sentences.badges(item), st.container(horizontal=True, gap="small"), st.container(gap="small"))
        _typed(
            f"Title of figure {number}",
            f"title_{name}",
            item.title,
            MAX_TITLE,
            _changes(shown, name, "title"),
        )
        _typed(
            f"Note on figure {number}",
            f"note_{name}",
            item.note,
            MAX_NOTE,
            _changes(shown, name, "note"),
            tall=True,
        )
        with st.container(horizontal=True, vertical_alignment="center"):
            _moves(shown, number, name)
            _again(item)


def _lost(shown: Report, number: int, name: str) -> None:
    """A figure that had to make room: what it was, and the way to have it again."""
    pin = shown.pins[name]
    with st.container(border=True, key=f"lost_{name}"):
        st.subheader(f"{number}. {markdown(pin.title)}", anchor=False)
        st.markdown(
            (
                "This figure was pinned before the page was loaded anew. "
                if shown.returned
                else "This figure had to make room on the server. "
            )
            + ("Open it again and pin it; its title and note are still here." if pin.link else "")
        )
        with st.container(horizontal=True, vertical_alignment="center"):
            _moves(shown, number, name)
            _again(pin)


def _moves(shown: Report, number: int, name: str) -> None:
    """The buttons that move and remove; hidden labels name the figure, for who hears them alone."""
    last = len(shown.pins)
    for icon, label, step, possible in (
        ("arrow_upward", "Up", -1, number > 1),
        ("arrow_downward", "Down", 1, number < last),
    ):
        st.button(
            f"{label}",
            icon=f":material/{icon}:",
            key=f"{label.lower()}_{name}",
            on_click=shown.move,
            args=(name, step),
            disabled=not possible,
            help=f"Move figure {number} {label.lower()}",
        )
    st.button("Remove", icon=":material/delete:", key=f"remove_{name}", on_click=shown.remove, args=(name,))


def _again(item: Item | Pin) -> None:
    """The way back to the page that shows the figure."""
    if not item.link:
        st.caption(item.unlinked)
        return
    found = again.target(item.link)
    if found is not None:
        links.link(found[0], "Open it again", found[1])


def _settings(rows: tuple[tuple[str, str], ...]) -> str:
    """The settings in one line, notes left out."""
    return plain(" · ".join(f"{name}: {value}" for name, value in rows if len(value) <= SHORT), SETTINGS)


def _typed(
    label: str, key: str, value: str, most: int, write: Callable[[str], None], tall: bool = False
) -> None:
    """A box whose text goes to the report as soon as it is left."""
    draw: Any = st.text_area if tall else st.text_input
    draw(
        label,
        key=session.follow(f"report_{key}", value),
        max_chars=most,
        on_change=lambda: write(st.session_state[f"report_{key}"]),
        **({"height": 70} if tall else {}),
    )


def _changes(shown: Report, name: str, field: str) -> Callable[[str], None]:
    return lambda text: shown.change(name, **{field: text})


def _set(shown: Report, field: str, text: str) -> None:
    setattr(shown, field, text)


def _empty(state: State) -> None:
    """Nothing is pinned: what to do, and where."""
    with st.container(border=True, key="report_empty"):
        st.subheader("Nothing is pinned yet", anchor=False)
        st.markdown(
            "Go to a page that shows a figure, make it show what matters, and press **Pin to report** under it. The "
            "figures come here with their settings, texts and numbers; an explanation brings its test along."
        )
        with st.container(horizontal=True):
            for entry in SITE:
                if entry.figure:
                    links.link(entry.name, f"Go to “{entry.title}”", state)

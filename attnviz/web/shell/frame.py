"""What stands around every page: the sidebar with the navigation, the model and the machine.

Reads the state from the address, draws the controls from it, and runs the page that the address names.
"""

from __future__ import annotations

import threading
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

import streamlit as st

from attnviz.web import glossary
from attnviz.web.controls import self_check, sidebar, uploads
from attnviz.web.escape import markdown
from attnviz.web.share import again, keep, report
from attnviz.web.shell import first_paint, keys, problems, terms
from attnviz.web.shell.site import DEFAULT, HOME, SECTIONS, SITE, entry
from attnviz.web.state import address, session

if TYPE_CHECKING:
    from streamlit.delta_generator import DeltaGenerator
    from streamlit.navigation.page import Page

PAGES = "attnviz_pages"
WARM_AFTER = 1.0  # seconds


def show() -> None:
    """Draw the whole app for one run of the script."""
    st.set_page_config(page_title="AttnViz", page_icon=_icon(), layout="wide")
    # Streamlit notes on its pages which of them may be run, so that no two visitors may share them.
    pages = st.session_state.setdefault(PAGES, {}) or {page.url_path or HOME: page for page in site_pages()}
    st.session_state[PAGES] = pages
    current = st.navigation(list(pages.values()), position="hidden")
    state = session.begin(current.url_path)
    first_paint.begin()
    uploads.keep_open(state)
    with st.sidebar:
        st.header("AttnViz", anchor=False)  # the sidebar takes its place now, so that nothing moves later
    if session.ready():
        _page(current)  # the picture is there at once: it goes first
        first_paint.wait()
        _navigation(pages, current, state)
        _machine(_controls(state), state)
        first_paint.rest()
    else:
        model = state.model or session.default_model()
        known = session.runtime().card(model) is not None
        _navigation(pages, current, state)
        facts = _controls(state)
        _machine(facts, state)
        _page(current)
        first_paint.rest()
        _machine(facts, state)  # by now the model may have been loaded
        if not known and session.runtime().card(model) is not None:
            st.rerun()  # the controls depend on what the page has just learned of the model
    with st.sidebar, problems.guard():
        keep.show()
        self_check.show(state.model or session.default_model())  # last of all: it takes a pass of the model
    again.proceed()
    _warm_up()


def _controls(state: address.State) -> DeltaGenerator:
    """All of the sidebar but what is known of the model; returns the place for that."""
    with st.sidebar:
        with problems.guard():
            sidebar.model_choice(state)
            uploads.upload(state)
        return st.empty()


def _machine(slot: DeltaGenerator, state: address.State) -> None:
    with slot.container(), problems.guard():
        sidebar.machine(state)


def _page(current: Page) -> None:
    notices = st.container()
    with problems.guard():
        current.run()
    with notices:
        read = session.read_of_text()
        beginning = f"This is the beginning of a longer text: {read}." if read else ""
        for sentence in (beginning, *session.notices(), report.said_of_lost()):
            if sentence:
                st.info(sentence, icon=":material/info:")


@cache
def _icon() -> str:
    """The icon as an address, which Streamlit would else make of the file anew for each run."""
    image = Path(__file__).with_name("icon.svg").read_text(encoding="utf-8").strip()
    return "data:image/svg+xml," + quote(image, safe=" ='/:;,()")


@cache
def _warm_up() -> None:
    """Once per process: load the default model in the background, when the first picture has gone out.

    Importing torch holds the interpreter for moments at a time; a second's grace keeps them off that picture.
    """
    timer = threading.Timer(WARM_AFTER, session.runtime().warm)
    timer.daemon = True
    timer.start()


def site_pages() -> list[Page]:
    """All pages. The default page is listed twice, since Streamlit serves a default page at `/` only."""
    home = entry(DEFAULT)
    pages = [st.Page(home.script, title=home.title, url_path=HOME, default=True)]
    pages += [st.Page(each.script, title=each.title, url_path=each.name) for each in SITE]
    return pages


def _navigation(pages: dict[str, Page], current: Page, state: address.State) -> None:
    """Links that take the state along: Streamlit's own menu would drop the query parameters."""
    # What is held or opened belongs to one page; the head that is opened among all is the one to look at elsewhere.
    heads = state.heads or ((state.opened,) if state.opened else ())
    params = address.encode(replace(state.elsewhere(), heads=heads))
    for section in SECTIONS:
        entries = [each for each in SITE if each.section == section]
        if entries:
            st.sidebar.caption(section)
        for each in entries:
            at_home = each.name == DEFAULT and not current.url_path
            page = pages[HOME if at_home else each.name]
            count = len(report.current().pins) if each.name == again.REPORT else 0
            label = f"{each.title} ({count})" if count else each.title
            st.sidebar.page_link(page, label=label, query_params=params, width="stretch")
    with st.sidebar:
        keys.show(current.url_path or DEFAULT)
        terms.show()
        if st.button("What the words mean", width="stretch"):
            _glossary()


@st.dialog("What the words mean")
def _glossary() -> None:
    """Sent when it is asked for: it would else go out with every run."""
    terms = glossary.TERMS.values()
    st.markdown("\n".join(f"- **{markdown(term.title)}**: {markdown(term.meaning)}" for term in terms))

"""The button that pins what a page has drawn to the report, with everything that a report says of it."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import streamlit as st

from attnviz.web.share import report
from attnviz.web.shell import problems
from attnviz.web.shell.site import DEFAULT, HOME, SITE
from attnviz.web.state import address, session

if TYPE_CHECKING:
    from attnviz.figures.report import Explained, Item
    from attnviz.web.share.drawn import Drawn

LABEL = "Pin to report"
HELP = "Collects this figure with its settings, texts and numbers on the page **Report**, which makes one file of all."
FROM_FILE = (
    "This figure comes from an opened file, which a link cannot carry: open the file itself to see it again."
)
TOO_LONG = "The texts are too long for a link: type them again to see this figure."


def button(end: str = "", label: str = LABEL) -> bool:
    """Draw the button; whether it was pressed. `end`: of its key, where a page has several."""
    return st.button(label, icon=":material/keep:", key=f"pin{end}", help=HELP)


def add(drawn: Drawn) -> None:
    """Pin what is drawn, and say so."""
    with problems.guard():
        st.toast(report.current().add(item(drawn)), icon=":material/keep:")


def item(drawn: Drawn) -> Item:
    """All that a report says of the figure. Computes the test of an explanation where that was not done."""
    from attnviz.figures.report import Item

    explained = drawn.explained() if drawn.explained is not None else None
    link, unlinked = _link(drawn, explained)
    card = session.runtime().card(drawn.query.model)
    return Item(
        drawn.figure,
        (drawn.light or drawn.message)(),
        drawn.title,
        texts=drawn.all_texts,
        cards=drawn.cards or ((card,) if card is not None else ()),
        settings=drawn.settings,
        explained=explained,
        link=link,
        unlinked=unlinked,
        made=datetime.now().astimezone(),
        provenance=drawn.provenance(),
    )


def _link(drawn: Drawn, explained: Explained | None) -> tuple[str, str]:
    """The whole address that shows the figure again; "" and the reason where there is none."""
    if session.is_file(drawn.query.model) or not drawn.linked:
        return "", FROM_FILE
    if address.unlinked(drawn.state):
        return "", TOO_LONG
    whole = session.spelled(drawn.state, drawn.query)
    if explained is not None:
        attribution = explained.attribution
        whole = replace(whole, target=attribution.target, method=attribution.method)
    page = st.session_state.get(session.PAGE) or DEFAULT
    return f"{base_of(st.context.url)}{page}?{urlencode(address.encode(whole))}", ""


def base_of(here: str | None) -> str:
    """Where the app is, as a browser reaches it that shows the page `here`; "" where that is not known."""
    if not here or not here.startswith(("http://", "https://")):
        return ""
    pages = "|".join(re.escape(name) for name in (HOME, *(entry.name for entry in SITE)))
    return re.sub(rf"/(?:{pages})?/?$", "", here) + "/"

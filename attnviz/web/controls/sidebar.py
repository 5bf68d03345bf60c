"""The controls that every page shares: the texts, the gallery, the model, and what is known of model and machine.

Each reads its value from the state and writes it back in a callback; none computes anything.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from attnviz.web.controls import media, models
from attnviz.web.escape import clean, markdown, plain
from attnviz.web.state import address, session
from attnviz.web.state.fields import MAX_NAME

if TYPE_CHECKING:
    from attnviz.runtime import Example, Query
    from attnviz.types import ModelCard

FILE_TITLE = "Opened file"
MAX_CHARACTERS = 200_000  # what the browser lets somebody paste; the runtime has its own, typed, limit


def text_form(state: address.State, key: str = "side") -> bool:
    """The text, the second text, and for encoder-decoders the output text; true when they were just sent."""
    medium = session.medium(state)
    if medium:
        return not session.is_file(state.model) and media.form(state, medium, key)
    query = session.query(state)
    names = [("text", query.text, "Text"), ("pair", query.pair or "", "Second text (optional)")]
    card = session.runtime().card(query.model)
    if card is not None and card.kind == "encoder-decoder":
        names.append(("target_text", query.target_text or "", "Output text (optional)"))
    with st.form(f"{key}_form", border=False):
        for name, value, label in names:
            st.text_area(
                label,
                value,  # also as the default: see `session.set_choice` for what a browser may miss
                key=session.follow(f"{key}_{name}", value),
                height=110 if name == "text" else 68,
                max_chars=MAX_CHARACTERS,
                placeholder="Type or paste a text" if name == "text" else None,
            )
        sent = st.form_submit_button(
            "Show",
            type="primary",
            width="stretch",
            on_click=_submit,
            args=(key, [name for name, _, _ in names]),
        )
    if session.too_long_to_link(state):
        st.caption("This text is too long to travel in the link; it stays in this window.")
    return sent


def _submit(key: str, names: list[str]) -> None:
    values = {name: clean(st.session_state[f"{key}_{name}"]) for name in names}
    stored = session.example()
    if values["text"] == stored.text and (values["pair"] or None) == stored.pair:
        session.update(**{**values, "text": None, "pair": None})
    else:
        session.update(**values)


def gallery(key: str = "side") -> None:
    """Texts to start from, where the model reads text."""
    if session.medium():
        return
    st.selectbox(
        "Or start from an example",
        [example.title for example in examples()],
        index=None,
        placeholder="Choose one",
        key=f"{key}_gallery",
        on_change=_from_gallery,
        args=(f"{key}_gallery",),
    )


def _from_gallery(key: str) -> None:
    title = st.session_state[key]
    example = next((each for each in examples() if each.title == title), None)
    if example is not None:
        show_example(example)
    st.session_state[key] = None


def examples() -> list[Example]:
    """The gallery's entries for the chosen model, else the catalogue's, else those of the model that comes along."""
    from attnviz.runtime import Example, Query

    known = session.runtime().examples()
    model = session.state().model or session.default_model()
    card = models.catalogued(model)
    texts = card.examples if card is not None and card.modality == "text" else ()
    return (
        [each for each in known if each.model == model]
        or [Example(text, plain(text, 60), Query(model, text), "") for text in texts]
        or [each for each in known if each.model == known[0].model]
    )


def show_example(example: Example) -> None:
    """Take the texts of an example, and the head that shows it, where the model is the one that it was chosen for."""
    own = example.model == (session.state().model or session.default_model())
    heads = {"heads": (example.place,)} if own and example.place else {}
    session.update(text=example.text, pair=example.pair, target_text=None, **heads)


def example_of(query: Query) -> Example | None:
    """The gallery's entry with these texts, for this model."""
    same = (query.model, query.text, query.pair)
    return next(
        (each for each in session.runtime().examples() if (each.model, each.text, each.pair) == same), None
    )


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
        help="Choose one, or type the id of a model on the Hugging Face Hub"
        + (" or a directory on this machine." if session.runtime().directories else "."),
        on_change=_model_chosen,
        args=(f"{key}_model",),
    )
    if (card := models.catalogued(model)) is not None:
        st.caption(markdown(models.line(card)))
    models.under_way()
    models.listing(key)


def model_title(name: str) -> str:
    """A model by its name, an opened file not by its digest."""
    return FILE_TITLE if session.is_file(name) else plain(name, 80)


def _model_chosen(key: str) -> None:
    if st.session_state[key] == FILE_TITLE:
        return  # one upload hard after another: the browser answers with the title of what is open already
    name = typed_name(st.session_state[key])
    session.trust_model(name)
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
    if card.license:
        parts.append(f"license {card.license}")
    return ", ".join(parts) + "."

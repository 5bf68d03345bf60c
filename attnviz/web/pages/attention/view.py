"""The attention page: one layer and head as a heatmap, a text, lines or vectors, and its statistics beside it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import numpy as np
import streamlit as st

from attnviz.errors import ModelUnsupported
from attnviz.figures import FORMS, HIDEABLE, QUANTITIES, SHARES
from attnviz.figures.messages import axes as maps
from attnviz.web.controls import head_statistics, pooled_heads
from attnviz.web.shell import components, first_paint, problems, progress
from attnviz.web.state import session
from attnviz.web.state.address import Head, Place, State

if TYPE_CHECKING:
    from attnviz.capture import Capture
    from attnviz.figures import Pool, Products
    from attnviz.runtime import Progress, Query
    from attnviz.types import FloatArray, HeadTable, Kind

KIND_TITLES = {
    "self": "self-attention",
    "encoder": "Encoder: the input looks at itself",
    "decoder": "Decoder: the output looks at itself",
    "cross": "Cross: the output looks at the input",
}
QUANTITY_HELP = (
    "The attention weight is what the softmax gives. The value-weighted norm is the length of the vector that the "
    "weight lets through, ‖weight · W_O · value‖: a large weight on a short value moves little (Kobayashi et al. "
    "2020). The contribution is how much of the attention block's output y lies in that vector, "
    "⟨weight · W_O · value, y⟩ / ‖y‖²: negative where it points against the output. Over all heads of the "
    "layer, all keys and the bias of W_O, the contributions to a token add up to 1 (terms: Kobayashi et al. "
    "2020; measure: Mickus et al. 2022)."
)
QUANTITY = "attention"
VIEW_TITLES = {"token": "Tokens", "word": "Words", "sentence": "Sentences", "paragraph": "Paragraphs"}
# In the default model, the head whose "it" looks at "animal" in the stored example: a first picture worth a look.
START = (3, 1)
SEND_ALL = (
    1_000_000  # bytes: below this all heads travel with the first picture, and steps need no round trip
)
SEND_AHEAD = (
    1_100_000  # bytes: up to here the next head's map (512 tokens) or layer's maps (for lines) go along
)
SEND_LAYER = 16_000_000  # bytes: at most this much of a layer's heads travels for the lines
SENT = "attnviz_sent"


def show(query: Query, state: State) -> None:
    """Draw the page for this question."""
    with progress.loading() as report:
        capture = session.runtime().capture(query, report)
    kind = choose_kind(capture.kinds, state)
    layers, heads, _, _ = capture.shape(kind)
    shown = chosen_head(state, layers, heads)
    choices = st.container(key="attention_choices")  # filled when the picture has gone out
    view = session.choose("view", state.view, maps.GRANULARITIES, "token")
    quantity = session.choose("quantity", state.quantity, tuple(QUANTITIES), QUANTITY)
    pool = pooled_heads.chosen(state, QUANTITIES[quantity].pools, layers, heads)
    form = session.choose("form", state.form, FORMS, FORMS[0])
    hide, keep = settings(state)
    if (state.hide and not hide) or (state.keep and keep is None):
        session.notice("What the link hides or keeps is not one of the choices here; everything is shown.")
    picture, beside = st.columns([3, 1], gap="large")
    what = Picture(query, capture, kind, view, quantity, form, hide, keep, pool, state.held)
    with picture, problems.guard():
        try:
            _picture(what, shown)
        except ModelUnsupported as error:
            # The model can be shown; this of it cannot.
            problems.show_error(error, f"The {QUANTITIES[quantity].title} of this model is not known")
    first_paint.wait()
    with choices, st.container(horizontal=True, gap="medium"):
        _choose(view, quantity)
        pooled_heads.choose(state, QUANTITIES[quantity].pools, layers, heads, shown)
    with beside, progress.loading() as report:
        table = _statistics(what, report)
        if pool is None:
            head_statistics.of_head(table, shown)
        else:
            head_statistics.of_heads(
                table, pool.heads(shown[0], heads), pool.words(layers, heads).format(layer=shown[0])
            )


def settings(state: State) -> tuple[tuple[str, ...], int | None]:
    """Which tokens are hidden, and how much of a row's mass the links hold that are not faded."""
    names = (state.hide or "").split(",")
    hide = tuple(name for name in HIDEABLE if name in names)
    return hide, next((share for share in SHARES if str(share) == state.keep), None)


def chosen_head(state: State, layers: int, heads: int) -> Head:
    """The head that the state asks for; the default, and a notice, where the model has no such head."""
    default = START if START[0] < layers and START[1] < heads else (0, 0)
    layer, head = state.heads[0] if state.heads else default
    if layer < layers and head < heads:
        return layer, head
    session.notice(
        f"There is no layer {layer}, head {head}: this model has layers 0 to {layers - 1} and heads 0 to "
        f"{heads - 1}. Layer {default[0]}, head {default[1]} is shown."
    )
    return default


def choose_kind(kinds: tuple[Kind, ...], state: State) -> Kind:
    """The kind of attention, with a selector where there are several."""
    default = "cross" if "cross" in kinds else kinds[0]
    kind = cast("Kind", session.choose("kind", state.kind, kinds, default))
    if len(kinds) > 1:
        st.segmented_control(
            "Which attention",
            kinds,
            format_func=KIND_TITLES.__getitem__,
            key=session.set_choice("kind", kind),
            on_change=session.on_change("kind", "kind", lambda value: None if value == default else value),
            required=True,
        )
    return kind


def is_causal(capture: Capture, kind: Kind) -> bool:
    """Whether a token cannot look at those after it."""
    return kind == "decoder" or (kind == "self" and capture.card.kind == "decoder")


def _choose(view: str, quantity: str) -> None:
    st.segmented_control(
        "Rows and columns are",
        maps.GRANULARITIES,
        format_func=VIEW_TITLES.__getitem__,
        key=session.set_choice("view", view),
        on_change=session.on_change("view", "view", lambda value: None if value == "token" else value),
        required=True,
    )
    st.selectbox(
        "What is shown",
        tuple(QUANTITIES),
        format_func=lambda name: QUANTITIES[name].title.capitalize(),
        key=session.set_choice("quantity", quantity),
        on_change=_quantity_chosen,
        help=QUANTITY_HELP,
        width=240,
    )


def _quantity_chosen() -> None:
    """Another quantity; a way to combine heads that it does not have goes with the old one."""
    name = st.session_state["quantity"]
    pool = session.state().pool
    session.update(
        quantity=None if name == QUANTITY else name, pool=pool if pool in QUANTITIES[name].pools else None
    )


def _statistics(what: Picture, report: Progress) -> HeadTable:
    """The statistics of all heads; what they contribute to the output, where that is what is looked at."""
    from attnviz.types import HeadTable

    runtime = session.runtime()
    table = runtime.statistics(what.query, what.kind, report)
    if not QUANTITIES[what.quantity].signed:
        return table
    try:
        shares = runtime.output_shares(what.query, what.kind, report)
    except ModelUnsupported:  # the picture has said so
        return table
    return HeadTable(
        ("output", *table.metrics), ("share", *table.units), np.concatenate([shares[None], table.values])
    )


@dataclass(frozen=True)
class Picture:
    """What is drawn: of which question, and how."""

    query: Query
    capture: Capture
    kind: Kind
    view: str
    quantity: str
    form: str
    hide: tuple[str, ...] = ()
    keep: int | None = None
    pool: Pool | None = None
    held: tuple[Place, ...] = ()

    def map(self, place: Head) -> FloatArray:
        """The map of a head, or of many, over tokens. Raises ModelUnsupported where the family hides its values."""
        runtime = session.runtime()
        method = QUANTITIES[self.quantity].method
        if self.pool is None:
            return runtime.map(self.query, method, *place, self.kind)
        heads = self.pool.heads(place[0], self.capture.shape(self.kind)[1])
        with progress.loading() as report:
            return runtime.combined(self.query, heads, self.pool.how, method, self.kind, report)


def _picture(what: Picture, shown: Head) -> None:
    from attnviz.figures import MapView

    axes = maps.Axes.of(what.capture.query_tokens(what.kind), what.capture.key_tokens(what.kind), what.view)
    layers, heads, _, _ = what.capture.shape(what.kind)
    places = _places(what, layers, heads, axes.cells, shown)
    drawn = MapView(
        np.stack([axes.grouped(what.map(place)) for place in places]),
        places,
        axes,
        layers,
        heads,
        shown,
        QUANTITIES[what.quantity],
        what.pool,
        causal=is_causal(what.capture, what.kind),
        model=session.model_name(what.query.model),
        text=what.query.text,
        identity=what.kind,
        form=what.form,
        products=_products(what, shown) if what.form == "qk" else None,
        hide=what.hide,
        keep=what.keep,
        held=what.held,
    )
    components.heatmap(drawn.message(), shown)


def _products(what: Picture, shown: Head) -> Products:
    """The vectors behind one row of the head, of the first query that is held, else of the first real one."""
    from attnviz.figures import Products

    queries, keys = what.capture.query_tokens(what.kind), what.capture.key_tokens(what.kind)
    held = [index for side, index in what.held if side == 0 and index < len(queries)]
    row = held[0] if held else int(np.argmin(queries.special))
    if what.pool is not None:
        problem = "Queries and keys belong to one head: choose “One head” to take it apart."
        return Products(*shown, row, queries.labels, keys.labels, problem=problem)
    try:
        record = session.runtime().query_key(what.query, *shown, row, what.kind)
    except ModelUnsupported as error:
        return Products(*shown, row, queries.labels, keys.labels, problem=error.message)
    return Products(*shown, row, queries.labels, keys.labels, record)


def _places(what: Picture, layers: int, heads: int, cells: int, shown: Head) -> list[Head]:
    """The heads whose maps travel: all of a short text the first time, then only the one that is shown.

    Of a longer text the next head goes along: who steps through the heads finds it in the browser. Lines are drawn
    of all heads of the layer, so these travel together, as many as fit, and the next layer's where they are small.
    """
    everything = (what.query, what.kind, what.view, what.quantity, what.pool)
    every = [(layer, head) for layer in range(layers) for head in range(heads)]
    if what.pool is not None:
        every = [shown] if what.pool.chosen is not None else [(layer, shown[1]) for layer in range(layers)]
    if len(every) * cells * 4 <= SEND_ALL:
        if st.session_state.get(SENT) == everything:
            return [shown]
        st.session_state[SENT] = everything
        return every
    if what.pool is not None:
        return [shown]
    if what.form != "lines":
        following = (shown[0], shown[1] + 1)
        ahead = following[1] < heads and cells * 4 <= SEND_AHEAD
        return [shown, following] if ahead else [shown]
    others = [(shown[0], head) for head in range(heads) if head != shown[1]]
    sent = [shown, *others[: max(0, SEND_LAYER // (4 * cells) - 1)]]
    if shown[0] + 1 < layers and heads * cells * 4 <= SEND_AHEAD:
        sent += [(shown[0] + 1, head) for head in range(heads)]
    return sent

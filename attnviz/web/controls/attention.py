"""The attention that a page draws: one kind of it, of one model on one text; with the choices of kind and of a head."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import streamlit as st

from attnviz.types import default_kind
from attnviz.web.shell import progress
from attnviz.web.state import session
from attnviz.web.state.address import Head, State

if TYPE_CHECKING:
    from attnviz.runtime import CaptureInfo, Query
    from attnviz.types import Items, Kind, ModelCard

KIND_TITLES = {
    "self": "self-attention",
    "encoder": "Encoder: the input looks at itself",
    "decoder": "Decoder: the output looks at itself",
    "cross": "Cross: the output looks at the input",
}
# In the default model, the head whose "it" looks at "animal" in the stored example: a first picture worth a look.
START = (3, 1)
SEND_ALL = (
    1_000_000  # bytes of maps: below this those of all heads travel at once, and steps need no round trip
)


@dataclass(frozen=True)
class Attention:
    """One kind of attention of a capture, and the question that the capture answers."""

    query: Query
    info: CaptureInfo
    kind: Kind

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """Layers, heads, queries, keys."""
        return self.info.kinds[self.kind].shape

    @property
    def quantities(self) -> tuple[str, ...]:
        """What can be computed of a head."""
        return self.info.kinds[self.kind].quantities

    @property
    def layers(self) -> int:
        return self.shape[0]

    @property
    def heads(self) -> int:
        return self.shape[1]

    @property
    def queries(self) -> Items:
        return self.info.kinds[self.kind].queries

    @property
    def keys(self) -> Items:
        return self.info.kinds[self.kind].keys

    @property
    def text(self) -> str:
        """The text, or what the picture or the sound is, in words."""
        return self.query.text or self.info.tokens.description

    @property
    def causal(self) -> bool:
        """Whether a token cannot look at those after it."""
        return is_causal(self.info.card, self.kind)

    @property
    def title(self) -> str:
        """The kind in words."""
        return KIND_TITLES[self.kind]


def is_causal(card: ModelCard, kind: Kind | None) -> bool:
    """Whether no token can look at a later one, in this kind of attention of a model."""
    return kind == "decoder" or (kind in ("self", None) and card.kind == "decoder")


def read_attention(query: Query, state: State) -> Attention:
    """The attention of the question, captured with progress, of the kind that the reader chooses."""
    with progress.loading() as report:
        info = session.runtime().info(query, report)
    about(info.tokens)
    return Attention(query, info, choose_kind(tuple(info.kinds), state))


def about(items: Items) -> None:
    """What a picture or a sound is, and what was done to it to read it; a text speaks for itself."""
    from attnviz.types import Frames, Patches

    if isinstance(items, Patches | Frames):
        st.caption(" ".join([items.description, *items.notes]))


def choose_kind(kinds: tuple[Kind, ...], state: State) -> Kind:
    """The kind of attention, with a selector where there are several."""
    default = default_kind(kinds)
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


def first_head(layers: int, heads: int) -> Head:
    """The head to begin with: `START`, where the model has it."""
    return START if START[0] < layers and START[1] < heads else (0, 0)


def chosen_head(state: State, layers: int, heads: int) -> Head:
    """The head that the state asks for; the default, and a notice, where the model has no such head."""
    default = first_head(layers, heads)
    layer, head = state.heads[0] if state.heads else default
    if layer < layers and head < heads:
        return layer, head
    session.notice(
        f"There is no layer {layer}, head {head}: this model has layers 0 to {layers - 1} and heads 0 to "
        f"{heads - 1}. Layer {default[0]}, head {default[1]} is shown."
    )
    return default


def archive(attention: Attention, state: State) -> bytes:
    """The weights as NPZ: of all heads, or of the layer of the first head of the address where these are too many."""
    layer, head = state.heads[0] if state.heads else (0, 0)
    place = (layer, head) if layer < attention.layers and head < attention.heads else (0, 0)
    return session.runtime().archive(attention.query, *place, attention.kind)

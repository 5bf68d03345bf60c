"""Where one item of a picture looks: a row of attention over its patches, of some heads, a layer, or all layers."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import streamlit as st

from attnviz.web.pages.image import shared
from attnviz.web.share.drawn import Drawn, file_stem
from attnviz.web.shell import components, links, progress
from attnviz.web.state import session

if TYPE_CHECKING:
    from attnviz.figures import PatchView
    from attnviz.runtime import CaptureInfo, Query
    from attnviz.types import FloatArray, Patches
    from attnviz.web.pages.image.shared import Shown
    from attnviz.web.share.drawn import Rows
    from attnviz.web.state.address import Head, State

VIEWS = {
    "attention": ("Attention", "share"),
    "value_weighted": ("Value-weighted", "value"),
    "rollout": ("Rollout", "share"),
    "features": ("Alike by features", "value"),
}
MEANS = {
    "attention": "",
    "value_weighted": "Each weight times the size of what it brings along: a patch that is looked at, but carries "
    "next to nothing, counts for little (Kobayashi et al. 2020).",
    "rollout": "Attention multiplied through all layers down from this one, the heads averaged and the residual "
    "stream mixed in half (Abnar & Zuidema 2020): an estimate of which patches have reached this place.",
    "features": "The cosine of the hidden state of the chosen patch with that of every other: which patches the model "
    "takes to be like it. This is no attention.",
}


@dataclass(frozen=True)
class Look:
    """What is shown: the rows of an item in all layers and heads, and which of them."""

    query: Query
    patches: Patches
    values: FloatArray
    view: str
    item: int
    layer: int
    heads: tuple[int, ...]
    form: str
    shown: Shown

    def message(self, leaves: bool = True) -> bytes:
        """For the figure; of what `leaves` the page, the picture only where the reader agrees."""
        from attnviz.figures import patches_data

        return patches_data(
            self.patches,
            self.values,
            _described(self.view, len(self.values)),
            picture=self.shown.copy(leaves),
            item=self.item,
            layer=self.layer,
            heads=self.heads,
            form=self.form,
            note=MEANS[self.view],
            model=session.model_name(self.query.model),
            agreed=self.shown.agreed,
        )


def draw(query: Query, state: State, info: CaptureInfo) -> Drawn:
    """Draw the part; returns its figure."""
    view = session.choose("quantity", state.quantity, tuple(VIEWS), "attention")
    kind = "encoder" if "encoder" in info.kinds else next(iter(info.kinds))
    layers, heads, items, _ = info.kinds[kind].shape
    open_views = [name for name in VIEWS if name != "value_weighted" or name in info.kinds[kind].quantities]
    if session.is_file(query.model):  # a file holds attention, and neither the model nor the picture
        open_views.remove("features")
    view = view if view in open_views else "attention"
    _views(view, open_views)
    item = _item(state, items)
    with progress.loading() as report:
        values = session.runtime().patch_rows(query, item, view, report)
    if view == "features":
        values = values[1:]  # what leaves each layer, not what enters the first
    layer, chosen = _heads(state, layers, heads)
    shown = shared.shown(query)
    look = Look(query, info.tokens, values, view, item, layer, chosen, shared.form(state), shown)  # type: ignore[arg-type]
    components.patches(
        look.message(leaves=False), position=_look_from, chosen=lambda places: _show(places, view, heads)
    )
    here = replace(state.elsewhere(), model=query.model, image=query.image, held=(), quantity=None, form=None)
    place = (min(state.heads[0][0] if state.heads else layers - 1, layers - 1), chosen[0])
    with st.container(horizontal=True, key="image_links"):
        links.link("attention", "This head as a matrix", replace(here, pool=None, over=None).on(place))
        links.link("heads", "All heads of all layers", replace(here, heads=(), pool=None, over=None))
    return _drawn(look, state)


def _views(view: str, names: list[str]) -> None:
    st.segmented_control(
        "What is shown",
        names,
        format_func=lambda name: VIEWS[name][0],
        key=session.set_choice("image_view", view),
        on_change=session.on_change(
            "image_view", "quantity", lambda name: None if name == "attention" else name
        ),
        required=True,
        label_visibility="collapsed",
    )


def _described(view: str, count: int) -> PatchView:
    from attnviz.figures import PatchView

    title, unit = VIEWS[view]
    if view == "features":
        places = tuple(f"after layer {layer}" for layer in range(count))
        return PatchView(view, title, unit, signed=True, top=1.0, places=places)
    return PatchView(view, title, unit, places=tuple(f"layer {layer}" for layer in range(count)))


def _item(state: State, count: int) -> int:
    """Whose row: the query that is held; by default the first item, [CLS] where the model has one."""
    item = next((position for side, position in state.held if side == 0), 0)
    if item < count:
        return item
    session.notice("The patch in the link is not one of this picture; the first one is shown.")
    return 0


def _look_from(item: int) -> None:
    session.update(held=((0, item),))


def _heads(state: State, layers: int, heads: int) -> tuple[int, tuple[int, ...]]:
    """The layer, and the heads whose mean is shown: by default the last layer's, all of them."""
    if not state.heads:
        return layers - 1, tuple(range(heads))
    layer, head = state.heads[0]
    if layer >= layers or head >= heads:
        session.notice(
            f"The head in the link is not one of this model, which has layers 0 to {layers - 1} and heads 0 to "
            f"{heads - 1}; the last layer is shown."
        )
        return layers - 1, tuple(range(heads))
    if state.pool != "mean":
        return layer, (head,)
    named = [each.split(".") for each in (state.over or "").split(",")]
    several = sorted({int(pair[1]) for pair in named if len(pair) == 2 and pair[1].isdigit()})
    return layer, tuple(each for each in several if each < heads) or tuple(range(heads))


def _show(places: tuple[Head, ...], view: str, heads: int) -> None:
    """The reader turned to other heads, or to another layer."""
    if not places:
        return
    layer = places[0][0]
    if view in ("rollout", "features"):  # which have no heads: those that were shown before stay
        current = session.state()
        head = current.heads[0][1] if current.heads else 0
        session.update(
            heads=((layer, head),), pool=current.pool if current.heads else "mean", over=current.over
        )
        return
    chosen = [head for _, head in places]
    mean = len(chosen) > 1
    over = ",".join(f"{layer}.{head}" for head in chosen) if 1 < len(chosen) < heads else None
    session.update(heads=((layer, chosen[0]),), pool="mean" if mean else None, over=over)


def _drawn(look: Look, state: State) -> Drawn:
    query, name = look.query, look.patches.labels[look.item]
    title, _ = VIEWS[look.view]
    of_heads = look.values.shape[1] > 1
    settings = [("From", name), ("Shown", title), ("Layer", str(look.layer))]
    if of_heads:
        settings.append(("Heads", ", ".join(map(str, look.heads))))
    return Drawn(
        query,
        replace(state, image=query.image),
        "patches",
        look.message,
        f"{title} over a picture, from {name}",
        settings=tuple(settings),
        texts=(("What is read", look.patches.description),),
        file_name=f"picture-{file_stem(session.model_name(query.model), look.view)}",
        table=lambda: table(look),
        again=_again(look),
        of_model=look.view == "features",
    )


def _again(look: Look) -> tuple[str, ...]:
    if look.view == "features":
        return (
            "from attnviz.explanation.pictures import feature_similarity",
            f"alike = feature_similarity(model, picture, {look.item})[{look.layer + 1}]",
        )
    if look.view == "rollout":
        return (
            "from attnviz.analysis import rollout",
            f"layers = [capture.attention(layer).mean(0) for layer in range({look.layer + 1})]",
            f"row = rollout(layers)[{look.item}]",
        )
    rows = f"capture.{look.view}({look.layer})[{list(look.heads)}, {look.item}]"
    return (f"row = {rows}.mean(0)",)


def table(look: Look) -> Rows:
    """The row that is shown, item by item, of each chosen head."""
    heads: tuple[Any, ...] = look.heads if look.values.shape[1] > 1 else (0,)
    rows: Rows = [["item", *(f"head {head}" for head in heads)] if len(heads) > 1 else ["item", look.view]]
    for item, name in enumerate(look.patches.labels):
        rows.append([name, *(float(look.values[look.layer, head, item]) for head in heads)])
    return rows

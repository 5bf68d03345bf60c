"""Packs attention maps for the matrix figures: one head, and all heads as thumbnails.

Exact float32 maps and the labels of their axes go in; bytes for `browser/` come out. Weights that are read
out as numbers travel as float32; thumbnails, only looked at, as the square root of the weight in a byte.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import numpy as np

from attnviz.figures.messages.details import Details
from attnviz.figures.messages.products import Products
from attnviz.figures.messages.prose import Run
from attnviz.figures.messages.quantities import Pool
from attnviz.figures.wire import pack
from attnviz.types import BoolArray, FloatArray, HeadTable

Head = tuple[int, int]
FORMS = ("heatmap", "text", "lines", "qk")
HIDEABLE = ("special", "first")
SHARES = (50, 75, 90, 95, 99, 100)  # percent of a row's mass that the shown links hold


def heatmap_data(
    maps: Annotated[FloatArray, "N Q K"],
    map_heads: Sequence[Head],
    query_labels: Sequence[str],
    key_labels: Sequence[str],
    *,
    layers: int,
    heads: int,
    layer: int,
    head: int,
    query_special: Annotated[BoolArray, "Q"] | None = None,
    key_special: Annotated[BoolArray, "K"] | None = None,
    query_title: str = "query token: looks from",
    key_title: str = "key token: looked at",
    unit: str = "token",
    quantity: str = "attention weight",
    rows_sum_to_one: bool = True,
    causal: bool = False,
    note: str = "",
    model: str = "",
    text: str = "",
    identity: str = "",
    form: str = "",
    proses: Sequence[Sequence[Run]] = (),
    products: Products | None = None,
    first: str = "",
    hide: Sequence[str] = (),
    keep: int | None = None,
    held: Sequence[tuple[int, int]] = (),
    pool: Pool | None = None,
    signed: bool = False,
) -> bytes:
    """The message of the figure "heatmap": some heads' exact maps, one of them shown, in one of several forms.

    Args:
        maps: (N, Q, K) float32, exact; N may be 0 (the figure then shows its loading state).
        map_heads: N pairs (layer, head) that say whose map each is.
        query_labels, key_labels: Q and K labels, as `Tokens.labels` or groups have them; `text.visible` is
            applied here.
        layers, heads: how many there are to step through. layer, head: the one to show.
        query_special, key_special: which tokens "hide special tokens" leaves out; None: none.
        query_title, key_title: titles of the axes. unit: what a label is ("token", "word", "sentence").
        quantity: what a cell holds. rows_sum_to_one: false for value-weighted maps, whose rows are then not
            renormalised when special tokens are hidden.
        causal: cells right of the diagonal (of the lower right corner, if Q != K) are drawn as "cannot look
            ahead", not as zero.
        note: one line under the figure. model, text: for descriptions and file names.
        identity: whatever else tells two messages' maps apart, when labels, quantity, model and text do not.
        form: the form to show, one of `FORMS`, with a selector of all of them; "": the heatmap alone.
        proses: what the form "text" shows, see `prose_runs`: one text whose tokens are rows and columns alike,
            or the text of the rows and that of the columns; labels in a row where it is empty.
        products: what the form "qk" shows of one query token, or why it cannot.
        first: on which axes the first token can be hidden: "both", "keys", or "" where labels are not tokens.
        hide: of `HIDEABLE`, what is hidden to begin with: special tokens, the first token (a sink of many heads).
        signed: cells may be negative: drawn on a scale around 0, and ranked by size.
        pool: which heads each map combines, where it is not of one; `map_heads` then name the layer, and any head.
        keep: of `SHARES`, how much of a row's mass is not faded to begin with; None: what fits the form.
        held: pairs (side, position) of the queries (side 0) and keys (side 1) that are held to begin with.

    Header: figure, layers, heads, layer, head, at [[layer, head] * N], queries, keys, querySpecial,
    keySpecial, queryTitle, keyTitle, unit, quantity, rowsSumToOne, causal, note, model, text, identity, form,
    proses, first, hide, keep, held, signed, pool (see `Pool.header`), qk (see `Products.header`).
    Sections: maps f32 (N, Q, K), and those of `Products.sections`.

    Raises:
        ValueError: shapes that disagree, a layer or head out of range, an unknown form, or nothing to hide or keep.
    """
    maps = np.asarray(maps, np.float32)
    axes = _axes(maps.shape[1:], query_labels, key_labels, query_special, key_special)
    if maps.ndim != 3 or len(map_heads) != len(maps):
        raise ValueError(f"maps are {maps.shape}, but {len(map_heads)} heads are named")
    for place in (*map_heads, (layer, head)):
        if not (0 <= place[0] < layers and 0 <= place[1] < heads):
            raise ValueError(f"there is no layer {place[0]}, head {place[1]} among {layers} x {heads}")
    if form and form not in FORMS:
        raise ValueError(f"there is no form {form!r}; choose one of {', '.join(FORMS)}")
    if set(hide) - set(HIDEABLE) or keep not in (None, *SHARES) or first not in ("", "keys", "both"):
        raise ValueError(f"hide {hide!r}, keep {keep!r}, first {first!r}")
    kept: dict[str, Any] = {
        **axes,
        "queryTitle": query_title,
        "keyTitle": key_title,
        "unit": unit,
        "quantity": quantity,
        "rowsSumToOne": rows_sum_to_one,
        "causal": causal,
        "model": model,
        "text": text,
        "layers": layers,
        "heads": heads,
        "pool": pool.header(layers, heads) if pool else None,
        "signed": signed,
    }
    header = {
        "figure": "heatmap",
        **kept,
        "layer": layer,
        "head": head,
        "at": [list(place) for place in map_heads],
        "note": note,
        "identity": _digest(kept, identity),
        "form": form,
        "proses": [list(runs) for runs in proses],
        "first": first,
        "hide": list(hide),
        "keep": keep,
        "held": [list(place) for place in held],
        "qk": products.header() if products else None,
    }
    return pack(header, {"maps": maps, **(products.sections() if products else {})})


def heads_data(
    overviews: Annotated[FloatArray, "L H q k"],
    table: HeadTable,
    *,
    queries: int,
    keys: int,
    chosen: Sequence[Head] = (),
    details: Details | None = None,
    order_by: str = "",
    colour_by: str = "",
    descriptions: Mapping[str, str] | None = None,
    causal: bool = False,
    pooled: str = "max",
    note: str = "",
    model: str = "",
    text: str = "",
) -> bytes:
    """The message of the figure "heads": a thumbnail of every head and its statistics.

    Args:
        overviews: (L, H, q, k) float32, each at most about 64 x 64; sent as bytes.
        table: statistics of the same L x H heads; NaN where undefined.
        queries, keys: how many tokens the overviews stand for. pooled: how they were made smaller.
        chosen: heads that are marked for comparison, at most four.
        details: the head that is opened in place, and maps for it; without, none can be opened.
        order_by, colour_by: a metric of the table to begin with, or "".
        descriptions: a sentence for each metric, shown beside its name.

    Header: figure, layers, heads, queries, keys, metrics [{name, unit, description}], chosen, detail, orderBy,
    colourBy, causal, pooled, note, model, text. Sections: thumbs u8 (L, H, q, k), scales f32 (L, H): the
    maximum of each head, so that value = (byte / 255)^2 * scale; table f32 (M, L, H), and with details
    f32 (N, Q, K).

    Raises:
        ValueError: shapes that disagree, or more than four chosen heads. UnknownName: an unknown metric.
    """
    overviews = np.asarray(overviews, np.float32)
    if overviews.ndim != 4 or overviews.shape[:2] != table.values.shape[1:]:
        raise ValueError(f"overviews are {overviews.shape}, the statistics {table.values.shape}")
    if len(chosen) > 4:
        raise ValueError(f"{len(chosen)} heads are chosen; four can be compared")
    for metric in filter(None, (order_by, colour_by)):
        table[metric]
    layers, heads = overviews.shape[:2]
    scales = overviews.max(axis=(2, 3), initial=0.0)
    share = np.clip(overviews / np.where(scales > 0, scales, 1)[..., None, None], 0, 1)
    header = {
        "figure": "heads",
        "layers": layers,
        "heads": heads,
        "queries": queries,
        "keys": keys,
        "metrics": [
            {"name": name, "unit": unit, "description": (descriptions or {}).get(name, "")}
            for name, unit in zip(table.metrics, table.units, strict=True)
        ],
        "chosen": [list(place) for place in chosen],
        "detail": details.header() if details else None,
        "orderBy": order_by,
        "colourBy": colour_by,
        "causal": causal,
        "pooled": pooled,
        "note": note,
        "model": model,
        "text": text,
    }
    thumbs = np.rint(np.sqrt(share) * 255).astype(np.uint8)
    sections = {"thumbs": thumbs, "scales": scales, "table": table.values}
    if details:
        sections["details"] = np.asarray(details.maps, np.float32)
    return pack(header, sections)


def _axes(
    shape: tuple[int, ...],
    query_labels: Sequence[str],
    key_labels: Sequence[str],
    query_special: BoolArray | None,
    key_special: BoolArray | None,
) -> dict[str, Any]:
    """The labels of both axes, displayable, and their special tokens; raises where sizes disagree."""
    from attnviz.text import visible

    if shape != (len(query_labels), len(key_labels)):
        raise ValueError(f"maps are {shape}, but there are {len(query_labels)} x {len(key_labels)} labels")
    query_flags = np.zeros(len(query_labels), bool) if query_special is None else np.asarray(query_special)
    key_flags = np.zeros(len(key_labels), bool) if key_special is None else np.asarray(key_special)
    if query_flags.shape != shape[:1] or key_flags.shape != shape[1:]:
        raise ValueError(f"maps are {shape}, special flags {query_flags.shape} and {key_flags.shape}")
    return {
        "queries": [visible(label) for label in query_labels],
        "keys": [visible(label) for label in key_labels],
        "querySpecial": query_flags.astype(int).tolist(),
        "keySpecial": key_flags.astype(int).tolist(),
    }


def _digest(kept: Mapping[str, Any], identity: str) -> str:
    """Names the set of maps that a message belongs to: equal digests, interchangeable maps."""
    text = json.dumps([dict(kept), identity])
    return hashlib.blake2b(text.encode(), digest_size=12).hexdigest()

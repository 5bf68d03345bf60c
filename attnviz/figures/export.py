"""Figures to take away: one HTML file that draws itself from disk, the same in a notebook, and arrays as NPZ.

A page holds a figure's bundle and one message. It asks nobody for anything, and could not: its policy allows the one
script that it was written with, and no address at all.
"""

from __future__ import annotations

import base64
import hashlib
import html
import io
import json
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from attnviz.analysis import combine
from attnviz.errors import UnknownName
from attnviz.figures.bundle import component, source
from attnviz.figures.messages import axes
from attnviz.figures.messages.heatmap import Head, MapView
from attnviz.figures.messages.quantities import QUANTITIES, Pool
from attnviz.language import say
from attnviz.types import default_kind

if TYPE_CHECKING:
    from attnviz.capture import Capture
    from attnviz.explanation import Faithfulness
    from attnviz.provenance import Provenance
    from attnviz.types import FloatArray, Kind

PAGE_BYTES = 24 << 20  # of maps in an HTML page: all heads of 270 tokens, a layer's of 700
NOTEBOOK_BYTES = 4 << 20  # of maps in a notebook, which keeps every output
ARCHIVE_BYTES = 64 << 20
NOTEBOOK_HEIGHT = 760  # pixels
LASTING_FORMS = ("heatmap", "text", "lines")
LOOKED = "Attention shows where the model looked, not why it decided."
# What would end or hide a script element, wherever it stands in it.
_ENDS_SCRIPT = re.compile(r"<!--|</?script", re.IGNORECASE)
STYLE = """
:root { color-scheme: light dark; }
body { margin: 0 auto; max-width: 1400px; padding: 20px; background: light-dark(#ffffff, #11161c);
  color: light-dark(#1b2530, #e4e9ee); font: 15px/1.5 system-ui, "Noto Sans", "DejaVu Sans", sans-serif;
  --st-background-color: light-dark(#ffffff, #11161c); --st-text-color: light-dark(#1b2530, #e4e9ee);
  --st-primary-color: light-dark(#1c5d99, #8cbcec); }
h1 { font-size: 1.3rem; margin: 0 0 4px; }
p { margin: 0 0 14px; overflow-wrap: anywhere; }
#text { white-space: pre-wrap; max-height: 6em; overflow: auto; }
footer { margin-top: 24px; font-size: 13px; }
"""
_BOOT = """
const coded = document.getElementById("message").textContent.trim();
const bytes = Uint8Array.from(atob(coded), (letter) => letter.charCodeAt(0));
draw(document.getElementById("figure"), bytes, {});
"""
_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>{title}</title>
<style>{style}</style>
</head>
<body>
<h1>{title}</h1>
<p id="text" dir="auto">{text}</p>
<main id="figure"></main>
{below}
<footer>{note}{made}</footer>
<script type="application/octet-stream" id="message">{message}</script>
<script type="module">{script}</script>
</body>
</html>
"""


def page(
    figure: str,
    message: bytes,
    *,
    title: str,
    text: str = "",
    note: str = LOOKED,
    made: Provenance | None = None,
    test: Faithfulness | None = None,
    unit: str = "",
) -> str:
    """One HTML document that shows the figure, offline, in the reader's own light or dark.

    Args:
        figure: a name of `component`. message: what its `*_data` function made.
        title, text, note: shown above and below it; any text, hostile ones too.
        made: how it came about.
        test: of the explanation that is shown, whose curves are drawn below, over the band of chance. unit: of its
            values.

    Raises UnknownName.
    """
    part = component(figure)
    script, style = f"{part.js}{_BOOT}", STYLE + part.css
    if test is not None:
        from attnviz.figures.charts.svg import CURVES

        style += source(CURVES)
    return _PAGE.format(
        policy=policy([script], style),
        title=escaped(title),
        style=style,
        text=escaped(text),
        note=escaped(note),
        made=told(made) if made is not None else "",
        below=_curves(test, unit) if test is not None else "",
        message=base64.b64encode(message).decode(),
        script=script,
    )


def told(made: Provenance) -> str:
    """How something came about as HTML: for people, folded, and as JSON for programs."""
    document = json.dumps(made.document()).replace("<", "\\u003c")
    lines = escaped("\n".join(made.lines()))
    return (
        f'<details><summary>How this was made</summary><pre id="made">{lines}</pre></details>'
        f'<script type="application/json" id="provenance">{document}</script>'
    )


def _curves(test: Faithfulness, unit: str) -> str:
    """The test of an explanation as a drawing, with its numbers in words."""
    from attnviz.explanation.evaluation import verdict
    from attnviz.figures.charts import curves_chart, line_svg
    from attnviz.figures.charts.svg import key

    drawn = line_svg(curves_chart(test, unit), "Curves of the test, over what random orders give")
    return (
        f'<section id="test"><h2>Was it put to the test?</h2><p>{escaped(verdict.headline(test))}</p>{drawn}'
        f'<p class="small">{key(0, "first words taken away")} {key(1, "only the first words kept")}. '
        f"Shaded: {escaped(verdict.chance(test))}. {escaped(verdict.curve_numbers(test))}</p></section>"
    )


def policy(scripts: Sequence[str], style: str, inside: Sequence[str] = ()) -> str:
    """The content security policy of a page with just these scripts, which may load nothing from anywhere.

    `inside`: the digests of scripts in documents that it frames, which inherit its policy.

    Raises ValueError where a script or the style would end its own element.
    """
    if any(_ENDS_SCRIPT.search(script) for script in scripts) or "</style" in style.lower():
        raise ValueError("the sources of a figure would end their own element in a page")
    digests = [base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in scripts]
    allowed = " ".join([*(f"'sha256-{digest}'" for digest in digests), *inside])
    return (
        f"default-src 'none'; script-src {allowed}; style-src 'unsafe-inline'; img-src data: blob:; base-uri 'none'; "
        "form-action 'none'"
    )


def notebook(capture: Capture) -> str:
    """The capture's heatmap for a notebook: a frame of its own, cut off from the notebook around it."""
    layer, head = 0, 0
    message = heatmap_message(capture, layer, head, most=NOTEBOOK_BYTES)
    document = page(
        "heatmap", message, title=f"Attention of {capture.card.name}", text=capture.tokens.description
    )
    return (
        f'<iframe srcdoc="{html.escape(document)}" sandbox="allow-scripts allow-downloads" loading="lazy" '
        f'title="Attention map" style="width: 100%; height: {NOTEBOOK_HEIGHT}px; border: 0"></iframe>'
    )


def heatmap_message(
    capture: Capture,
    layer: int,
    head: int,
    *,
    kind: Kind | None = None,
    granularity: str = "token",
    quantity: str = "attention",
    form: str = "heatmap",
    hide: Sequence[str] = (),
    keep: int | None = None,
    held: Sequence[tuple[int, int]] = (),
    pool: Pool | None = None,
    most: int = PAGE_BYTES,
) -> bytes:
    """The message of the figure "heatmap", complete: with as many other heads' maps as `most` bytes hold.

    All heads, else those of the layer, else the one; with `pool`, one map of many heads (all layers, else the one).
    `quantity`: a name of `QUANTITIES`.
    `form`: the form to begin with; q and k travel one row at a time, so that "qk" becomes "heatmap".
    `hide`, `keep`: what is hidden, and the share of mass that is not faded, to begin with: see `MapView`.
    Raises UnknownName, and ModelUnsupported where the quantity is not known.
    """
    kind = kind or default_kind(capture.kinds)
    layers, heads, _, _ = capture.shape(kind)
    rows = axes.Axes.of(capture.query_tokens(kind), capture.key_tokens(kind), granularity)
    room = most // (4 * rows.cells)
    if pool is None:
        places = fitting(layers, heads, (layer, head), room)
    else:
        stepped = range(layers) if pool.chosen is None and layers <= room else [layer]
        places = [(each, head) for each in stepped]
    return MapView(
        np.stack([rows.grouped(_map(capture, place, kind, quantity, pool)) for place in places]),
        places,
        rows,
        layers,
        heads,
        (layer, head),
        QUANTITIES[quantity],
        pool,
        causal=kind == "decoder" or (kind == "self" and capture.card.kind == "decoder"),
        model=capture.card.name,
        text=capture.tokens.description,
        identity=kind,
        form=form if form in LASTING_FORMS else "heatmap",
        hide=hide,
        keep=keep,
        held=held,
    ).message()


def archive(
    capture: Capture,
    layer: int,
    head: int,
    *,
    kind: Kind | None = None,
    quantity: str = "attention",
    pool: Pool | None = None,
) -> bytes:
    """The maps over tokens as NPZ, for numpy.load without pickle: all heads, else the layer's, else the one.

    Arrays: what `quantity` names, (N, Q, K) float32, layer (N,) and head (N,) int64, query_labels (Q,) and key_labels
    (K,) strings; provenance, JSON; with `pool`, also combined, (Q, K), and combined_heads, (n, 2). Raises UnknownName.
    """
    layers, heads, rows, columns = capture.shape(kind)
    places = fitting(layers, heads, (layer, head), ARCHIVE_BYTES // (4 * rows * columns))
    file = io.BytesIO()
    combined = {}
    if pool is not None:
        combined["combined"] = _map(capture, (layer, head), kind, quantity, pool)
        combined["combined_heads"] = np.array(pool.heads(layer, heads), np.int64)
    np.savez(
        file,
        **combined,  # type: ignore[arg-type]
        **{quantity: np.stack([_map(capture, place, kind, quantity) for place in places])},  # type: ignore[arg-type]
        layer=np.array([place[0] for place in places], np.int64),
        head=np.array([place[1] for place in places], np.int64),
        query_labels=np.array(capture.query_tokens(kind).labels, np.str_),
        key_labels=np.array(capture.key_tokens(kind).labels, np.str_),
        provenance=np.array(json.dumps(capture.provenance.then(*_again(quantity, kind)).document())),
    )
    return file.getvalue()


def _again(quantity: str, kind: Kind | None) -> tuple[str, ...]:
    """The maps of an archive, from the capture."""
    method, named = QUANTITIES[quantity].method, f", {kind!r}" if kind else ""
    return (f"maps = [capture.{method}(layer, None{named}) for layer in range(capture.shape({kind!r})[0])]",)


def _map(
    capture: Capture, place: Head, kind: Kind | None, quantity: str, pool: Pool | None = None
) -> FloatArray:
    if quantity not in QUANTITIES:
        raise UnknownName(say("quantity"), quantity, QUANTITIES)
    compute = getattr(capture, QUANTITIES[quantity].method)
    if pool is None:
        return compute(*place, kind=kind)
    heads = pool.heads(place[0], capture.shape(kind)[1])
    return combine((compute(*each, kind=kind) for each in heads), pool.how)


def fitting(layers: int, heads: int, shown: Head, room: int) -> list[Head]:
    """The heads that go along: all where there is room for so many, else the layer's, else the one shown."""
    every = range(layers) if layers * heads <= room else [shown[0]] if heads <= room else []
    return [(layer, head) for layer in every for head in range(heads)] or [shown]


def escaped(text: str) -> str:
    """Text for HTML: escaped, lone surrogates and controls that HTML cannot hold replaced."""
    whole = text.encode("utf-8", "replace").decode()
    return html.escape(re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]", "\ufffd", whole))

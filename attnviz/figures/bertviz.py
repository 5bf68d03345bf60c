"""BertViz's own head view and model view of a capture, as one HTML document that needs no network.

The scripts that draw are those of the package `bertviz`, as they are; they get what its Python code would give them,
but escaped, once, and with readable labels. That code itself is not run: it wants torch tensors, writes the data
twice, lets a token end the script that it stands in, and loads three libraries from elsewhere (here in `vendor/`).
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from attnviz import checks
from attnviz.errors import UnknownName
from attnviz.figures.wire import pack
from attnviz.language import say

if TYPE_CHECKING:
    from attnviz.capture import Capture
    from attnviz.types import Kind, Tokens

View = Literal["head", "model"]
VIEWS: tuple[View, ...] = ("head", "model")
# BertViz draws a line for each weight: one layer's at a time in the head view, all of them in the model view. With so
# many it shows its first picture after about two seconds: MiniLM's 64 tokens took 1.9 s there, its 32 tokens 2.5 s.
MAX_LINES = {"head": 50_000, "model": 75_000}
MAX_TOKENS = {"head": 128, "model": 64}  # a side: enough heads remain to be worth a look
MAX_WEIGHTS = 600_000  # of all layers together: 3.2 MB in the document
MAX_LABEL = 30  # letters; BertViz has room for about twelve

ROOT = "bertviz"
_LIBRARIES = (
    "d3",
    "jquery",
    "require",
)  # in this order: the first two must find no loader, or set no globals
_DEFINES = "define('d3', [], () => window.d3); define('jquery', [], () => window.jQuery);"
_MARKER = "PYTHON_PARAMS"
_ENDS_SCRIPT = re.compile(r"<!--|</script", re.IGNORECASE)
# The frame's host names it after its theme; a file on disk follows the reader's system.
_BOOT = """
{
  const text = (id) => document.getElementById(id).textContent;
  const given = JSON.parse(text("given"));
  const weights = new Float32Array(Uint8Array.from(atob(text("weights")), (c) => c.charCodeAt(0)).buffer);
  const dark = window.name ? window.name === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  document.documentElement.dataset.theme = dark ? "dark" : "light";
  const range = (size, each) => Array.from({ length: size }, (_, i) => each(i));
  const [layers, heads, rows, columns] = given.shape;
  const part = ([top, bottom], [left, right]) =>
    range(layers, (layer) => range(heads, (head) => range(bottom - top, (row) => {
      const start = ((layer * heads + head) * rows + top + row) * columns;
      return Array.from(weights.subarray(start + left, start + right));
    })));
  globalThis.attnviz = { ...given.params, display_mode: dark ? "dark" : "light" };
  globalThis.attnviz.attention = given.parts.map(({ name, rows, columns }) => ({
    name, attn: part(rows, columns), left_text: given.left.slice(...rows), right_text: given.right.slice(...columns),
  }));
  const filter = document.getElementById("filter");
  filter.append(...given.parts.map(({ name }, i) => new Option(name, i)));
  filter.parentNode.hidden = given.parts.length < 2;
  const describe = () => {
    const picture = document.querySelector("#vis > svg");
    picture?.setAttribute("role", "img");
    picture?.setAttribute("aria-label", given.label);
  };
  new MutationObserver(describe).observe(document.getElementById("vis"), { childList: true });
  new ResizeObserver(() => {
    const scrollBar = innerHeight - document.documentElement.clientHeight;
    if (parent !== window) parent.postMessage({ height: document.body.offsetHeight + scrollBar }, "*");
  }).observe(document.body);
}
"""
_STYLE = """
html[data-theme] { color-scheme: light; background: #ffffff; color: #1b2530; }
html[data-theme="dark"] { color-scheme: dark; background: #11161c; color: #e4e9ee; }
body { margin: 0; padding: 6px; width: max-content; min-width: calc(100% - 12px); }
label { margin-inline-end: 1em; }
[hidden] { display: none; }
#vis > svg:first-child { min-width: 340px; margin-top: 8px; display: block; }
[data-theme="dark"] text:not([fill]), [data-theme="dark"] text[fill="black"] { fill: #e4e9ee; }
[data-theme="dark"] rect.background { fill: #4a5663; }
"""
_DOCUMENT = """<!doctype html>
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
<main id="{root}" style="font-family:'Helvetica Neue', Helvetica, Arial, sans-serif;">
<span style="user-select:none">{layer}<label>Attention: <select id="filter"></select></label></span>
<div id="vis"></div>
</main>
<script type="application/json" id="given">{given}</script>
<script type="application/octet-stream" id="weights">{weights}</script>
{scripts}
</body>
</html>
"""


@dataclass(frozen=True)
class Extent:
    """What of a capture stays usable in a view: which layers and heads, and how many tokens a side."""

    layers: range
    heads: range
    rows: int
    columns: int


def extent(view: View, shape: tuple[int, int, int, int], layer: int, head: int) -> Extent:
    """As much of (L, H, Q, K) as a view can draw, around one head. Raises UnknownName."""
    if view not in VIEWS:
        raise UnknownName(say("view of BertViz"), view, VIEWS)
    layers, heads, *sides = shape
    rows, columns = (min(side, MAX_TOKENS[view]) for side in sides)
    room = MAX_LINES[view] // (rows * columns)
    across = min(heads, room)
    room = room if view == "model" else MAX_WEIGHTS // (rows * columns)
    down = min(layers, max(1, room // across))
    return Extent(_around(layer, down, layers), _around(head, across, heads), rows, columns)


def document(capture: Capture, view: View, layer: int, head: int, kind: Kind | None = None) -> str:
    """The HTML document that shows a view, with `layer` chosen in the head view; see `extent` for what it holds.

    It belongs into a frame without an origin of its own (`sandbox="allow-scripts"`), where it reports its height as
    {"height": pixels}, or into a file. Raises UnknownName.
    """
    part = extent(view, capture.shape(kind), layer, head)
    queries, keys = (
        checks.tokens("BertViz’s view", each)
        for each in (capture.query_tokens(kind), capture.key_tokens(kind))
    )
    rows = np.arange(part.rows)
    weights = np.stack(
        [
            capture.attention(each, None, kind, rows)[part.heads.start : part.heads.stop, :, : part.columns]
            for each in part.layers
        ]
    )
    params: dict[str, Any] = {"default_filter": "0", "root_div_id": ROOT, "include_layers": list(part.layers)}
    if view == "head":
        params |= {"layer": layer, "heads": None}
    else:
        params |= {"include_heads": list(part.heads), "total_heads": capture.shape(kind)[1]}
    given = {
        "params": params,
        "parts": _parts(queries, keys, part, kind),
        "shape": weights.shape,
        "left": _labels(queries, part.rows),
        "right": _labels(keys, part.columns),
        "label": f"BertViz’s {view} view: a line for each attention weight",
    }
    return _DOCUMENT.format(
        policy=_policy(view),
        title=f"BertViz’s {view} view",
        style=_STYLE,
        root=ROOT,
        layer='<label>Layer: <select id="layer"></select></label>' if view == "head" else "",
        given=json.dumps(given).replace("<", "\\u003c"),
        weights=base64.b64encode(weights.astype("<f4").tobytes()).decode(),
        scripts=markup(_scripts(view)),
    )


def frame_data(document: str, title: str, *, model: str = "") -> bytes:
    """The message of the figure "frame", which shows a document without letting it reach the page around it."""
    content = np.frombuffer(document.encode("utf-8", "replace"), np.uint8)
    return pack({"figure": "frame", "title": title, "model": model}, {"document": content})


@cache
def libraries() -> tuple[str, ...]:
    """The scripts that BertViz loads from elsewhere, and the two modules that it asks them for; in this order."""
    folder = files("attnviz.figures").joinpath("vendor")
    return (*(folder.joinpath(f"{name}.min.js").read_text("utf-8") for name in _LIBRARIES), _DEFINES)


def markup(scripts: tuple[str, ...]) -> str:
    """Script elements with these sources."""
    return "\n".join(f"<script>{source}</script>" for source in scripts)


@cache
def _scripts(view: View) -> tuple[str, ...]:
    """Everything that runs in a document, the same whatever it shows."""
    spec = find_spec("bertviz")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("the package bertviz, which requirements.txt names, is not installed")
    drawing = Path(spec.origin).with_name(f"{view}_view.js").read_text("utf-8")
    if _MARKER not in drawing:
        raise ValueError(f"this version of bertviz has no {_MARKER} in {view}_view.js")
    scripts = (_BOOT, *libraries(), drawing.replace(_MARKER, "globalThis.attnviz"))
    if any(_ENDS_SCRIPT.search(source) for source in scripts):
        raise ValueError("a script would end its own element in the document")
    return scripts


@cache
def digests(view: View) -> tuple[str, ...]:
    """The scripts of a document, as a content security policy names them."""
    hashed = (hashlib.sha256(source.encode()).digest() for source in _scripts(view))
    return tuple(f"'sha256-{base64.b64encode(digest).decode()}'" for digest in hashed)


@cache
def _policy(view: View) -> str:
    """What the document may do: run just these scripts, and ask no address."""
    allowed = " ".join(digests(view))
    return f"default-src 'none'; script-src {allowed}; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"


def _parts(queries: Tokens, keys: Tokens, part: Extent, kind: Kind | None) -> list[dict[str, Any]]:
    """What BertViz's "Attention" offers: for a pair of texts each to each, as if given `sentence_b_start`."""
    everything = {"rows": [0, part.rows], "columns": [0, part.columns]}
    names = {"encoder": "Encoder", "decoder": "Decoder", "cross": "Cross"}
    start = int(np.argmax(queries.segments > 0))
    if queries is not keys or not 0 < start < part.rows:
        return [{"name": names.get(kind or ""), **everything}]
    sides = {"A": [0, start], "B": [start, part.rows]}
    order = (("A", "A"), ("B", "B"), ("A", "B"), ("B", "A"))
    return [
        {"name": "All", **everything},
        *({"name": f"Sentence {a} -> Sentence {b}", "rows": sides[a], "columns": sides[b]} for a, b in order),
    ]


def _labels(tokens: Tokens, count: int) -> list[str]:
    from attnviz.text import visible

    return [visible(label, MAX_LABEL) for label in tokens.labels[:count]]


def _around(center: int, count: int, total: int) -> range:
    start = min(max(0, center - count // 2), total - count)
    return range(start, start + count)

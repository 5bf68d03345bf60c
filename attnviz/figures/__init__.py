"""Figures: arrays and labels become one message of bytes, and plain browser modules draw it.

The modules in `browser/` know nothing of the host: `draw(root, bytes, callbacks)` fills any element, and
`component(name)` bundles them into one inline ES module whose default export is the Streamlit adapter.

Mounting in Streamlit (Custom Components v2)::

    part = attnviz.figures.component("heatmap")              # any of `COMPONENTS`
    mount = st.components.v2.component(part.name, html=part.html, css=part.css, js=part.js)
    mount(key="attention", data=MapView(...).message(), on_selection_change=lambda: None)

What the figures report:

| figure  | state (`setStateValue`)                                  | trigger (`setTriggerValue`)    |
|---------|----------------------------------------------------------|--------------------------------|
| heatmap | `selection`: {"layer": int, "head": int}, debounced;      | -                              |
|         | `form`: one of `FORMS`; `held`: [[side, index], ...];     |                                |
|         | `setting`: {"hide": of `HIDEABLE`, "keep": of `SHARES`}   |                                |
| heads   | `chosen`: [[layer, head], ...], at most 4                 | `open`: {"layer", "head"}      |
|         | `detail`: {"layer", "head"} opened in place, or null      |                                |
| panes   | `places`: [[layer, head], ...], a pair for each pane     | -                              |
| allocation | -                                                     | `open`: {"layer", "head"}      |
| frame   | -                                                        | -                              |
| switches | -                                                       | `switched`: [[layer, head], ...] |
|         |                                                          | all that are off now           |
| edits   | -                                                        | `edited`: [[place, way, text], ...] |
|         |                                                          | all words that are changed now; |
|         |                                                          | `asking`: place of a word to swap |
| alignment | `selection`: {"layer", "head"}, head -1 for a mean;     | `linked`: [target, source];    |
|         | `form`: "lines" or "matrix"                              | `chosen`: [place, id]          |
| beams   | -                                                        | `position`: a node to go on from |
| errors  | `selection`: {"layer", "head"}, head -1 for a mean        | -                              |
| writing | -                                                        | `step`: number of a token that is looked at; |
|         |                                                          | `candidate`: [step, id]; `branch`: number; |
|         |                                                          | `head`: [layer, head], or [-1, -1] for the mean |
| why     | -                                                        | `open`: {"side", "part"}, or {"step"} of the |
|         |                                                          | traces |
| words   | `granularity`: one of `axes.GRANULARITIES`                 | -                              |
| pairs   | `granularity`: one of `axes.GRANULARITIES`                 | -                              |
| patches | `chosen`: [[layer, head], ...] whose mean is shown;        | `position`: of an item, or a cell |
|         | `form`: one of `PATCH_FORMS`                              |                                |

`selection` is reported for every step, also when the map was among those sent (the URL follows); when it
was not, the figure shows a loading state until a message whose `layer` and `head` are those comes. Messages
of one `identity` (by default a digest of labels, quantity, model and text) share a cache of maps in the
browser, so a message needs to hold only what is new. What the reader set in the figure (hidden special
tokens, cursor, zoom, colour scale) survives new messages as long as the `key` of the mount stays.

Message: u32 little-endian length n | n bytes of UTF-8 JSON | sections, each at a multiple of 4 bytes. The
header's "sections" is {name: {"type": "f32" | "u8" | "i32", "shape": [...], "offset": bytes after the
header}}.
"""

from attnviz.figures.bertviz import frame_data
from attnviz.figures.bundle import COMPONENTS, Component, component
from attnviz.figures.messages.alignment import aligned_heads, alignment_data
from attnviz.figures.messages.allocation import allocation_data
from attnviz.figures.messages.beams import beams_data
from attnviz.figures.messages.details import Details
from attnviz.figures.messages.edits import edits_data
from attnviz.figures.messages.errors import errors_data
from attnviz.figures.messages.heads import heads_data
from attnviz.figures.messages.heatmap import FORMS, HIDEABLE, SHARES, MapView
from attnviz.figures.messages.likeness import likeness_data
from attnviz.figures.messages.pairs import pairs_data
from attnviz.figures.messages.panes import panes_data
from attnviz.figures.messages.patches import PATCH_FORMS, PatchView, patches_data
from attnviz.figures.messages.products import Products
from attnviz.figures.messages.prose import prose_runs
from attnviz.figures.messages.quantities import POOLS, QUANTITIES, Pool, note_of
from attnviz.figures.messages.results import Curve, Results, Table, results_data
from attnviz.figures.messages.switches import switches_data
from attnviz.figures.messages.why import why_data
from attnviz.figures.messages.words import explanation_data, words_data
from attnviz.figures.messages.writing import Beside, Fork, HeadRead, Side, Source, Sources, writing_data
from attnviz.figures.wire import pack, unpack

__all__ = [
    "COMPONENTS",
    "FORMS",
    "HIDEABLE",
    "PATCH_FORMS",
    "POOLS",
    "QUANTITIES",
    "SHARES",
    "Beside",
    "Component",
    "Curve",
    "Details",
    "Fork",
    "HeadRead",
    "MapView",
    "PatchView",
    "Pool",
    "Products",
    "Results",
    "Side",
    "Source",
    "Sources",
    "Table",
    "aligned_heads",
    "alignment_data",
    "allocation_data",
    "beams_data",
    "component",
    "edits_data",
    "errors_data",
    "explanation_data",
    "frame_data",
    "heads_data",
    "likeness_data",
    "note_of",
    "pack",
    "pairs_data",
    "panes_data",
    "patches_data",
    "prose_runs",
    "results_data",
    "switches_data",
    "unpack",
    "why_data",
    "words_data",
    "writing_data",
]

"""Bundles the browser modules of a figure into one inline ES module and one style sheet.

No build step: each module's import lines and `export` keywords are taken off and the sources are joined in
order of need, so what runs is what is in `browser/`. Hosts that load files can import the modules as they
are.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from attnviz.errors import UnknownName

_SHARED = ("core/base.js", "paint/colors.js", "paint/labels.js", "core/controls.js", "core/save.js")
_MATRIX = (
    *_SHARED,
    "data/view.js",
    "paint/bar.js",
    "paint/pens.js",
    "paint/matrix.js",
    "paint/plot.js",
    "paint/picture.js",
)
_FORMS = (
    "data/mass.js",
    "figures/heatmap/shown.js",
    "paint/sheet.js",
    "figures/heatmap/text/view.js",
    "figures/heatmap/text/picture.js",
    "paint/palette.js",
    "figures/heatmap/lines/paint.js",
    "figures/heatmap/lines/view.js",
    "figures/heatmap/lines/picture.js",
    "figures/heatmap/products/view.js",
    "figures/heatmap/products/picture.js",
    "figures/heatmap/forms.js",
)
# Every module comes after those it imports from.
COMPONENTS: dict[str, tuple[str, ...]] = {
    "heatmap": (
        *_MATRIX,
        "figures/heatmap/panel.js",
        *_FORMS,
        "figures/heatmap/readouts.js",
        "figures/heatmap/held.js",
        "figures/heatmap/scene.js",
        "figures/heatmap/figure.js",
    ),
    "heads": (
        *_MATRIX,
        "paint/sheet.js",
        "figures/heads/grid.js",
        "figures/heads/detail.js",
        "figures/heads/facts.js",
        "figures/heads/figure.js",
    ),
    "words": (
        *_SHARED,
        "data/view.js",
        "paint/bar.js",
        "paint/pens.js",
        "paint/sheet.js",
        "figures/words/picture.js",
        "figures/words/figure.js",
    ),
    "allocation": (
        *_SHARED,
        "data/view.js",
        "paint/pens.js",
        "paint/head_table.js",
        "figures/allocation/figure.js",
    ),
    "panes": (
        *_MATRIX,
        "paint/head_table.js",
        "data/pairing.js",
        "figures/panes/cells.js",
        "figures/panes/words.js",
        "figures/panes/figure.js",
    ),
    "likeness": (*_SHARED, "data/view.js", "paint/pens.js", "figures/likeness/figure.js"),
    "switches": (
        *_SHARED,
        "data/view.js",
        "paint/bar.js",
        "paint/pens.js",
        "paint/head_table.js",
        "core/results.js",
        "figures/switches/figure.js",
    ),
    "edits": (
        "core/base.js",
        "paint/colors.js",
        "paint/labels.js",
        "core/controls.js",
        "core/results.js",
        "figures/edits/figure.js",
    ),
    "frame": ("core/base.js", "paint/colors.js", "figures/frame/figure.js"),
}
_ADAPTER = "core/streamlit.js"
_STYLES = ("core/figure.css", "figures/heatmap/forms.css", "figures/explore.css")
_IMPORT = re.compile(r"^import\s[^;]*?;[ \t]*\n", re.MULTILINE)
_EXPORT = re.compile(r"^export (?=(?:async )?(?:function|const|class)\b)", re.MULTILINE)


@dataclass(frozen=True)
class Component:
    """What a host needs to show a figure: `js` is one ES module, its default export the Streamlit adapter."""

    name: str
    html: str
    css: str
    js: str


@cache
def component(name: str) -> Component:
    """The figure `name` (one of `COMPONENTS`), bundled. Raises UnknownName."""
    if name not in COMPONENTS:
        raise UnknownName("figure", name, COMPONENTS)
    modules = [_stripped(module) for module in (*COMPONENTS[name], _ADAPTER)]
    js = "\n".join([*modules, "export { draw };", "export default streamlit(draw);", ""])
    css = "\n".join(source(sheet) for sheet in _STYLES)
    return Component(name=f"attnviz_{name}", html="", css=css, js=js)


def source(filename: str) -> str:
    """The text of one file of `browser/`, by its path there."""
    return files("attnviz.figures").joinpath("browser", filename).read_text(encoding="utf-8")


def _stripped(filename: str) -> str:
    return f"// {filename}\n" + _EXPORT.sub("", _IMPORT.sub("", source(filename)))

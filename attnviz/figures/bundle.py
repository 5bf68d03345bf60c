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

_SHARED = ("base.js", "colors.js", "labels.js", "controls.js", "save.js")
_MATRIX = (*_SHARED, "view.js", "bar.js", "pens.js", "matrix.js", "plot.js", "picture.js")
_FORMS = (
    "mass.js",
    "shown.js",
    "sheet.js",
    "text_view.js",
    "text_picture.js",
    "palette.js",
    "lines_paint.js",
    "lines_view.js",
    "lines_picture.js",
    "products_view.js",
    "products_picture.js",
    "forms.js",
)
# Every module comes after those it imports from.
COMPONENTS: dict[str, tuple[str, ...]] = {
    "heatmap": (
        *_MATRIX,
        "panel.js",
        *_FORMS,
        "readouts.js",
        "heatmap_held.js",
        "heatmap_scene.js",
        "heatmap.js",
    ),
    "heads": (*_MATRIX, "sheet.js", "heads_grid.js", "heads_detail.js", "heads_facts.js", "heads.js"),
    "words": (*_SHARED, "view.js", "bar.js", "pens.js", "sheet.js", "words_picture.js", "words.js"),
    "allocation": (*_SHARED, "view.js", "pens.js", "headtable.js", "allocation.js"),
    "panes": (*_MATRIX, "headtable.js", "pairing.js", "panes_cells.js", "panes_words.js", "panes.js"),
    "likeness": (*_SHARED, "view.js", "pens.js", "likeness.js"),
    "switches": (*_SHARED, "view.js", "bar.js", "pens.js", "headtable.js", "results.js", "switches.js"),
    "edits": ("base.js", "colors.js", "labels.js", "controls.js", "results.js", "edits.js"),
    "results": (*_SHARED, "view.js", "pens.js", "results.js", "results_figure.js"),
    "frame": ("base.js", "colors.js", "frame.js"),
}
_ADAPTER = "streamlit.js"
_STYLES = ("figure.css", "forms.css", "explore.css")
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
    """The text of one file of `browser/`."""
    return files("attnviz.figures").joinpath("browser", filename).read_text(encoding="utf-8")


def _stripped(filename: str) -> str:
    return f"// {filename}\n" + _EXPORT.sub("", _IMPORT.sub("", source(filename)))

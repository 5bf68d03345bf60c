"""Bundles the browser modules of a figure into one inline ES module and one style sheet.

There is no build step: from a figure's entry module the imports are followed, each module once and after those that it
imports; import lines, `export` keywords and JSDoc comments are taken off, and the sources are joined. What runs is what
stands in `browser/`, and hosts that load files can import the modules as they are.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from attnviz.errors import UnknownName
from attnviz.language import say

# The entry module of each figure: a folder with it, and a line here, are a new figure.
COMPONENTS: dict[str, str] = {
    "heatmap": "figures/heatmap/figure.js",
    "heads": "figures/heads/figure.js",
    "words": "figures/words/figure.js",
    "pairs": "figures/pairs/figure.js",
    "allocation": "figures/allocation/figure.js",
    "panes": "figures/panes/figure.js",
    "likeness": "figures/likeness/figure.js",
    "switches": "figures/switches/figure.js",
    "edits": "figures/edits/figure.js",
    "results": "figures/results/figure.js",
    "writing": "figures/writing/figure.js",
    "frame": "figures/frame/figure.js",
    "alignment": "figures/alignment/figure.js",
    "beams": "figures/beams/figure.js",
    "errors": "figures/errors/figure.js",
    "patches": "figures/patches/figure.js",
    "why": "figures/why/figure.js",
}
_ADAPTER = "core/streamlit.js"
_IMPORT = re.compile(r'^import \{([^}]*)\} from "(\.[^"]+)";[ \t]*\n', re.MULTILINE)
_COMMENT = re.compile(r"^[ \t]*/\*\*.*?\*/[ \t]*\n", re.MULTILINE | re.DOTALL)
_EXPORT = re.compile(r"^export (?=(?:async )?(?:function|const|class)\b)", re.MULTILINE)
_MODULE_LINE = re.compile(r"^(?:import|export)\b.*", re.MULTILINE)
_DECLARED = re.compile(r"^(?:async )?(?:function\*?|class|const|let|var)\s+([A-Za-z_$][\w$]*)", re.MULTILINE)


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
        raise UnknownName(say("figure"), name, COMPONENTS)
    js = "\n".join(
        [joined([COMPONENTS[name], _ADAPTER]), "export { draw };", "export default streamlit(draw);", ""]
    )
    return Component(name=f"attnviz_{name}", html="", css=styles([name]), js=js)


def source(path: str) -> str:
    """The text of one file of `browser/`, by its path there."""
    return files("attnviz.figures").joinpath("browser", path).read_text(encoding="utf-8")


def styles(names: Iterable[str]) -> str:
    """The style sheets of some figures, each once: those that stand beside their modules under the same name."""
    modules = ordered([COMPONENTS[name] for name in names])
    browser = files("attnviz.figures").joinpath("browser")
    sheets = [path.removesuffix(".js") + ".css" for path in modules]
    return "\n".join(source(sheet) for sheet in sheets if browser.joinpath(sheet).is_file())


def ordered(entries: Iterable[str], read: Callable[[str], str] = source) -> tuple[str, ...]:
    """The entries and all that they import, each module once and after those that it imports.

    Args:
        entries: paths of modules. read: gives the text of a module.

    Raises:
        ValueError: modules that import each other in a circle.
    """
    done: dict[str, None] = {}
    open_: list[str] = []

    def visit(path: str) -> None:
        if path in done:
            return
        if path in open_:
            raise ValueError(f"modules import each other in a circle: {' -> '.join([*open_, path])}")
        open_.append(path)
        for _, other in _IMPORT.findall(read(path)):
            visit(posixpath.normpath(posixpath.join(posixpath.dirname(path), other)))
        done[open_.pop()] = None

    for entry in entries:
        visit(entry)
    return tuple(done)


def joined(entries: Iterable[str], read: Callable[[str], str] = source) -> str:
    """The sources of the entries and of all that they import as one text, without import lines and `export` keywords.

    Raises:
        ValueError: a circle of imports, an import or export in a form that joining would break, or a name that two
            modules declare at their top level.
    """
    owners: dict[str, str] = {}
    parts = []
    for path in ordered(entries, read):
        text = _EXPORT.sub("", _IMPORT.sub("", _COMMENT.sub("", read(path))))
        if left := _MODULE_LINE.search(text):
            raise ValueError(f"{path} cannot be bundled with this line: {left[0]}")
        if renamed := [names for names, _ in _IMPORT.findall(read(path)) if re.search(r"\bas\b", names)]:
            raise ValueError(
                f"{path} imports under another name, which a bundle cannot: {renamed[0].strip()}"
            )
        for name in _DECLARED.findall(text):
            if name in owners:
                raise ValueError(f"{path} and {owners[name]} both declare {name}: a bundle has one scope")
            owners[name] = path
        parts.append(f"// {path}\n{text}")
    return "\n".join(parts)

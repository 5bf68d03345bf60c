"""The bundles: one ES module per figure with nothing imported, and sources that cannot run what they show."""

import posixpath
import re
from importlib.resources import files
from pathlib import Path

import pytest

from attnviz.errors import UnknownName
from attnviz.figures import COMPONENTS, component
from attnviz.figures.bundle import source

SVG_NAMESPACE = "http://www.w3.org/2000/svg"
BROWSER = Path(str(files("attnviz.figures").joinpath("browser")))
SOURCES = sorted(path.relative_to(BROWSER).as_posix() for path in BROWSER.rglob("*.*"))
NAME = re.compile(
    r"^(?:export )?(?:async )?(?:function|class|const|let|var)\s+([A-Za-z_$][\w$]*)", re.MULTILINE
)


def resolved(module: str, other: str) -> str:
    """The path in `browser/` of what a module imports."""
    return posixpath.normpath(posixpath.join(posixpath.dirname(module), other))


@pytest.mark.parametrize("name", COMPONENTS)
def test_bundle_is_one_module_with_the_default_export(name: str) -> None:
    part = component(name)
    lines = part.js.splitlines()
    exports = [line for line in lines if re.match(r"\s*export\b", line)]
    assert exports == ["export { draw };", "export default streamlit(draw);"]
    assert not [line for line in lines if re.match(r"\s*(import\b|\}\s*from\b)", line)]
    assert part.name == f"attnviz_{name}"
    assert part.css.strip()


@pytest.mark.parametrize("name", COMPONENTS)
def test_top_level_names_are_unique_within_a_bundle(name: str) -> None:
    names = NAME.findall(component(name).js)
    assert len(names) > 20
    assert sorted(names) == sorted(set(names))


@pytest.mark.parametrize("name", COMPONENTS)
def test_modules_come_after_those_they_import(name: str) -> None:
    seen: set[str] = set()
    for module in COMPONENTS[name]:
        needed = {resolved(module, other) for other in re.findall(r'from "(\.[\w./]+)"', source(module))}
        assert needed <= seen, f"{module} needs {needed - seen} before it"
        seen.add(module)


@pytest.mark.parametrize("module", [name for name in SOURCES if name.endswith(".js")])
def test_every_imported_name_is_exported_and_used(module: str) -> None:
    text = source(module)
    for names, other in re.findall(r'import \{([^}]*)\} from "(\.[\w./]+)"', text):
        there = source(resolved(module, other))
        exported = set(re.findall(r"^export (?:function|class|const) (\w+)", there, re.MULTILINE))
        for name in filter(None, (part.strip() for part in names.split(","))):
            assert name in exported, f"{module} imports {name} from {other}"
            assert len(re.findall(rf"\b{name}\b", text)) > 1, f"{module} does not use {name}"


@pytest.mark.parametrize("filename", SOURCES)
def test_sources_run_no_text_and_load_nothing(filename: str) -> None:
    text = source(filename).replace(SVG_NAMESPACE, "")
    forbidden = (
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|new Function|https?://|@import"
    )
    assert not re.findall(forbidden, text)
    assert not re.findall(r"\bfetch\(|XMLHttpRequest|WebSocket|localStorage|\bimport\(", text)


def test_every_module_is_in_a_bundle() -> None:
    bundled = {module for modules in COMPONENTS.values() for module in modules}
    assert {name for name in SOURCES if name.endswith(".js")} == bundled | {
        "core/streamlit.js",
        "figures/report/print.js",
    }


def test_unknown_figure_lists_the_valid_names() -> None:
    with pytest.raises(UnknownName, match="Choose one of: heatmap, heads, words"):
        component("histogram")

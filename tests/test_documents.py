"""What the documents promise: their code runs, their tables are short, the files that they name exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
DOCUMENTS = (
    "README.md",
    "CONTRIBUTING.md",
    *sorted(f"docs/{path.name}" for path in (ROOT / "docs").glob("*.md")),
)
CELL = 110  # letters: a line
WORDS = 900


def read(document: str) -> str:
    return (ROOT / document).read_text("utf-8")


def code(document: str) -> list[str]:
    """The Python blocks of a document."""
    return re.findall(r"^```python\n(.*?)^```", read(document), re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("document", [each for each in DOCUMENTS if code(each)])
def test_every_line_of_code_runs_from_top_to_bottom(document, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    namespace: dict[str, object] = {}
    for number, block in enumerate(code(document)):
        exec(compile(block, f"{document}, block {number}", "exec"), namespace)


def test_there_is_code_to_run():
    assert {"README.md", "docs/notebook.md"} <= {each for each in DOCUMENTS if code(each)}


def test_the_readme_fits_one_screen():
    assert len(read("README.md").split()) <= WORDS


@pytest.mark.parametrize("document", DOCUMENTS)
def test_no_table_cell_is_longer_than_a_line(document):
    rows = [line for line in read(document).splitlines() if line.startswith("|")]
    cells = [cell.strip() for row in rows for cell in row.strip("|").split("|")]
    assert [cell for cell in cells if len(cell) > CELL] == []


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_file_that_a_document_names_exists(document):
    here = (ROOT / document).parent
    linked = re.findall(r"\]\((?!https?:)([^)#]+)\)", read(document))
    named = re.findall(r"`((?:attnviz|tests|pages|models|benchmarks|docs)/[\w/.]*)`", read(document))
    assert [each for each in linked if not (here / each).exists()] == []
    assert [each for each in named if not (ROOT / each).exists()] == []


def test_every_page_of_the_documents_is_linked_from_the_readme():
    linked = set(re.findall(r"\]\((docs/[^)#]+)\)", read("README.md")))
    assert {each for each in DOCUMENTS if each.startswith("docs/")} <= linked


def test_the_settings_are_those_of_the_program():
    from attnviz.runtime.settings import settings_table

    assert settings_table() in read("docs/settings.md")

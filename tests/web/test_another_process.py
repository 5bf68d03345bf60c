"""Every page against an engine in another process: the tests of the pages once more, one of each."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_pages_ask_an_engine_in_another_process():
    found = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--quick", "tests/web/pages"],
        cwd=ROOT,
        env={**os.environ, "ATTNVIZ_RUNTIME": "process"},
        capture_output=True,
        text=True,
        timeout=800,
        check=False,
    )
    assert found.returncode == 0, found.stdout[-4000:]
    assert " passed" in found.stdout

"""How torch is started: its threads must not keep cores busy while they wait for each other."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest

RUN = """
from attnviz.runtime import Query, LocalRuntime, Settings
LocalRuntime(Settings(device="cpu")).capture(Query("minilm", "Hello."))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only libgomp tells its settings in this way")
@pytest.mark.slow
def test_threads_sleep_while_they_wait():
    """What the library itself read when it was loaded: a variable set too late would not show."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("OMP_")}
    done = subprocess.run(
        [sys.executable, "-c", RUN],
        env=environment | {"OMP_DISPLAY_ENV": "true"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert set(re.findall(r"OMP_WAIT_POLICY = '(\w+)'", done.stderr)) == {"PASSIVE"}

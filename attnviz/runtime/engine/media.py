"""Pictures and sounds in the store of what visitors hold: under which key, and what a model is given of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from attnviz.errors import InputInvalid
from attnviz.language import say
from attnviz.runtime.engine.store import Store
from attnviz.runtime.query import Query


@dataclass(frozen=True)
class HeldMedium:
    """A file as it came, and of a picture a small copy (height, width, 3) uint8 to be shown."""

    data: bytes
    thumbnail: npt.NDArray[np.uint8] | None = None


def key_of(medium: str, digest: str) -> str:
    """Under which a picture or sound is kept in the store."""
    return f"{medium}:{digest}"


def held_key(query: Query) -> str | None:
    """The same for the one that a question is about; None for a question about a text."""
    if query.image is not None:
        return key_of("image", query.image)
    return None if query.audio is None else key_of("audio", query.audio)


def given(held: Store, query: Query) -> dict[str, Any]:
    """The argument of `Model.capture` for the picture or sound of a question; empty for a text.

    Raises InputInvalid where it is kept no longer.
    """
    key = held_key(query)
    if key is None:
        return {}
    found: HeldMedium | None = held.get(key)
    if found is None:
        what = "picture" if query.image is not None else "sound"
        raise InputInvalid(
            say(
                "The {what} that this address names is not kept by this server, or not any longer.", what=what
            ),
            say("Choose the file again."),
        )
    return {"image" if query.image is not None else "audio": found.data}

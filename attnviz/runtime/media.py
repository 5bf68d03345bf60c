"""Pictures and sounds that visitors bring: kept as files, named by digest, decoded once to see that one can."""

from __future__ import annotations

import hashlib
from typing import Literal

import numpy as np
import numpy.typing as npt

from attnviz.runtime.engine.engine import Engine
from attnviz.runtime.engine.media import HeldMedium, held_key, key_of
from attnviz.runtime.progress import OPENING, Progress
from attnviz.runtime.query import Query

Medium = Literal["image", "audio"]
THUMBNAIL = 448  # pixels of the longer side of what is shown of a picture
PROBE_RATE = 16_000


class Media:
    """What `Runtime` does with pictures and sounds, which are kept among what visitors hold."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def hold(self, medium: Medium, data: bytes, progress: Progress | None = None) -> str:
        """Keep the bytes of a picture or sound; the digest by which a `Query` names it.

        Raises InputInvalid, InputEmpty for what cannot be read; AttnVizError where it is larger than one visitor may
        hold, or too many wait.
        """
        digest = hashlib.sha256(data).hexdigest()[:32]
        key = key_of(medium, digest)
        if self._engine.held.get(key) is None:
            found = self._engine.in_turn(
                OPENING, "opening the file", lambda: _checked(medium, data), progress
            )
            self._engine.held.put(key, found)
        return digest

    def sample(self, medium: Medium, name: str, progress: Progress | None = None) -> str:
        """Keep a picture or sound that comes along, an example of a model in the catalogue; its digest, as of `hold`.

        Raises UnknownName.
        """
        from attnviz.runtime.gallery.samples import sample

        return self.hold(medium, sample(medium, name), progress)

    def holds(self, query: Query) -> bool:
        """Whether the picture or sound of a question is still here; true of a question about a text."""
        key = held_key(query)
        return key is None or self._engine.held.get(key) is not None

    def thumbnail(self, query: Query) -> npt.NDArray[np.uint8] | None:
        """A small copy of the picture of a question; None where it has none, or it is kept no longer."""
        key = held_key(query)
        found: HeldMedium | None = self._engine.held.get(key) if key else None
        return found.thumbnail if found else None


def _checked(medium: Medium, data: bytes) -> HeldMedium:
    """Decoded once: whoever asks about it later will not meet a damaged file. Raises InputInvalid, InputEmpty."""
    from attnviz.media import read_picture, read_sound

    if medium == "audio":
        read_sound(data, None, PROBE_RATE)
        return HeldMedium(data)
    return HeldMedium(data, np.array(read_picture(data).reduced(THUMBNAIL)))

"""Files that visitors opened: a capture from a stranger's bytes, under a name that pages use like a model's.

Bytes go in; out come a checked capture and its name, "file:" and a digest of the bytes. What a file may ask of this
server is said here, once, and checked by who reads files, before anything is built.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from attnviz.provenance import Pairs, Provenance
from attnviz.runtime.engine.engine import Engine
from attnviz.runtime.engine.sizes import capture_parts
from attnviz.runtime.progress import OPENING, SAVING, Progress, silent
from attnviz.runtime.query import FILE, Query, is_file
from attnviz.runtime.settings import Settings
from attnviz.types import Tokens

if TYPE_CHECKING:
    from attnviz.capture import Capture, Limits

MAX_HEADER = 8 << 20  # bytes of JSON: texts and tokens; 4,096 tokens of MiniLM take 0.6 MB
MAX_HEADS = 20_000
MAX_CELLS = 1 << 32  # of all maps together: a minute or two of statistics on one core


class Files:
    """What `Runtime` does with saved files. Without torch, but for saving a capture that was just made."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def open(self, data: bytes, name: str = "the file", progress: Progress | None = None) -> Query:
        """Keep the capture in the bytes of a saved file; returns the question that it answers.

        It is kept among what visitors hold, as long as there is room. Raises CaptureInvalid, and AttnVizError where
        too many wait or one visitor would hold too much.
        """
        held, key = self._engine.held, name_of(data)
        capture: Capture | None = held.get(key)
        if capture is None:
            limits = limits_of(self._engine.settings, held.share)
            capture = self._engine.in_turn(
                OPENING, "opening the file", lambda: read(data, name, limits), progress
            )
            held.put(key, capture, sum(capture_parts(capture).values()))
        return query_of(key, capture)

    def opened(self, name: str) -> Query | None:
        """The question that an opened file answers; None where the name is no file's, or it is kept no longer."""
        capture: Capture | None = self._engine.held.get(name) if is_file(name) else None
        return query_of(name, capture) if capture else None

    def save(self, query: Query, progress: Progress | None = None) -> bytes:
        """The capture as the content of a file, which `open` reads. Raises what `capture` raises."""
        _, capture = self._engine.find(query, progress)
        data: bytes = self._engine.in_turn(SAVING, "saving the capture", capture.to_bytes, progress)
        return data

    def provenance(
        self,
        query: Query,
        lines: tuple[str, ...] = (),
        of_model: bool = False,
        seed: int | None = None,
        settings: Pairs = (),
        progress: Progress | None = None,
    ) -> Provenance:
        """How a result of this question came about; `lines` of Python make it from `model` and, unless it is `of_model`
        alone, from `capture`. Raises what `capture` raises."""
        if of_model and not is_file(query.model):
            made = self._engine.models.get(query.model, progress or silent).model.provenance
        else:
            made = self._engine.find(query, progress)[1].provenance
        return made.then(*lines, seed=seed, settings=settings)


def name_of(data: bytes) -> str:
    """The name of a file: equal bytes, equal name; nobody can guess it who has not seen the file or a link to it."""
    return f"{FILE}:" + hashlib.sha256(data).hexdigest()[:32]


def limits_of(settings: Settings, nbytes: int) -> Limits:
    """What a file may hold that this server opens, with `nbytes` for its arrays."""
    from attnviz.capture import Limits

    return Limits(settings.max_tokens, MAX_HEADS, MAX_CELLS, nbytes, MAX_HEADER)


def read(data: bytes, name: str, limits: Limits) -> Capture:
    """The capture in the bytes of a file called `name`. Raises CaptureInvalid, which says why it is refused."""
    from attnviz.capture import read_capture

    return read_capture(data, name, limits)


def query_of(name: str, capture: Capture) -> Query:
    """The question that the capture answers, asked of the file in place of a model."""
    target = capture.target_tokens if capture.card.kind == "encoder-decoder" else None
    said = target.text if target else None
    if isinstance(capture.tokens, Tokens):
        return Query(name, capture.tokens.text, capture.tokens.pair, said)
    return Query(name, "", target_text=said)

"""Files that visitors opened: a capture from a stranger's bytes, under a name that pages use like a model's.

Bytes go in; out come a checked capture and its name, "file:" and a digest of the bytes. What a file may ask of this
server (tokens, cells, text) is bounded here, before anything is recomputed from it.
"""

from __future__ import annotations

import hashlib
import math
from typing import TYPE_CHECKING

from attnviz.errors import CaptureInvalid
from attnviz.runtime.engine.engine import Engine
from attnviz.runtime.engine.sizes import capture_parts
from attnviz.runtime.progress import OPENING, SAVING, Progress
from attnviz.runtime.query import FILE, Query, is_file
from attnviz.runtime.settings import Settings
from attnviz.types import Tokens

if TYPE_CHECKING:
    from attnviz.capture import Capture

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
        too many wait.
        """
        held, key = self._engine.held, name_of(data)
        capture: Capture | None = held.get(key)
        if capture is None:
            settings = self._engine.settings
            capture = self._engine.in_turn(
                OPENING, "opening the file", lambda: read(data, name, settings), progress
            )
            size = sum(capture_parts(capture).values())
            if size > held.share:
                raise CaptureInvalid(
                    f"{name} takes {size / 2**20:,.0f} MB, more than this server keeps for one visitor.",
                    "Open it in Python with attnviz.open, or raise ATTNVIZ_HELD_MB.",
                )
            held.put(key, capture, size)
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


def name_of(data: bytes) -> str:
    """The name of a file: equal bytes, equal name; nobody can guess it who has not seen the file or a link to it."""
    return f"{FILE}:" + hashlib.sha256(data).hexdigest()[:32]


def read(data: bytes, name: str, settings: Settings) -> Capture:
    """The capture in the bytes of a file called `name`. Raises CaptureInvalid, which says why it is refused."""
    from attnviz.capture import read_capture

    if int.from_bytes(data[:8], "little") > MAX_HEADER and len(data) > MAX_HEADER:
        raise CaptureInvalid(f"The texts and tokens in {name} are too large.", "Choose another file.")
    capture = read_capture(data, name)
    for kind in capture.kinds:
        shape = capture.shape(kind)
        tokens, heads, cells = max(shape[2:]), shape[0] * shape[1], math.prod(shape)
        if tokens > settings.max_tokens:
            raise CaptureInvalid(
                f"{name} holds a text of {tokens:,} tokens; this server shows at most {settings.max_tokens:,}.",
                "Open it in Python with attnviz.open, or on a server that allows more.",
            )
        if heads > MAX_HEADS or cells > MAX_CELLS:
            raise CaptureInvalid(
                f"{name} holds {heads:,} heads with {cells:,} weights, more than this server would recompute.",
                "Open it in Python with attnviz.open.",
            )
    return capture


def query_of(name: str, capture: Capture) -> Query:
    """The question that the capture answers, asked of the file in place of a model."""
    target = capture.target_tokens if capture.card.kind == "encoder-decoder" else None
    said = target.text if target else None
    if isinstance(capture.tokens, Tokens):
        return Query(name, capture.tokens.text, capture.tokens.pair, said)
    return Query(name, "", target_text=said)

"""What visitors hold on the server: opened files, uploads, books of figures, writers; bounded for all together.

It cannot be computed again by the server, so it stays when memory is given back, and goes by age when room is needed.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

from attnviz.errors import AttnVizError
from attnviz.language import say
from attnviz.runtime.engine.sizes import nbytes_of
from attnviz.runtime.engine.visitors import current_visitor


@dataclass(frozen=True)
class _Entry:
    value: Any
    nbytes: int
    owner: str | None


class Store:
    """Values by key, the least recently used given up first: for the bound of one visitor, then for that of all.

    Args:
        maxsize: bytes of all values.
        share: bytes of the values that one visitor has put here, so that nobody displaces everybody else's.
    """

    def __init__(self, maxsize: int, share: int) -> None:
        self.maxsize = maxsize
        self.share = min(share, maxsize)
        self._elsewhere = 0
        self._entries: OrderedDict[str, _Entry] = OrderedDict()
        self._lock = threading.Lock()

    def put(self, key: str, value: Any, nbytes: int | None = None) -> None:
        """Keep a value for the current visitor; under a key that exists, in place of the former value.

        Args:
            key: a kind, a colon and what identifies the value, such as "file:" and a digest.
            nbytes: bytes that it takes; counted where it is not given.

        Raises:
            AttnVizError: it is larger than what one visitor may hold.
        """
        size = nbytes_of(value) if nbytes is None else nbytes
        if size > self.share:
            raise AttnVizError(
                say(
                    "This takes {size:,.1f} MB; one visitor may hold {share:,.0f} MB on this server.",
                    size=size / 2**20,
                    share=self.share / 2**20,
                ),
                say("Choose something smaller, or raise ATTNVIZ_HELD_MB."),
            )
        visitor = current_visitor()
        owner = visitor.name if visitor is not None else None
        room = self.maxsize - self._elsewhere
        with self._lock:
            self._entries.pop(key, None)
            self._entries[key] = _Entry(value, size, owner)
            if owner is not None:
                self._shrink(
                    self.share, [name for name, each in self._entries.items() if each.owner == owner]
                )
            # What was just put stays in any case: with uploads that fill the bound it is at most one share beyond.
            self._shrink(max(room, size), list(self._entries))

    def give_way(self, elsewhere: int) -> None:
        """Give up as much as the bytes that are held elsewhere need, and mind them from now on."""
        self._elsewhere = elsewhere
        room = self.maxsize - elsewhere
        with self._lock:
            self._shrink(room, list(self._entries))

    def _shrink(self, limit: int, keys: list[str]) -> None:
        """Give up the first of these keys until the rest fits."""
        held = sum(self._entries[key].nbytes for key in keys)
        for key in keys:
            if held <= limit:
                return
            held -= self._entries.pop(key).nbytes

    def get(self, key: str) -> Any:
        """The value, which counts as a use; None where it is not kept, or not any more."""
        with self._lock:
            if key not in self._entries:
                return None
            self._entries.move_to_end(key)
            return self._entries[key].value

    def drop(self, key: str) -> None:
        """Forget a value; harmless where there is none."""
        with self._lock:
            self._entries.pop(key, None)

    def clear(self, kind: str) -> None:
        """Forget all values of a kind."""
        with self._lock:
            for key in [key for key in self._entries if key.startswith(f"{kind}:")]:
                del self._entries[key]

    @property
    def nbytes(self) -> int:
        """Bytes of all values."""
        with self._lock:
            return sum(each.nbytes for each in self._entries.values())

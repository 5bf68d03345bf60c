"""What was encoded last, so that nothing is encoded twice for one request. Bounded in bytes, safe between threads."""

from __future__ import annotations

import sys
import threading
from collections import OrderedDict
from collections.abc import Hashable

from attnviz.types import Tokens

Inputs = dict[str, list[int]]

_TOKEN_BYTES = 80  # of a token's label and its places in lists


class Recent:
    """Tokens and inputs by key, the latest first, of at most `limit` bytes; what is larger is not kept."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.nbytes = 0
        self._lock = threading.Lock()
        self._entries: OrderedDict[Hashable, tuple[Tokens, Inputs, int]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, key: Hashable) -> tuple[Tokens, Inputs] | None:
        """What was kept, the lists as copies of the caller's own; or None."""
        with self._lock:
            if key not in self._entries:
                return None
            self._entries.move_to_end(key)
            tokens, inputs, _ = self._entries[key]
        return tokens, _copied(inputs)

    def put(self, key: Hashable, tokens: Tokens, inputs: Inputs) -> None:
        """Keep an entry, and drop the oldest ones that no longer fit."""
        size = nbytes(tokens, inputs)
        if size > self.limit:
            return
        inputs = _copied(inputs)
        with self._lock:
            if key in self._entries:
                self.nbytes -= self._entries.pop(key)[2]
            self._entries[key] = tokens, inputs, size
            self.nbytes += size
            while self.nbytes > self.limit:
                self.nbytes -= self._entries.popitem(last=False)[1][2]


def nbytes(tokens: Tokens, inputs: Inputs) -> int:
    """About how many bytes an entry takes, its key included."""
    arrays = (tokens.ids, tokens.spans, tokens.special, tokens.words, tokens.segments)
    texts = 2 * (sys.getsizeof(tokens.text) + sys.getsizeof(tokens.pair))
    lists = sum(sys.getsizeof(values) for values in inputs.values())
    return sum(array.nbytes for array in arrays) + texts + lists + _TOKEN_BYTES * len(tokens)


def _copied(inputs: Inputs) -> Inputs:
    return {name: list(values) for name, values in inputs.items()}

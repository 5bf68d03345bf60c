"""Messages in parts, so that a browser is not sent again what it holds: each part goes by the digest of its content.

What the server believes of a browser may be wrong: a frame was lost, or a picture was skipped. Then the browser says so
(`web/serving/load.js`), the server forgets what it believed, and sends everything.
"""

from __future__ import annotations

import hashlib
import json
import struct
from collections.abc import Iterator, MutableMapping
from typing import Any

from attnviz.figures.wire import Message

HELD_BYTES = 48_000_000  # that a browser is believed to hold; less than it keeps
_DIGEST = 12  # bytes
_SENT = 1 << 31
_RECORD = struct.Struct(f"<{_DIGEST}sI")


class Held:
    """What one browser was sent, in the order of its last use, bounded as the browser's own store is."""

    def __init__(self, most: int | None = None) -> None:
        self._most = HELD_BYTES if most is None else most
        self._sizes: dict[bytes, int] = {}
        self._total = 0

    def __contains__(self, digest: bytes) -> bool:
        return digest in self._sizes

    def add(self, parts: dict[bytes, int]) -> None:
        """Take note of parts {digest: bytes}, and drop the oldest others of what is too much."""
        for digest, size in parts.items():
            self._total += size - self._sizes.pop(digest, 0)
            self._sizes[digest] = size
        while self._total > self._most and self._sizes:
            oldest = next(iter(self._sizes))
            self._total -= self._sizes.pop(oldest)

    def clear(self) -> None:
        """The browser has lost something: believe nothing."""
        self._sizes.clear()
        self._total = 0


def thin(message: bytes, held: Held) -> bytes:
    """The message without the parts that are held; those that go along are held from now on.

    u32 LE number of parts | for each a digest (12 bytes) and u32 LE bytes, with the highest bit set where it was sent
    along | those that were sent, one after the other.
    """
    table, sent = [], []
    parts: dict[bytes, int] = {}
    for part in _parts(message):
        digest = hashlib.blake2b(part, digest_size=_DIGEST).digest()
        new = digest not in held and digest not in parts
        parts[digest] = len(part)
        table.append(_RECORD.pack(digest, len(part) + (_SENT if new else 0)))
        if new:
            sent.append(part)
    held.add(parts)
    return b"".join([struct.pack("<I", len(table)), *table, *sent])


def whole(thinned: bytes, store: MutableMapping[bytes, bytes]) -> bytes:
    """The message again, as a browser makes it, which adds what was sent to its store.

    Raises KeyError where a part is neither sent nor in the store.
    """
    (count,) = struct.unpack_from("<I", thinned)
    at = 4 + count * _RECORD.size
    parts = []
    for digest, size in _RECORD.iter_unpack(thinned[4:at]):
        if size >= _SENT:
            store[digest] = thinned[at : at + size - _SENT]
            at += size - _SENT
        parts.append(store[digest])
    return b"".join(parts)


def addressed(thinned: bytes, told: dict[str, Any]) -> bytes:
    """The message behind what its loader is told with it: u32 LE bytes | JSON | message."""
    coded = json.dumps(told).encode()
    return len(coded).to_bytes(4, "little") + coded + thinned


def received(data: bytes, store: MutableMapping[bytes, bytes]) -> bytes:
    """The whole message of what `addressed` sent, as a browser makes it. Raises KeyError as `whole` does."""
    return whole(data[4 + int.from_bytes(data[:4], "little") :], store)


def _parts(message: bytes) -> Iterator[memoryview]:
    cuts = message.cuts if isinstance(message, Message) else ()
    view = memoryview(message)
    for begin, end in zip((0, *cuts), (*cuts, len(message)), strict=True):
        yield view[begin:end]

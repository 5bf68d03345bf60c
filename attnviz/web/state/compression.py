"""What is too long to stand in an address letter by letter: JSON, compressed, in letters that an address may hold."""

from __future__ import annotations

import base64
import json
import zlib
from typing import Any

MAX_UNPACKED = 1 << 20  # bytes; a compressed text can claim to be a thousand times longer than the link


def compress(value: Any) -> str:
    """Anything that JSON holds, compressed, in the letters of base64url."""
    data = json.dumps(value, ensure_ascii=False).encode()
    return base64.urlsafe_b64encode(zlib.compress(data, 9)).decode().rstrip("=")


def decompress(letters: str, most: int = MAX_UNPACKED) -> Any:
    """The inverse of `compress`; None for anything that it did not make. Never unpacks more than `most` bytes."""
    try:
        reader = zlib.decompressobj()
        padded = letters.encode("ascii") + b"=" * (-len(letters) % 4)
        data = reader.decompress(base64.b64decode(padded, altchars=b"-_", validate=True), most)
        return json.loads(data) if reader.eof and not reader.unused_data else None
    except (ValueError, zlib.error, RecursionError):
        return None

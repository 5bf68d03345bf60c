"""The bytes of a file that somebody names or hands over, no more than are allowed."""

from __future__ import annotations

import os
from pathlib import Path

from attnviz.errors import InputEmpty, InputInvalid
from attnviz.language import say

MAX_BYTES = 64 << 20


def read_bytes(what: str, source: str | os.PathLike[str] | bytes | bytearray | memoryview) -> bytes:
    """The content of a file by its path, or the bytes themselves; `what` is a "picture" or a "sound".

    Raises InputInvalid for no file and for more than MAX_BYTES; InputEmpty for an empty one.
    """
    if isinstance(source, bytes | bytearray | memoryview):
        data = bytes(source[: MAX_BYTES + 1])
    else:
        data = _of_file(what, source)
    if len(data) > MAX_BYTES:
        raise InputInvalid(
            say(
                "The file of the {what} is larger than {max_bytes} MB, more than is read.",
                what=what,
                max_bytes=MAX_BYTES >> 20,
            ),
            say("Save the {what} smaller.", what=what),
        )
    if not data:
        raise InputEmpty(say("The {what} is an empty file.", what=what), say("Choose another one."))
    return data


def _of_file(what: str, path: str | os.PathLike[str]) -> bytes:
    try:
        if not Path(path).is_file():  # a device or a pipe would never end
            raise FileNotFoundError("no such file")
        with open(path, "rb") as file:
            return file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        raise InputInvalid(
            f"The {what} {os.fspath(path)!r} cannot be read: {getattr(error, 'strerror', None) or error}.",
            say("Give the path of a file, or its bytes."),
        ) from error

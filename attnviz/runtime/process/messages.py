"""What travels between the process of the pages and that of the engine: questions, stages, answers and errors.

Both ends are ours and share a key, so that pickle is safe between them; nothing from outside is unpickled.
"""

from __future__ import annotations

import pickle
from dataclasses import dataclass, field
from typing import Any

from attnviz.runtime.engine.visitors import Visitor


@dataclass(frozen=True)
class Question:
    """What is asked: an attribute of the runtime, such as "explain" or "held.get", and what it is called with.

    Attributes:
        args, kwargs: None in place of `args` where the attribute itself is asked for.
        progress: whether the stages of the work are told, and the work can be cancelled.
        visitor: who asks.
    """

    name: str
    args: tuple[Any, ...] | None = None
    kwargs: dict[str, Any] = field(default_factory=dict)
    progress: bool = False
    visitor: Visitor | None = None


@dataclass(frozen=True)
class Answer:
    """What the runtime returned."""

    value: Any


@dataclass(frozen=True)
class Failure:
    """What the runtime raised."""

    error: BaseException


@dataclass(frozen=True)
class Cancel:
    """The one who asked does not want the answer any more."""


def send(connection: Any, message: Any) -> None:
    """Send anything that can be pickled; arrays go as they lie in memory, without a copy into the pickle."""
    buffers: list[pickle.PickleBuffer] = []
    body = pickle.dumps(message, protocol=5, buffer_callback=buffers.append)
    connection.send_bytes(len(buffers).to_bytes(4, "little") + body)
    for buffer in buffers:
        connection.send_bytes(buffer.raw())


def receive(connection: Any) -> Any:
    """The next message. Its arrays are read-only, as those of every answer: they lie in what was received."""
    body = connection.recv_bytes()
    buffers = [connection.recv_bytes() for _ in range(int.from_bytes(body[:4], "little"))]
    return pickle.loads(memoryview(body)[4:], buffers=buffers)

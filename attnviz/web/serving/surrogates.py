"""Half an emoji that somebody typed or pasted must not close the connection.

A browser sends a lone surrogate as three bytes that are no UTF-8; protobuf refuses the whole message, and Streamlit
closes the websocket. They become U+FFFD, which has three bytes too, so every length in the message stays right.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

_LONE_SURROGATE = re.compile(rb"\xed[\xa0-\xbf][\x80-\xbf]")
_REPLACEMENT = "\N{REPLACEMENT CHARACTER}".encode()


class WellFormedText:
    """ASGI middleware: websocket messages reach Streamlit with every lone surrogate replaced."""

    def __init__(self, app: Callable[[Message, Receive, Send], Awaitable[None]]) -> None:
        self._app = app

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Pass on, mending what the websocket receives."""
        if scope["type"] != "websocket":
            await self._app(scope, receive, send)
            return

        async def mended() -> Message:
            message = await receive()
            data = message.get("bytes")
            if message["type"] == "websocket.receive" and data and not _readable(data):
                message = {**message, "bytes": mend(data)}
            return message

        await self._app(scope, mended, send)


def mend(data: bytes) -> bytes:
    """The message with every lone surrogate replaced; as long as before."""
    return _LONE_SURROGATE.sub(_REPLACEMENT, data)


def _readable(data: bytes) -> bool:
    """Whether Streamlit can parse the message: only others are touched, since an upload may hold any bytes."""
    from streamlit.proto.BackMsg_pb2 import BackMsg

    try:
        BackMsg().ParseFromString(data)
    except Exception:  # protobuf's DecodeError, whose module is not ours to name
        return False
    return True

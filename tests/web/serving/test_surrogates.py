"""A message with half an emoji becomes one that Streamlit can read; every other message stays as it is."""

import asyncio

import pytest
from streamlit.proto.BackMsg_pb2 import BackMsg

from attnviz.web.serving.surrogates import WellFormedText, mend

LONE = b"\xed\xa0\xbd"  # U+D83D, the first half of an emoji, as JavaScript's protobuf writes it


def message(text: str) -> bytes:
    made = BackMsg()
    made.rerun_script.query_string = text
    return made.SerializeToString()


def received(data: bytes) -> bytes:
    """What the app behind the middleware is given for a websocket message."""
    seen = []

    async def app(scope, receive, send):
        seen.append(await receive())

    async def receive():
        return {"type": "websocket.receive", "bytes": data}

    asyncio.run(WellFormedText(app)({"type": "websocket"}, receive, None))
    return seen[0]["bytes"]


def test_a_lone_surrogate_becomes_the_replacement_character():
    broken = message("before XYZ after").replace(b"XYZ", LONE)
    with pytest.raises(Exception, match="parsing"):
        BackMsg().ParseFromString(broken)
    read = BackMsg()
    read.ParseFromString(received(broken))
    assert read.rerun_script.query_string == "before \N{REPLACEMENT CHARACTER} after"


def test_whole_characters_and_lengths_stay():
    text = "한글 \N{GRINNING FACE} \ud7ff \ue000"
    assert received(message(text)) == message(text)
    assert mend(text.encode()) == text.encode()
    assert len(mend(b"ab" + LONE)) == 5

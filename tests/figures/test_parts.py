"""Messages in parts: what is held stays away, what is put together is the message again, and doubt sends everything."""

import numpy as np
import pytest

from attnviz.figures import pack
from attnviz.figures.parts import Held, thin, whole

LABELS = [f"word{n}" for n in range(300)]
RANDOM = np.random.default_rng(0).random((5, 300, 300), np.float32)


def message(maps, **short) -> bytes:
    """A message with long labels, and maps of some heads."""
    return pack({"figure": "x", "labels": LABELS, **short}, {"maps": RANDOM[maps], "empty": RANDOM[:0]})


def test_parts_that_were_sent_are_not_sent_again():
    held, store = Held(), {}
    first = message([0, 1], shown=0)
    assert whole(thin(first, held), store) == first
    for maps, short in (([0, 1], {"shown": 1}), ([1], {"shown": 1, "held": [1, 2, 3]}), ([1, 0, 1], {})):
        again = message(maps, **short)
        sent = thin(again, held)
        assert len(sent) < 600
        assert whole(sent, store) == again
    other = message([2, 0])
    sent = thin(other, held)
    assert RANDOM[2].nbytes < len(sent) < RANDOM[2].nbytes + 600
    assert whole(sent, store) == other


@pytest.mark.parametrize("length", range(4))
def test_a_short_value_of_another_length_leaves_the_long_ones_alone(length):
    held = Held()
    thin(message([0], note=""), held)
    assert len(thin(message([0], note="n" * length), held)) < 400


def test_what_a_browser_lacks_is_missed_and_comes_again():
    held, store = Held(), {}
    thin(message([0]), held)  # a picture that a browser skipped
    with pytest.raises(KeyError):
        whole(thin(message([0], shown=1), held), store)
    held.clear()
    again = message([0], shown=1)
    assert whole(thin(again, held), store) == again


def test_a_browser_is_believed_to_hold_what_was_used_last():
    held = Held(most=2 * RANDOM[0].nbytes + 10_000)
    for maps in ([0], [1], [0], [2]):
        thin(message(maps), held)
    assert len(thin(message([0]), held)) < 600
    assert len(thin(message([1]), held)) > RANDOM[1].nbytes


def test_a_message_of_one_piece_is_one_part():
    held, store = Held(), {}
    assert whole(thin(b"any bytes", held), store) == b"any bytes"
    assert len(thin(b"any bytes", held)) == 4 + 16
    assert whole(thin(b"", held), store) == b""

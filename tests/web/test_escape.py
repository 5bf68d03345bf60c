"""User text in Markdown: what is put in is what is read, character by character."""

import re

import pytest

from attnviz.web.escape import clean, markdown, plain
from tests.web.hostile import HOSTILE

SPECIAL = set("\\`*_{}[]()#+-.!|<>~$&\"'=^%")


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_every_special_character_is_escaped_and_nothing_is_lost(text):
    escaped = markdown(text, 20_000)
    unescaped = re.sub(r"\\(.)", r"\1", escaped).replace("\u2060", "")
    assert unescaped == plain(text, 20_000)
    bare = re.sub(r"\\.", "", escaped)
    assert not SPECIAL & set(bare)
    assert not re.search(r"[:@](?!\u2060)", escaped)
    assert "\n" not in escaped


def test_plain_is_one_short_line_without_control_or_direction_marks():
    assert plain("a\nb\tc\x00d\u202ee") == "a b c d e"
    assert plain("x" * 400) == "x" * 299 + "…"
    assert plain("", 10) == ""


def test_clean_keeps_everything_but_what_cannot_travel():
    assert clean("a\ud800b\r\nc\rd") == "a\ufffdb\nc\nd"
    assert clean("👩‍👧 \x00 \u202e") == "👩‍👧 \x00 \u202e"

"""labels and clean, on spans written by hand."""

from __future__ import annotations

import random
import time
from itertools import pairwise

import numpy as np
import pytest
import regex

from attnviz.text.characters import Characters
from attnviz.text.labels import CONTINUATION, clean, labels
from attnviz.text.spans import exact_spans

M = CONTINUATION


def graphemes(text: str) -> list[str]:
    return [text[start:end] for start, end in pairwise(Characters(text).graphemes.tolist())]


@pytest.mark.parametrize(
    ("text", "spans", "expected"),
    [
        ("the cat", [(0, 3), (4, 7)], ["the", " cat"]),
        ("  a b  ", [(2, 3), (4, 5)], ["  a", " b  "]),
        ("喜", [(0, 1)] * 3, ["喜", M, M]),
        ("👍🏽x", [(0, 1), (1, 2), (2, 3)], ["👍🏽", M, "x"]),
        ("e\u0301b", [(0, 1), (1, 2), (2, 3)], ["e\u0301", M, "b"]),
        ("ab", [(0, 0), (0, 2)], ["", "ab"]),
        ("a\r\nb", [(0, 1), (1, 2), (2, 3), (3, 4)], ["a", "\r\n", M, "b"]),
        ("xyz", [(1, 2)], ["xyz"]),
        ("ﬁn", [(0, 1), (0, 1), (1, 2)], ["ﬁ", M, "n"]),
        ("ab", [(0, 2), (1, 2)], ["ab", M]),
        ("", [(0, 0)], [""]),
        ("", [], []),
    ],
)
def test_labels(text: str, spans: list[tuple[int, int]], expected: list[str]) -> None:
    assert labels(Characters(text), np.array(spans)) == expected


@pytest.mark.parametrize(
    ("text", "pieces", "offsets", "expected"),
    [
        ("the", ["▁", "the"], [(0, 1), (0, 3)], [(0, 0), (0, 3)]),
        ("  the", ["Ġ", "Ġthe"], [(1, 1), (2, 5)], [(0, 1), (2, 5)]),
        ("a b", ["a", "Ġb"], [(0, 1), (1, 3)], [(0, 1), (2, 3)]),
        ("x\n   y", ["x", "ĊĠĠ", "Ġy"], [(0, 1), (1, 2), (5, 6)], [(0, 1), (1, 4), (5, 6)]),
        ("éx", ["<0xC3>", "<0xA9>", "<0x78>"], [(0, 2)] * 3, [(0, 1), (0, 1), (1, 2)]),
        ("ﬁé", ["<0x66>", "<0x69>", "<0xC3>", "<0xA9>"], [(0, 2)] * 4, [(0, 1), (0, 1), (1, 2), (1, 2)]),
        ("e\u0301a", ["é", "a"], [(0, 1), (2, 3)], [(0, 2), (2, 3)]),
        ("▁a", ["▁", "a"], [(0, 1), (1, 2)], [(0, 1), (1, 2)]),
        ("", [], [], []),
    ],
)
def test_offsets_are_put_right(text: str, pieces: list[str], offsets: list, expected: list) -> None:
    found = exact_spans(Characters(text), pieces, np.array(offsets))
    assert [tuple(span) for span in found.tolist()] == expected


def test_clean_replaces_one_for_one() -> None:
    assert clean("a\ud800\udc00b\ufdd0") == "a\ufffd\ufffdb\ufffd"
    assert clean("👍 ok \ue000") == "👍 ok \ue000"


def test_graphemes_are_those_of_unicode() -> None:
    dice = random.Random(2)
    for _ in range(3000):
        text = "".join(dice.choices("🇩🇪🇫a\u0301\u200d👨🏽\r\n क्षि\u0600각", k=dice.randint(0, 9)))
        assert graphemes(text) == regex.findall(r"\X", text)


def test_a_wall_of_flags_takes_linear_time() -> None:
    start = time.process_time()
    assert len(graphemes("🇩" * 40_000)) == 20_000
    assert time.process_time() - start < 2

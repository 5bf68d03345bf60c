"""visible: what stands on an axis."""

from __future__ import annotations

import pytest
import regex
from zoo import TEXTS, ZOO, tokenizer

from attnviz.text import CONTINUATION, tokenize, visible


@pytest.mark.parametrize(
    ("label", "expected"),
    [
        (" cat", "cat"),
        ("\n  cat\t", "cat"),
        (" ", "␣"),
        ("  ", "␣␣"),
        ("\n", "⏎"),
        ("\r\n", "⏎"),
        ("\t\n", "⇥⏎"),
        ("\u00a0", "⍽"),
        ("\u3000", "␣"),
        ("a\nb\tc", "a⏎b⇥c"),
        ("a\x00b", "a␀b"),
        ("\x1b[0m", "␛[0m"),
        ("\x7f", "␡"),
        ("\x1f", "␟"),
        ("a\u0085b", "a‹U+0085›b"),
        ("a\u202eb", "a‹RLO›b"),
        ("\u200f", "‹RLM›"),
        ("a\u200bb", "a‹ZWSP›b"),
        ("a\u200db", "a‹ZWJ›b"),
        ("\ufeffa", "‹BOM›a"),
        ("so\u00adft", "so‹SHY›ft"),
        ("👨‍👩‍👧", "👨‍👩‍👧"),
        ("❤️", "❤️"),
        ("1️⃣", "1️⃣"),
        ("🏴\U000e0067\U000e007f", "🏴\U000e0067\U000e007f"),
        ("\U000e0067", "‹U+E0067›"),
        ("\u0301", "◌\u0301"),
        ("", "∅"),
        (CONTINUATION, "↪"),
        ("<script>", "<script>"),
        ("$x^2$", "$x^2$"),
        ("مرحبا", "مرحبا"),
    ],
)
def test_visible(label: str, expected: str) -> None:
    assert visible(label) == expected


def test_long_labels_are_cut_between_graphemes() -> None:
    assert visible("abcdef", 6) == "abcdef"
    assert visible("abcdef", 4) == "abc…"
    assert visible("👨‍👩‍👧👍🏽🇩🇪🇫🇷", 3) == "👨‍👩‍👧👍🏽…"
    assert visible(" abc ", 3) == "abc"


@pytest.mark.parametrize("name", ZOO)
def test_nothing_invisible_is_left(name: str) -> None:
    hidden = regex.compile(r"[\p{Cc}\p{Zl}\p{Zp}\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff\ufdd0]")
    for text in TEXTS.values():
        for label in tokenize(tokenizer(name), text).labels:
            shown = visible(label, 12)
            assert shown.strip(), repr(label)
            assert not hidden.search(shown), repr(label)
            assert len(regex.findall(r"\X", shown)) <= 12

"""The display form of a label, for axes and lists: trimmed, and nothing invisible in it.

It is text, never markup: whoever draws it uses textContent or escapes it.
"""

from __future__ import annotations

import regex

from attnviz.text.characters import GRAPHEME
from attnviz.text.labels import CONTINUATION

_EDGES = regex.compile(r"^\p{White_Space}+|\p{White_Space}+$")
# A joiner, selector or tag is part of the picture when its grapheme is an emoji, flag or keycap.
_PICTURE = regex.compile(r"[\p{Extended_Pictographic}\p{Regional_Indicator}\u20e3]")
_HIDDEN = regex.compile(
    r"[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\p{Noncharacter_Code_Point}\p{Cs}]"
)
_SELECTOR = regex.compile(r"[\ufe00-\ufe0f\U000e0100-\U000e01ef]")

_SYMBOLS = {"\n": "⏎", "\u2028": "⏎", "\u2029": "⏎", "\t": "⇥", "\u00a0": "⍽", "\x7f": "␡"}
_NAMES = {
    "\u00ad": "SHY", "\u034f": "CGJ", "\u061c": "ALM", "\u180e": "MVS", "\u200b": "ZWSP", "\u200c": "ZWNJ",
    "\u200d": "ZWJ", "\u200e": "LRM", "\u200f": "RLM", "\u202a": "LRE", "\u202b": "RLE", "\u202c": "PDF",
    "\u202d": "LRO", "\u202e": "RLO", "\u2060": "WJ", "\u2066": "LRI", "\u2067": "RLI", "\u2068": "FSI",
    "\u2069": "PDI", "\ufeff": "BOM",
}  # fmt: skip


def visible(label: str, max_length: int | None = None) -> str:
    """The label as it can stand on an axis.

    White space around it is trimmed; a label of white space only becomes symbols (␣ ⏎ ⇥), an empty one ∅.
    Control characters show as their Unicode pictures, bidirectional controls and zero-width characters as
    their names in ‹›, except inside an emoji. With `max_length`, it has at most that many graphemes, the last
    one "…".
    """
    if label == CONTINUATION:
        return "↪"
    if not label:
        return "∅"
    trimmed = _EDGES.sub("", label)
    if not trimmed:
        shown = "".join(_blank(grapheme) for grapheme in GRAPHEME.findall(label))
    else:
        shown = "".join(_grapheme(grapheme) for grapheme in GRAPHEME.findall(trimmed))
        if regex.match(r"\p{M}", shown):
            shown = "◌" + shown  # a combining mark on its own needs something to sit on
    if max_length is None:
        return shown
    parts = GRAPHEME.findall(shown)
    return shown if len(parts) <= max_length else "".join(parts[: max(0, max_length - 1)]) + "…"


def _blank(grapheme: str) -> str:
    return (
        "⏎"
        if grapheme == "\r\n"
        else _SYMBOLS.get(grapheme) or ("␣" if grapheme > " " else _grapheme(grapheme, "␣"))
    )


def _grapheme(grapheme: str, space: str = " ") -> str:
    if grapheme == "\r\n":
        return "⏎"
    picture = len(grapheme) > 1 and _PICTURE.search(grapheme) is not None
    return "".join(
        character
        if picture or (len(grapheme) > 1 and _SELECTOR.match(character))
        else _character(character, space)
        for character in grapheme
    )


def _character(character: str, space: str) -> str:
    if character == " ":
        return space
    if character in _SYMBOLS and character != "\u00a0":
        return _SYMBOLS[character]
    if character < " ":
        return chr(0x2400 + ord(character))  # Unicode's control pictures
    if _HIDDEN.match(character):
        return f"‹{_NAMES.get(character) or f'U+{ord(character):04X}'}›"
    return character

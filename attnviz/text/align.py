"""Alignment of pieces with their text, for tokenizers that report no offsets.

A text and its pieces flow in, spans flow out. Exact where the pieces spell the text; where the tokenizer
normalized, both sides are compared case-folded, decomposed and without marks and white space, and a piece
that cannot be found takes what lies between its neighbours.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence, Set

import regex

from attnviz.text.labels import Span

_MARKERS = regex.compile(r"^##|</w>$|@@$|[▁Ġ]")
_AHEAD = 3  # pieces that must be found together before an unknown stretch is taken to end there


def align(text: str, pieces: Sequence[str], unknown: Set[int]) -> list[Span]:
    """The span of each piece; `unknown` holds the positions of pieces that stand for anything ([UNK])."""
    if "".join(pieces) == text:
        return _consecutive(pieces)
    letters, origin = _folded(text)
    keys = ["" if k in unknown else _key(piece) for k, piece in enumerate(pieces)]
    bounds: list[Span] = []  # in letters
    position = k = 0
    while k < len(keys):
        if keys[k] and letters.startswith(keys[k], position):
            bounds.append((position, position + len(keys[k])))
            position += len(keys[k])
            k += 1
        elif not keys[k] and k not in unknown:
            bounds.append((position, position))
            k += 1
        else:
            next_k, start = _resume(text, letters, origin, pieces, keys, k, position)
            bounds += _divide(text, origin, position, start, next_k - k)
            position, k = start, next_k
    return [(origin[a], origin[b - 1] + 1) if b > a else (_at(origin, a, text),) * 2 for a, b in bounds]


def _consecutive(pieces: Sequence[str]) -> list[Span]:
    spans, position = [], 0
    for piece in pieces:
        spans.append((position, position + len(piece)))
        position += len(piece)
    return spans


def _fold(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text.casefold()).casefold()
    return "".join(
        c for c in decomposed if not c.isspace() and unicodedata.category(c) not in ("Mn", "Cf", "Cc")
    )


def _folded(text: str) -> tuple[str, list[int]]:
    """The comparable letters of the text, and for each the character that it came from."""
    folded = [_fold(character) for character in text]
    return "".join(folded), [k for k, part in enumerate(folded) for _ in part]


def _key(piece: str) -> str:
    return _fold(_MARKERS.sub("", piece) if len(piece) > 1 else piece.replace("▁", "").replace("Ġ", "") or "")


def _at(origin: list[int], letter: int, text: str) -> int:
    return origin[letter] if letter < len(origin) else len(text)


def _resume(
    text: str, letters: str, origin: list[int], pieces: Sequence[str], keys: list[str], k: int, position: int
) -> tuple[int, int]:
    """The next piece that can be found again, and where; the end of both where none can."""
    for later in range(k + 1, min(len(keys), k + 64)):
        if not keys[later]:
            continue
        probe = keys[later]
        for following in keys[later + 1 : later + _AHEAD]:
            if not following:
                break
            probe += following
        start = letters.find(probe, position + 1)
        while start >= 0 and _starts_word(pieces, later) and not _word_start(text, origin[start]):
            start = letters.find(probe, start + 1)
        if start >= 0:
            return later, start
    return len(keys), len(letters)


def _starts_word(pieces: Sequence[str], k: int) -> bool:
    """Whether the piece is marked, in any of the usual ways, as the first of a word."""
    before = pieces[k - 1] if k else ""
    if pieces[k].startswith(("▁", "Ġ")) or before.endswith("</w>"):
        return True
    continued = pieces[k].startswith("##") or before.endswith("@@")
    return not continued and any(piece.startswith("##") or piece.endswith(("@@", "</w>")) for piece in pieces)


def _word_start(text: str, k: int) -> bool:
    return k == 0 or not (text[k - 1].isalnum() and text[k].isalnum()) or ord(text[k]) > 0x2E7F


def _divide(text: str, origin: list[int], start: int, end: int, parts: int) -> list[Span]:
    """Share a stretch among the pieces that nothing is known of: a word each, or else equal parts."""
    inner = range(start + 1, end)
    cuts = [start, *(k for k in inner if any(c.isspace() for c in text[origin[k - 1] : origin[k]]))]
    if len(cuts) != parts:
        cuts = [start + (end - start) * part // parts for part in range(parts)]
    return list(zip(cuts, [*cuts[1:], end], strict=True))

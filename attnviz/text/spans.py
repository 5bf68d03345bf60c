"""Exact spans from the offsets that a tokenizer reports, which are often nearly right.

Offsets of one text flow in with the pieces, spans flow out: in reading order, without the white space around
a piece, a piece of white space on the white space it stands for, each byte on its whole character, and marks
that the normalizer composed away inside the character that they belong to.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

import regex

from attnviz.text.labels import Span, graphemes
from attnviz.text.offsets import find_offsets

BYTE = regex.compile(r"<0x([0-9A-Fa-f]{2})>")  # how SentencePiece writes a byte
# White space as byte-level BPE (Ġ Ċ ĉ č) and SentencePiece (▁) write it.
_MARKS = str.maketrans({"▁": " ", "Ġ": " ", "Ċ": "\n", "ĉ": "\t", "č": "\r"})


def exact_spans(text: str, pieces: Sequence[str], offsets: Sequence[Span]) -> list[Span]:
    """The span of each piece in `text`; `offsets` may be off in the ways named above."""
    spread = _spread_bytes(text, pieces, offsets)
    known: list[Span | None] = []
    floor = 0
    for piece, (start, end) in zip(pieces, spread, strict=True):
        start = max(floor, start)
        found = _trimmed(text, piece, start, max(start, min(end, len(text))))
        if found is not None:
            floor = found[0]
        known.append(found)
    return _with_dropped_marks(text, _place_blanks(text, pieces, known))


def blank(piece: str) -> str:
    """The white space that a piece stands for, or "" where it stands for something else."""
    byte = BYTE.fullmatch(piece)
    plain = bytes.fromhex(byte.group(1)).decode("ascii", "replace") if byte else piece.translate(_MARKS)
    return plain if plain.isascii() and plain.isspace() else ""


def _trimmed(text: str, piece: str, start: int, end: int) -> Span | None:
    """The span without white space around it; None where a piece of white space must be placed anew."""
    covered, white = text[start:end], blank(piece)
    if covered.isspace():  # trimmed offsets can have lost a part of it
        return (start, end) if len(covered) >= len(white) else None
    literal = covered and set(covered) <= {*piece, " "}  # a typed "▁" is no white space
    if white and not literal:
        return None
    return start + len(covered) - len(covered.lstrip()), end - (len(covered) - len(covered.rstrip()))


def _place_blanks(text: str, pieces: Sequence[str], known: list[Span | None]) -> list[Span]:
    """Put pieces of white space, whose offsets say nothing, on the white space between their neighbours."""
    ceilings, ceiling = [], len(text)
    for span in reversed(known):
        ceilings.append(ceiling)
        ceiling = span[0] if span is not None else ceiling
    spans: list[Span] = []
    floor = 0
    for piece, span, ceiling in zip(pieces, known, reversed(ceilings), strict=True):
        if span is None:
            white = blank(piece)
            start = text.find(white, floor, ceiling)
            end = start + len(white)
            if ceiling < floor:  # made from a character that other pieces were made from too
                start, end = ceiling, floor
            elif start < 0:  # the normalizer rewrote it, or the tokenizer put it in front of the text
                start = next((k for k in range(floor, ceiling) if text[k].isspace()), floor)
                end = start
                while end < min(ceiling, start + len(white)) and text[end].isspace():
                    end += 1
            span = start, end
        floor = max(floor, span[1])
        spans.append(span)
    return spans


def _spread_bytes(text: str, pieces: Sequence[str], offsets: Sequence[Span]) -> list[Span]:
    """Where a run of unknown characters fell back to bytes, give each byte its own character, not the run."""
    result: list[Span] = []
    for (start, end), group in groupby(zip(pieces, offsets, strict=True), key=lambda pair: pair[1]):
        run = [BYTE.fullmatch(piece) for piece, _ in group]
        if end - start > 1 and len(run) > 1 and all(run):
            data = bytes(int(match.group(1), 16) for match in run if match is not None)
            result += [(start + a, start + b) for a, b in byte_spans(text[start:end], data)]
        else:
            result += [(start, end)] * len(run)
    return result


def byte_spans(text: str, data: bytes) -> list[Span]:
    """The character of `text` that each byte of `data` is part of; `data` may encode a normalized form."""
    decoded = data.decode("utf-8", errors="replace")
    spans = (
        [(k, k + 1) for k in range(len(text))]
        if decoded == text
        else find_offsets(text, list(decoded), set())
    )
    result = [span for span, character in zip(spans, decoded, strict=True) for _ in character.encode()]
    return result if len(result) == len(data) else [(0, len(text))] * len(data)


def _with_dropped_marks(text: str, spans: list[Span]) -> list[Span]:
    """Extend each span over marks that follow in the same grapheme and that no other token claims."""
    if not spans:
        return spans
    grapheme_end = [end for start, end in graphemes(text) for _ in range(start, end)]
    result = []
    following = len(text)
    previous = spans[-1]
    for span in reversed(spans):
        if span != previous:
            following, previous = previous[0], span
        start, end = span
        if start < end < following and not text[start:end].isspace():
            end = min(following, grapheme_end[end - 1])
        result.append((start, end))
    return result[::-1]

"""CSV that a spreadsheet opens without running anything; the same as `figures/browser/core/csv.js` writes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def csv_text(rows: Iterable[Sequence[str | float]]) -> str:
    """RFC 4180, with a byte order mark so that spreadsheets read UTF-8. Numbers stay bare, texts are quoted."""
    return "\ufeff" + "".join(",".join(map(_cell, row)) + "\r\n" for row in rows)


def _cell(value: str | float) -> str:
    if not isinstance(value, str):
        return repr(value)
    # A cell that begins like a formula would be run: an apostrophe makes it text.
    safe = f"'{value}" if value.startswith(_FORMULA) else value
    return '"' + safe.replace('"', '""') + '"'

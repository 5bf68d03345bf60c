"""CSV that a spreadsheet opens without running anything; the same as `figures/browser/core/csv.js` writes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def csv_text(rows: Iterable[Sequence[str | float]], made: Iterable[str] = ()) -> str:
    """RFC 4180, with a byte order mark so that spreadsheets read UTF-8. Numbers stay bare, texts are quoted.

    `made`: lines that say how it came about. They follow the table and an empty line, each a cell that begins with "#",
    so that whoever reads the file finds its header first.
    """
    told = [[f"# {line}".rstrip()] for line in made]
    return "\ufeff" + "".join(
        ",".join(map(_cell, row)) + "\r\n" for row in (*rows, *([[]] if told else []), *told)
    )


def _cell(value: str | float) -> str:
    if not isinstance(value, str):
        return repr(value)
    # A cell that begins like a formula would be run: an apostrophe makes it text.
    safe = f"'{value}" if value.startswith(_FORMULA) else value
    return '"' + safe.replace('"', '""') + '"'

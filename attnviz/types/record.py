"""What frozen records have in common: how they read in one line."""

from __future__ import annotations

from dataclasses import fields

import numpy as np


class Record:
    """What frozen records have in common: a `repr` of one line, with the sizes of arrays and texts in their place."""

    __slots__ = ()

    def __repr__(self) -> str:
        shown = [
            f"{field.name}={brief(value)}"
            for field in fields(self)  # type: ignore[arg-type]
            if field.repr and not _empty(value := getattr(self, field.name))
        ]
        return f"{type(self).__name__}({', '.join(shown)})"


def _empty(value: object) -> bool:
    return value is None or (isinstance(value, str | tuple) and not value)


def brief(value: object, most: int = 3) -> str:
    """A value in a few characters: of arrays dtype and shape, of long texts and sequences the beginning."""
    from attnviz.types.items import Items

    if isinstance(value, np.ndarray):
        return f"{value.dtype} {value.shape}"
    if isinstance(value, Items):
        return f"{len(value)} {value.plural}"
    if isinstance(value, str):
        return repr(value if len(value) <= 40 else f"{value[:39]}…")
    if isinstance(value, float | np.floating):
        return f"{value:.6g}"
    if isinstance(value, tuple | list):
        shown = [brief(each) for each in value[:most]] + [f"… {len(value)}"] * (len(value) > most)
        return f"({', '.join(shown)})"
    if isinstance(value, Record):
        return f"{type(value).__name__}(…)"
    text = " ".join(repr(value).split())
    return text if len(text) <= 60 else f"{text[:59]}…"

"""How the tokens of two panes were matched, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from attnviz.analysis.alignment import Matching

BY_LABELS = (
    "Equal ones are matched in order (Python’s difflib), and a run that was replaced by one of the same length is "
    "matched one by one."
)
UNITS = "In the difference, the row of a unit is the mean over its tokens, and its column their sum."


def described(keys: Matching, first: str, second: str, unit: str) -> str:
    """A sentence or two on the keys of two panes, which are called `first` and `second`."""
    count, (one, other) = len(keys.labels), keys.alone
    alone = f"{one} of {first} and {other} of {second} have none"
    if keys.way == "same":
        return f"{first} and {second} have the same {unit}s."
    if keys.way == "characters":
        return (
            f"{first} and {second} are one text, cut into tokens by two tokenizers: they are compared over "
            f"{count} units, the shortest pieces of text at whose ends both make a cut; {one} tokens of {first} "
            f"and {other} of {second} have no counterpart. {UNITS}"
        )
    if keys.way == "words":
        return (
            f"{first} and {second} are two texts, cut into tokens by two tokenizers: they are compared by the {count} "
            f"words that have a counterpart; the {one} other tokens of {first} and {other} of {second} are left out of "
            f"the difference. {BY_LABELS} {UNITS}"
        )
    if one or other:
        return (
            f"{count} {unit}s of {first} and {second} have a counterpart; {alone} and are left out of the difference. "
            f"{BY_LABELS}"
        )
    return f"All {count} {unit}s of {first} and {second} have a counterpart. {BY_LABELS}"

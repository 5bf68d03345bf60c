"""Names for what heads do: previous token, induction, first token, itself, special tokens, punctuation and so on.

One name for each head, from its shares of attention; the rule is the same for all models and stands in `RULE`, so that
a page can say it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

import numpy as np

from attnviz.types import FloatArray, IntArray

LEAST = 0.4
BROAD = 0.8

# name -> (title, definition); the first ones are shares of attention, in the order in which ties are decided.
KINDS: dict[str, tuple[str, str]] = {
    "previous": ("previous token", "looks mostly at the token just before"),
    "next": ("next token", "looks mostly at the token just after"),
    "self": ("itself", "each token looks mostly at itself"),
    "induction": ("induction", "tokens that occur again look mostly at what came after their earlier place"),
    "same": ("same token", "tokens that occur again look mostly at their other places"),
    "punctuation": ("punctuation", "looks mostly at punctuation and symbols"),
    "special": ("special tokens", "looks mostly at tokens that the tokenizer added, the first one apart"),
    "first": (
        "first token (sink)",
        "looks mostly at position 0, where heads rest that find nothing to look at",
    ),
    "broad": ("broad", f"spreads its attention: entropy at least {BROAD:.0%} of an even spread"),
    "mixed": ("mixed", "none of these"),
}
RULE = (
    f"A head is named after the largest of these shares of its attention on this text, if it is at least {LEAST:.0%}. "
    "On another text it may behave otherwise."
)


def name_heads(
    shares: Mapping[str, Annotated[FloatArray, "L H"]],
    entropy: Annotated[FloatArray, "L H"],
    even_entropy: float,
) -> Annotated[IntArray, "L H"]:
    """The kind of every head, as its place in `KINDS`.

    Args:
        shares: by name in `KINDS`, 0 to 1, NaN where not defined; names may be missing.
        entropy: mean over the rows, in nats.
        even_entropy: the same for a head that looks evenly at all that it may look at.
    """
    names = list(KINDS)
    given = [name for name in names if name in shares]
    table = np.stack([np.nan_to_num(np.asarray(shares[name], np.float64), nan=-1) for name in given])
    best = np.array([names.index(name) for name in given])[table.argmax(axis=0)]
    spread = even_entropy > 0 and np.asarray(entropy) >= BROAD * even_entropy
    other = np.where(spread, names.index("broad"), names.index("mixed"))
    return np.where(table.max(axis=0) >= LEAST, best, other).astype(np.int64)

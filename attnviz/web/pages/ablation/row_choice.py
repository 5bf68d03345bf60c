"""Which rows of attention a reader forces, in the address and in words: “block.5.3”, “uniform.*”.

No Streamlit in here; every label is somebody's text.
"""

from __future__ import annotations

import html
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from attnviz.analysis import strongest_link
from attnviz.text import visible
from attnviz.web.escape import plain

if TYPE_CHECKING:
    from attnviz.explanation import Attended, Forced
    from attnviz.figures import Table
    from attnviz.types import Tokens

# What a row can be forced to, as a choice and in a sentence; "block" first: it is what a page begins with.
TITLES = {
    "block": "does not see a token",
    "uniform": "looks at all tokens alike",
    "previous": "looks at the token before it only",
    "first": "looks at the first token only",
    "self": "looks at itself only",
}
_SENTENCES = {
    "block": "{query} kept from looking at {key}",
    "uniform": "{query} made to look at all tokens alike",
    "previous": "{query} made to look at the token before only",
    "first": "{query} made to look at the first token only",
    "self": "{query} made to look at itself only",
}
EVERY = "every token"
ROW = "The row of attention"
COLUMNS = ("token", "before", "after")
ROWS = 12  # keys in the table


@dataclass(frozen=True)
class Choice:
    """How rows are forced. query: the token whose row it is, None for all; key: the token that is kept from it."""

    force: str
    query: int | None
    key: int | None = None


def read(word: str, seen: Attended) -> Choice | None:
    """The choice that a word of the address names; None where it does not fit these tokens."""
    force, _, rest = word.partition(".")
    query, _, key = rest.partition(".")
    if force not in forces(seen) or (key != "") != (force == "block"):
        return None
    row = None if query == "*" else _number(query, len(seen.query_tokens))
    if row is None and query != "*":
        return None
    if force != "block":
        return Choice(force, row)
    column = _number(key, len(seen.key_tokens))
    return Choice(force, row, column) if column in keys_of(seen, row) else None


def write(choice: Choice) -> str:
    """The inverse of `read`."""
    parts = (choice.force, "*" if choice.query is None else choice.query, choice.key)
    return ".".join(str(part) for part in parts if part is not None)


def _number(text: str, count: int) -> int | None:
    fits = text.isascii() and text.isdigit() and len(text) <= 6 and int(text) < count
    return int(text) if fits else None


def forces(seen: Attended) -> tuple[str, ...]:
    """What rows of this attention can be forced to: across two texts there is no token before, and none itself."""
    along = seen.kind != "cross" and len(seen.query_tokens) == len(seen.key_tokens)
    return tuple(name for name in TITLES if along or name not in ("previous", "self"))


def weights_of(seen: Attended, query: int | None) -> np.ndarray:
    """(K,) how much each key is looked at by a token, or by all in the mean."""
    return seen.weights.mean(0) if query is None else seen.weights[query]


def keys_of(seen: Attended, query: int | None) -> list[int]:
    """The keys that a token, or any token, sees."""
    return np.flatnonzero(weights_of(seen, query) > 0).tolist()


def suggested(seen: Attended) -> Choice:
    """The strongest link between two tokens of the text itself, to be cut; all rows alike where there is none."""
    specials = np.array(seen.query_tokens.special), np.array(seen.key_tokens.special)
    link = strongest_link(seen.weights, *specials, same="self" in forces(seen))
    return Choice("uniform", None) if link is None else Choice("block", *link)


def with_force(choice: Choice, force: str, seen: Attended) -> Choice:
    """The same rows, forced in another way."""
    key = _strongest_key(seen, choice.query) if force == "block" else None
    return Choice(force, choice.query, key)


def with_query(choice: Choice, query: int | None, seen: Attended) -> Choice:
    """The same, of another token; what it does not see at all is not kept from it."""
    if choice.force != "block" or choice.key in keys_of(seen, query):
        return replace(choice, query=query)
    return Choice("block", query, _strongest_key(seen, query))


def _strongest_key(seen: Attended, query: int | None) -> int:
    """The key that is looked at most, special tokens and the token itself only where there is no other."""
    weights = weights_of(seen, query)
    rest = weights * ~np.array(seen.key_tokens.special)
    if query is not None and "self" in forces(seen):
        rest[query] = 0
    return int((rest if rest.any() else weights).argmax())


def labels(tokens: Tokens) -> list[str]:
    """The tokens as a reader names them: “cat”, and “the” (token 5) where there are several. Somebody's text."""
    shown = _shown(tokens)
    counts = Counter(shown)
    return [f"“{label}” (token {n})" if counts[label] > 1 else f"“{label}”" for n, label in enumerate(shown)]


def entries(tokens: Tokens) -> list[str]:
    """The tokens as entries of a list: 5: “the”."""
    return [f"{n}: “{label}”" for n, label in enumerate(_shown(tokens))]


def _shown(tokens: Tokens) -> list[str]:
    return [plain(visible(label, 30)) for label in tokens.labels]


def condition(choice: Choice, seen: Attended, heads: str, escape: Callable[[str], str] = str) -> str:
    """The first words of the sentence; `heads` names them, `escape` is for the labels."""
    query = EVERY if choice.query is None else escape(labels(seen.query_tokens)[choice.query])
    key = "" if choice.key is None else escape(labels(seen.key_tokens)[choice.key])
    return f"With {_SENTENCES[choice.force].format(query=query, key=key)} in {heads}"


def table(forced: Forced, names: list[str]) -> str:
    """The row as HTML: the keys that count most, in the order of the text, with their weight before and after."""
    before, after = forced.before, forced.after
    top = float(max(before.max(), after.max()))
    lines = "".join(
        f'<tr><th scope="row">{html.escape(names[key])}</th>{_cell(before[key], top)}{_cell(after[key], top)}</tr>'
        for key in _largest(forced)
    )
    heads = "".join(f'<th scope="col">{name}</th>' for name in COLUMNS)
    return (
        f'<div class="attnviz-wide"><table class="attnviz-answers attnviz-changes attnviz-row"><thead><tr>{heads}</tr>'
        f"</thead><tbody>{lines}</tbody></table></div>"
    )


def _cell(weight: float, top: float) -> str:
    return f'<td>{weight:.1%}<span style="width:{100 * weight / top:.1f}%"></span></td>'


def results(forced: Forced, names: list[str]) -> Table:
    """The rows of `table` as plain text, for a figure that is taken away."""
    from attnviz.figures import Table

    lines = [
        (names[key], f"{forced.before[key]:.1%}", f"{forced.after[key]:.1%}") for key in _largest(forced)
    ]
    return Table(ROW, COLUMNS, lines)


def _largest(forced: Forced) -> list[int]:
    """The keys that get most, before or after, in the order of the text."""
    largest = np.argsort(-np.maximum(forced.before, forced.after), kind="stable")
    return sorted(largest[:ROWS].tolist())

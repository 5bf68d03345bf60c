"""What a head does: what it writes at a token, which words that promotes, which result it supports, who reads it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attnviz import checks
from attnviz.explanation.declarations import Progress
from attnviz.types import Kind, Writes

if TYPE_CHECKING:
    from attnviz.capture import Model
    from attnviz.capture.reading import Messages

MOST_WORDS = 100


def writes(
    model: Model,
    text: str | Messages,
    layer: int,
    head: int,
    query: int | None = None,
    target: str | None = None,
    pair: str | None = None,
    *,
    kind: Kind | None = None,
    target_text: str | None = None,
    words: int = 10,
    token: int | None = None,
    progress: Progress | None = None,
) -> Writes:
    """What one head writes at a token, and what that does to the result and to later heads.

    Args:
        model, text, layer, head, pair, kind, target_text, progress: as in `attnviz.why`; with the target "similarity",
            `pair` is the text that this one is compared with, read apart.
        query: the token that the head writes at; None: the last one, or for "similarity" all tokens together.
        target: "logit" of a word that could come behind `query`, "similarity", "none", or None: what the model has.
        token: the id of that word; None: the one that the model finds likeliest.
        words: how many promoted and suppressed tokens are named.

    Raises what `attnviz.why` raises, and TargetUnsupported where the model has no such target.
    """
    from attnviz.explanation.circuits.shares import writes_of

    checks.between("number of words", words, 0, MOST_WORDS)
    report = progress or (lambda fraction: None)
    return writes_of(model, text, layer, head, query, target, pair, kind, target_text, words, token, report)

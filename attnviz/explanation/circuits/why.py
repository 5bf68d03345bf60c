"""Why a head looks there: one attention score as an exact sum over what wrote the query and what wrote the key.

Elhage et al. 2021, "A Mathematical Framework for Transformer Circuits": with norms held at their scale, queries and
keys are linear in what every earlier head and layer added to the residual stream.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from attnviz import checks
from attnviz.errors import UnknownName
from attnviz.explanation.declarations import Progress
from attnviz.language import say
from attnviz.types import Against, Kind, PartTest, ScoreParts, Side

if TYPE_CHECKING:
    from attnviz.capture import Model
    from attnviz.capture.reading import Messages
    from attnviz.explanation.circuits.streams import Cell

MOST_TESTS = 20


def why(
    model: Model,
    text: str | Messages,
    layer: int,
    head: int,
    query: int,
    key: int,
    pair: str | None = None,
    against: Against = "mean",
    *,
    kind: Kind | None = None,
    target_text: str | None = None,
    tests: int = 1,
    anew: bool = False,
    progress: Progress | None = None,
) -> ScoreParts:
    """Split one score over the pairs of what wrote the query's stream and what wrote the key's.

    Args:
        model: a loaded model that reads text; it stays as it is.
        text, pair, target_text: as in `Model.capture`.
        layer, head, kind: which head; kind as in `Capture`. query, key: which tokens, counted from 0.
        against: what the score is held against: "mean" of the keys that the query may look at, another key, or None.
        tests: how many of the strongest parts of each side are taken away to see whether the score falls as said.
        anew: whether each is also taken away where it was written, with everything after it computed anew.
        progress: called with a fraction from 0 to 1; what it raises stops the work and reaches the caller.

    Raises:
        UnknownName: no such layer, head, token, kind or reference. InputInvalid: the mask forbids the cell.
        ModelUnsupported: the score cannot be taken apart exactly (`reason` "not-linear"): the message says why.
        InputEmpty, InputTooLong: as `Model.capture`.
    """
    from attnviz.explanation.circuits.streams import read

    report = progress or (lambda fraction: None)
    checks.between("number of tests", tests, 0, MOST_TESTS)
    if against not in ("mean", None) and checks.whole(against) is None:
        raise UnknownName(say("reference"), against, ("mean", "a key token", "None"))
    report(0.0)
    streams = read(model, text, pair, target_text)
    cell = streams.cell(streams.kind(kind), layer, head, query, key, against)
    report(0.3)
    parts = explained(cell, tests, anew, lambda fraction: report(0.3 + 0.7 * fraction))
    report(1.0)
    return parts


def explained(
    cell: Cell, tests: int, anew: bool = False, report: Progress = lambda fraction: None
) -> ScoreParts:
    """A score in its parts, the strongest of each side tested."""
    from attnviz.explanation.circuits.testing import without_part

    parts, at_query, at_key = cell.split()
    found: list[PartTest] = []
    sides: tuple[Side, ...] = ("key", "query")
    for number, side in enumerate(sides):
        vectors = at_query if side == "query" else at_key
        strongest = [each for each in parts.strongest(side, tests + 1) if each[0].kind != "bias"][:tests]
        for done, (part, said) in enumerate(strongest):
            report((number * tests + done) / (2 * tests))
            found.append(without_part(cell, side, part, said, vectors, anew))
    return replace(parts, tests=tuple(found))

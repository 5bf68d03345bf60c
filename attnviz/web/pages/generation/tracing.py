"""Where in the passage an answer was read: asked with every step, in the modes that are about a passage."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attnviz.web.shell import progress
from attnviz.web.state import session

if TYPE_CHECKING:
    from attnviz.analysis.quotation import Quotations
    from attnviz.figures import Sources
    from attnviz.runtime import Draft, Written
    from attnviz.web.state.address import State


def sources(
    draft: Draft, written: Written, passage: str, head: tuple[int, int] | None, state: State
) -> Sources | None:
    """The links of what was written; None where it is about no passage, or nothing is written yet."""
    from attnviz.figures import Source, Sources

    if not passage or not written.tokens.ids.size:
        return None
    with progress.loading() as report:
        found = session.runtime().quotations(draft, passage, head, head is None, report)
    if found is None:
        return None
    links = found.links
    special = written.tokens.special
    return Sources(
        found.place,
        tuple(
            Source(found.place[0] + int(best), float(share), bool(sure) and not bool(special[n]))
            for n, (best, share, sure) in enumerate(zip(links.best, links.share, links.sure, strict=True))
        ),
        links.chance,
        note(links, head, len(written.tokens)),
    )


def note(links: Quotations, head: tuple[int, int] | None, written: int) -> str:
    """How the links were found, and how often they hit, beside chance."""
    known, hits = int(links.known.sum()), int(links.hits.sum())
    if head is not None:
        how = f"Read by layer {head[0]}, head {head[1]}."
    elif known > 1 and len(links.heads):
        named = ", ".join(f"{layer}.{number}" for layer, number in links.heads.tolist())
        how = (
            f"Read by the heads that copy (layer.head: {named}), for each token those that copied the others."
        )
    else:
        how = "Read by the mean of all heads: too little of the answer stands in the passage to find heads that copy."
    test = (
        f" Of {known} {'token' if known == 1 else 'tokens'} that stand in the passage, {hits} "
        f"{'is' if hits == 1 else 'are'} traced to such a place; an even spread would hit {links.chance_hits:.1f}."
        if known
        else " No token of the answer stands in the passage."
    )
    rest = f" Only the first {len(links.best)} tokens are traced." if len(links.best) < written else ""
    return how + test + rest

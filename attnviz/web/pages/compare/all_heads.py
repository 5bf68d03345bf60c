"""How alike all heads are on one text: each two of them compared, in clusters and on a map."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attnviz.web.controls.attention import archive, read_attention
from attnviz.web.share.drawn import Drawn
from attnviz.web.shell import components, links, progress
from attnviz.web.state import session

if TYPE_CHECKING:
    from attnviz.runtime import Query
    from attnviz.web.state.address import State


def draw(query: Query, state: State) -> Drawn:
    """Draw the figure; one head, or two, that are opened in it are shown on their own pages."""
    from attnviz.analysis.head_kinds import RULE
    from attnviz.figures import likeness_data

    attention = read_attention(query, state)
    with progress.loading() as report:
        found = session.runtime().likeness(query, attention.kind, report)
    queries = attention.shape[2]
    rows = "all rows" if len(found.rows) == queries else f"{len(found.rows)} of {queries} rows, evenly spaced"
    note = (
        f"Distance: Jensen–Shannon, the mean over {rows} of the first text; 0: the same attention, 1: no token in "
        "common. Order: clusters by average linkage. Map: multidimensional scaling; its stress is "
        f"{found.stress:.2f} (0: exact, above 0.2: read it with care). {RULE}"
    )
    name = session.model_name(query.model)
    data = likeness_data(
        found.distances, found.order, found.points, found.kinds, found.shares, note=note, model=name
    )
    opened = components.likeness(data)
    if opened:
        links.go("attention" if len(opened) == 1 else "heads", *opened)
    return Drawn(
        query,
        state,
        "likeness",
        lambda: data,
        "How alike all heads are",
        settings=(("Distance", "Jensen–Shannon"), ("Attention", attention.title)),
        texts=(("Text", query.text),),
        attention=attention,
        arrays=lambda: archive(attention, state),
    )

"""The generation page: a text as a model writes it, each step with its candidates and the attention that led there.

What was written stands in the address as a tree of tokens by number, so that a link opens it again.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from attnviz.errors import AttnVizError
from attnviz.provenance import call
from attnviz.text import visible
from attnviz.web.controls import why_link
from attnviz.web.controls.question import needs_model
from attnviz.web.escape import markdown
from attnviz.web.pages.generation import beside, choosing, closer, filing, modes, playing, tracing
from attnviz.web.pages.generation.keeping import TOO_LARGE, keep, kept
from attnviz.web.share.drawn import Drawn
from attnviz.web.shell import components, links, progress
from attnviz.web.state import holding, session
from attnviz.web.state.tree import Tree

if TYPE_CHECKING:
    from attnviz.figures import Fork, HeadRead
    from attnviz.runtime import Draft, Query, Written
    from attnviz.types import FloatArray
    from attnviz.web.state.address import State

READERS = 12  # heads in the list


@dataclass(frozen=True)
class Step:
    """What the page looks at: a tree of what was written, and one step of its branch; `query` as the page was asked."""

    query: Query
    passage: str
    draft: Draft
    tree: Tree
    place: int
    written: Written


def draw(query: Query, state: State) -> Drawn | None:
    """Draw the page for this question; returns the figure, where there is one."""
    if session.is_file(query.model):
        needs_model("To write")
        return None
    own = replace(query, pair=None, target_text=None)
    asked = modes.ask(own, state)
    if asked is None:
        return None
    query = asked.query
    tree = kept(state)
    pending = playing.pending(query)
    if pending is not None:  # a run that was stopped: what it had written stays
        tree = pending
        keep(tree)
    settings = choosing.settings(state)
    draft = choosing.draft(query, settings, tree.path)
    tree = playing.play(query, draft, tree)
    draft = replace(draft, chosen=tree.path)
    with progress.loading() as report:
        written = session.runtime().write(draft, 0, 0, report)
    place = _place(state, tree, written)
    step = Step(own, asked.passage, draft, tree, place, written)
    if tree.size and not tree.written():
        st.caption(TOO_LARGE)
    head = _head(state, query)
    data = _picture(step, head, state)
    modes.reply(query, written, state)
    closer.draw(step.draft, written, place, state)
    _why(step, head)
    drawn = _drawn(step, head, data, replace(state, written=tree.written() or None))
    filing.controls(drawn)
    return drawn


def _why(step: Step, head: tuple[int, int] | None) -> None:
    """To the reason why a head, by default the one that reads most, looks where it looks here; decoders only."""
    card = session.runtime().card(step.query.model)
    if card is None or card.kind != "decoder":
        return
    with progress.loading() as report:
        rows = session.runtime().step_rows(step.draft, step.place, None, report)
        read = readers(rows if head is None else rows[None, None, head[0], head[1]], 1)
        try:
            asked = session.runtime().step_question(step.draft, step.place, report)
        except AttnVizError:  # read anew, the text is other tokens
            return
    if read and asked.special != "only":  # a link cannot say that
        layer, number = head or (read[0].layer, read[0].head)
        label = f"Why does layer {layer}, head {number} look at “{markdown(_label(step, read[0].reads), 40)}” here?"
        there = session.spelled(session.state().elsewhere(), asked)
        reading = session.SPECIAL if asked.special else None
        held = ((0, rows.shape[2] - 1), (1, read[0].reads))
        there = replace(there, reading=reading, kind=None, held=held)
        links.link("why", label, there.on((layer, number)), icon=why_link.WHY)


def _label(step: Step, key: int) -> str:
    """The token that is read: of the prompt, or written behind it."""
    prompt = step.written.prompt
    items = prompt if key < len(prompt) else step.written.tokens
    return visible(items.labels[key if key < len(prompt) else key - len(prompt)]).strip()


def _place(state: State, tree: Tree, written: Written) -> int:
    """Which step is looked at: by default the token to come, or the last one where none can come."""
    count = len(tree.path)
    last = count - 1 if count and (written.full or written.ended) else count
    asked = state.at.split(".") if state.at and state.written == (tree.written() or None) else []
    return min(int(asked[1]), last if written.full else count) if len(asked) == 2 else last


def _head(state: State, query: Query) -> tuple[int, int] | None:
    """The head whose row is shown; None for the mean of all."""
    card = session.runtime().card(query.model)
    if not state.heads or card is None:
        return None
    layer, head = state.heads[0]
    return (layer, head) if layer < card.layers and head < card.heads else None


def _picture(step: Step, head: tuple[int, int] | None, state: State) -> bytes:
    from attnviz.figures import writing_data

    written, place, tree = step.written, step.place, step.tree
    with progress.loading() as report:
        rows = session.runtime().step_rows(step.draft, place, None, report)
    if head is not None and (head[0] >= rows.shape[0] or head[1] >= rows.shape[1]):
        head = None
    sources = tracing.sources(step.draft, written, step.passage, head, state)
    here = written.steps[place] if place < len(written.steps) else None
    both = rows.shape[2] == len(written.prompt) and _both(step.query)
    data = writing_data(
        written.prompt, written.steps, written.tokens, step=place,
        candidates=written.candidates if here is None else here.candidates,
        entropy=written.entropy if here is None else here.entropy,
        row=rows.mean((0, 1)) if head is None else rows[head],
        head=head, heads=readers(rows, 0 if both else 1), forks=_forks(step), current=tree.current,
        beside=both, greedy=step.draft.temperature == 0, ended=written.ended,
        sources=sources, compared=beside.compared(step.draft, tree, state.other, head),
        model=session.model_name(step.query.model), identity=holding.mark((step.draft.query, "writing")),
    )  # fmt: skip
    components.writing(
        data,
        step=lambda number: (
            keep(tree, number if number < len(tree.path) else None) if number != place else None
        ),
        candidate=lambda number, token: _chosen(tree, number, token),
        head=lambda layer, number: session.update(heads=() if layer < 0 else ((layer, number),)),
        branch=lambda number: keep(tree.look(number)),
        walk=playing.walk,
        other=_beside,
    )
    return data


def _both(query: Query) -> bool:
    card = session.runtime().card(query.model)
    return card is not None and card.kind == "encoder-decoder"


def _beside(number: int) -> None:
    """Put a branch beside the one that is looked at, or take it away again."""
    session.update(other=None if session.state().other == str(number) else str(number))


def _chosen(tree: Tree, place: int, token: int) -> None:
    """The reader wants this token in this place."""
    if place > len(tree.path):
        return
    new = tree.choose(place, token)
    if new == tree and (place >= len(tree.path) or tree.path[place] != token):
        session.notice("There is no room for another branch: take one away first.")
        return
    keep(new)


def readers(rows: FloatArray, first: int) -> tuple[HeadRead, ...]:
    """The heads that read one token most: (L, H, K) rows, without the first keys, which heads rest on."""
    from attnviz.figures import HeadRead

    _, heads, keys = rows.shape
    if keys <= first:
        return ()
    best = rows[:, :, first:].argmax(-1) + first
    weights = np.take_along_axis(rows, best[..., None], -1)[..., 0]
    order = np.argsort(-weights, axis=None, kind="stable")[:READERS]
    return tuple(
        HeadRead(int(n // heads), int(n % heads), float(weights.flat[n]), int(best.flat[n])) for n in order
    )


def _forks(step: Step) -> tuple[Fork, ...]:
    """Every branch with its text from where it parts."""
    from attnviz.figures import Fork

    tree = step.tree
    if len(tree.branches) < 2:
        return ()
    found = session.runtime().partings(
        step.draft, tuple((tree.path_of(n), branch.at) for n, branch in enumerate(tree.branches))
    )
    return tuple(
        Fork(branch.parent, branch.at, told.text[:200], told.step.token.probability if told.step else None)
        for branch, told in zip(tree.branches, found, strict=True)
    )


def _drawn(step: Step, head: tuple[int, int] | None, data: bytes, state: State) -> Drawn:
    draft = step.draft
    told = {name: value for name, value in draft.choosing.items() if draft.temperature > 0}
    made = call("model.write", draft.query.content, **told, **draft.query.reading)
    where = f"step {step.place + 1}"
    return Drawn(
        step.query,
        state,
        "writing",
        lambda: data,
        f"Generation, {where}",
        settings=(
            ("Step", str(step.place + 1)),
            ("Head", "mean of all" if head is None else f"layer {head[0]}, head {head[1]}"),
            ("Tokens are chosen", choosing.words(draft)),
        ),
        texts=(("Prompt", draft.query.text), ("Written", step.written.tokens.text or "nothing yet")),
        table=lambda: rows_of(step),
        again=(f"writer = {made}", call("writer.follow", list(draft.chosen)), "writer.steps"),
        of_model=True,
        seed=draft.seed if draft.temperature > 0 else None,
    )


def rows_of(step: Step) -> list[list[str | float]]:
    """Every step with its candidates, as the lines of a spreadsheet."""
    lines: list[list[str | float]] = [
        ["step", "written", "entropy (nats)", "candidate", "id", "probability", "after temperature and cuts"]
    ]
    for n, each in enumerate(step.written.steps, 1):
        lines += [
            [n, each.token.label, each.entropy, other.label, other.id, other.probability, other.after]
            for other in each.candidates
        ]
    return lines

"""The panes of the Compare page in the address: which models, texts and heads stand side by side.

A pane is a model, a text and a head. The address names the first model and the first two texts anyway, so panes are
written as numbers, `layer.head.text.model`, and only what has no number yet travels along, compressed:
`panes=3.1,5.4.1.1~eNqL...`. Two texts on one head, and heads of one text, need no `panes` at all.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from attnviz.web.escape import clean
from attnviz.web.state import compression, session
from attnviz.web.state.address import State
from attnviz.web.state.fields import MAX_HEADS, Head, is_model_name

MIN_PANES, MAX_PANES = 2, MAX_HEADS
MAX_UNPACKED = 4 << 20  # bytes: of the longest texts that a server reads, two


@dataclass(frozen=True)
class PaneState:
    """What a pane shows."""

    model: str
    text: str
    head: Head


def of_state(state: State, start: Head) -> tuple[PaneState, ...]:
    """The panes that the address asks for; `start` is the head where it names none. One head stands beside the next."""
    query = session.query(state)
    if state.panes is not None:
        # A file's own second text was read together with its first one; it is no text that a pane could show.
        pair = state.pair if session.is_file(query.model) else query.pair
        found = _read(state.panes, query.model, (query.text, pair))
        if found:
            return found
        session.notice("The panes in the link are damaged or were cut off; the default is shown.")
    first, *more = state.heads or (start,)
    if not more and query.pair and not session.is_file(query.model):
        return PaneState(query.model, query.text, first), PaneState(query.model, query.pair, first)
    if not more:
        more = [following(query.model, first)[0]]
    return tuple(PaneState(query.model, query.text, head) for head in (first, *more))


def implied(state: State) -> bool:
    """Whether the second pane is the next head of the first, which nobody has asked for."""
    query = session.query(state)
    pair = query.pair is not None and not session.is_file(query.model)
    return state.panes is None and len(state.heads) < MIN_PANES and not pair


def following(model: str, head: Head) -> list[Head]:
    """The heads after this one, as many as there can be panes; the first ones come after the last."""
    card = session.runtime().card(model)
    layers, heads = (card.layers, card.heads) if card is not None else (head[0] + 1, head[1] + 2)
    at, count = head[0] * heads + head[1], max(1, layers * heads)
    return [divmod((at + step) % count, heads) for step in range(1, MAX_PANES + 1)]


def to_state(panes: tuple[PaneState, ...], state: State) -> State:
    """The state that shows these panes, with as short an address as they allow."""
    models, texts = (list(dict.fromkeys(getattr(pane, name) for pane in panes)) for name in ("model", "text"))
    stored = session.example()
    pair = texts[1] if len(texts) > 1 else None
    told = texts[0] != stored.text or (pair is not None and pair != stored.pair)
    base = replace(
        state,
        model=None if models[0] == session.default_model() else models[0],
        text=None if session.is_file(models[0]) or not told else texts[0],
        pair=pair if told else None,
        heads=(panes[0].head,),
        panes=None,
    )
    if of_state(base, (0, 0)) == panes:
        return base
    heads = replace(base, heads=tuple(pane.head for pane in panes))
    if len(set(heads.heads)) == len(panes) and of_state(heads, (0, 0)) == panes:
        return heads  # the address holds a head once
    return replace(base, panes=_written(panes, models, texts))


def _written(panes: tuple[PaneState, ...], models: list[str], texts: list[str]) -> str:
    places = []
    for pane in panes:
        numbers = [*pane.head, texts.index(pane.text), models.index(pane.model)]
        while len(numbers) > 2 and not numbers[-1]:
            numbers.pop()
        places.append(".".join(map(str, numbers)))
    more = [texts[2:], models[1:]]
    return ",".join(places) + (f"~{compression.compress(more)}" if any(more) else "")


def _read(written: str, model: str, texts: tuple[str, str | None]) -> tuple[PaneState, ...]:
    """The inverse of `_written`; none where anything about it is not as that writes it."""
    places, _, letters = written.partition("~")
    more = compression.decompress(letters, MAX_UNPACKED) if letters else [[], []]
    if not isinstance(more, list) or len(more) != 2 or not all(isinstance(each, list) for each in more):
        return ()
    all_texts = [*texts, *(clean(text) for text in more[0] if isinstance(text, str))]
    models = [model, *(name for name in more[1] if isinstance(name, str) and is_model_name(name))]
    panes = []
    for place in places.split(",")[:MAX_PANES]:
        parts = place.split(".")
        if not all(part.isascii() and part.isdigit() and len(part) <= 4 for part in parts) or len(parts) < 2:
            return ()
        layer, head, text, at = (*map(int, parts), 0, 0)[:4]
        if text < len(all_texts) and at < len(models) and all_texts[text] is not None:
            panes.append(PaneState(models[at], str(all_texts[text]), (layer, head)))
    return tuple(panes)

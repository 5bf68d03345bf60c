"""A step looked at more closely, on demand: after each layer, which words made it, which heads it needs."""

from __future__ import annotations

import html
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st

from attnviz.errors import AttnVizError
from attnviz.text import decimals
from attnviz.web.controls import badges
from attnviz.web.escape import markdown, plain
from attnviz.web.shell import components, problems, progress
from attnviz.web.state import session

if TYPE_CHECKING:
    from attnviz.runtime import Draft, Query, Written
    from attnviz.web.state.address import State

NEXT, WITHIN = "next-token", "sequence"  # targets: of a decoder, and of an encoder-decoder
VIEWS = {"layers": "After each layer", "why": "Why this token", "needs": "Which heads it needs"}
SHOWN = 4  # answers beside each layer
MOST_HEADS = 12
LENS = (
    "Each layer’s state goes through a head that was trained for the last one (the logit lens): what early layers seem "
    "to say may be noise."
)
UNDERLINED = " Underlined: the token of this step."


def draw(draft: Draft, written: Written, place: int, state: State) -> None:
    """The choice of a closer look, and what it shows."""
    here = written.steps[place].token if place < len(written.steps) else None
    if here is None and not written.candidates:
        return
    token = written.candidates[0] if here is None else here
    name = plain(token.label, 40).strip() or "␣"
    view = session.choose("closer", state.closer, tuple(VIEWS), "")
    st.segmented_control(
        f"Look closer at step {place + 1}, {markdown(f'“{name}”')}", tuple(VIEWS), format_func=VIEWS.__getitem__,
        key=session.set_choice("closer", view or None), on_change=session.on_change("closer", "closer"),
    )  # fmt: skip
    if not view:
        return
    try:
        {"layers": _layers, "why": _why, "needs": _heads}[view](_asked(draft, place, token.id))
    except AttnVizError as error:
        problems.show_error(error)


@dataclass(frozen=True)
class Asked:
    """A step as a question to explain: of a decoder what comes next, of an encoder-decoder a token of its output."""

    query: Query
    target: str
    options: dict[str, Any]

    @property
    def unit(self) -> str:
        """What is explained."""
        return "logit" if self.target == NEXT else "log-probability"


def _asked(draft: Draft, place: int, token: int) -> Asked:
    card = session.runtime().card(draft.query.model)
    if card is not None and card.kind == "encoder-decoder":
        written = (*draft.chosen[:place], token)
        return Asked(draft.query, WITHIN, {"continuation_ids": written, "position": place})
    with progress.loading() as report:
        query = session.runtime().step_question(draft, place, report)
    return Asked(query, NEXT, {"token": token})


def _layers(asked: Asked) -> None:
    """What would come next if the model stopped after each layer."""
    with progress.loading() as report:
        found = session.runtime().layer_by_layer(asked.query, asked.target, report, **asked.options)
    answers = found.outcomes if asked.target == NEXT else ((),) * len(found.outcomes)
    rows = ""
    said = answers[-1][0][0] if answers[-1] else ""
    for n, outcomes in enumerate(answers):
        cells = "".join(
            f"<td{' class=final' if name == said else ''}><b>{html.escape(plain(name, 24)) or '␣'}</b> {share:.1%}</td>"
            for name, share in outcomes[:SHOWN]
        )
        place = "before layer 0" if n == 0 else f"after layer {n - 1}"
        rows += f'<tr><th scope="row">{place}</th><td>{decimals(float(found.values[n]), 2)}</td>{cells}</tr>'
    heads = "".join(
        f'<th scope="col">{each}</th>'
        for each in ("layer", f"its {asked.unit}", *(("first", "2.", "3.", "4.") if said else ()))
    )
    st.html(
        '<div class="attnviz-wide" tabindex="0" role="region" aria-label="This step after each layer">'
        f'<table class="attnviz-answers attnviz-changes attnviz-layers"><thead><tr>{heads}</tr></thead>'
        f"<tbody>{rows}</tbody></table></div>"
    )
    st.caption(LENS + (UNDERLINED if said else ""))


def _why(asked: Asked) -> None:
    """Which words before it made the token, with the test of that."""
    from attnviz.explanation.evaluation import verdict
    from attnviz.figures import explanation_data

    runtime, headline = session.runtime(), st.empty()
    with progress.loading() as report:
        found = runtime.explain(asked.query, asked.target, None, report, **asked.options)
    components.words(explanation_data(found, model=session.model_name(asked.query.model)), key="why_words")
    with progress.loading() as report:  # takes longer: the words stand there meanwhile
        test = runtime.faithfulness(asked.query, asked.target, found.method, progress=report, **asked.options)
    headline.markdown(markdown(verdict.headline(test)))
    badges.badges(verdict.badges(test, found), st.container(horizontal=True), st.container())
    st.caption(markdown(verdict.conditions(test)))


def _heads(asked: Asked) -> None:
    """How far the token's logit or log-probability falls without each head."""
    with progress.loading() as report:
        found = session.runtime().head_importance(asked.query, asked.target, progress=report, **asked.options)
    values = np.nan_to_num(found.values)
    order = np.argsort(-np.abs(values), axis=None, kind="stable")[:MOST_HEADS]
    top = float(np.abs(values).max()) or 1.0
    rows = "".join(
        f'<tr><th scope="row">layer {n // values.shape[1]}, head {n % values.shape[1]}</th>'
        f'<td><span style="width:{100 * abs(float(values.flat[n])) / top:.1f}%"></span></td>'
        f"<td>{decimals(float(values.flat[n]), 3)}</td></tr>"
        for n in order
    )
    st.html(
        '<table class="attnviz-answers"><thead><tr><th scope="col">head</th><th scope="col"></th>'
        f'<th scope="col">falls by, {asked.unit}</th></tr></thead><tbody>{rows}</tbody></table>'
    )
    how = "each head switched off" if found.exact else "estimated from one gradient (Michel et al. 2019)"
    whose = "each head" if asked.target == NEXT else f"each head of the {found.kind} attention"
    st.caption(f"How far the token’s {asked.unit} falls without {whose}, {how}; negative: it rises.")

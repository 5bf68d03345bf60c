"""Layer by layer: what the model would say if it stopped after each of its layers, as a sentence, a line and a table.

In flow a question and the engine's numbers; out flows what readers see. Every answer and label is somebody's text.
"""

from __future__ import annotations

import html
import math
from typing import TYPE_CHECKING

import streamlit as st

from attnviz.analysis.settling import NEAR, largest_step, settled_answer, settled_value
from attnviz.text import decimals, signed_decimals
from attnviz.web.controls import before_after
from attnviz.web.controls import question as asking
from attnviz.web.controls.before_after import UNRANKED
from attnviz.web.escape import markdown, plain
from attnviz.web.share import take_away
from attnviz.web.shell import progress
from attnviz.web.state import session

if TYPE_CHECKING:
    from attnviz.explanation import LayerByLayer
    from attnviz.runtime import Query
    from attnviz.web.controls.question import Asking
    from attnviz.web.state.address import State

EMBEDDED = "cosine"  # the unit of targets that compare embeddings
COLUMNS = 5  # answers beside each layer
EMPTY = "␣"
CHART = {
    "displayModeBar": True,
    "displaylogo": False,
    "modeBarButtons": [["toImage"]],
    "toImageButtonOptions": {"filename": "layer-by-layer", "scale": 2},
}
LENS = (
    "**Read early layers with care.** Their states go through a head that was trained for the last layer alone (the "
    "logit lens, nostalgebraist 2020). What an early layer seems to say may be noise, and what it knows may not show; "
    "a lens that is trained for each layer (the tuned lens, Belrose et al. 2023) reads earlier, and with less bias. "
    "AttnViz trains none."
)
POOLED = (
    "**Read early layers with care.** Each layer’s states are pooled and compared in the way of the last one, the "
    "only layer that the model was trained to compare. In earlier ones, texts are near each other for reasons that "
    "have little to do with what they mean."
)


def show(query: Query, state: State) -> None:
    """Draw the page for this question."""
    if session.is_file(query.model):
        asking.needs_model("To stop the model after each of its layers")
        return
    question = asking.ask(query, state)
    if question is None:
        return
    with progress.loading() as report:
        found = session.runtime().layer_by_layer(
            question.query, question.target.name, report, **question.options
        )
    with st.container(border=True, key="layers"):
        for line in sentences(found, question.noun):
            st.markdown(line)
    _chart(found, question)
    _table(found, question)
    st.markdown(POOLED if question.target.unit == EMBEDDED else LENS)
    card = session.runtime().card(query.model)
    if card is not None and card.kind == "encoder-decoder":
        st.caption("The layers are the decoder’s; the encoder runs whole each time.")
    take_away.table(query, state, lambda: rows(found, question), "layer-by-layer")


def place(number: int) -> str:
    """What stands for the place of a value: 0 is before the first layer, n after layer n - 1."""
    return "before layer 0" if number == 0 else f"after layer {number - 1}"


def sentences(found: LayerByLayer, noun: str) -> tuple[str, ...]:
    """What is to be seen, as Markdown: when the answer settles, and how the result comes about."""
    return tuple(filter(None, (_answer(found), _result(found, noun))))


def ranked(found: LayerByLayer) -> bool:
    """Whether each layer has answers of which the first is what the model says."""
    return found.target not in UNRANKED and len(found.outcomes[-1]) > 1


def _answer(found: LayerByLayer) -> str:
    if not ranked(found):
        return ""
    firsts = [outcomes[0][0] for outcomes in found.outcomes]
    names = [f"“{markdown(name, 60) or EMPTY}”" for name in firsts]
    settled, last = settled_answer(firsts), len(firsts) - 1
    says = "puts the text nearest to" if found.outcome_unit == EMBEDDED else "says"
    if settled == 0:
        return (
            f"**Before its first layer already the model {says} {names[-1]}**, and after every layer since."
        )
    if settled == last:
        return f"**Only after its last layer, layer {last - 1}, the model {says} {names[-1]}**; before it, {names[-2]}."
    return f"**From layer {settled - 1} on the model {says} {names[-1]}**; before that, {names[settled - 1]}."


def _result(found: LayerByLayer, noun: str) -> str:
    values = found.values
    step, settled = largest_step(values), settled_value(values)
    name = markdown(noun)
    line = (
        f"In the end {name} is **{decimals(values[-1])}**. Layer {step - 1} moves it most, "
        f"from {decimals(values[step - 1])} to {decimals(values[step])}"
    )
    if settled == len(values) - 1:
        return f"{line}; it is not near its end before the last layer."
    return f"{line}; {place(settled)} it is near its end and stays there."


def _chart(found: LayerByLayer, question: Asking) -> None:
    from attnviz.figures.charts import layers_chart, line_figure

    settled = settled_value(found.values)
    names = [place(n) for n in range(len(found.values))]
    title = f"result, {question.target.unit}"
    chart = layers_chart(found.values, names, title, settled)
    st.plotly_chart(line_figure(chart), config=CHART, key="layers_chart")
    st.caption(
        f"The result if the model stopped after each layer; dotted, its end. The ring: from here on it stays within "
        f"{NEAR:.0%} of its whole range from the end."
    )


def _table(found: LayerByLayer, question: Asking) -> None:
    """A row for each layer: the result, and the first answers with their numbers."""
    unit = found.outcome_unit
    listed = found.target in UNRANKED
    count = before_after.SHOWN if listed else COLUMNS
    shown = [outcomes[:count] for outcomes in found.outcomes]
    heads = ["layer", "result", *([] if shown[-1] else ["change"])]
    heads += [plain(name, 20) or EMPTY for name, _ in shown[-1]] if listed else _places(len(shown[-1]))
    head = "".join(f'<th scope="col">{html.escape(each)}</th>' for each in heads)
    final = None if listed or not shown[-1] else shown[-1][0][0]
    body = ""
    for n, outcomes in enumerate(shown):
        cells = f"<td>{decimals(found.values[n])}</td>"
        if not shown[-1]:
            cells += f"<td>{'–' if n == 0 else signed_decimals(found.values[n] - found.values[n - 1])}</td>"
        cells += "".join(
            _cell("" if listed else name, value, unit, name == final) for name, value in outcomes
        )
        body += f'<tr><th scope="row">{place(n)}</th>{cells}</tr>'
    st.html(
        f'<div class="attnviz-wide" tabindex="0" role="region" aria-label="The numbers, layer by layer">'
        f'<table class="attnviz-answers attnviz-changes attnviz-layers"><thead><tr>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>"
    )
    if shown[-1]:
        what = "Each token of the continuation" if listed else f"The first {len(shown[-1])} answers"
        told = "" if listed else " Underlined: what the model says in the end."
        st.caption(f"{what} after each layer, with their {unit}.{told}")


def _places(count: int) -> list[str]:
    return ["first", *(f"{n}." for n in range(2, count + 1))][:count]


def _cell(name: str, value: float, unit: str, final: bool) -> str:
    share = {"probability": value, "log-probability": math.exp(min(value, 0.0))}.get(unit, 0.0)
    ground = (
        f"background:color-mix(in srgb, #2c74c4 {100 * 0.45 * min(max(share, 0.0), 1.0):.0f}%, transparent)"
    )
    told = f"{value:.1%}" if unit == "probability" else decimals(value)
    label = f"<b>{html.escape(plain(name, 24)) or EMPTY}</b> " if name or not unit.startswith("log") else ""
    return f'<td style="{ground}"{" class=final" if final else ""}>{label}{told}</td>'


def rows(found: LayerByLayer, question: Asking) -> list[list[str | float]]:
    """The same as a table for a spreadsheet: a line for each layer and answer."""
    unit = question.target.unit
    result: list[list[str | float]] = [
        ["place", f"result ({unit})", "rank", "answer", found.outcome_unit or "-"]
    ]
    for n, outcomes in enumerate(found.outcomes):
        value = float(found.values[n])
        if not outcomes:
            result.append([place(n), value, "", "", ""])
        for rank, (name, each) in enumerate(outcomes, 1):
            result.append([place(n), value, rank, name, each])
    return result

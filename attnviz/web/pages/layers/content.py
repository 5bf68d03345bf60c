"""Layer by layer: what the model would say if it stopped after each of its layers, as a sentence, a line and a table.

Every answer and label is somebody's text.
"""

from __future__ import annotations

import html
import math
from collections.abc import Callable
from typing import TYPE_CHECKING

import streamlit as st

from attnviz.analysis.settling import NEAR, largest_step, settled_answer, settled_value
from attnviz.text import decimals, signed_decimals
from attnviz.web.controls import before_after
from attnviz.web.controls.before_after import UNRANKED, Outcomes
from attnviz.web.controls.question import ask
from attnviz.web.escape import markdown, plain
from attnviz.web.share.drawn import file_stem
from attnviz.web.shell import progress
from attnviz.web.state import session

if TYPE_CHECKING:
    from attnviz.explanation import LayerByLayer
    from attnviz.runtime import Query
    from attnviz.web.controls.question import Question
    from attnviz.web.share.drawn import Drawn
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
DECODER = "The layers are the decoder’s; the encoder runs whole each time."


def draw(query: Query, state: State) -> Drawn | None:
    """Draw the page for this question; returns the figure, where there is one."""
    question = ask(query, state, "To stop the model after each of its layers")
    if question is None:
        return None
    with progress.loading() as report:
        found = session.runtime().layer_by_layer(
            question.query, question.target.name, report, **question.options
        )
    with st.container(border=True, key="layers"):
        for line in sentences(found, question.noun):
            st.markdown(line)
    _chart(found, question)
    _table(found, question)
    caveat = POOLED if question.target.unit == EMBEDDED else LENS
    st.markdown(caveat)
    card = session.runtime().card(query.model)
    if card is not None and card.kind == "encoder-decoder":
        caveat = f"{caveat} {DECODER}"
        st.caption(DECODER)
    return question.drawn(
        "results",
        lambda: _message(found, question, caveat),
        "Layer by layer",
        file_name=f"layer-by-layer-{file_stem(session.model_name(query.model), query.text)}",
        table=lambda: rows(found, question),
        again=question.again("layer_by_layer"),
    )


def _message(found: LayerByLayer, question: Question, caveat: str) -> bytes:
    """Sentences, line and table as a figure of its own."""
    from attnviz.figures import Curve, Results, Table, results_data

    names = [place(n) for n in range(len(found.values))]
    curve = Curve(
        found.values,
        names,
        f"result, {question.target.unit}",
        "the model stopped",
        settled_value(found.values),
    )
    listed = found.target in UNRANKED
    shown = _shown(found)
    lines = [
        (
            names[n],
            decimals(value),
            *(_told(None if listed else name, each, found.outcome_unit) for name, each in shown[n]),
        )
        for n, value in enumerate(found.values)
    ]
    columns = ("layer", "result", *_columns(shown[-1], listed))
    told = " ".join(sentences(found, question.noun, str)).replace("**", "")
    note = caveat.replace("**", "")
    return results_data(
        Results(told, [Table("", columns, lines, f"{_curve_note()} {_unit(found)}")], note),
        curve=curve,
        model=session.model_name(question.query.model),
    )


def _unit(found: LayerByLayer) -> str:
    return f"Answers: {found.outcome_unit}." if found.outcome_unit and found.outcomes[-1] else ""


def place(number: int) -> str:
    """What stands for the place of a value: 0 is before the first layer, n after layer n - 1."""
    return "before layer 0" if number == 0 else f"after layer {number - 1}"


def sentences(found: LayerByLayer, noun: str, escape: Callable[[str], str] = markdown) -> tuple[str, ...]:
    """What is to be seen: when the answer settles, and how the result comes about; `escape` is for foreign text."""
    return tuple(filter(None, (_answer(found, escape), _result(found, escape(noun)))))


def ranked(found: LayerByLayer) -> bool:
    """Whether each layer has answers of which the first is what the model says."""
    return found.target not in UNRANKED and len(found.outcomes[-1]) > 1


def _answer(found: LayerByLayer, escape: Callable[[str], str]) -> str:
    if not ranked(found):
        return ""
    firsts = [outcomes[0][0] for outcomes in found.outcomes]
    names = [f"“{escape(plain(name, 60)) or EMPTY}”" for name in firsts]
    settled, last = settled_answer(firsts), len(firsts) - 1
    says = "puts the text nearest to" if found.outcome_unit == EMBEDDED else "says"
    if settled == 0:
        return (
            f"**Before its first layer already the model {says} {names[-1]}**, and after every layer since."
        )
    if settled == last:
        return f"**Only after its last layer, layer {last - 1}, the model {says} {names[-1]}**; before it, {names[-2]}."
    return f"**From layer {settled - 1} on the model {says} {names[-1]}**; before that, {names[settled - 1]}."


def _result(found: LayerByLayer, name: str) -> str:
    values = found.values
    step, settled = largest_step(values), settled_value(values)
    line = (
        f"In the end {name} is **{decimals(values[-1])}**. Layer {step - 1} moves it most, "
        f"from {decimals(values[step - 1])} to {decimals(values[step])}"
    )
    if settled == len(values) - 1:
        return f"{line}; it is not near its end before the last layer."
    return f"{line}; {place(settled)} it is near its end and stays there."


def _chart(found: LayerByLayer, question: Question) -> None:
    from attnviz.figures.charts import layers_chart, line_figure

    settled = settled_value(found.values)
    names = [place(n) for n in range(len(found.values))]
    title = f"result, {question.target.unit}"
    st.plotly_chart(
        line_figure(layers_chart(found.values, names, title, settled)), config=CHART, key="layers_chart"
    )
    st.caption(_curve_note())


def _curve_note() -> str:
    return (
        f"The result if the model stopped after each layer; dotted, its end. The ring: from here on it stays within "
        f"{NEAR:.0%} of its whole range from the end."
    )


def _table(found: LayerByLayer, question: Question) -> None:
    """A row for each layer: the result, and the first answers with their numbers."""
    unit = found.outcome_unit
    listed = found.target in UNRANKED
    shown = _shown(found)
    heads = ["layer", "result", *([] if shown[-1] else ["change"]), *_columns(shown[-1], listed)]
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


def _shown(found: LayerByLayer) -> list[Outcomes]:
    """The answers of each layer that have room in a table."""
    count = before_after.SHOWN if found.target in UNRANKED else COLUMNS
    return [outcomes[:count] for outcomes in found.outcomes]


def _columns(answers: Outcomes, listed: bool) -> list[str]:
    """What stands above the answers: the tokens of a continuation, else their ranks."""
    if listed:
        return [plain(name, 20) or EMPTY for name, _ in answers]
    return ["first", *(f"{n}." for n in range(2, len(answers) + 1))][: len(answers)]


def _cell(name: str, value: float, unit: str, final: bool) -> str:
    share = {"probability": value, "log-probability": math.exp(min(value, 0.0))}.get(unit, 0.0)
    ground = (
        f"background:color-mix(in srgb, #2c74c4 {100 * 0.45 * min(max(share, 0.0), 1.0):.0f}%, transparent)"
    )
    told = _number(value, unit)
    label = f"<b>{html.escape(plain(name, 24)) or EMPTY}</b> " if name or not unit.startswith("log") else ""
    return f'<td style="{ground}"{" class=final" if final else ""}>{label}{told}</td>'


def _number(value: float, unit: str) -> str:
    return f"{value:.1%}" if unit == "probability" else decimals(value)


def _told(name: str | None, value: float, unit: str) -> str:
    """An answer with its number, as plain text; the number alone where the name stands above it."""
    number = _number(value, unit)
    return number if name is None else f"{plain(name, 24) or EMPTY} {number}"


def rows(found: LayerByLayer, question: Question) -> list[list[str | float]]:
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

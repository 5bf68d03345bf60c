"""What exactly is explained: the label, token or continuation that a reader names, and what the model says of the text.

In flow the target's options from the address; out flow keyword arguments for `Runtime.explain`, controls that change
the address, and the model's answers as a table. A reader who names nothing gets the model's own choice.
"""

from __future__ import annotations

import html
from collections.abc import Hashable
from typing import TYPE_CHECKING, Protocol

import streamlit as st

from attnviz.errors import TargetUnsupported
from attnviz.web.escape import markdown, plain
from attnviz.web.shell import progress
from attnviz.web.state import session
from attnviz.web.state.address import MAX_ASKED

if TYPE_CHECKING:
    from attnviz.explanation import TargetInfo
    from attnviz.runtime import Query
    from attnviz.types import Tokens
    from attnviz.web.state.address import State

OWN_CHOICE = "the model’s own choice"
SHOWN = 10  # answers in the table
# By target and option: the question, and what helps to answer it.
TYPED: dict[str, dict[str, tuple[str, str]]] = {
    "label-prompt": {"labels": ("Labels, separated by commas", "complaint, praise")},
    "next-token": {"token": ("Next token", "exactly one token, with its leading space if it has one")},
    "token-difference": {
        "token": ("Token", "exactly one token"),
        "against": ("Against the token", "exactly one token"),
    },
    "masked-token": {"token": ("Guess", "exactly one token; empty: the hidden one")},
    "sequence": {"continuation": ("Continuation", "empty: what the model would write")},
}
LABELS = ("label", "label-difference", "label-prompt")
PICKED = {"label": "Label", "against": "Against the label"}


class Answered(Protocol):
    """What an attribution and a plain answer have in common."""

    @property
    def tokens(self) -> Tokens: ...

    @property
    def options(self) -> tuple[tuple[str, object], ...]: ...

    @property
    def outcomes(self) -> tuple[tuple[str, float], ...]: ...

    @property
    def outcome_unit(self) -> str: ...


def available(query: Query) -> tuple[TargetInfo, ...]:
    """What the model can be asked about; it is loaded where nothing is known of it yet. Raises TargetUnsupported."""
    runtime = session.runtime()
    if runtime.card(query.model) is None:
        with progress.loading() as report:
            runtime.capture(query, report)
    found = runtime.targets(query.model)
    if not found:
        raise TargetUnsupported(f"The model {query.model!r} has no result that can be asked for here.", ())
    return found


def target(available: tuple[TargetInfo, ...], state: State) -> TargetInfo:
    """The target that the address asks for, with a selector where there are several."""
    infos = {info.name: info for info in available}
    default = available[0].name
    name = session.choose("target", state.target, tuple(infos), default)
    if len(infos) > 1:
        st.selectbox(
            "Which result",
            tuple(infos),
            format_func=lambda name: infos[name].title,
            key=session.set_choice("target", name),
            on_change=_another_target,
            args=(default,),
        )
    return infos[name]


def _another_target(default: str) -> None:
    name = st.session_state["target"]
    session.update(target=None if name == default else name, asked=())


def second_text_missing(target: TargetInfo, available: tuple[TargetInfo, ...]) -> None:
    """The target compares two texts, and there is one: what to type, and what one text can be asked."""
    with st.container(border=True):
        st.subheader("A second text is needed", anchor=False)
        st.markdown(
            f"{markdown(target.title)} compares two texts. Type the other one under **Second text** and press "
            "**Show**, or ask for what needs one text only:"
        )
        with st.container(horizontal=True):
            for info in available:
                if not info.needs_pair:
                    st.button(
                        info.title,
                        key=f"instead_{info.name}",
                        on_click=session.update,
                        kwargs={"target": info.name, "asked": ()},
                    )


def options(state: State, target: TargetInfo) -> dict[str, Hashable]:
    """The keyword options for `explain`: those of the address that this target has."""
    given = {name: value for name, value in state.asked if name in target.options and value}
    result: dict[str, Hashable] = dict(given)
    if "labels" in given:
        result["labels"] = tuple(part.strip() for part in given["labels"].split(",") if part.strip())
    if "position" in given and given["position"].isdecimal():
        result["position"] = int(given["position"])
    return result


def typed(state: State, target: TargetInfo) -> None:
    """Boxes for what has to be typed; Enter explains anew."""
    fields = TYPED.get(target.name, {})
    if not fields:
        return
    given = dict(state.asked)
    with st.container(horizontal=True, gap="medium"):
        for name, (title, hint) in fields.items():
            key = f"asked_{target.name}_{name}"
            st.text_input(
                title,
                key=session.follow(key, given.get(name, "")),
                placeholder=hint,
                max_chars=MAX_ASKED,
                on_change=_write,
                args=(name, key),
            )


def picked(attribution: Answered, state: State, target: TargetInfo) -> None:
    """Selectors for what can be chosen, once it is known what there is to choose from."""
    given, used = dict(state.asked), dict(attribution.options)
    choices: dict[str, tuple[str, dict[str, str]]] = {}
    if target.name in LABELS:
        names = {str(name): str(name) for name, _ in sorted(attribution.outcomes)}
        choices = {name: (title, names) for name, title in PICKED.items() if name in target.options}
    elif target.name == "masked-token":
        tokens = attribution.tokens
        places = {
            str(n): f"{n}: {label.strip()}" for n, label in enumerate(tokens.labels) if not tokens.special[n]
        }
        choices = {"position": ("Hidden token", places)}
    elif target.name == "sequence" and len(attribution.outcomes) > 1:
        places = {str(n): f"{n}: {label.strip()}" for n, (label, _) in enumerate(attribution.outcomes)}
        choices = {"position": ("Of the continuation", places)}
    if not choices:
        return
    with st.container(horizontal=True, gap="medium"):
        for name, (title, names) in choices.items():
            _pick(name, title, names, given.get(name, ""), used.get(name), f"asked_{target.name}_{name}")


def _pick(name: str, title: str, names: dict[str, str], given: str, used: object, key: str) -> None:
    own = "all of it" if used is None else f"{OWN_CHOICE}: {names.get(str(used), str(used))}"
    valid = given if given in names else ""
    st.selectbox(
        title,
        ("", *names),
        format_func=lambda value: plain(names[value] if value else own if not valid else OWN_CHOICE, 80),
        key=session.set_choice(key, valid),
        on_change=_write,
        args=(name, key),
    )


def _write(name: str, key: str) -> None:
    """Put one option into the address, or take it out where it is empty."""
    asked = {**dict(session.state().asked), name: str(st.session_state[key] or "")}
    if name in ("labels", "continuation"):
        asked = {name: asked[name]}  # a label or position of the old ones means nothing among the new ones
    session.update(asked=tuple((each, value) for each, value in asked.items() if value))


def back_to_own_choice(state: State) -> None:
    """A way out where what was asked for does not exist."""
    if state.asked:
        st.button(
            "Explain the model’s own choice",
            icon=":material/undo:",
            on_click=session.update,
            kwargs={"asked": ()},
        )


def answers(attribution: Answered) -> None:
    """What the model says of the text: its answers with their numbers, the first ones as a table with bars."""
    if not attribution.outcomes:
        return
    unit = attribution.outcome_unit
    shown = attribution.outcomes[:SHOWN]
    top = max(abs(value) for _, value in attribution.outcomes) or 1.0
    rows = "".join(
        _row(name, value, value / top if unit != "probability" else value, unit) for name, value in shown
    )
    st.subheader("What the model says", anchor=False)
    st.html(
        f'<table class="attnviz-answers"><thead><tr><th scope="col">answer</th><th scope="col"></th>'
        f'<th scope="col">{html.escape(unit)}</th></tr></thead><tbody>{rows}</tbody></table>'
    )
    if len(attribution.outcomes) > SHOWN:
        st.caption(f"The first {SHOWN} of {len(attribution.outcomes)}.")


def _row(name: str, value: float, share: float, unit: str) -> str:
    number = f"{value:.1%}" if unit == "probability" and value >= 0.001 else f"{value:.3g}"
    width = 100 * min(max(abs(share), 0.0), 1.0)
    return (
        f'<tr><th scope="row">{html.escape(plain(str(name), 60)) or "␣"}</th>'
        f'<td><span style="width:{width:.1f}%"></span></td><td>{number}</td></tr>'
    )

"""What exactly is explained: the target and its options, a label, token or continuation that a reader names.

A reader who names nothing gets the model's own choice.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from attnviz.errors import TargetUnsupported
from attnviz.language import say
from attnviz.web.controls import second_text
from attnviz.web.escape import plain
from attnviz.web.shell import progress
from attnviz.web.state import session
from attnviz.web.state.fields import MAX_OPTION

if TYPE_CHECKING:
    from streamlit.delta_generator import DeltaGenerator

    from attnviz.explanation import TargetInfo
    from attnviz.runtime import Query
    from attnviz.types import BoolArray, Tokens
    from attnviz.web.controls.answers import Answered
    from attnviz.web.state.address import State

OWN_CHOICE = "the model’s own choice"
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
    "entailment": {
        "labels": ("Labels, separated by commas", "complaint, praise"),
        "template": ("A sentence for each label", "This text is about {}."),
    },
}
LABELS = ("label", "label-difference", "label-prompt", "entailment", "tag")
PICKED = {"label": "Label", "against": "Against the label"}
PICKED_TAGS = {"label": "Tag", "against": "Against the tag"}
# Of the targets that read one token of the text, which token that is.
PLACES = {
    "masked-token": "Hidden token",
    "tag": "Tagged token",
    "answer-start": "First token of the answer",
    "answer-end": "Last token of the answer",
}
QUESTION = "The text is the question, the second text the context that holds the answer."


def available(query: Query) -> tuple[TargetInfo, ...]:
    """What the model can be asked about; it is loaded where nothing is known of it yet. Raises TargetUnsupported."""
    runtime = session.runtime()
    if runtime.card(query.model) is None:
        with progress.loading() as report:
            runtime.info(query, report)
    found = runtime.targets(query.model)
    if not found:
        raise TargetUnsupported(
            say("The model {model!r} has no result that can be asked for here.", model=query.model), ()
        )
    return found


def choose(query: Query, state: State, row: DeltaGenerator | None = None) -> TargetInfo | None:
    """The target that the address asks for, with a selector where there are several, in `row` if there is one.

    None where it compares two texts and there is one; what can be done then is drawn.
    """
    found = available(query)
    infos = {info.name: info for info in found}
    default = found[0].name
    name = session.choose("target", state.target, tuple(infos), default)
    if len(infos) > 1:
        (st if row is None else row).selectbox(
            "Which result",
            tuple(infos),
            format_func=lambda name: infos[name].title,
            key=session.set_choice("target", name),
            on_change=_another_target,
            args=(default,),
        )
    if asks_a_question(infos[name]):
        st.caption(QUESTION)
    if infos[name].needs_pair and not query.pair:
        second_text.missing(infos[name], found, asks_a_question(infos[name]))
        return None
    return infos[name]


def _another_target(default: str) -> None:
    name = st.session_state["target"]
    session.update(target=None if name == default else name, options=())


def asks_a_question(target: TargetInfo) -> bool:
    """Whether it reads two texts as one, and cannot do without the second: a question and its context."""
    return target.needs_pair and target.takes_pair


def options(state: State, target: TargetInfo) -> dict[str, Hashable]:
    """The keyword options for `explain`: those of the address that this target has."""
    given = {name: value for name, value in state.options if name in target.options and value}
    result: dict[str, Hashable] = dict(given)
    if "labels" in given:
        result["labels"] = tuple(part.strip() for part in given["labels"].split(",") if part.strip())
    if "position" in given and given["position"].isdecimal():
        result["position"] = int(given["position"])
    return result


def type_options(
    query: Query, state: State, target: TargetInfo, decided: Mapping[str, str] | None = None
) -> None:
    """Boxes for what has to be typed, filled with what is explained; Enter explains anew.

    `decided`: what `decided` found, where the model has answered.
    """
    fields = TYPED.get(target.name, {})
    if not fields or (target.name == "entailment" and query.pair):
        return
    given, used = dict(state.options), decided or {}
    with st.container(horizontal=True, gap="medium"):
        for name, (title, hint) in fields.items():
            key = f"option_{target.name}_{name}"
            st.text_input(
                title,
                key=session.follow(key, given.get(name) or used.get(name, "")),
                placeholder=hint,
                max_chars=MAX_OPTION,
                on_change=_write,
                args=(name, key),
            )


def decided(answer: Answered, state: State) -> dict[str, str]:
    """Every option of the result as somebody would type it: what was typed, or what the model has chosen.

    Tokens that it has chosen are the likeliest ones, in order; where several read alike, one is named by its number.
    """
    given = dict(state.options)
    likeliest = [str(name) for name, _ in answer.outcomes if str(name) not in given.values()]
    found = {}
    for name, value in answer.options:
        if isinstance(value, tuple | list):
            text = ", ".join(map(str, value))
        elif name in ("token", "against") and isinstance(value, int):
            text = _token(value, likeliest, answer)
        else:
            text = "" if value is None else str(value)
        found[name] = (given.get(name) or text)[:MAX_OPTION]
    return found


def _token(token: int, likeliest: list[str], answer: Answered) -> str:
    """The token that the model has chosen itself; the hidden one of a text is a token of it."""
    options = dict(answer.options)
    place = options.get("position")
    if isinstance(place, int) and int(answer.tokens.ids[place]) == token:
        return answer.tokens.labels[place].strip()
    text = likeliest.pop(0) if likeliest else ""
    return f"#{token}" if not text.strip() or text.endswith(f", token {token})") else text


def pick_options(attribution: Answered, state: State, target: TargetInfo) -> None:
    """Selectors for what can be chosen, once it is known what there is to choose from."""
    given, used = dict(state.options), dict(attribution.options)
    choices: dict[str, tuple[str, dict[str, str]]] = {}
    askable = places(attribution.tokens, target)
    if askable is not None:
        labels = attribution.tokens.labels
        tokens = {str(n): f"{n}: {labels[n].strip()}" for n in np.flatnonzero(askable).tolist()}
        choices["position"] = (PLACES[target.name], tokens)
    if target.name in LABELS:
        names = {str(name): str(name) for name, _ in sorted(attribution.outcomes)}
        titles = PICKED_TAGS if target.name == "tag" else PICKED
        choices |= {name: (title, names) for name, title in titles.items() if name in used}
    elif target.name == "sequence" and len(attribution.outcomes) > 1:
        written = {str(n): f"{n}: {label.strip()}" for n, (label, _) in enumerate(attribution.outcomes)}
        choices = {"position": ("Of the continuation", written)}
    if not choices:
        return
    with st.container(horizontal=True, gap="medium"):
        for name, (title, names) in choices.items():
            _pick(name, title, names, given.get(name, ""), used.get(name), f"option_{target.name}_{name}")


def places(tokens: Tokens, target: TargetInfo) -> BoolArray | None:
    """(T,) the tokens that the target can be asked about; None where it is not about one token of the text."""
    if target.name not in PLACES:
        return None
    own: BoolArray = ~tokens.special
    return own & (tokens.segments == 1) if asks_a_question(target) else own


def ask_about(position: int) -> None:
    """Ask the same about another token of the text, as the model's own choice: a callback of the figure."""
    _set({**dict(session.state().options), "position": str(position)}, "position")


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
    _set({**dict(session.state().options), name: str(st.session_state[key] or "")}, name)


def _set(given: dict[str, str], changed: str) -> None:
    """Write the options, without those that meant something beside the former value of the one that changed."""
    if changed in ("labels", "continuation"):
        given = {name: given[name] for name in (changed, "template") if name in given}
    if changed == "position":  # another token has labels of its own
        given = {name: value for name, value in given.items() if name not in PICKED}
    session.update(options=tuple((name, value) for name, value in given.items() if value))


def back_to_own_choice(state: State) -> None:
    """A way out where what was asked for does not exist."""
    if state.options:
        st.button(
            "Explain the model’s own choice",
            icon=":material/undo:",
            on_click=session.update,
            kwargs={"options": ()},
        )

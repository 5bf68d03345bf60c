"""The question that a page changes something about: which result of which text, decided once, and its answer."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import streamlit as st

from attnviz.errors import InputEmpty, InputInvalid, UnknownName
from attnviz.provenance import Variable, call
from attnviz.web.controls import before_after, embedding_limit, marked_text, sidebar, targets
from attnviz.web.escape import markdown, plain
from attnviz.web.share.drawn import Drawn
from attnviz.web.shell import links, problems, progress
from attnviz.web.state import holding, session

if TYPE_CHECKING:
    from attnviz.explanation import TargetInfo
    from attnviz.explanation.results import Answer
    from attnviz.runtime import Query
    from attnviz.types import Kind
    from attnviz.web.state.address import Head, State


@dataclass(frozen=True)
class Question:
    """One question, with everything that it leaves open decided by the model as it is.

    Attributes:
        query, target, options, kind: what `Runtime.answer`, `ablate` and `head_importance` take.
        answer: of the text as it is, with all heads. state: what the address says.
    """

    query: Query
    target: TargetInfo
    options: Mapping[str, Hashable]
    kind: Kind | None
    answer: Answer
    state: State

    @property
    def decided(self) -> dict[str, Any]:
        """The options with which another text is asked the same."""
        return dict(self.answer.options)

    @property
    def noun(self) -> str:
        """What is measured, as it stands in a sentence. It may hold a label that somebody typed."""
        return before_after.noun(self.target.name, self.decided)

    @property
    def identity(self) -> str:
        """Tells this question from others."""
        return holding.mark((self.query, self.target.name, sorted(self.options.items()), self.kind))

    def drawn(
        self,
        figure: str,
        message: Callable[[], bytes],
        title: str,
        pinned_title: str = "",
        settings: tuple[tuple[str, str], ...] = (),
        **more: Any,
    ) -> Drawn:
        """A figure about this question, to be taken away; the question itself is the first of its settings.

        `pinned_title`: where `title` says too little in a report. `more`: what else a `Drawn` holds.
        """
        from attnviz.figures.report.sentences import option

        named = f"{title}, {self.target.title}"
        told = (option(name, value) for name, value in self.decided.items())
        options = ((name, plain(value)) for name, value in told)
        return Drawn(
            self.query,
            self.state,
            figure,
            message,
            pinned_title or named,
            settings=(("Result", self.target.title), *options, *settings),
            file_title=f"{named}: {session.model_name(self.query.model)}",
            of_model=True,
            **more,
        )

    def again(self, function: str, **named: Any) -> tuple[str, ...]:
        """The call of one of the package's functions that makes what a page shows of this question."""
        asked = {"target": self.target.name, "pair": self.query.pair, **named, **self.decided}
        return (call(f"attnviz.{function}", Variable("model"), self.query.text, **asked),)

    @property
    def first_alone(self) -> Query:
        """The text as the model reads it for this target: with the second text only where it reads both as one."""
        return self.query if self.target.takes_pair else replace(self.query, pair=None)


def needs_model(purpose: str) -> None:
    """An opened file cannot answer; `purpose` begins the sentence that says what the model is needed for."""
    with st.container(border=True):
        st.subheader("An opened file holds attention only", anchor=False)
        st.markdown(f"{purpose}, the model itself has to run: choose it under **Model**.")
        card = session.runtime().card(session.state().model or session.default_model())
        if card is not None:
            st.button(
                f"Run {markdown(card.name)} on this text",
                key="run_the_model",
                type="primary",
                icon=":material/play_arrow:",
                on_click=sidebar.use_model,
                args=(card.name,),
            )


def ask(query: Query, state: State, purpose: str) -> Question | None:
    """Which result, and the answer to it as things are; None where the page has drawn what is missing instead.

    `purpose` begins the sentence that says what the model is needed for.
    """
    if session.is_file(query.model):
        needs_model(purpose)
        return None
    runtime = session.runtime()
    target = targets.choose(query, state)
    if target is None:
        return None
    options = targets.options(state, target) | embedding_limit.choose(query, state, target)
    typed, choice = st.container(), st.container()
    try:
        with progress.loading() as report:
            answer = runtime.answer(query, target.name, report, **options)
    except (InputEmpty, InputInvalid, UnknownName) as error:
        with typed:
            targets.type_options(query, state, target)
        problems.show_error(error)
        targets.back_to_own_choice(state)
        return None
    with typed:
        targets.type_options(query, state, target, targets.decided(answer, state))
    with choice:
        targets.pick_options(answer, state, target)
        if answer.note:
            st.caption(markdown(answer.note))
        marked_text.show(answer)
    return Question(query, target, options, None, answer, state)


def attention_link(question: Question, heads: tuple[Head, ...], label: str) -> None:
    """A link to the map of a head on this text, or to the mean map of several; of none, of all heads."""
    alone, state = question.first_alone, question.state
    kept = replace(state.elsewhere(), text=alone.text, pair=alone.pair)
    if len(heads) == 1:
        kept = kept.on(*heads)
    else:
        kept = replace(kept, pool="mean", over=state.off if heads else "model")
    links.link("attention", label, kept)

"""Which patches made a classifier's label, how far to trust that, and what becomes of it when patches are covered."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import streamlit as st

from attnviz.errors import ModelUnsupported
from attnviz.provenance import Variable, call
from attnviz.text import decimals
from attnviz.web.controls import before_after
from attnviz.web.escape import markdown, plain
from attnviz.web.pages.image import shared
from attnviz.web.share.drawn import Drawn, file_stem
from attnviz.web.shell import components, problems, progress
from attnviz.web.state import session

if TYPE_CHECKING:
    from attnviz.explanation import Faithfulness
    from attnviz.explanation.pictures import PictureAttribution
    from attnviz.runtime import Query
    from attnviz.web.pages.image.shared import Shown
    from attnviz.web.share.drawn import Rows
    from attnviz.web.state.address import State

QUICK = 5_000_000  # parameters of a model whose test runs by itself
TESTED = "image_test"


@dataclass(frozen=True)
class Asked:
    """What is explained, by which method and against which colour; None for the model's own choice of a label."""

    query: Query
    label: str | None
    method: str
    baseline: str

    def take(self) -> tuple[Query, str | None, str, str]:
        """The arguments of the runtime."""
        return self.query, self.label, self.method, self.baseline


def draw(query: Query, state: State, labels: tuple[str, ...]) -> Drawn | None:
    """Draw the part; returns its figure."""
    asked = _choices(query, state, labels)
    runtime = session.runtime()
    try:
        with progress.loading() as report:
            found = runtime.explain_picture(*asked.take(), report)
    except ModelUnsupported as error:
        problems.show_error(error)
        return None
    _headline(found)
    covered = _covered(state, found)
    picture = Picture(
        found, covered, shared.form(state), shared.shown(query), session.model_name(query.model)
    )
    components.patches(picture.message(leaves=False), position=lambda cell: _cover(cell, covered))
    _sum(found)
    _removal(asked, found, covered)
    with problems.guard():
        _test(asked)
    return _drawn(asked, picture, state)


def _choices(query: Query, state: State, labels: tuple[str, ...]) -> Asked:
    from attnviz.explanation.pictures import BASELINES, METHODS

    method = session.choose("method", state.method, tuple(METHODS), next(iter(METHODS)))
    baseline = session.choose("operator", state.operator, tuple(BASELINES), next(iter(BASELINES)))
    named = dict(state.options).get("label")
    chosen = session.choose("label", named, labels, "") or None
    own = "The predicted label"
    with st.container(horizontal=True, vertical_alignment="bottom", key="label_choices"):
        st.selectbox(
            "Label",
            (own, *labels),
            format_func=lambda each: plain(each, 60),
            key=session.set_choice("image_label", chosen or own),
            on_change=session.on_change(
                "image_label", "options", lambda each: () if each == own else (("label", each),)
            ),
        )
        st.selectbox(
            "By",
            tuple(METHODS),
            format_func=lambda each: METHODS[each][0].title,
            key=session.set_choice("image_method", method),
            on_change=session.on_change("image_method", "method"),
            help="\n\n".join(
                f"**{info.title}**: {info.description} {info.caveat} ({info.source})"
                for info, _ in METHODS.values()
            ),
        )
        st.selectbox(
            "A covered patch is",
            tuple(BASELINES),
            format_func=BASELINES.__getitem__,
            key=session.set_choice("image_baseline", baseline),
            on_change=session.on_change("image_baseline", "operator"),
            help="The colour that stands for “nothing there”: in integrated gradients, in occlusion, in the test, and "
            "where you cover patches. Another one can give another picture.",
        )
    return Asked(query, chosen, method, baseline)


def _headline(found: PictureAttribution) -> None:
    first = "; ".join(f"{plain(name, 40)} {share:.1%}" for name, share in found.outcomes[:3])
    st.markdown(f"**The model says {markdown(found.outcomes[0][0])}** ({markdown(first)}). "
                f"Explained: the logit of {markdown(found.label)}, {decimals(found.value, 2)}.")  # fmt: skip


@dataclass(frozen=True)
class Picture:
    """An explanation as it is drawn."""

    found: PictureAttribution
    covered: tuple[int, ...]
    form: str
    shown: Shown
    model: str

    def message(self, leaves: bool = True) -> bytes:
        """For the figure; of what `leaves` the page, the picture only where the reader agrees."""
        from attnviz.explanation.pictures import METHODS
        from attnviz.figures import PatchView, patches_data

        found, info = self.found, METHODS[self.found.method][0]
        unit = "value" if found.signed else "share"
        return patches_data(
            found.patches,
            found.scores.reshape(1, 1, -1),
            PatchView(found.method, info.title, unit, signed=found.signed, places=("",)),
            grid=found.scores.shape,
            picture=self.shown.copy(leaves),
            covered=self.covered,
            form=self.form,
            note=f"{info.positive} {info.negative} {info.caveat} {found.note}".strip(),
            model=self.model,
            agreed=self.shown.agreed,
        )


def _sum(found: PictureAttribution) -> None:
    if found.residual is None or found.baseline_value is None:
        return
    total = float(found.scores.sum())
    change = f"{decimals(found.value, 3)} − {decimals(found.baseline_value, 3)}"
    if found.sum_holds:
        st.caption(
            f"The scores add up to {decimals(total, 3)}: the logit less that of the plain colour, {change}."
        )
    else:
        st.warning(
            f"The sum does not check: the scores add up to {decimals(total, 3)}, the logit changes by {change}."
        )


def _covered(state: State, found: PictureAttribution) -> tuple[int, ...]:
    """The cells that the address covers, where they fit."""
    cells = tuple(sorted({int(each) for each in (state.covered or "").split(",") if each}))
    if all(cell < found.scores.size for cell in cells):
        return cells
    session.notice("The covered patches in the link do not fit this picture; none is covered.")
    return ()


def _cover(cell: int, covered: tuple[int, ...]) -> None:
    """A click covers a patch, or uncovers it."""
    cells = sorted(set(covered) ^ {cell})
    session.update(covered=",".join(map(str, cells)) or None)


def _removal(asked: Asked, found: PictureAttribution, covered: tuple[int, ...]) -> None:
    if not covered:
        st.caption("Click a patch, or press Enter on it, to cover it and see what becomes of the label.")
        return
    with progress.loading() as report:
        gone = session.runtime().without_patches(
            asked.query, covered, asked.label or found.label, asked.baseline, report
        )
    which = "this patch" if len(covered) == 1 else f"these {len(covered)} patches"
    with st.container(border=True, key="covered_patches"):
        noun = f"the score of “{plain(found.label, 40)}”"
        st.markdown(before_after.sentence(f"Without {which}", noun, gone.before, gone.after))
        before_after.table("label", "probability", gone.outcomes_before, gone.outcomes_after)
        st.button("Uncover all", key="uncover", on_click=lambda: session.update(covered=None))


def _test(asked: Asked) -> None:
    """The curves, at once for a small model, else when the reader asks."""
    card = session.runtime().card(asked.query.model)
    st.subheader("Does it hold?", anchor=False)
    if card is None or card.parameters > QUICK:
        wanted = st.toggle(
            "Test it against random patches", key=TESTED, help="Some hundred passes through the model."
        )
        if not wanted:
            return
    from attnviz.figures.charts import curves_chart, line_figure

    with progress.loading() as report:
        test = session.runtime().picture_faithfulness(*asked.take(), report)
    st.markdown(sentence(test))
    chart = curves_chart(test, "logit", noun="patch")
    st.plotly_chart(line_figure(chart), config={"displayModeBar": False}, key="image_curves")


def sentence(test: Faithfulness) -> str:
    """The test in words: what covering the first patches does, beside as many random ones."""
    count = len(test.words)
    these = "the first patch" if count == 1 else f"the first {count} patches"
    some = "a random one" if count == 1 else f"{count} random ones"
    verb = "falls" if test.without_words < test.value else "rises"
    random = float(test.without_random_words.mean())
    share = float((test.without_random_words > test.without_words).mean())
    return (
        f"Without {these} the logit {verb} from {decimals(test.value, 2)} to {decimals(test.without_words, 2)}; "
        f"without {some} to {decimals(random, 2)} (mean of {len(test.seeds)} draws; {share:.0%} did less harm). "
        f"They are {test.operator_title}."
    )


def _drawn(asked: Asked, picture: Picture, state: State) -> Drawn:
    from attnviz.explanation.pictures import BASELINES, METHODS

    found, query = picture.found, asked.query
    info = METHODS[found.method][0]
    made = call(
        "explain_picture", Variable("model"), Variable("picture"), found.label, found.method, found.baseline
    )
    return Drawn(
        query,
        replace(state, image=query.image),
        "patches",
        picture.message,
        f"What made the label {plain(found.label, 40)}",
        settings=(
            ("Label", plain(found.label, 60)),
            ("By", info.title),
            ("A covered patch is", BASELINES[found.baseline]),
        ),
        texts=(("What is read", found.patches.description),),
        file_name=f"label-{file_stem(session.model_name(query.model), found.method)}",
        table=lambda: table(found),
        again=("from attnviz.explanation.pictures import explain_picture", f"explained = {made}"),
        of_model=True,
    )


def table(found: PictureAttribution) -> Rows:
    """The score of every patch."""
    rows: Rows = [["row", "column", found.method]]
    for cell, score in enumerate(found.scores.reshape(-1).tolist()):
        row, column = divmod(cell, found.scores.shape[1])
        rows.append([row + 1, column + 1, score])
    return rows

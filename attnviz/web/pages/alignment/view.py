"""A translation as the page shows it: its maps, the one that is looked at, and what is said of it in numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from attnviz.web.escape import plain
from attnviz.web.shell import components
from attnviz.web.state import session

if TYPE_CHECKING:
    from attnviz.analysis.word_alignment import WordAlignment
    from attnviz.explanation.translation.records import Translation
    from attnviz.figures.messages.alignment import AlignedHeads, Place
    from attnviz.runtime import Query
    from attnviz.web.share.drawn import Rows
    from attnviz.web.state.address import State

UNITS = {"word": "Words", "token": "Pieces"}


@dataclass(frozen=True)
class View:
    """A translation as it is shown: its maps, which one, by which unit and in which form."""

    query: Query
    translation: Translation
    aligned: AlignedHeads
    place: Place
    unit: str
    form: str

    @property
    def words(self) -> WordAlignment:
        """The map that is shown."""
        return self.aligned.of(self.place)

    def message(self, title: str = "", editable: bool = True) -> bytes:
        """For the figure."""
        from attnviz.figures import alignment_data

        return alignment_data(
            self.translation,
            self.aligned,
            self.place,
            form=self.form,
            unit=self.unit,
            title=title,
            note=told(self),
            model=session.model_name(self.query.model),
            identity=repr(
                (self.query, self.translation.target.ids.tolist(), self.translation.links, self.unit)
            ),
            editable=editable,
        )


def view_of(query: Query, state: State, translation: Translation) -> View:
    from attnviz.figures import aligned_heads

    unit = session.choose("unit", state.unit, tuple(UNITS), "word")
    form = session.choose("form", state.form, components.ALIGNMENT_FORMS, "lines")
    wanted = _wanted(state)
    aligned = aligned_heads(translation, unit, wanted)
    if wanted is not None and wanted not in aligned.places:
        layers, heads = translation.attention.shape[:2]
        session.notice(
            f"The head in the link is not one of this model, which has layers 0 to {layers - 1} and heads 0 to "
            f"{heads - 1}; the one that aligns is shown."
        )
    place = wanted if wanted in aligned.places else aligned.chosen
    return View(query, translation, aligned, place or aligned.chosen, unit, form)


def _wanted(state: State) -> Place | None:
    """The head of the address, or the mean of a layer's."""
    if not state.heads:
        return None
    layer, head = state.heads[0]
    return (layer, -1) if state.pool == "mean" else (layer, head)


def turn(place: Place) -> None:
    layer, head = place
    session.update(heads=((layer, max(0, head)),), pool="mean" if head < 0 else None)


def told(view: View) -> str:
    """How sure and how complete the links are, in numbers; and the words that nobody read."""
    words = view.words
    unread = [
        f"“{label}”" for label, hardly in zip(words.sources, words.unread.tolist(), strict=True) if hardly
    ]
    total = float(view.translation.log_probs.sum())
    shares = f"Sureness {words.sureness:.2f}, coverage of the source {words.completeness:.2f}"
    said = f"{shares}, log-probability {total:.2f}."
    return f"{said} Hardly read: {plain(', '.join(unread), 300)}." if unread else said


def table(view: View) -> Rows:
    """The matrix of the map that is shown, with the log-probability of each word."""
    words = view.words
    rows: Rows = [["target", "log probability", "uncertain", *words.sources]]
    for label, (first, end), doubt, row in zip(
        words.targets,
        words.target_tokens.tolist(),
        words.uncertain.tolist(),
        words.weights.tolist(),
        strict=True,
    ):
        rows.append(
            [label, float(view.translation.log_probs[first:end].sum()), "yes" if doubt else "no", *row]
        )
    return rows

"""The page of translations: words with the links between them, and what becomes of them when a link is moved."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

import streamlit as st

from attnviz.provenance import Variable, call
from attnviz.web.controls import sidebar
from attnviz.web.escape import markdown, plain
from attnviz.web.pages.alignment import changes as changed
from attnviz.web.pages.alignment import document, search
from attnviz.web.share.drawn import Drawn, file_stem
from attnviz.web.shell import components, links, progress
from attnviz.web.state import session

if TYPE_CHECKING:
    from attnviz.analysis.word_alignment import WordAlignment
    from attnviz.explanation.translation.records import Translation
    from attnviz.figures.messages.alignment import AlignedHeads, Place
    from attnviz.runtime import Query
    from attnviz.web.pages.alignment.changes import Changes
    from attnviz.web.share.drawn import Rows
    from attnviz.web.state.address import State

UNITS = {"word": "Words", "token": "Pieces"}
AFTER = "alignment_after"
TRANSLATES = "encoder-decoder"


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


def draw(query: Query, state: State) -> Drawn | None:
    """Draw the page for this question."""
    card = session.runtime().card(query.model)
    if card is not None and (card.kind != TRANSLATES or card.modality != "text"):
        _not_a_translator(query.model)
        return None
    query = replace(query, pair=None)
    edits = changed.read(state)
    with progress.loading() as report:
        given = () if query.target_text else edits.prefix
        before = _view(query, state, session.runtime().translate(query, given, (), None, report))
    with st.container(horizontal=True, vertical_alignment="center", key="translation_choices"):
        unit_choice(before.unit)
        _other_directions(query.model)
    if not edits.links:
        components.alignment(before.message(), components.ALIGNMENT, **_listeners(before, edits))
        shown, title = before, "Word alignment"
        _undo(before, edits)
    else:
        shown, title = _before_and_after(query, state, before, edits), "Word alignment, links moved"
    _why(before)
    _elsewhere(before, state)
    document.draw(query, state)
    search.draw(query, state, before.translation)
    return _drawn(shown, state, title, edits)


def _before_and_after(query: Query, state: State, before: View, edits: Changes) -> View:
    """Both translations, with the choice of the heads in which links are forced."""
    _undo(before, edits)
    written = replace(query, target_text=None)  # the model goes on by itself behind the first moved link
    start = tuple(before.translation.target.ids[: min(each.first for each in edits.links)].tolist())
    prefix = start if query.target_text else edits.prefix
    heads = edits.heads(before.translation.attention.shape, before.place)
    with progress.loading() as report:
        found = session.runtime().translate(written, prefix, tuple(map(tuple, edits.links)), heads, report)  # type: ignore[arg-type]
    after = _view(written, state, found)
    with st.container(border=True, key="translation_changed"):
        same = found.target.text == before.translation.target.text
        st.markdown(
            "**The translation stays as it was:**" if same else "**With the links moved, it becomes:**"
        )
        st.text(plain(found.target.text))
    components.alignment(after.message("After"), AFTER, **_listeners(after, edits))
    components.alignment(before.message("Before", editable=False), shown=_turn)
    return after


def _view(query: Query, state: State, translation: Translation) -> View:
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


def _turn(place: Place) -> None:
    layer, head = place
    session.update(heads=((layer, max(0, head)),), pool="mean" if head < 0 else None)


def _listeners(view: View, edits: Changes) -> dict[str, Callable[[tuple[int, int]], None]]:
    """What a click in the figure changes."""
    words, ids = view.words, view.translation.target.ids.tolist()

    def linked(pair: tuple[int, int]) -> None:
        from attnviz.explanation.translation.records import Link

        target, source = pair
        if target < len(words.targets) and source < len(words.sources):
            link = Link(*words.target_tokens[target].tolist(), *words.source_tokens[source].tolist())
            session.update(**edits.linked(link).fields())

    def instead(pair: tuple[int, int]) -> None:
        place, number = pair
        if place < len(ids):
            session.update(target_text=None, **edits.continued(ids[:place], number).fields())

    return {"shown": _turn, "linked": linked, "instead": instead}


def unit_choice(unit: str) -> None:
    """Words, or the pieces that the model reads and writes."""
    st.segmented_control(
        "Show",
        tuple(UNITS),
        format_func=UNITS.__getitem__,
        key=session.set_choice("alignment_unit", unit),
        on_change=session.on_change(
            "alignment_unit", "unit", lambda value: None if value == "word" else value
        ),
        required=True,
        label_visibility="collapsed",
    )


def _other_directions(model: str) -> None:
    """The other translators of the catalogue, each with a text of its own."""
    for card in session.runtime().catalog():
        if card.kind == TRANSLATES and card.modality == "text" and card.name != model:
            st.button(
                card.title,
                key=f"direction_{card.name}",
                icon=":material/swap_horiz:",
                on_click=partial(_translate_with, card.name),
            )


def _translate_with(model: str) -> None:
    """Another translator, which reads another language: with its own example."""
    sidebar.use_model(model)
    session.update(text=None, target_text=None)


def _undo(view: View, edits: Changes) -> None:
    """What was changed, each change with a way back."""
    if not edits.prefix and not edits.links:
        return
    words = view.words
    with st.container(horizontal=True, vertical_alignment="center", key="translation_changes"):
        for link in edits.links:
            label = f"{_named(words.targets, words.target_tokens, link.first)} ← " + _named(
                words.sources, words.source_tokens, link.key
            )
            others = replace(edits, links=tuple(each for each in edits.links if each != link))
            st.button(
                f"{markdown(label, 60)} ✕",
                key=f"unlink_{'_'.join(map(str, link))}",
                help="Put this link back",
                on_click=partial(session.update, **others.fields()),
            )
        st.button(
            "Undo all changes",
            key="undo_translation",
            on_click=partial(session.update, prefix=None, links=None),
        )
    if edits.links:
        st.segmented_control(
            "A moved link is forced in",
            tuple(changed.SCOPES),
            format_func=changed.SCOPES.__getitem__,
            key=session.set_choice("alignment_scope", edits.scope),
            on_change=session.on_change(
                "alignment_scope", "scope", lambda value: None if value == "every" else value
            ),
            required=True,
        )


def _named(labels: tuple[str, ...], tokens: object, place: int) -> str:
    """The word that a token belongs to, else its place."""
    for label, (first, end) in zip(labels, tokens.tolist(), strict=True):  # type: ignore[attr-defined]
        if first <= place < end:
            return label
    return f"place {place}"


def _why(view: View) -> None:
    """Which head aligns, and how it is known."""
    layer, head = view.aligned.chosen
    score = view.aligned.scores[view.aligned.places.index(view.aligned.chosen)]
    how = (
        "was trained to align words, as the model itself says"
        if view.aligned.trained
        else "aligns best: no head of this model is named as one that aligns, and among all, its rows are sharpest, "
        "cover the source best and agree most with the mean of all heads"
    )
    st.caption(
        f"Layer {layer}, head {head} {how} (score {score:.2f} of 1). Choose any other head, or the mean of a layer, "
        "above."
    )


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


def _elsewhere(view: View, state: State) -> None:
    """The same attention on other pages."""
    target = view.translation.target.text
    there = replace(
        state.elsewhere(), model=view.query.model, text=view.query.text, pair=None, unit=None, form=None, pool=None,
        prefix=None, links=None, scope=None, beams=None,
    )  # fmt: skip
    with st.container(horizontal=True, key="alignment_links"):
        cross = replace(there, kind="cross", target_text=target).on((view.place[0], max(0, view.place[1])))
        links.link("attention", "This head in every form", cross)
        links.link(
            "attention", "How the source reads itself (encoder)", replace(there, kind="encoder", heads=())
        )
        links.link("heads", "All heads", replace(there, kind="cross", target_text=target, heads=()))


def _not_a_translator(model: str) -> None:
    """The model writes no translations: offer those of the catalogue that do."""
    with st.container(border=True, key="no_translator"):
        st.subheader("This model does not translate", anchor=False)
        st.text(plain(session.model_name(model)))
        st.markdown(
            "Choose one that does, or type the name of a Marian, BART, T5, M2M100, NLLB or mBART model."
        )
        with st.container(horizontal=True):
            for card in session.runtime().catalog():
                if card.kind == TRANSLATES and card.modality == "text":
                    st.button(
                        card.title,
                        key=f"translate_with_{card.name}",
                        on_click=partial(sidebar.use_model, card.name),
                    )


def _drawn(view: View, state: State, title: str, edits: Changes) -> Drawn:
    query, model = view.query, session.model_name(view.query.model)
    heads = edits.heads(view.translation.attention.shape, view.place) if edits.links else None
    made = call(
        "translate",
        Variable("model"),
        query.text,
        query.target_text,
        prefix=None if query.target_text else edits.prefix or None,
        links=[tuple(link) for link in edits.links] or None,
        heads=heads,
        source_language=query.source_language,
        target_language=query.target_language,
    )
    layer, head = view.place
    return Drawn(
        query,
        state,
        "alignment",
        view.message,
        title,
        settings=(
            ("Head", f"layer {layer}, {'mean of its heads' if head < 0 else f'head {head}'}"),
            ("By", UNITS[view.unit].lower()),
            *((("Links forced in", changed.SCOPES[edits.scope]),) if edits.links else ()),
        ),
        texts=(("Source", query.text), ("Translation", view.translation.target.text)),
        file_name=f"translation-{file_stem(model, query.text)}",
        table=lambda: table(view),
        again=("from attnviz.explanation.translation.writing import translate", f"translation = {made}"),
        of_model=True,
    )


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

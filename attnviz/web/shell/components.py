"""Mounts the browser figures: bytes in, the reader's selection out, written to the address.

Each keeps one `key`, so that new data repaints the picture instead of building it anew.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import streamlit as st

from attnviz.figures import FORMS, HIDEABLE, PATCH_FORMS, SHARES
from attnviz.figures.messages.axes import GRANULARITIES
from attnviz.figures.parts import Held, addressed, thin
from attnviz.web.serving import modules
from attnviz.web.state import session
from attnviz.web.state.edits import Edit
from attnviz.web.state.edits import reported as reported_edits
from attnviz.web.state.fields import MAX_HEADS, MAX_HELD, MAX_INDEX, Head

HEATMAP, HEADS, WORDS, PAIRS = "heatmap", "heads", "words", "pairs"
ALLOCATION, PANES, LIKENESS, FRAME = "allocation", "panes", "likeness", "frame"
SWITCHES, EDITS, WRITING = "switches", "edits", "writing"
ALIGNMENT, BEAMS, ERRORS, PATCHES, WHY = "alignment", "beams", "errors", "patches", "why"
ALIGNMENT_FORMS = ("lines", "matrix")
MAX_TOKEN = 10**7  # numbers of tokens, steps and heads that a browser may report
HEARD = "attnviz_heard"  # of each figure, by what was told: the number of the last report
HELD_PARTS = "attnviz_held_parts"  # what this visitor's browser has of the figures' messages


@cache
def _mount(name: str) -> Callable[..., Any]:
    return st.components.v2.component(f"attnviz_{name}", js=modules.loader(name))


def _show(name: str, data: bytes, key: str = "", **events: Callable[[], None]) -> Any:
    """Mount a figure; of its message goes out what the browser does not hold."""
    heard = st.session_state.get(HEARD, {}).get(key or name, {})
    return _mount(name)(
        key=key or name,
        data=sent(data, heard=heard, read=session.read_of_text()),
        on_lost_change=forget,
        **events,
    )


def sent(data: bytes, **told: Any) -> bytes:
    """What goes out for a message: what of it the browser does not hold, behind what load.js is told."""
    return addressed(thin(data, _held_parts()), told)


def forget() -> None:
    """The browser has lost what it held: all of it goes out again."""
    _held_parts().clear()


def _held_parts() -> Held:
    held: Held = st.session_state.setdefault(HELD_PARTS, Held())
    return held


def heatmap(data: bytes, shown: Head, chosen: Callable[[str, Any], None] | None = None) -> None:
    """One head's map in one of its forms; stepping to another head, or form, changes the address.

    `chosen` is told the name and the new value of one of the choices that the message offers.
    """
    _show(
        HEATMAP,
        data,
        on_selection_change=lambda: _selected(shown),
        on_form_change=_form,
        on_setting_change=_setting,
        on_held_change=_held,
        on_option_change=lambda: _option(chosen),
    )


def _option(chosen: Callable[[str, Any], None] | None) -> None:
    reported = _reported(HEATMAP, "option")
    if chosen is not None and hasattr(reported, "get"):
        chosen(str(reported.get("name")), reported.get("value"))


def heads(data: bytes) -> Head | None:
    """All heads as thumbnails, one of them opened in place; returns the one to be opened on its own page."""
    result = _show(
        HEADS,
        data,
        on_chosen_change=_chosen,
        on_detail_change=lambda: session.update(opened=head_of(_reported(HEADS, "detail"))),
        on_open_change=lambda: None,
    )
    return head_of(told(result.open))


def allocation(data: bytes) -> Head | None:
    """Shares of attention as bars, and head by head; returns the head that was just opened."""
    result = _show(ALLOCATION, data, on_open_change=lambda: None)
    return head_of(told(result.open))


def panes(data: bytes, stepped: Callable[[tuple[Head, ...]], None] | None = None) -> None:
    """Maps side by side; `stepped` is told the heads of all panes when the reader steps to another one."""
    _show(PANES, data, on_places_change=lambda: _placed(stepped))


def likeness(data: bytes) -> tuple[Head, ...]:
    """How alike all heads are; returns the head, or the two heads, that were just opened."""
    opened = told(_show(LIKENESS, data, on_open_change=lambda: None).open)
    first, second = head_of(opened), head_of(opened.get("other") if hasattr(opened, "get") else None)
    return () if first is None else (first,) if second is None else (first, second)


def frame(data: bytes) -> None:
    """A document that cannot reach the page around it."""
    _show(FRAME, data)


def words(data: bytes, key: str = WORDS, asked: Callable[[int], None] | None = None) -> None:
    """The coloured text and its bars; adding up by other units changes the address.

    `asked` is told the position of a token that the reader wants explained.
    """
    _show(
        WORDS,
        data,
        key,
        on_granularity_change=lambda: _granularity(key),
        on_position_change=lambda: _asked(key, asked),
    )


def writing(
    data: bytes,
    *,
    step: Callable[[int], None],
    candidate: Callable[[int, int], None],
    head: Callable[[int, int], None],
    branch: Callable[[int], None],
    other: Callable[[int], None],
    walk: Callable[[int], None],
) -> None:
    """A text that is being written; each function is told what the reader clicked, `head` (-1, -1) for the mean.

    `branch` is told the branch to look at, `other` the one to put beside it, `walk` 1 for a step, -1 for one back, 0
    for play or stop.
    """

    def tell(name: str, wanted: Callable[..., None], count: int, least: int = 0) -> None:
        reported = _reported(WRITING, name)
        values = reported if isinstance(reported, list) else [reported]
        numbers = [
            int(each) for each in values if isinstance(each, (int, float)) and least <= each <= MAX_TOKEN
        ]
        if len(numbers) == len(values) == count:
            wanted(*numbers)

    _show(
        WRITING,
        data,
        on_step_change=lambda: tell("step", step, 1),
        on_candidate_change=lambda: tell("candidate", candidate, 2),
        on_head_change=lambda: tell("head", head, 2, -1),
        on_branch_change=lambda: tell("branch", branch, 1),
        on_other_change=lambda: tell("other", other, 1),
        on_walk_change=lambda: tell("walk", walk, 1, -1),
    )


def pairs(data: bytes) -> None:
    """Two texts facing each other, with lines; adding up by other units changes the address."""
    _show(PAIRS, data, on_granularity_change=lambda: _granularity(PAIRS))


def switches(data: bytes, switched: Callable[[tuple[Head, ...]], None]) -> None:
    """Every head as a switch; `switched` is told all heads that are off when the reader has switched one."""
    _show(SWITCHES, data, on_switched_change=lambda: _switched(switched))


def edits(data: bytes, edited: Callable[[tuple[Edit, ...]], None], swapping: Callable[[int], None]) -> None:
    """The words of a text; `edited` is told all edits when the reader has made one or taken one back.

    `swapping` is told the place of a word for which the reader is about to type another one.
    """
    _show(
        EDITS,
        data,
        on_edited_change=lambda: _edited(edited),
        on_asking_change=lambda: _swapping(swapping),
    )


def alignment(
    data: bytes,
    key: str = ALIGNMENT,
    *,
    shown: Callable[[Head], None] | None = None,
    linked: Callable[[Head], None] | None = None,
    instead: Callable[[Head], None] | None = None,
) -> None:
    """A translation with the links between its words; the chosen form changes the address.

    `shown` is told the layer and head that the reader turns to, -1 for the mean of a layer's; `linked` the target and
    the source word of a link that was moved; `instead` a place and the id of the token that is wanted there.
    """
    _show(
        ALIGNMENT,
        data,
        key,
        on_selection_change=lambda: _turned(key, shown),
        on_form_change=lambda: _aligned_form(key),
        on_linked_change=lambda: _told(key, "linked", linked),
        on_instead_change=lambda: _told(key, "instead", instead),
    )


def beams(data: bytes, position: Callable[[int], None]) -> None:
    """A beam search as a tree; `position` is told the node that the reader wants to go on from."""
    _show(BEAMS, data, on_position_change=lambda: _asked(BEAMS, position))


def errors(data: bytes, shown: Callable[[Head], None]) -> None:
    """Alignment errors of all heads as walls; `shown` as in `alignment`."""
    _show(ERRORS, data, on_selection_change=lambda: _turned(ERRORS, shown))


def patches(
    data: bytes,
    position: Callable[[int], None],
    chosen: Callable[[tuple[Head, ...]], None] | None = None,
) -> None:
    """A picture with values over its patches; the chosen form changes the address.

    `position` is told the item, or cell of an explanation, that the reader asks about; `chosen` the heads that the
    reader turns to, with their layer.
    """
    _show(
        PATCHES,
        data,
        on_position_change=lambda: _asked(PATCHES, position),
        on_chosen_change=lambda: _heads_of_picture(chosen),
        on_form_change=_picture_form,
    )


def _heads_of_picture(chosen: Callable[[tuple[Head, ...]], None] | None) -> None:
    reported = _reported(PATCHES, "chosen")
    places = [_pair(each) for each in reported] if isinstance(reported, list) else []
    if chosen is not None and places and None not in places:
        chosen(tuple(place for place in places if place is not None))


def _picture_form() -> None:
    form = _reported(PATCHES, "form")
    if form in PATCH_FORMS:
        session.update(form=None if form == PATCH_FORMS[0] else form)


def why(data: bytes, *, part: Callable[[int, int], None], step: Callable[[int], None]) -> None:
    """A score in its parts; `part` is told the side and the number of a part that the reader wants explained, `step`
    that of a step of the traces.
    """

    def opened() -> None:
        value = _reported(WHY, "open")
        if not hasattr(value, "get"):
            return
        place, number = _pair([value.get("side"), value.get("part")]), _pair([value.get("step"), 0])
        if place is not None and place[0] in (0, 1):
            part(*place)
        elif number is not None:
            step(number[0])

    _show(WHY, data, on_open_change=opened)


def _turned(key: str, shown: Callable[[Head], None] | None) -> None:
    value = _reported(key, "selection")
    layer = value.get("layer") if hasattr(value, "get") else None
    mean = layer is not None and value.get("head") == -1
    place = _pair([layer, 0]) if mean else head_of(value)
    if shown is not None and place is not None:
        shown((place[0], -1) if mean else place)


def _aligned_form(key: str) -> None:
    form = _reported(key, "form")
    if form in ALIGNMENT_FORMS:
        session.update(form=None if form == ALIGNMENT_FORMS[0] else form)


def _told(key: str, name: str, listener: Callable[[Head], None] | None) -> None:
    pair = _pair(_reported(key, name), MAX_TOKEN)
    if listener is not None and pair is not None:
        listener(pair)


def _asked(key: str, asked: Callable[[int], None] | None) -> None:
    place = _pair([_reported(key, "position"), 0])
    if asked is not None and place is not None:
        asked(place[0])


def _swapping(swapping: Callable[[int], None]) -> None:
    place = _pair([_reported(EDITS, "asking"), 0])
    if place is not None:
        swapping(place[0])


def _edited(edited: Callable[[tuple[Edit, ...]], None]) -> None:
    made = reported_edits(_reported(EDITS, "edited"))
    if made is not None:
        edited(made)


def _switched(switched: Callable[[tuple[Head, ...]], None]) -> None:
    reported = _reported(SWITCHES, "switched")
    if isinstance(reported, list):
        places = [_pair(each) for each in reported]
        switched(tuple(place for place in places if place is not None))


def _selected(shown: Head) -> None:
    place = head_of(_reported(HEATMAP, "selection"))
    if place is not None and place != shown:
        session.update(heads=(place,))


def _placed(stepped: Callable[[tuple[Head, ...]], None] | None) -> None:
    reported = _reported(PANES, "places")
    places = [_pair(each) for each in reported] if isinstance(reported, list) else []
    if stepped is not None and places and None not in places:
        stepped(tuple(place for place in places if place is not None))


def _form() -> None:
    form = _reported(HEATMAP, "form")
    if form in FORMS:
        session.update(form=None if form == FORMS[0] else form)


def _setting() -> None:
    reported = _reported(HEATMAP, "setting")
    if not hasattr(reported, "get"):
        return
    hide, keep = reported.get("hide"), reported.get("keep")
    hidden = [name for name in HIDEABLE if isinstance(hide, list) and name in hide]
    # JSON knows no whole numbers: what was 90 in the browser may come as 90.0.
    kept = str(int(keep)) if isinstance(keep, (int, float)) and keep in SHARES else None
    session.update(hide=",".join(hidden) or None, keep=kept)


def _held() -> None:
    reported = _reported(HEATMAP, "held")
    places = [_pair(each) for each in reported[:MAX_HELD]] if isinstance(reported, list) else []
    session.update(held=tuple(place for place in places if place is not None and place[0] in (0, 1)))


def _granularity(key: str) -> None:
    unit = _reported(key, "granularity")
    if unit in GRANULARITIES:
        session.update(unit=None if unit == "word" else unit)


def _chosen() -> None:
    reported = _reported(HEADS, "chosen")
    places = [_pair(each) for each in reported] if isinstance(reported, list) else []
    chosen = tuple(dict.fromkeys(place for place in places if place is not None))[:MAX_HEADS]
    session.update(heads=chosen)


def _reported(key: str, name: str) -> Any:
    """What a figure reported. It comes from a browser: nothing about its shape is certain."""
    values = st.session_state.get(key)
    try:
        report = values[name] if values is not None and name in values else None
    except (KeyError, TypeError):
        return None
    number: Any = report["number"] if isinstance(report, Mapping) and "number" in report else None
    if isinstance(number, (int, float)) and 0 <= number < 2**53:
        # What the figure is sent from now on has heard of this report: see core/shared.js.
        st.session_state.setdefault(HEARD, {}).setdefault(key, {})[name] = int(number)
    return told(report)


def told(report: Any) -> Any:
    """The value of a report, which comes with its number."""
    return report.get("value") if isinstance(report, Mapping) and "number" in report else report


def head_of(value: Any) -> Head | None:
    """The head that {"layer": l, "head": h} names, else None."""
    return _pair([value.get("layer"), value.get("head")]) if hasattr(value, "get") else None


def _pair(value: Any, most: int = MAX_INDEX) -> Head | None:
    if not isinstance(value, (list, tuple)) or len(value) != 2:
        return None
    if not all(isinstance(each, (int, float)) and each == each and 0 <= each <= most for each in value):
        return None
    return int(value[0]), int(value[1])

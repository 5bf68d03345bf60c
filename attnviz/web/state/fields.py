"""How one field of the state stands in an address: how it is read and written, and what it depends on.

Every field is declared once, in `attnviz.web.state.address.State`, with one of these. No Streamlit in here.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from urllib.parse import quote_plus

from attnviz.web.escape import clean

MAX_LINK = 6_000  # bytes of one text in the address; servers and chat programs cut longer ones
MAX_NAME = 300
MAX_OPTION = 2_000  # letters of one option of a target
MAX_INDEX = 9_999
MAX_HEADS = 4
MAX_HELD = 64

Head = tuple[int, int]
Place = tuple[int, int]  # 0 for a query or 1 for a key, and its position
Given = Mapping[str, str]  # query parameters by name
_SIDES = "qk"
_JOINERS = str.maketrans("", "", "-_,.*")
_PANES = re.compile(r"[0-9.,]+(~[A-Za-z0-9_-]+)?")


class Reading(NamedTuple):
    """What was read: a value, and a sentence where what stands there could not be used."""

    value: Any
    notice: str = ""


@dataclass(frozen=True)
class Field:
    """One field of the state, as it stands in an address.

    Attributes:
        params: the names of its query parameters.
        read: its value from them; called where one of them is given.
        write: its values for them, empty where the field is better left out.
        drops: the field's value after other fields, whose names it is told, have changed; by default it stays.
        of_page: whether it belongs to one page, and is left behind on the way to another.
        text: whether it is a text, which travels compressed where it is long.
    """

    params: tuple[str, ...]
    read: Callable[[Given], Reading]
    write: Callable[[Any], tuple[str, ...]]
    drops: Callable[[Any, frozenset[str]], Any]
    of_page: bool = False
    text: bool = False


def _declared(
    params: tuple[str, ...],
    read: Callable[[Given], Reading],
    write: Callable[[Any], tuple[str, ...]],
    depends: tuple[str, ...] = (),
    *,
    default: Any = None,
    drops: Callable[[Any, frozenset[str]], Any] | None = None,
    of_page: bool = False,
    text: bool = False,
) -> Any:
    def back_to_default(value: Any, changed: frozenset[str]) -> Any:
        return value if changed.isdisjoint(depends) else default

    known = Field(params, read, write, drops or back_to_default, of_page, text)
    return field(default=default, metadata={"address": known})


def field_of(declared: Any) -> Field:
    """What `dataclasses.fields` of the state knows of one field's place in the address."""
    found: Field = declared.metadata["address"]
    return found


def text(name: str, *, emptied: bool = False, depends: tuple[str, ...] = (), of_page: bool = False) -> Any:
    """A text that a person typed; `emptied`: an empty one is not the default, and is written."""

    def write(value: str | None) -> tuple[str, ...]:
        return (value,) if value is not None and fits(value) and (value or emptied) else ()

    return _declared(
        (name,), lambda given: Reading(clean(given[name])), write, depends, of_page=of_page, text=True
    )


def model_name(name: str) -> Any:
    """The name of a model."""

    def read(given: Given) -> Reading:
        value = clean(given[name]).strip()
        if is_model_name(value):
            return Reading(value)
        return Reading(None, "The model name in the link cannot be used; the default model is shown.")

    return _declared((name,), read, _one)


def word(name: str, *depends: str, called: str = "", of_page: bool = False) -> Any:
    """One of a page's choices, or several, joined by signs; the page says which there are."""
    notice = f"The {called or name} in the link is not one of the choices; the default is shown."

    def read(given: Given) -> Reading:
        value = given[name]
        usable = is_word(value)
        return Reading(value) if usable else Reading(None, notice)

    return _declared((name,), read, _one, depends, of_page=of_page)


def choice(name: str, choices: tuple[str, ...], *, of_page: bool = True, former: str = "view") -> Any:
    """One of these choices. In links of earlier versions they stood under the name `former`, with those of others."""
    notice = f"The {name} in the link is not one of the choices here; the default is shown."

    def read(given: Given) -> Reading:
        value = given.get(name)
        if value is None:
            value = given[former] if given.get(former) in choices else None
            return Reading(value)
        return Reading(value) if value in choices else Reading(None, notice)

    return _declared((name, former), read, lambda value: _one(value)[:1], of_page=of_page)


def spelled(name: str, letters: str, unreadable: str, *depends: str, of_page: bool = False) -> Any:
    """Something written in these letters (a regular expression); what it means is known elsewhere."""
    pattern = re.compile(letters)

    def read(given: Given) -> Reading:
        value = given[name]
        if not value:
            return Reading(None)
        return Reading(value) if pattern.fullmatch(value) else Reading(None, unreadable)

    return _declared((name,), read, lambda value: (value,) if value else (), depends, of_page=of_page)


def heads(layers: str, numbers: str, *depends: str) -> Any:
    """(layer, head) pairs: `layer=2,3&head=5,7`; a missing one of the two counts as 0."""

    def read(given: Given) -> Reading:
        first, second = (_indices(given.get(name, "")) for name in (layers, numbers))
        if first is None or second is None:
            return Reading(
                (), "The layer or head in the link is not a whole number; the default head is shown."
            )
        count = max(len(first), len(second), 1)
        pairs = zip(first or [0] * count, second or [0] * count, strict=False)
        return Reading(tuple(dict.fromkeys(pairs))[:MAX_HEADS])

    def write(value: tuple[Head, ...]) -> tuple[str, ...]:
        return tuple(",".join(map(str, numbers)) for numbers in zip(*value, strict=True))

    return _declared((layers, numbers), read, write, depends, default=())


def head(name: str, *depends: str) -> Any:
    """One head, as in `2.5`."""

    def read(given: Given) -> Reading:
        parts = _indices(given[name].replace(".", ",", 1)) or []
        if len(parts) == 2:
            return Reading((parts[0], parts[1]))
        return Reading(None, "The opened head in the link cannot be used; none is opened.")

    def write(value: Head | None) -> tuple[str, ...]:
        return () if value is None else (f"{value[0]}.{value[1]}",)

    return _declared((name,), read, write, depends, of_page=True)


def places(name: str, *depends: str) -> Any:
    """Queries and keys that are held, as in `q3,k7`; none where one of them is not so written."""

    def read(given: Given) -> Reading:
        found = _places(given[name])
        return Reading(found, "" if found else "The held tokens in the link cannot be used; none is held.")

    def write(value: tuple[Place, ...]) -> tuple[str, ...]:
        letters = ",".join(f"{_SIDES[side]}{index}" for side, index in value[:MAX_HELD])
        return (letters,) if letters else ()

    return _declared((name,), read, write, depends, default=(), of_page=True)


def options(name: str, depends: Mapping[str, tuple[str, ...]]) -> Any:
    """A JSON object of texts: (option, value) pairs, and what each option depends on."""

    def read(given: Given) -> Reading:
        values = _texts(given[name])
        if values is None or not set(values) <= set(depends):
            return Reading(
                (), "What the link asks to explain cannot be used; the model's own choice is shown."
            )
        return Reading(tuple((each, clean(values[each])) for each in depends if each in values))

    def write(value: tuple[tuple[str, str], ...]) -> tuple[str, ...]:
        return (json.dumps(dict(value), ensure_ascii=False, separators=(",", ":")),) if value else ()

    def drops(value: tuple[tuple[str, str], ...], changed: frozenset[str]) -> tuple[tuple[str, str], ...]:
        return tuple((each, given) for each, given in value if changed.isdisjoint(depends[each]))

    return _declared((name,), read, write, default=(), drops=drops)


def panes(name: str) -> Any:
    """The panes of the Compare page; what cannot be panes is kept as "", of which the page says that it is damaged."""

    def read(given: Given) -> Reading:
        return Reading(given[name] if is_panes(given[name]) else "")

    return _declared((name,), read, lambda value: (value,) if value and is_panes(value) else ())


def fits(text: str) -> bool:
    """Whether the text is short enough to stand in a link letter by letter."""
    return len(text) <= MAX_LINK and len(quote_plus(clean(text))) <= MAX_LINK


def is_panes(letters: str) -> bool:
    """Whether this is short enough, and made of the right letters, to stand for panes in a link."""
    return len(letters) <= MAX_LINK and _PANES.fullmatch(letters) is not None


def is_word(letters: str) -> bool:
    """Whether this can be one of a page's choices, or several."""
    return (
        bool(letters)
        and len(letters) <= MAX_NAME
        and letters.isascii()
        and (letters.translate(_JOINERS) or "0").isalnum()
    )


def is_model_name(name: str) -> bool:
    """Whether this can be the name of a model."""
    return 0 < len(name) <= MAX_NAME and name.isprintable() and name == name.strip()


def _one(value: str | None) -> tuple[str, ...]:
    return () if value is None else (value,)


def _texts(letters: str) -> dict[str, str] | None:
    """A JSON object of bounded texts; None for anything else."""
    try:
        values = json.loads(letters) if len(letters) <= MAX_LINK else None
    except (ValueError, RecursionError):
        return None
    if not isinstance(values, dict):
        return None
    bounded = all(isinstance(value, str) and len(value) <= MAX_OPTION for value in values.values())
    return values if bounded else None


def _places(letters: str) -> tuple[Place, ...]:
    found = []
    for part in letters.split(",")[:MAX_HELD]:
        side, index = _SIDES.find(part[:1]), part[1:]
        if not part or side < 0 or not (index.isascii() and index.isdigit() and len(index) <= 6):
            return ()
        found.append((side, int(index)))
    return tuple(dict.fromkeys(found))


def _indices(letters: str) -> list[int] | None:
    """The numbers of `2,3`; None where one of them is not a small whole number."""
    if not letters:
        return []
    parts = letters.split(",")[:MAX_HEADS]
    if not all(part.isascii() and part.isdigit() and len(part) <= 4 for part in parts):
        return None
    return [int(part) for part in parts]

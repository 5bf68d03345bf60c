"""The state that lives in the address: what a person would want to send to somebody else.

`parse` reads query parameters that anybody may have written; whatever is not valid falls back to the default and
is reported in a short notice. `encode` is its inverse and leaves defaults out. No Streamlit in here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from urllib.parse import quote_plus

from attnviz.web.escape import clean

NAMES = (
    "model",
    "text",
    "pair",
    "target_text",
    "layer",
    "head",
    "kind",
    "view",
    "form",
    "quantity",
    "method",
    "target",
)
MAX_LINK = 6_000  # bytes of one text in the address; servers and chat programs cut longer ones
MAX_NAME = 300
MAX_INDEX = 9_999
MAX_HEADS = 4

_TEXTS = ("text", "pair", "target_text")
_WORDS = ("kind", "view", "form", "quantity", "method", "target")

Head = tuple[int, int]


@dataclass(frozen=True)
class State:
    """What is being looked at. None means the default, which the page knows.

    Attributes:
        model: None for the model of this server's settings.
        text: None for the stored example, "" for a text that was emptied.
        heads: (layer, head) pairs: one, or two to four that are compared; empty for the page's default.
    """

    model: str | None = None
    text: str | None = None
    pair: str | None = None
    target_text: str | None = None
    heads: tuple[Head, ...] = ()
    kind: str | None = None
    view: str | None = None
    form: str | None = None
    quantity: str | None = None
    method: str | None = None
    target: str | None = None

    def on(self, *heads: Head) -> State:
        """The same state, looking at these heads."""
        return replace(self, heads=heads[:MAX_HEADS])


def parse(params: Mapping[str, Sequence[str] | str]) -> tuple[State, tuple[str, ...]]:
    """The state that query parameters ask for, and a sentence for each value that could not be used."""
    given = {name: _last(params[name]) for name in NAMES if name in params}
    notices: list[str] = []
    fields: dict[str, object] = {name: clean(given[name]) for name in _TEXTS if name in given}
    if "model" in given:
        name = clean(given["model"]).strip()
        if 0 < len(name) <= MAX_NAME and name.isprintable():
            fields["model"] = name
        else:
            notices.append("The model name in the link cannot be used; the default model is shown.")
    for key in _WORDS:
        word = given.get(key, "")
        if (
            word
            and len(word) <= MAX_NAME
            and word.isascii()
            and word.replace("-", "").replace("_", "").isalnum()
        ):
            fields[key] = word
        elif key in given:
            notices.append(f"The {key} in the link is not one of the choices; the default is shown.")
    heads, notice = _heads(given)
    if notice:
        notices.append(notice)
    return State(**fields, heads=heads), tuple(notices)  # type: ignore[arg-type]


def encode(state: State) -> dict[str, str]:
    """The query parameters of a state, defaults and texts too long for a link left out."""
    params: dict[str, str] = {}
    if state.model is not None:
        params["model"] = state.model
    for name in _TEXTS:
        value = getattr(state, name)
        if value is not None and fits(value) and (value or name == "text"):
            params[name] = value
    if state.heads:
        params["layer"] = ",".join(str(layer) for layer, _ in state.heads)
        params["head"] = ",".join(str(head) for _, head in state.heads)
    for name in _WORDS:
        value = getattr(state, name)
        if value is not None:
            params[name] = value
    return params


def fits(text: str) -> bool:
    """Whether the text is short enough to travel in a link."""
    return len(text) <= MAX_LINK and len(quote_plus(clean(text))) <= MAX_LINK


def _last(value: Sequence[str] | str) -> str:
    return value if isinstance(value, str) else (value[-1] if value else "")


def _heads(given: Mapping[str, str]) -> tuple[tuple[Head, ...], str]:
    """The (layer, head) pairs of `layer=2,3&head=5,7`; a missing one of the two counts as 0."""
    if "layer" not in given and "head" not in given:
        return (), ""
    layers, heads = (_indices(given.get(name, "")) for name in ("layer", "head"))
    if layers is None or heads is None:
        return (), "The layer or head in the link is not a whole number; the default head is shown."
    count = max(len(layers), len(heads), 1)
    pairs = zip(layers or [0] * count, heads or [0] * count, strict=False)
    return tuple(dict.fromkeys(pairs))[:MAX_HEADS], ""


def _indices(text: str) -> list[int] | None:
    """The numbers of `2,3`; None where one of them is not a small whole number."""
    if not text:
        return []
    parts = text.split(",")[:MAX_HEADS]
    if not all(part.isascii() and part.isdigit() and len(part) <= 4 for part in parts):
        return None
    return [int(part) for part in parts]

"""The state that lives in the address: what a person would want to send to somebody else.

`parse` reads query parameters that anybody may have written; whatever is not valid falls back to the default and
is reported in a short notice. `encode` is its inverse and leaves defaults out. Texts that are too long to stand there
letter by letter travel compressed, in one parameter, where that is short enough. No Streamlit in here.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from urllib.parse import quote_plus

from attnviz.web.escape import clean
from attnviz.web.state.compression import compress, decompress

PACKED = "packed"  # the long texts: JSON, compressed, in the letters of base64url
MAX_LINK = 6_000  # bytes of one text in the address; servers and chat programs cut longer ones
MAX_NAME = 300
MAX_OPTION = 2_000  # letters of one option of a target
MAX_INDEX = 9_999
MAX_HEADS = 4
MAX_HELD = 64

UNFORCED = (
    "The row of attention in the link does not fit this text and model; the strongest link is cut instead."
)
UNFITTING = "The changed words in the link do not fit this text; no word is changed."
UNREADABLE = "The heads that the link switches off are not written like 2.5 or 3.*; all heads are on."

_TEXTS = ("text", "pair", "target_text", "reference", "changed")
_WORDS = (
    *("kind", "view", "form", "quantity", "pool", "over", "hide", "keep"),
    *("method", "target", "gate", "operator", "side"),
)
OPTIONS = (
    "labels",
    "label",
    "against",
    "position",
    "token",
    "continuation",
)  # of targets; in the address: asked
_JOINERS = str.maketrans("", "", "-_,.*")
_PANES = re.compile(r"[0-9.,]+(~[A-Za-z0-9_-]+)?")
# Of what letters each of these may be, and what is said where it is not; what they mean is known elsewhere.
_SPELLED = {
    "off": (re.compile(r"[0-9.,*-]{1,6000}"), UNREADABLE),
    "edits": (re.compile(r"[A-Za-z0-9_.:,~%-]{1,6000}"), UNFITTING),
    "forced": (re.compile(r"[a-z]+\.[0-9.*]{1,20}"), UNFORCED),
}
NAMES = ("model", *_TEXTS, "layer", "head", "open", "held", *_WORDS, "asked", "panes", *_SPELLED)

Head = tuple[int, int]
Place = tuple[int, int]  # 0 for a query or 1 for a key, and its position
_SIDES = "qk"


@dataclass(frozen=True)
class State:
    """What is being looked at. None means the default, which the page knows.

    Attributes:
        model: None for the model of this server's settings.
        text: None for the stored example, "" for a text that was emptied.
        heads: (layer, head) pairs: one, or two to four that are compared; empty for the page's default.
        pool: how many heads are combined to one map; over: which ones, "model" or for instance "2.5,3.*".
        options: what of the target is explained, as (option, value) pairs: a label, a token, a continuation.
        opened: the head that is shown larger among all.
        held: the queries and keys that are held; the first query is the one of the q·k form.
        panes: what the Compare page shows side by side, as `attnviz.web.state.panes` writes it.
        hide: which tokens are left out, joined by commas. keep: percent of a row's mass that is not faded.
        operator: how the test of an explanation takes words away; side: "second" where it is of the second text.
        off: heads that are switched off, "2.5,3.*" for instance. gate: what becomes of them instead, a factor or
            "mean"; reference: the text whose mean it is. changed: the text as the reader has changed it.
        edits: words taken away or swapped in place, as `attnviz.web.state.edits` writes them.
        forced: which rows of attention are forced, as `attnviz.web.pages.ablation.row_choice` writes it; of the
            heads in `off`, or all.
    """

    model: str | None = None
    text: str | None = None
    pair: str | None = None
    target_text: str | None = None
    heads: tuple[Head, ...] = ()
    opened: Head | None = None
    held: tuple[Place, ...] = ()
    kind: str | None = None
    view: str | None = None
    form: str | None = None
    quantity: str | None = None
    pool: str | None = None
    over: str | None = None
    hide: str | None = None
    keep: str | None = None
    method: str | None = None
    target: str | None = None
    options: tuple[tuple[str, str], ...] = ()
    operator: str | None = None
    side: str | None = None
    panes: str | None = None
    off: str | None = None
    gate: str | None = None
    reference: str | None = None
    changed: str | None = None
    edits: str | None = None
    forced: str | None = None

    def on(self, *heads: Head) -> State:
        """The same state, looking at these heads."""
        return replace(self, heads=heads[:MAX_HEADS])

    def unchanged(self) -> State:
        """The same question with all heads on, no row forced, and the text as it was."""
        return replace(self, off=None, forced=None, changed=None, edits=None)


def parse(params: Mapping[str, Sequence[str] | str]) -> tuple[State, tuple[str, ...]]:
    """The state that query parameters ask for, and a sentence for each value that could not be used."""
    given = {name: _last(params[name]) for name in NAMES if name in params}
    notices: list[str] = []
    fields: dict[str, object] = {name: clean(given[name]) for name in _TEXTS if name in given}
    if PACKED in params:
        long_texts = _unpack(_last(params[PACKED]))
        fields = {**(long_texts or {}), **fields}
        if long_texts is None:
            notices.append("The text in the link is damaged or was cut off; it is left out.")
    if "model" in given:
        name = clean(given["model"]).strip()
        if is_model_name(name):
            fields["model"] = name
        else:
            notices.append("The model name in the link cannot be used; the default model is shown.")
    for key in _WORDS:
        word = given.get(key, "")
        if word and len(word) <= MAX_NAME and word.isascii() and (word.translate(_JOINERS) or "0").isalnum():
            fields[key] = word
        elif key in given:
            name = {"over": "set of heads (over)"}.get(key, key)
            notices.append(f"The {name} in the link is not one of the choices; the default is shown.")
    if "asked" in given:
        fields["options"], notice = _options(given["asked"])
        notices += [notice] if notice else []
    if "panes" in given:
        # A word that cannot be one is kept as an empty one, of which the page says that it is damaged.
        fields["panes"] = given["panes"] if is_panes(given["panes"]) else ""
    for key, (letters, unreadable) in _SPELLED.items():
        if given.get(key) and letters.fullmatch(given[key]):
            fields[key] = given[key]
        elif given.get(key):
            notices.append(unreadable)
    heads, notice = _heads(given)
    if notice:
        notices.append(notice)
    if "open" in given:
        fields["opened"] = _opened(given["open"])
        if fields["opened"] is None:
            notices.append("The opened head in the link cannot be used; none is opened.")
    if "held" in given:
        fields["held"] = _held(given["held"])
        if not fields["held"]:
            notices.append("The held tokens in the link cannot be used; none is held.")
    return State(**fields, heads=heads), tuple(notices)  # type: ignore[arg-type]


def encode(state: State) -> dict[str, str]:
    """The query parameters of a state, defaults and texts too long for a link left out (see `unlinked`)."""
    params: dict[str, str] = {}
    if state.model is not None:
        params["model"] = state.model
    for name in _TEXTS:
        value = getattr(state, name)
        if value is not None and fits(value) and (value or name == "text"):
            params[name] = value
    packed = _pack(_long_texts(state))
    if packed:
        params[PACKED] = packed
    if state.heads:
        params["layer"] = ",".join(str(layer) for layer, _ in state.heads)
        params["head"] = ",".join(str(head) for _, head in state.heads)
    if state.opened is not None:
        params["open"] = f"{state.opened[0]}.{state.opened[1]}"
    if state.held:
        params["held"] = ",".join(f"{_SIDES[side]}{index}" for side, index in state.held[:MAX_HELD])
    for name in _WORDS:
        value = getattr(state, name)
        if value is not None:
            params[name] = value
    if state.options:
        params["asked"] = json.dumps(dict(state.options), ensure_ascii=False, separators=(",", ":"))
    if state.panes and is_panes(state.panes):
        params["panes"] = state.panes
    params.update({key: getattr(state, key) for key in _SPELLED if getattr(state, key)})
    return params


def without_texts(state: State) -> State:
    """The same view of the same model, and nothing of what somebody wrote: not even where in it something stands.

    The text is empty, not the default: the page then asks for one.
    """
    texts = dict.fromkeys(name for name in _TEXTS if name != "text")
    return replace(state, **texts, text="", options=(), panes=None, held=(), edits=None, forced=None)  # type: ignore[arg-type]


def fits(text: str) -> bool:
    """Whether the text is short enough to stand in a link letter by letter."""
    return len(text) <= MAX_LINK and len(quote_plus(clean(text))) <= MAX_LINK


def unlinked(state: State) -> dict[str, str]:
    """The texts of a state, by name, that no link can carry, not even compressed."""
    texts = _long_texts(state)
    left = dict(texts) if texts and not _pack(texts) else {}
    return left | ({"panes": state.panes} if state.panes and not is_panes(state.panes) else {})


def is_panes(word: str) -> bool:
    """Whether this is short enough, and made of the right letters, to stand for panes in a link."""
    return len(word) <= MAX_LINK and _PANES.fullmatch(word) is not None


def is_model_name(name: str) -> bool:
    """Whether this can be the name of a model."""
    return 0 < len(name) <= MAX_NAME and name.isprintable() and name == name.strip()


def _long_texts(state: State) -> tuple[tuple[str, str], ...]:
    texts = [(name, getattr(state, name)) for name in _TEXTS]
    return tuple((name, clean(text)) for name, text in texts if text and not fits(text))


@lru_cache(maxsize=16)
def _pack(texts: tuple[tuple[str, str], ...]) -> str:
    """The texts compressed, or "" where there are none, or even so too many letters."""
    letters = compress(dict(texts)) if texts else ""
    return letters if len(letters) <= MAX_LINK and decompress(letters) is not None else ""


@lru_cache(maxsize=16)
def _unpack(letters: str) -> dict[str, str] | None:
    """The inverse of `_pack`; None for anything that it did not make."""
    texts = decompress(letters) if len(letters) <= MAX_LINK else None
    if not isinstance(texts, dict) or not all(isinstance(text, str) for text in texts.values()):
        return None
    return {name: clean(texts[name]) for name in _TEXTS if name in texts}


def _last(value: Sequence[str] | str) -> str:
    return value if isinstance(value, str) else (value[-1] if value else "")


def _options(letters: str) -> tuple[tuple[tuple[str, str], ...], str]:
    """The (option, value) pairs of a JSON object of texts; none and a sentence where it is anything else."""
    damaged = "What the link asks to explain cannot be used; the model's own choice is shown."
    try:
        values = json.loads(letters) if len(letters) <= MAX_LINK else None
    except (ValueError, RecursionError):
        values = None
    if not isinstance(values, dict) or not set(values) <= set(OPTIONS):
        return (), damaged
    if not all(isinstance(value, str) and len(value) <= MAX_OPTION for value in values.values()):
        return (), damaged
    return tuple((name, clean(values[name])) for name in OPTIONS if name in values), ""


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


def _opened(text: str) -> Head | None:
    """The head of `2.5`."""
    parts = _indices(text.replace(".", ",", 1)) or []
    return (parts[0], parts[1]) if len(parts) == 2 else None


def _held(text: str) -> tuple[Place, ...]:
    """The queries and keys of `q3,k7`; none where one of them is not so written."""
    places = []
    for part in text.split(",")[:MAX_HELD]:
        side, index = _SIDES.find(part[:1]), part[1:]
        if not part or side < 0 or not (index.isascii() and index.isdigit() and len(index) <= 6):
            return ()
        places.append((side, int(index)))
    return tuple(dict.fromkeys(places))


def _indices(text: str) -> list[int] | None:
    """The numbers of `2,3`; None where one of them is not a small whole number."""
    if not text:
        return []
    parts = text.split(",")[:MAX_HEADS]
    if not all(part.isascii() and part.isdigit() and len(part) <= 4 for part in parts):
        return None
    return [int(part) for part in parts]

"""The state that lives in the address: what a person would want to send to somebody else.

`parse` reads query parameters that anybody may have written; whatever is not valid falls back to the default and
is reported in a short notice. `encode` is its inverse and leaves defaults out. Texts that are too long to stand there
letter by letter travel compressed, in one parameter, where that is short enough. No Streamlit in here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from functools import lru_cache
from typing import Any

from attnviz.figures.messages.axes import GRANULARITIES as TEXT_UNITS
from attnviz.figures.messages.axes import GROUPS as UNITS
from attnviz.web.escape import clean
from attnviz.web.state import fields as stands
from attnviz.web.state.compression import compress, decompress
from attnviz.web.state.fields import MAX_HEADS, MAX_LINK, Field, Head, Place, field_of, fits, is_panes

PACKED = "packed"  # the long texts: JSON, compressed, in the letters of base64url
FORMER = "view"  # where choices that have names of their own now stood in links of earlier versions
PARTS = ("heads", "text", "rows", "contrast", "find", "sentences", "directions", "label")
GROUPS = ("class", "segment", "distance", "word", "sentence", "paragraph")
DOCUMENTS = ("head", "model")

UNFORCED = (
    "The row of attention in the link does not fit this text and model; the strongest link is cut instead."
)
UNFITTING = "The changed words in the link do not fit this text; no word is changed."
UNWRITTEN = "What the link says was written cannot be read; the prompt stands alone."
UNHELD = "What the score in the link is held against cannot be read; the mean of its row is taken."
UNDRAWN = "How tokens are chosen cannot be read from the link; the likeliest one is."
UNCOVERED = "The covered patches in the link are not written as numbers; none is covered."
UNCOUNTED = "How long the whole text was cannot be read from the link."
UNNAMED = "The name of the {} in the link cannot be used; choose the file again."
UNREADABLE = "The heads that the link switches off are not written like 2.5 or 3.*; all heads are on."

UNLINKABLE = (
    "What the link changes about the translation is not written as it should be; the model's own is shown."
)

READING = ("reading", "source_language", "target_language")  # how the model reads it
READ = ("model", "text", "pair", "target_text", "image", "audio", *READING)  # what the model reads
READINGS = ("special", "chat")
HEADS = r"[0-9.,*-]{1,6000}"
EDITS = r"[A-Za-z0-9_.:,~%-]{1,6000}"
DIGEST = r"[0-9a-f]{32}"
CELLS = r"[0-9]{1,3}(,[0-9]{1,3}){0,399}"
IDS = r"[0-9]{1,7}(\.[0-9]{1,7}){0,299}"
LINKS = r"[0-9]{1,4}(\.[0-9]{1,4}){3}(,[0-9]{1,4}(\.[0-9]{1,4}){3}){0,49}"
TREE = r"[0-9a-z.~-]{1,6000}"
DRAWN = r"[0-9.]{0,5}(_[0-9.]{0,5}){3}"
MODES = ("chat", "summary", "question")
TOGETHER = ("together", "first", "second")
CLOSER = ("layers", "why", "needs")
AGAINST = r"none|k[0-9]{1,6}"
ROWS = r"[a-z]+\.[0-9.*]{1,20}"
# Options of targets, and what each depends on: another text has another place to fill, another model other labels.
OPTIONS = {
    "labels": (),
    "label": ("model",),
    "against": ("model",),
    "position": READ,
    "token": ("model",),
    "continuation": (),
    "template": (),
}


@dataclass(frozen=True)
class State:
    """What is being looked at; each field with its place in the address and what it depends on, declared once.

    None means the default, which the page knows. A field that depends on others goes back to it when one of those is
    changed and it is not.

    Attributes:
        model: None for the model of this server's settings.
        text: None for the stored example, "" for a text that was emptied.
        image, audio: in place of the text, a picture or a sound that the server holds, by its digest.
        heads: (layer, head) pairs: one, or two to four that are compared; empty for the page's default.
        opened: the head that is shown larger among all.
        held: the queries and keys that are held; the first query is the one of the q·k form.
        unit: what positions count and maps are added up by. part: of a page with several. by: what shares of attention
            are grouped by. document: which of BertViz's views.
        pool: how many heads are combined to one map; over: which ones, "model" or for instance "2.5,3.*".
        hide: which tokens are left out, joined by commas. keep: percent of a row's mass that is not faded.
        options: what of the target is explained, as (option, value) pairs: a label, a token, a continuation.
        operator: how the test of an explanation takes words away; side: "second" where it is of the second text.
        reading: "special" or "chat": how the texts are read, as the languages; see `attnviz.runtime.Query`.
        first: "taken" where tests and baselines may take the first token away, which causal models lean on.
        together: of two texts, whether the model reads both as one, or which of them alone.
        whole: of how many tokens how many are read, "512.900", where the text is the beginning of a longer one.
        longer: "cut" where of a text that is longer than the model embeds only the beginning is read.
        panes: what the Compare page shows side by side, as `attnviz.web.state.panes` writes it.
        off: heads that are switched off, "2.5,3.*" for instance. gate: what becomes of them instead, a factor or
            "mean"; reference: the text whose mean it is. changed: the text as the reader has changed it.
        edits: words taken away or swapped in place, as `attnviz.web.state.edits` writes them.
        forced: which rows of attention are forced, as `attnviz.web.pages.ablation.row_choice` writes it; of the
            heads in `off`, or all.
        prefix: ids that a translation begins with. links: which target tokens are read from which source tokens, as
            `attnviz.web.pages.alignment.changes` writes them; scope: in which heads. beams: how many hypotheses.
        written: what a model wrote behind the text, as `attnviz.web.state.tree` writes it. at: the branch and the step
            of it that are looked at, as in "1.4". drawn: temperature, top-k, top-p and seed, joined by "_". closer:
            what of the step is looked at more closely. other: the branch that stands beside the one looked at.
        mode: what the model is asked to do with the text; question: in the mode of that name. turns: of a chat, the
            messages before the text, as a list in JSON.
        covered: patches of the picture that are taken away, as numbers, row after row.
        against: what a score is held against, where that is not the mean of its row: "none", or a key as in "k7".
    """

    model: str | None = stands.model_name("model")
    text: str | None = stands.text("text", emptied=True)
    pair: str | None = stands.text("pair")
    target_text: str | None = stands.text("target_text")
    image: str | None = stands.spelled("image", DIGEST, UNNAMED.format("picture"))
    audio: str | None = stands.spelled("audio", DIGEST, UNNAMED.format("sound"))
    reference: str | None = stands.text("reference")
    changed: str | None = stands.text("changed", depends=("model", "text", "pair"))
    heads: tuple[Head, ...] = stands.heads("layer", "head", "model")
    opened: Head | None = stands.head("open", "model")  # noqa: RUF009 (it returns a dataclass field)
    held: tuple[Place, ...] = stands.places("held", *READ, "kind", "unit", "together")
    kind: str | None = stands.word("kind", "model")
    unit: str | None = stands.choice("unit", UNITS)
    part: str | None = stands.choice("part", PARTS)
    by: str | None = stands.choice("by", GROUPS)
    document: str | None = stands.choice("document", DOCUMENTS)
    form: str | None = stands.word("form")
    quantity: str | None = stands.word("quantity")
    pool: str | None = stands.word("pool")
    over: str | None = stands.word("over", "model", called="set of heads (over)")
    hide: str | None = stands.word("hide")
    keep: str | None = stands.word("keep")
    method: str | None = stands.word("method", "model")
    target: str | None = stands.word("target", "model")
    options: tuple[tuple[str, str], ...] = stands.options("asked", OPTIONS)
    operator: str | None = stands.word("operator", "model")
    side: str | None = stands.word("side")
    reading: str | None = stands.word("reading", "model")
    source_language: str | None = stands.word("source_language", "model")
    target_language: str | None = stands.word("target_language", "model")
    first: str | None = stands.word("first", "model")
    longer: str | None = stands.word("longer", "model")
    together: str | None = stands.word("texts", "model")
    whole: str | None = stands.spelled(
        "of", r"[1-9][0-9]{0,6}\.[1-9][0-9]{0,6}", UNCOUNTED, "model", "text", *READING
    )
    gate: str | None = stands.word("gate")
    panes: str | None = stands.panes("panes")
    off: str | None = stands.spelled("off", HEADS, UNREADABLE, "model")
    edits: str | None = stands.spelled(
        "edits", EDITS, UNFITTING, "model", "text", "pair", *READING, "changed"
    )
    forced: str | None = stands.spelled("forced", ROWS, UNFORCED, *READ, "kind")
    prefix: str | None = stands.spelled("prefix", IDS, UNLINKABLE, *READ)
    links: str | None = stands.spelled("links", LINKS, UNLINKABLE, *READ, "prefix")
    scope: str | None = stands.word("scope")
    beams: str | None = stands.word("beams")
    mode: str | None = stands.choice("mode", MODES)
    question: str | None = stands.text("question", of_page=True)
    turns: str | None = stands.text("turns", depends=("model",), of_page=True)
    written: str | None = stands.spelled(
        "written", TREE, UNWRITTEN, "model", "text", *READING, "mode", "question", "turns", of_page=True
    )
    at: str | None = stands.spelled("at", r"[0-9]{1,2}\.[0-9]{1,4}", UNWRITTEN, "written", of_page=True)
    drawn: str | None = stands.spelled("drawn", DRAWN, UNDRAWN, of_page=True)
    closer: str | None = stands.choice("closer", CLOSER)
    other: str | None = stands.spelled("other", r"[0-9]{1,2}", UNWRITTEN, "written", of_page=True)
    covered: str | None = stands.spelled("covered", CELLS, UNCOVERED, *READ, of_page=True)
    against: str | None = stands.spelled(
        "against", AGAINST, UNHELD, *READ, "kind", "heads", "held", of_page=True
    )

    def on(self, *heads: Head) -> State:
        """The same state, looking at these heads."""
        return replace(self, heads=heads[:MAX_HEADS])

    def unchanged(self) -> State:
        """The same question with all heads on, no row forced, and the text as it was."""
        return replace(self, off=None, forced=None, changed=None, edits=None)

    def elsewhere(self) -> State:
        """The same state without what belongs to one page."""
        return replace(self, **{name: DEFAULTS[name] for name, each in FIELDS.items() if each.of_page})

    def changes(self, former: State) -> frozenset[str]:
        """The names of the fields that differ."""
        return frozenset(name for name in FIELDS if getattr(self, name) != getattr(former, name))


FIELDS: dict[str, Field] = {each.name: field_of(each) for each in fields(State)}
DEFAULTS: dict[str, Any] = {each.name: each.default for each in fields(State)}
NAMES = tuple(dict.fromkeys(param for each in FIELDS.values() for param in each.params if param != FORMER))
_TEXTS = tuple(name for name, each in FIELDS.items() if each.text)


def change(former: State, **changes: object) -> State:
    """The state with these fields changed; what depends on them and is not among them goes back to its default."""
    new = replace(former, **changes)  # type: ignore[arg-type]
    # A field that goes back to its default may be one on which others depend: until nothing follows any more.
    while True:
        changed = new.changes(former)
        kept = {
            name: each.drops(getattr(new, name), changed)
            for name, each in FIELDS.items()
            if name not in changes
        }
        following = replace(new, **kept)
        if following == new:
            return new
        new = following


def parse(params: Mapping[str, Sequence[str] | str]) -> tuple[State, tuple[str, ...]]:
    """The state that query parameters ask for, and a sentence for each value that could not be used."""
    given = {name: _last(params[name]) for name in (*NAMES, FORMER) if name in params}
    notices: list[str] = []
    values: dict[str, object] = {}
    for name, each in FIELDS.items():
        if any(param in given for param in each.params):
            values[name], notice = each.read(given)
            notices += [notice] if notice else []
    if PACKED in params:
        long_texts = _unpack(_last(params[PACKED]))
        values = {**(long_texts or {}), **values}
        if long_texts is None:
            notices.insert(0, "The text in the link is damaged or was cut off; it is left out.")
    if FORMER in given and given[FORMER] not in {*TEXT_UNITS, *PARTS, *GROUPS, *DOCUMENTS}:
        notices.append(f"The {FORMER} in the link is not one of the choices here; the default is shown.")
    return State(**values), tuple(notices)  # type: ignore[arg-type]


def encode(state: State) -> dict[str, str]:
    """The query parameters of a state, defaults and texts too long for a link left out (see `unlinked`)."""
    params: dict[str, str] = {}
    for name, each in FIELDS.items():
        params.update(zip(each.params, each.write(getattr(state, name)), strict=False))
    packed = _pack(_long_texts(state))
    return params | ({PACKED: packed} if packed else {})


def without_texts(state: State) -> State:
    """The same view of the same model, and nothing of what somebody wrote: not even where in it something stands.

    The text is empty, not the default: the page then asks for one.
    """
    texts = dict.fromkeys(name for name, each in FIELDS.items() if each.text)
    bare = change(state, **{**texts, "text": ""})
    return replace(bare, options=(), panes=None, held=(), edits=None, forced=None)


def unlinked(state: State) -> dict[str, str]:
    """The texts of a state, by name, that no link can carry, not even compressed."""
    texts = _long_texts(state)
    left = dict(texts) if texts and not _pack(texts) else {}
    return left | ({"panes": state.panes} if state.panes and not is_panes(state.panes) else {})


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

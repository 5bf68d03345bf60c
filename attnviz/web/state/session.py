"""The state of one visitor: what the address says, what does not fit into it, and the question that follows from it.

The address is the one source of truth. Widgets are set from it before they are drawn, and their callbacks write to
it; so a reload, a link and the back button all show what they name.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import streamlit as st

from attnviz.errors import AttnVizError
from attnviz.web.escape import clean
from attnviz.web.serving import visitor
from attnviz.web.state import address, holding
from attnviz.web.state.address import State
from attnviz.web.state.trail import Trail

if TYPE_CHECKING:
    from attnviz.runtime import Medium, Query, Runtime

UNLINKED = "attnviz_unlinked"  # names of the texts that are too long for the address
TEXTS = "texts"  # kind of what is held: these texts, {name: text}
DROPPED_TEXT = (
    "A text that was too long for the address had to make room on this server, or is larger than what one visitor may "
    "hold: type or paste it again, or a shorter one."
)
NOTICES = "attnviz_notices"
TRAIL = "attnviz_trail"  # the last address that was written, and those before it
TYPED_MODELS = "attnviz_typed_models"
ASKED_FOR = "attnviz_asked_for"
PAGE = "attnviz_page"
READ_OF_TEXT = "attnviz_read_of_text"  # how much of a text is read, where that is not all of it
SENT = "attnviz_sent"  # whose maps the browser has already; forgotten on another page
SPECIAL, CHAT = address.READINGS
PAGES_OF_PAIRS = ("attribution", "ablation", "layers")
PAGE_OF_TWO_TEXTS = "compare"
# The models that a page begins with, where that of the server cannot do what the page shows: the first that is at hand,
# else the last.
PAGE_MODELS = {"alignment": ("translator-en-pt", "translator"), "image": ("digits",)}
PAGE_OF_PICTURES = "image"


MEDIA: dict[str, Medium] = {"image": "image", "speech": "audio"}  # by the modality of a model


def runtime() -> Runtime:
    """The one runtime of this process, which is told who asks."""
    return visitor.runtime()


def state() -> State:
    """What the address asks for, with this visitor's texts that are too long to stand there."""
    return _with_texts(address.parse(_params())[0])


def begin(page: str) -> State:
    """Start a run of the script: note what in the address could not be used, and which page this is."""
    current, notices = address.parse(_params())
    st.session_state[NOTICES] = list(notices)
    st.session_state.pop(READ_OF_TEXT, None)
    if current.whole:
        read_only(*map(int, current.whole.split(".")))
    st.session_state[TRAIL] = _trail().at(current)
    if st.session_state.get(PAGE) != page:
        st.session_state[PAGE] = page
        st.session_state.pop(SENT, None)
    return state()


def read_only(tokens: int, whole: int) -> None:
    """Of the text that is shown only the first tokens are read: every picture and file says so."""
    st.session_state[READ_OF_TEXT] = f"the first {tokens:,} of {whole:,} tokens"


def read_of_text() -> str:
    """How much of the text is read, in words; "" where it is all of it."""
    return str(st.session_state.get(READ_OF_TEXT, ""))


def notice(sentence: str) -> None:
    """Say, once, under the heading of the page, that a value could not be used. No user text in it."""
    notices = st.session_state.setdefault(NOTICES, [])
    if sentence not in notices:
        notices.append(sentence)


def notices() -> list[str]:
    """The sentences noted in this run."""
    return list(st.session_state.get(NOTICES, []))


def update(**changes: Any) -> None:
    """Change the state; the address follows (a new step in the browser's history).

    What depends on what is changed goes back to its default (`address.change`). A browser that reports one choice soon
    after another may send the address from before the first: then both hold (`Trail`).
    """
    trail = _trail()
    latest = _with_texts(trail.latest(address.parse(_params())[0]))
    write(address.change(latest, **changes))


def write(new: State) -> None:
    """Make this the state."""
    file = opened(new.model)
    if file is not None and new.text is not None:
        # A file answers for its own text only: another text is a question to the model, where it is to be had.
        new = replace(new, model=_catalogued(file.model))
    _hold(address.unlinked(new))
    former, trail = address.parse(_params())[0], _trail()
    st.query_params.from_dict(address.encode(new))
    st.session_state[TRAIL] = trail.then(former, address.parse(_params())[0])


def _with_texts(linked: State) -> State:
    names = st.session_state.get(UNLINKED, ())
    missing = [name for name in names if getattr(linked, name) is None]
    if not missing:
        return linked
    texts = holding.get(TEXTS)
    if texts is None:
        notice(DROPPED_TEXT)
        # An empty text asks for one; without, a picture of the stored example would stand for what was typed.
        return replace(linked, text="") if "text" in missing else linked
    return replace(linked, **{name: texts[name] for name in missing})


def _hold(texts: dict[str, str]) -> None:
    """Texts that the address cannot carry, in place of the last ones."""
    st.session_state[UNLINKED] = tuple(texts)
    if not texts:
        holding.drop(TEXTS)
        return
    try:
        holding.put(TEXTS, texts)
    except AttnVizError:
        holding.drop(TEXTS)  # the next run says so


def _trail() -> Trail:
    trail: Trail = st.session_state.get(TRAIL, Trail())
    return trail


def query(current: State | None = None) -> Query:
    """The question to the runtime: the stored example's texts where the address names none."""
    from attnviz.runtime import Query

    current = current or state()
    model = current.model or default_model()
    if is_file(model):
        return opened(model) or Query(model, "")
    if (reads := medium(current)) is not None:
        image = current.image or (first_picture(model) if reads == "image" else None)
        return Query(model, "", target_text=current.target_text, image=image, audio=current.audio)
    if current.text is None:
        stored = example()
        pair = current.pair if current.pair is not None else stored.pair
        return Query(model, stored.text, pair, current.target_text, **reading(current))
    return Query(model, clean(current.text), current.pair, current.target_text, **reading(current))


def first_picture(model: str) -> str | None:
    """What the page of pictures begins with: the first one that comes along with the model."""
    card = next((each for each in runtime().catalog() if each.name == model), None)
    if st.session_state.get(PAGE) != PAGE_OF_PICTURES or card is None or not card.examples:
        return None
    return runtime().sample("image", card.examples[0])


def reading(current: State) -> dict[str, Any]:
    """How the texts are read, as the fields of a `Query`; as text where the address asks for what there is not."""
    how = choose("reading", current.reading, address.READINGS, "")
    return {
        "special": how == SPECIAL,
        "chat": how == CHAT,
        "source_language": current.source_language,
        "target_language": current.target_language,
    }


def medium(current: State | None = None) -> Medium | None:
    """What is read in place of a text: "image" or "audio", None for a text; of an opened file, what it was made of.

    A model that is not loaded yet is taken to read what the address names.
    """
    current = current or state()
    card = runtime().card(current.model or default_model())
    if card is not None:
        return MEDIA.get(card.modality)
    return "image" if current.image else "audio" if current.audio else None


def spelled(current: State, query: Query) -> State:
    """The state with the question spelled out, for a link: the defaults of another server may be others."""
    text = None if query.media else query.text
    pair = query.pair
    if pair is None and current.pair and text == current.pair:
        text, pair = current.text or example().text, current.pair  # of two texts the second, read alone
    elif pair is None and current.pair and text == (current.text or example().text):
        pair = current.pair
    return replace(current, model=query.model, text=text, pair=pair, target_text=query.target_text)


def is_file(model: str | None) -> bool:
    """Whether the name is that of an opened file, not of a model."""
    from attnviz.runtime import is_file

    return model is not None and is_file(model)


def opened(model: str | None) -> Query | None:
    """The question that the opened file of this name answers; None where it is no file, or not open any more."""
    return runtime().opened(model) if model is not None else None


def model_name(model: str) -> str:
    """The model as a reader knows it: of an opened file, the model that it was made with."""
    card = runtime().card(model) if is_file(model) else None
    return model if card is None else card.name


def _catalogued(file: str) -> str | None:
    """The model that a file was made with, where this server offers it by name and it is not the default."""
    card = runtime().card(file)
    names = {each.name for each in runtime().catalog()} - {default_model()}
    return card.name if card is not None and card.name in names else None


def default_model() -> str:
    """The model that this server offers first, on this page."""
    own = PAGE_MODELS.get(st.session_state.get(PAGE, ""))
    if own is None:
        return runtime().default_model
    at_hand = {card.name for card in runtime().catalog() if card.at_hand}
    return next((name for name in own if name in at_hand), own[-1])


def example() -> Query:
    """The question that this page begins with: one with two texts where it explains similarity; an opened file's."""
    from attnviz.runtime import Query

    file = opened(state().model)
    if file is not None:
        return file
    if st.session_state.get(PAGE) in PAGE_MODELS:
        model = state().model or default_model()
        examples = {card.name: card.examples for card in runtime().catalog() if card.modality == "text"}
        texts = examples.get(model) or examples.get(default_model()) or ("",)
        return Query(model, texts[0])
    if st.session_state.get(PAGE) == PAGE_OF_TWO_TEXTS:
        return runtime().default_change_query
    pairs = st.session_state.get(PAGE) in PAGES_OF_PAIRS
    return runtime().default_pair_query if pairs else runtime().default_query


def ready() -> bool:
    """Whether the page can be drawn at once."""
    asked, page = query(), st.session_state.get(PAGE)
    if page in PAGES_OF_PAIRS:  # they ask the model itself: a kept capture does not make them quick
        return page == "attribution" and asked == runtime().default_pair_query
    return runtime().ready(asked)


def follow(key: str, value: Any) -> str:
    """Set the field `key` to `value` before it is drawn, unless it has that value already; returns the key.

    Setting it in every run would take away what somebody is typing.
    """
    if key not in st.session_state or st.session_state[key] != value:
        st.session_state[key] = value
    return key


def set_choice(key: str, value: Any) -> str:
    """Set the list or row of choices `key` to `value` before it is drawn, in every run; returns the key.

    A browser may ask for something else before a control of the first run stands in the page. It never hears then what
    that run had set, would show the control's first choice, and report it as the reader's.
    """
    st.session_state[key] = value
    return key


def on_change(
    key: str, field: str, convert: Callable[[Any], Any] = lambda value: value
) -> Callable[[], None]:
    """A callback that writes the value of a widget into the state."""
    return lambda: update(**{field: convert(st.session_state[key])})


def choose(field: str, given: str | None, valid: tuple[str, ...], default: str) -> str:
    """The valid choice that the address asks for, else the default and a notice."""
    if given is None or given in valid:
        return given or default
    notice(f"The {field} in the link is not one of the choices here; the default is shown.")
    return default


def typed_model(name: str) -> bool:
    """Whether this visitor typed the name of this model: a link alone must not make a server load anything."""
    return name in st.session_state.get(TYPED_MODELS, ())


def trust_model(name: str) -> None:
    """Remember that this visitor asked for the model."""
    st.session_state[TYPED_MODELS] = {*st.session_state.get(TYPED_MODELS, ()), name}


def asked_for(name: str | None = None) -> str | None:
    """The model that this visitor typed last and that would have to be fetched; with a name, it is that one now."""
    if name is not None:
        st.session_state[ASKED_FOR] = name
    return st.session_state.get(ASKED_FOR)


def _params() -> dict[str, list[str]]:
    return {name: st.query_params.get_all(name) for name in st.query_params}


def too_long_to_link(current: State) -> bool:
    """Whether one of the texts does not fit into the address."""
    return bool(address.unlinked(current))

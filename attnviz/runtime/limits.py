"""Whether a text is short enough, asked before anything is computed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attnviz.errors import InputEmpty, InputTooLong
from attnviz.language import say
from attnviz.runtime.query import Query
from attnviz.runtime.settings import Settings
from attnviz.types import Items

if TYPE_CHECKING:
    from attnviz.capture import Model
    from attnviz.capture.reading import Messages


def check(model: Model, query: Query, settings: Settings) -> None:
    """The text and its pair as one sequence, and the target text. Raises InputEmpty, InputTooLong."""
    check_characters(query, settings)
    reader = model.reads(**query.reading)
    _check_tokens(
        reader, settings, "The text" + " with its pair" * bool(query.pair), query.content, query.pair
    )
    if query.target_text:
        _check_tokens(reader, settings, "The target text", query.target_text)


def check_separately(model: Model, query: Query, settings: Settings) -> None:
    """The text and its pair, each as a sequence of its own. Raises InputEmpty, InputTooLong."""
    check_characters(query, settings)
    reader = model.reads(**query.reading)
    _check_tokens(reader, settings, "The text", query.content)
    if query.pair:
        _check_tokens(reader, settings, "The second text", query.pair)


def check_characters(query: Query, settings: Settings) -> None:
    """So that nobody can occupy the tokenizer with a book. Raises InputEmpty, InputTooLong."""
    if not query.text.strip():
        raise InputEmpty(say("There is no text."), say("Type a sentence."))
    limit = settings.max_characters
    characters = sum(len(text) for text in (query.text, query.pair, query.target_text, *query.turns) if text)
    if characters > limit:
        raise InputTooLong(
            say(
                "The text has {characters:,} characters; this server reads at most {limit:,}.",
                characters=characters,
                limit=limit,
            ),
            say("Shorten the text."),
            tokens=characters,
            limit=limit,
        )


def check_items(model: Model, items: Items, query: Query, settings: Settings) -> None:
    """The patches or frames of a picture or sound, and what is said of it. Raises InputTooLong."""
    if query.target_text and len(query.target_text) > settings.max_characters:
        raise InputTooLong(
            say("The target text has {target_text:,} characters.", target_text=len(query.target_text)),
            say("Shorten it."),
            tokens=len(query.target_text),
            limit=settings.max_characters,
        )
    if len(items) > settings.max_tokens:
        what = "patches" if items.unit == "patch" else "frames"
        raise InputTooLong(
            say(
                "{name} makes {items:,} {what} of it; this server allows {max_tokens:,}.",
                name=model.card.name,
                items=len(items),
                what=what,
                max_tokens=settings.max_tokens,
            ),
            (say("Choose a shorter sound.") if what == "frames" else say("Choose another model.")),
            tokens=len(items),
            limit=settings.max_tokens,
        )


def check_options(options: object, settings: Settings) -> None:
    """Texts among options (labels, a continuation, a reference) are tokenized, too. Raises InputTooLong."""
    characters = _characters(options)
    if characters > settings.max_characters:
        raise InputTooLong(
            say(
                "The options have {characters:,} characters; this server reads at most {max_characters:,}.",
                characters=characters,
                max_characters=settings.max_characters,
            ),
            say("Shorten them."),
            tokens=characters,
            limit=settings.max_characters,
        )


def _characters(value: object) -> int:
    if isinstance(value, str):
        return len(value)
    return sum(map(_characters, value)) if isinstance(value, tuple | list) else 0


def most_tokens(model: Model, settings: Settings) -> int:
    """How many tokens of a text can be read: what the model takes, and this server allows."""
    own, server = model.card.max_tokens, settings.max_tokens
    return min(own, server) if own else server


def _check_tokens(
    model: Model, settings: Settings, what: str, text: str | Messages, pair: str | None = None
) -> None:
    count = len(model.tokenize(text, pair))
    own, server, limit = model.card.max_tokens, settings.max_tokens, most_tokens(model, settings)
    if count <= limit:
        return
    reads = (
        f"the model {model.card.name} reads at most {own:,}" if own else "the model has no limit of its own"
    )
    raise InputTooLong(
        say(
            "{what} has {count:,} tokens; {reads}, and this server allows {server:,}.",
            what=what,
            count=count,
            reads=reads,
            server=server,
        ),
        f"Shorten it to {limit:,} tokens, special tokens included"
        + (", or choose a model that reads longer texts." if own and own <= server else "."),
        tokens=count,
        limit=limit,
    )

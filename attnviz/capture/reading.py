"""The one way in for every text of a model: what it cannot read is refused in words before anything runs.

An id beyond the embedding is an IndexError deep inside the model on a CPU, and on CUDA the end of the process.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any, Literal

from attnviz.errors import InputInvalid, InputTooLong, ModelUnsupported, UnknownName
from attnviz.language import say
from attnviz.types import Tokens

if TYPE_CHECKING:
    from attnviz.loading import Loaded

Inputs = dict[str, list[int]]
Messages = Sequence[Mapping[str, Any]]
Special = bool | Literal["only"]


@dataclass(frozen=True)
class Reading:
    """How the texts of a model are read.

    Attributes:
        special: names of special tokens in the texts ("[MASK]") are those tokens; else they are text. "only": they are
            all the special tokens that there are, none is added (a text that a chat template has made).
        source_language, target_language: codes of the model's own lists; None for its default.
    """

    special: Special = False
    source_language: str | None = None
    target_language: str | None = None

    def changed(self, loaded: Loaded, **given: Any) -> Reading:
        """This reading with what is given, False and None left as they are here. Raises UnknownName."""
        from attnviz.text import checked_language, language_ids

        chosen = {name: value for name, value in given.items() if value not in (None, False)}
        special = chosen.get("special", False)
        if special not in (True, False, "only"):
            raise UnknownName(say("reading of special tokens"), special, ("True", "False", "only"))
        checked_language(
            "source language", chosen.get("source_language"), tuple(language_ids(loaded.tokenizer))
        )
        checked_language("target language", chosen.get("target_language"), target_languages(loaded))
        return replace(self, **chosen) if chosen else self

    def decided(self, loaded: Loaded) -> dict[str, Any]:
        """What a reading must be given to read the same again, defaults of the tokenizer written out."""
        from attnviz.text import tag_ids

        found: dict[str, Any] = {} if not self.special else {"special": self.special}
        if (source := source_of(loaded, self)) is not None:
            found["source_language"] = source
        if loaded.card.kind == "encoder-decoder" and (source is not None or tag_ids(loaded.tokenizer)):
            found["target_language"] = self.target_language or default_target(loaded)
        elif self.target_language is not None:
            found["target_language"] = self.target_language
        return {name: value for name, value in found.items() if value is not None}


READING = tuple(field.name for field in fields(Reading))
AS_TEXT = Reading()


def read_text(
    loaded: Loaded,
    text: str | Messages,
    pair: str | None = None,
    reading: Reading = AS_TEXT,
    target: bool = False,
) -> tuple[Tokens, Inputs]:
    """The tokens of a text, or two, and what the module is fed; `target` as in `attnviz.text.encode`.

    Messages are read as `read_chat` reads them, up to where the answer begins.

    Raises:
        InputInvalid: no string, or a token beyond the embedding; no language where one must be named.
        InputEmpty: no text. ModelUnsupported: the model takes no text.
    """
    from attnviz.text import encode

    if is_messages(text) and pair is None and not target:
        return read_chat(loaded, text, add_generation_prompt=True)  # type: ignore[arg-type]
    tokenizer, rows = _tokenizer(loaded, target), embedding_rows(loaded.module, target)
    return encode(
        tokenizer,
        text,  # type: ignore[arg-type]
        pair,
        add_special_tokens=reading.special != "only" or target,
        target=target,
        special=bool(reading.special),
        vocabulary=rows,
        language=target_of(loaded, reading)
        if target
        else tag_of(loaded, reading) or source_of(loaded, reading),
    )


def check_length(loaded: Loaded, count: int, target: bool = False) -> None:
    """Raises InputTooLong where a text, or with `target` what a decoder is fed, has more tokens than positions."""
    from attnviz.loading import position_limits

    config: Any = loaded.module.config
    limit, name = position_limits(config, loaded.card.max_tokens)[target], loaded.card.name
    if limit and count > limit:
        what, reads = ("target", f"the decoder of {name}") if target else ("text", name)
        raise InputTooLong(
            say(
                "The {what} has {count:,} tokens; {reads} reads at most {limit:,}.",
                what=what,
                count=count,
                reads=reads,
                limit=limit,
            ),
            say(
                "Shorten it by about {count:,} tokens, or choose a model for longer texts.",
                count=count - limit,
            ),
            tokens=count,
            limit=limit,
        )


def is_messages(text: object) -> bool:
    """Whether what is given as a text is a list of messages."""
    return isinstance(text, Sequence) and any(isinstance(each, Mapping) for each in text)


def read_chat(
    loaded: Loaded, messages: Messages, add_generation_prompt: bool = False
) -> tuple[Tokens, Inputs]:
    """The same for messages, by the tokenizer's own template. Raises as `read_text` and `attnviz.text.chat_text` do."""
    from attnviz.text import encode_chat

    rows = embedding_rows(loaded.module)
    return encode_chat(_tokenizer(loaded), messages, add_generation_prompt, vocabulary=rows)


def read_continuation(
    loaded: Loaded, text: str | Iterable[int], continuation: str, special: bool = False
) -> list[int]:
    """The ids of a continuation as it stands behind a text, or ids. Raises as `attnviz.text.continue_ids` does."""
    from attnviz.text import continue_ids

    rows = embedding_rows(loaded.module)
    return continue_ids(_tokenizer(loaded), text, continuation, special=special, vocabulary=rows)


def source_of(loaded: Loaded, reading: Reading) -> str | None:
    """The language that a text is read in; None where the tokenizer has none to choose from."""
    from attnviz.text import languages

    if reading.source_language is not None:
        return reading.source_language
    own = getattr(loaded.tokenizer, "src_lang", None)
    return own if own in languages(loaded.tokenizer) else None


def tag_of(loaded: Loaded, reading: Reading) -> str | None:
    """The language that a tag before the text asks for; None where the tokenizer has no such tags."""
    from attnviz.text import tag_ids

    return (reading.target_language or default_target(loaded)) if tag_ids(loaded.tokenizer) else None


def target_of(loaded: Loaded, reading: Reading) -> str | None:
    """The language that the decoder is told to write; None where there is nothing to tell, or a tag of the source does.

    Raises InputInvalid if undecided.
    """
    from attnviz.text import language_ids

    known = language_ids(loaded.tokenizer)
    if not known:
        return None
    chosen = reading.target_language or default_target(loaded)
    if chosen is None:
        raise _no_language(loaded, tuple(known))
    return chosen


def check_tag(loaded: Loaded, text: object, reading: Reading) -> None:
    """Raises InputInvalid where a tag must name a language before the text, and nobody named one, or somebody two."""
    from attnviz.text import tag_ids

    codes = tag_ids(loaded.tokenizer)
    typed = isinstance(text, str) and text.startswith(tuple(f">>{code}<<" for code in codes))
    if codes and typed and reading.target_language is not None:
        raise InputInvalid(
            say("The language of the output is named twice: before the text, and as target_language."),
            say("Leave one of them out."),
        )
    if len(codes) > 1 and not typed and tag_of(loaded, reading) is None:
        raise _no_language(loaded, tuple(codes))


def _no_language(loaded: Loaded, codes: tuple[str, ...]) -> InputInvalid:
    return InputInvalid(
        say("{name} writes several languages, and its settings name none of them.", name=loaded.card.name),
        say("Give target_language, one of: {codes}.", codes=", ".join(codes)),
    )


def target_languages(loaded: Loaded) -> tuple[str, ...]:
    """The codes of the languages that the decoder can be asked for; empty where there is no choice."""
    from attnviz.text import languages

    return languages(loaded.tokenizer) or tuple(spoken_tokens(loaded))


def spoken_tokens(loaded: Loaded) -> dict[str, str]:
    """Of a multilingual Whisper, the token of each language of a transcript, by its code: its settings list them."""
    settings = getattr(loaded.module, "generation_config", None)
    if loaded.card.family != "whisper" or not getattr(settings, "is_multilingual", False):
        return {}
    return {str(token).strip("<|>"): str(token) for token in getattr(settings, "lang_to_id", None) or ()}


def default_target(loaded: Loaded) -> str | None:
    """The target language that the tokenizer names, or the settings by the token that the decoder begins with."""
    from attnviz.text import language_ids, tag_ids

    if tags := tag_ids(loaded.tokenizer):
        named = loaded.tokenizer.init_kwargs.get("target_language")
        return str(named) if named in tags else None
    known = language_ids(loaded.tokenizer)
    own = getattr(loaded.tokenizer, "tgt_lang", None)
    if own in known:
        return str(own)
    codes = {number: code for code, number in known.items()}
    module: Any = loaded.module
    for settings in (getattr(module, "generation_config", None), module.config):
        for name in ("forced_bos_token_id", "decoder_start_token_id"):
            number = getattr(settings, name, None)
            if isinstance(number, int) and number in codes:
                return codes[number]
    return None


def embedding_rows(module: Any, target: bool = False) -> int:
    """Rows of the embedding of what is read, or with `target` of what a decoder is fed; 0 where they are not known."""
    try:
        part = module.get_decoder() if target else module
        return int((module if part is None else part).get_input_embeddings().num_embeddings)
    except (AttributeError, NotImplementedError):
        return 0


def _tokenizer(loaded: Loaded, target: bool = False) -> Any:
    """The tokenizer; of a model for sounds or pictures, only what its decoder says is a text (`target`)."""
    reads = target or loaded.card.modality in ("text", "text+image")
    if reads and loaded.card.kind == "encoder" and hasattr(loaded.module, "get_image_features"):
        raise ModelUnsupported(
            say(
                "The model {name!r} compares texts with pictures: it reads no text alone.",
                name=loaded.card.name,
            ),
            say("Choose a text model."),
            reason="not-captured",
        )
    if loaded.tokenizer is None or not reads:
        raise ModelUnsupported(
            say(
                "The model {name!r} takes {modality}, not text.",
                name=loaded.card.name,
                modality=loaded.card.modality,
            ),
            say(
                "Choose a text model, or give it a picture (image=) or a sound (audio=), whichever it takes."
            ),
            reason="not-captured",
        )
    return loaded.tokenizer

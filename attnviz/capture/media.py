"""Captures of pictures and sounds: what a model that takes them is fed, and what its decoder says of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from attnviz import checks
from attnviz.capture.pictures import read_image
from attnviz.capture.reading import spoken_tokens
from attnviz.capture.sounds import read_audio
from attnviz.errors import InputEmpty, InputInvalid, InputTooLong, ModelUnsupported
from attnviz.language import say
from attnviz.types import Items

if TYPE_CHECKING:
    import torch

    from attnviz.capture.capture import Capture
    from attnviz.capture.model import Model
    from attnviz.loading import Loaded

TARGET_TOKENS = 128  # a transcript or a caption stops here at the latest, where none was given

Tensors = dict[str, "torch.Tensor"]


def read_media(
    loaded: Loaded,
    image: Any,
    audio: Any,
    sampling_rate: int | None,
    text: object = None,
    pair: object = None,
) -> tuple[Items, Tensors]:
    """The patches of a picture, or the frames of a sound, and what the module is fed.

    Raises InputInvalid where there is not exactly one of them, or a text beside it; and as `read_image`, `read_audio`.
    """
    if (image is None) == (audio is None) or text is not None or pair is not None:
        raise InputInvalid(
            say("One thing is read at a time: a text, a picture or a sound."),
            say(
                "Give one of text, image= and audio=; what a decoder says of a picture or a sound is "
                "target_text=."
            ),
        )
    return read_image(loaded, image) if image is not None else read_audio(loaded, audio, sampling_rate)


def capture_media(model: Model, items: Items, inputs: Tensors, target_text: str | None) -> Capture:
    """The capture of what `read_media` read. Raises as `Model.capture` does."""
    if model.card.kind != "encoder-decoder":
        if target_text is not None:
            raise InputInvalid(
                say("{name} has no decoder to say a text.", name=model.card.name),
                say("Leave the target text out."),
            )
        return model.captured(inputs, items)
    if model.loaded.tokenizer is None:
        raise ModelUnsupported(
            say("The model {name!r} came without the tokenizer of what it says.", name=model.card.name),
            say("Save it beside the weights, or give it: load(module, tokenizer=..., processor=...)."),
            reason="not-captured",
        )
    from attnviz.text import tokens_of_ids

    tokenizer = model.loaded.tokenizer
    if target_text is None:
        said = _said(model, inputs, TARGET_TOKENS)
    else:
        said = [*_prefix(model, inputs), *_labels(model, target_text)]
    limit = int(getattr(model.loaded.module.config, "max_target_positions", 0) or 0)
    if limit and len(said) - 1 > limit:
        raise InputTooLong(
            say(
                "The target text has {said:,} tokens; {name} writes at most {limit:,}.",
                said=len(said) - 1,
                name=model.card.name,
                limit=limit,
            ),
            say("Shorten it."),
            tokens=len(said) - 1,
            limit=limit,
        )
    fed = {**inputs, "decoder_input_ids": _row(model, said[:-1])}
    # The start and the prefix (language, task) are no words of the target.
    read = tokens_of_ids(tokenizer, said[:-1], special_ids=said[:1])
    return model.captured(fed, items, tokens_of_ids(tokenizer, said[1:]), read)


def _said(model: Model, inputs: Tensors, count: int) -> list[int]:
    """What the decoder writes greedily, from its own prefix on: at most `count` tokens behind that."""
    module: Any = model.loaded.module
    if not getattr(module, "can_generate", lambda: False)():
        raise InputEmpty(
            say("{name} has no head to generate with, so a target text is needed.", name=model.card.name),
            say("Give target_text=."),
        )
    room = getattr(module.config, "max_target_positions", 0)
    most = min(count, max(1, room - 8)) if room else count
    # Asked for the record: Whisper's generate() otherwise leaves the prefix out of what it returns.
    options: dict[str, Any] = {
        "do_sample": False,
        "num_beams": 1,
        "max_new_tokens": most,
        "return_dict_in_generate": True,
    }
    if model.reading.target_language is not None:
        options["language"] = spoken_tokens(model.loaded)[model.reading.target_language]
    ids: list[int] = module.generate(**inputs, **options).sequences[0].tolist()
    return ids


def _prefix(model: Model, inputs: Tensors) -> list[int]:
    """What the model itself puts before a text: the start and, in Whisper, language, task and 'no timestamps'."""
    module: Any = model.loaded.module
    if getattr(module, "can_generate", lambda: False)():
        return _said(model, inputs, 1)[:-1]
    own = getattr(model.loaded.tokenizer, "prefix_tokens", None)
    start = getattr(module.config, "decoder_start_token_id", None)
    if not own and start is None:
        raise ModelUnsupported(
            say(
                "The config of {kind} does not say with which token its decoder starts.",
                kind=type(module).__name__,
            ),
            say("Set decoder_start_token_id in its config.json."),
            reason="damaged",
        )
    return list(own or (start,))


def _labels(model: Model, target_text: str) -> list[int]:
    """The ids of a text without what a template puts before it, and the end that the model is to say behind it."""
    from attnviz.capture.reading import read_text

    checks.text("target text", target_text)
    tokens, inputs = read_text(model.loaded, target_text, target=True)
    before = next((place for place, special in enumerate(tokens.special.tolist()) if not special), 0)
    return inputs["input_ids"][before:]


def _row(model: Model, ids: list[int]) -> torch.Tensor:
    import torch

    return torch.tensor([ids], device=model.device)

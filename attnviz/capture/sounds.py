"""From a sound to what a speech model is fed, and to the frames that the rows and columns of its maps stand for."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from attnviz.errors import InputInvalid, InputTooLong, ModelUnsupported
from attnviz.language import say
from attnviz.types import Frames

if TYPE_CHECKING:
    import torch

    from attnviz.loading import Loaded
    from attnviz.media import Sound


def read_audio(
    loaded: Loaded, source: Any, sampling_rate: int | None = None
) -> tuple[Frames, dict[str, torch.Tensor]]:
    """The frames of a sound and the tensors that the module is fed, on its device and in its precision.

    Args:
        source, sampling_rate: as for `attnviz.media.read_sound`.

    Raises:
        InputInvalid, InputEmpty: as `read_sound` does; also a sound that is too short for one frame.
        InputTooLong: more than the model hears at once (Whisper: 30 seconds); nothing is cut off unsaid.
        ModelUnsupported: the model takes no sound, has no feature extractor, or hears in other steps than frames.
    """
    from attnviz.media import read_sound

    _check_model(loaded)
    extractor = loaded.processor
    sound = read_sound(source, sampling_rate, int(extractor.sampling_rate))
    padded = int(getattr(extractor, "n_samples", 0) or 0)  # Whisper hears 30 seconds, whatever it is given
    if padded and len(sound.samples) > padded:
        limit = padded / sound.sampling_rate
        raise InputTooLong(
            say(
                "The sound lasts {duration:.1f} seconds; {name} hears {limit:.0f} at once.",
                duration=sound.duration,
                name=loaded.card.name,
                limit=limit,
            ),
            say("Cut it shorter."),
            tokens=math.ceil(sound.duration),
            limit=int(limit),
        )
    steps = _steps(loaded)
    heard = (padded // int(extractor.hop_length)) if padded else len(sound.samples)
    frames = _frames(loaded, sound, heard, steps, int(extractor.hop_length) if padded else 1)
    prepared = extractor(sound.samples, sampling_rate=sound.sampling_rate, return_tensors="pt")
    name = next(each for each in ("input_features", "input_values") if each in prepared)
    return frames, {name: prepared[name].to(loaded.device, loaded.dtype)}


def _check_model(loaded: Loaded) -> None:
    card = loaded.card
    if card.modality != "speech":
        raise ModelUnsupported(
            say("The model {name!r} takes {modality}, not sound.", name=card.name, modality=card.modality),
            say("Choose a speech model."),
            reason="not-captured",
        )
    if loaded.processor is None:
        raise ModelUnsupported(
            say(
                "The model {name!r} came without the feature extractor that prepares its sounds.",
                name=card.name,
            ),
            say(
                "Save it beside the weights (processor.save_pretrained), or give it: load(module, "
                "processor=...)."
            ),
            reason="not-captured",
        )


def _steps(loaded: Loaded) -> list[tuple[int, int, int]]:
    """(kernel, stride, padding) of the convolutions that make frames of samples, or of Whisper's spectrogram."""
    config: Any = loaded.module.config
    config = getattr(config, "encoder", config) if loaded.card.family.startswith("speech-encoder") else config
    kernels, strides = getattr(config, "conv_kernel", None), getattr(config, "conv_stride", None)
    if (
        isinstance(kernels, list | tuple)
        and isinstance(strides, list | tuple)
        and len(kernels) == len(strides)
    ):
        return [(int(kernel), int(stride), 0) for kernel, stride in zip(kernels, strides, strict=True)]
    if loaded.card.family == "whisper":
        return [(3, 1, 1), (3, 2, 1)]  # transformers' WhisperEncoder: conv1 and conv2
    raise ModelUnsupported(
        say(
            "When the frames of {name} ({family}) begin is not known.",
            name=loaded.card.name,
            family=loaded.card.family,
        ),
        say("Choose a model of the family Whisper, wav2vec 2.0, HuBERT or WavLM."),
        reason="not-captured",
    )


def _frames(loaded: Loaded, sound: Sound, count: int, steps: list[tuple[int, int, int]], unit: int) -> Frames:
    """The frames that the convolutions make of `count` steps of `unit` samples each.

    A frame is given the time from its step to the next one's, as transformers does for the times of words; what it
    hears reaches beyond (25 ms in wav2vec 2.0, for steps of 20 ms).
    """
    stride = unit
    for kernel, step, padding in steps:
        count = (count + 2 * padding - kernel) // step + 1
        stride *= step
    if count < 1:
        raise InputInvalid(
            say(
                "The sound lasts {duration:.3f} seconds, too short for {name} to hear anything.",
                duration=sound.duration,
                name=loaded.card.name,
            ),
            say("Give a longer one."),
        )
    edges = np.arange(count + 1) * stride / sound.sampling_rate
    seconds = np.stack([edges[:-1], edges[1:]], axis=1)
    return Frames(seconds, sound.duration, sound.sampling_rate, sound.digest, sound.notes)

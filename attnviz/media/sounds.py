"""A sound as one channel of samples at the rate that a model hears: from a file, bytes or an array, within bounds."""

from __future__ import annotations

import hashlib
import io
import math
import os
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
import numpy.typing as npt

from attnviz import checks
from attnviz.errors import InputEmpty, InputInvalid
from attnviz.language import say
from attnviz.media.sources import read_bytes
from attnviz.types import FloatArray, readonly

MAX_SECONDS = 600
MAX_RATE = 384_000
MAX_CHANNELS = 32
FORMATS = ("WAV", "WAVEX", "FLAC", "OGG", "MP3", "AIFF", "AU", "CAF", "W64", "RF64")


@dataclass(frozen=True)
class Sound:
    """Samples, (S,) float32 from -1 to 1, of one channel; in `notes` what was done to get them."""

    samples: Annotated[FloatArray, "S"]
    sampling_rate: int
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "samples", readonly(self.samples, np.float32))

    @property
    def duration(self) -> float:
        """Seconds."""
        return len(self.samples) / self.sampling_rate

    @property
    def digest(self) -> str:
        """Of rate and samples."""
        return hashlib.sha256(f"{self.sampling_rate}:".encode() + self.samples.tobytes()).hexdigest()[:32]


def read_sound(source: Any, sampling_rate: int | None, wanted: int) -> Sound:
    """A sound from a path, the bytes of a file, or an array, resampled to `wanted` samples per second.

    Args:
        source: an array is (samples,) or (samples, channels): floats from -1 to 1, or whole numbers of 8 to 32 bits.
        sampling_rate: of an array, in samples per second; a file says its own.

    Raises:
        InputInvalid: no sound, a damaged one, a format that is not read, no rate, or more than MAX_SECONDS.
        InputEmpty: a sound without samples.
    """
    if isinstance(source, str | os.PathLike | bytes | bytearray | memoryview):
        samples, rate = _of_bytes(read_bytes("sound", source))
        if sampling_rate is not None and sampling_rate != rate:
            raise InputInvalid(
                say(
                    "The file has {rate:,} samples per second, not {sampling_rate:,}.",
                    rate=rate,
                    sampling_rate=sampling_rate,
                ),
                say("Leave the sampling rate out: a file says its own."),
            )
    elif hasattr(source, "__array__") or isinstance(source, list | tuple):
        samples, rate = _of_array(np.asarray(source), sampling_rate)
    else:
        raise InputInvalid(
            say("The sound is {kind}, which is not read.", kind=type(source).__name__),
            say("Give a path, the bytes of a file, or an array with its sampling_rate."),
        )
    _check_length(len(samples), rate)
    return _at_rate(samples, rate, wanted)


def _of_bytes(data: bytes) -> tuple[npt.NDArray[Any], int]:
    import soundfile

    try:
        with soundfile.SoundFile(io.BytesIO(data)) as file:
            if file.format not in FORMATS:
                raise InputInvalid(
                    say("The sound is in the format {format}, which is not read here.", format=file.format),
                    say("Save it as WAV, FLAC, OGG or MP3."),
                )
            _check_length(file.frames, file.samplerate)
            if file.channels > MAX_CHANNELS:
                raise InputInvalid(
                    say("The sound has {channels} channels.", channels=file.channels),
                    say("Save it with one or two."),
                )
            most = MAX_SECONDS * file.samplerate
            # The header may lie about its length; no more is decoded than it may say.
            return file.read(most, dtype="float32", always_2d=True), int(file.samplerate)
    except soundfile.SoundFileError as error:
        raise InputInvalid(
            say(
                "The file is no sound that is read here, or it is damaged ({error}).", error=str(error)[:100]
            ),
            say("Save it as WAV, FLAC, OGG or MP3."),
        ) from error


def _of_array(array: npt.NDArray[Any], rate: int | None) -> tuple[npt.NDArray[Any], int]:
    if rate is None:
        raise InputInvalid(
            say("An array of samples does not say how many there are in a second."),
            say("Give sampling_rate=16_000."),
        )
    rate = checks.between("sampling rate", rate, 1, MAX_RATE)
    if array.ndim not in (1, 2) or (array.ndim == 2 and array.shape[1] > MAX_CHANNELS):
        raise InputInvalid(
            say("The sound is an array of shape {shape}.", shape=array.shape),
            say("Give (samples,), or (samples, channels)."),
        )
    _check_length(len(array), rate)
    if array.dtype.kind in "iu" and array.dtype.itemsize <= 4:
        half = 2.0 ** (8 * array.dtype.itemsize - 1)
        array = (array.astype(np.float64) - (half if array.dtype.kind == "u" else 0)) / half
    if array.dtype.kind != "f" or not np.isfinite(array).all():
        raise InputInvalid(
            say("The samples of the sound are {dtype}, or not all are numbers.", dtype=array.dtype),
            say("Give floats."),
        )
    return array.reshape(len(array), -1), rate


def _check_length(count: int, rate: int) -> None:
    if not count:
        raise InputEmpty(say("The sound has no samples."), say("Choose another one."))
    if not 1 <= rate <= MAX_RATE:
        raise InputInvalid(
            say("The sound has {rate:,} samples per second.", rate=rate),
            say("At most {max_rate:,} are read.", max_rate=MAX_RATE),
        )
    if count > MAX_SECONDS * rate:
        raise InputInvalid(
            say(
                "The sound lasts {count:,.0f} seconds; at most {max_seconds} are read.",
                count=count / rate,
                max_seconds=MAX_SECONDS,
            ),
            say("Cut it shorter."),
        )


def _at_rate(samples: npt.NDArray[Any], rate: int, wanted: int) -> Sound:
    """The mean of the channels, resampled by a polyphase filter."""
    notes = []
    if samples.shape[1] > 1:
        notes.append(f"The mean of {samples.shape[1]} channels.")
    mono = samples.mean(1, dtype=np.float64)
    if rate != wanted:
        from scipy.signal import resample_poly

        common = math.gcd(rate, wanted)
        mono = resample_poly(mono, wanted // common, rate // common)
        notes.append(f"Resampled from {rate:,} to {wanted:,} samples per second.")
    return Sound(mono.astype(np.float32), wanted, tuple(notes))

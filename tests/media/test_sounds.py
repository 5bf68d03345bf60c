"""Sounds of every form that people have: one channel at the wanted rate, within bounds, or refused in words."""

from __future__ import annotations

import io

import numpy as np
import pytest
import soundfile

from attnviz.errors import InputEmpty, InputInvalid, UnknownName
from attnviz.media import read_sound, sounds

RATE = 16_000


def tone(rate: int = RATE, seconds: float = 0.25, pitch: float = 440) -> np.ndarray:
    return 0.5 * np.sin(2 * np.pi * pitch * np.arange(int(rate * seconds)) / rate)


def encoded(samples: np.ndarray, rate: int = RATE, kind: str = "WAV", subtype: str = "FLOAT") -> bytes:
    file = io.BytesIO()
    soundfile.write(file, samples, rate, format=kind, subtype=subtype)
    return file.getvalue()


def test_path_bytes_and_array_are_the_same_sound(tmp_path):
    wave = tone().astype(np.float32)
    (tmp_path / "a.wav").write_bytes(encoded(wave))
    for source, rate in (
        (tmp_path / "a.wav", None),
        (encoded(wave), RATE),
        (wave, RATE),
        (wave.tolist(), RATE),
    ):
        sound = read_sound(source, rate, RATE)
        np.testing.assert_allclose(sound.samples, wave, atol=1e-7)
        assert (sound.duration, sound.notes) == (0.25, ())


@pytest.mark.parametrize(
    ("kind", "subtype"), [("FLAC", "PCM_16"), ("OGG", "VORBIS"), ("MP3", "MPEG_LAYER_III")]
)
def test_formats(kind, subtype):
    sound = read_sound(encoded(tone(), kind=kind, subtype=subtype), None, RATE)
    middle = slice(1000, 3000)  # what is lossy rings at its ends
    assert np.abs(sound.samples[middle] - tone()[middle]).max() < 0.05


def test_channels_are_averaged_and_said():
    left, right = tone(), tone(pitch=880)
    sound = read_sound(np.stack([left, right], axis=1), RATE, RATE)
    np.testing.assert_allclose(sound.samples, (left + right) / 2, atol=1e-6)
    assert sound.notes == ("The mean of 2 channels.",)


@pytest.mark.parametrize("rate", [8_000, 44_100, 48_000])
def test_another_rate_is_resampled_and_said(rate):
    sound = read_sound(tone(rate), rate, RATE)
    assert sound.notes == (f"Resampled from {rate:,} to 16,000 samples per second.",)
    assert len(sound.samples) == 4000
    middle = slice(500, 3500)
    np.testing.assert_allclose(sound.samples[middle], tone()[middle], atol=5e-3)


def test_whole_numbers_are_scaled():
    assert read_sound(np.array([0, 16_384, -32_768], np.int16), RATE, RATE).samples.tolist() == [0, 0.5, -1]
    assert read_sound(np.array([128, 192, 0], np.uint8), RATE, RATE).samples.tolist() == [0, 0.5, -1]


@pytest.mark.parametrize(
    ("source", "rate", "error", "match"),
    [
        (b"no sound at all", None, InputInvalid, "no sound that is read"),
        (encoded(tone())[:20], None, InputInvalid, "damaged"),
        (b"", None, InputEmpty, "empty file"),
        (np.zeros(0), RATE, InputEmpty, "no samples"),
        (tone(), None, InputInvalid, "does not say how many"),
        (tone(), -1, UnknownName, "sampling rate"),
        (np.zeros((2, 2, 2)), RATE, InputInvalid, "shape"),
        (np.zeros((2, 4000)), RATE, InputInvalid, "samples, channels"),
        (np.array([np.nan]), RATE, InputInvalid, "not all are numbers"),
        (encoded(tone()), 8_000, InputInvalid, "not 8,000"),
        (7, RATE, InputInvalid, "which is not read"),
        ("/no/such/sound.wav", None, InputInvalid, "cannot be read"),
    ],
)
def test_what_is_no_sound_is_refused_in_words(source, rate, error, match):
    with pytest.raises(error, match=match) as refused:
        read_sound(source, rate, RATE)
    assert refused.value.remedy


def test_a_long_sound_is_refused_before_it_is_decoded(monkeypatch):
    monkeypatch.setattr(sounds, "MAX_SECONDS", 0.2)
    with pytest.raises(InputInvalid, match="Cut it shorter"):
        read_sound(encoded(tone()), None, RATE)

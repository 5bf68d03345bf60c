"""Rows and columns that are patches or frames: their labels, groups, blocks and words."""

from __future__ import annotations

import numpy as np
import pytest

from attnviz.checks import tokens
from attnviz.errors import InputInvalid, UnknownName
from attnviz.figures.messages import axes
from attnviz.text import groups
from attnviz.types import Frames, Patches


def frames(count: int, duration: float, step: float = 0.02) -> Frames:
    edges = np.arange(count + 1) * step
    return Frames(np.stack([edges[:-1], edges[1:]], axis=1), duration, 16_000)


def test_patches_are_named_by_row_and_column():
    patches = Patches(2, 3, 60, 40, leading=("[CLS]", "[REG 0]"))
    assert patches.labels == ("[CLS]", "[REG 0]", "0, 0", "0, 1", "0, 2", "1, 0", "1, 1", "1, 2")
    assert patches.special.tolist() == [True, True, *[False] * 6]
    assert patches.description == "A picture of 60 x 40 pixels, in 2 rows of 3 patches."
    with pytest.raises(ValueError, match="0 x 3 patches"):
        Patches(0, 3, 60, 40)


def test_frames_group_by_time_and_padding_stays_apart():
    items = frames(10, 0.13)
    assert items.special.tolist() == [False] * 7 + [True] * 3
    index, labels = groups(items, "tenth")
    assert index.tolist() == [0, 0, 0, 0, 0, 1, 1, 2, 2, 2]
    assert labels == ("0.0 s", "0.1 s", "0.1 s")
    axis = axes.axis(items, "tenth")
    assert axis.special.tolist() == [False, False, True]
    with pytest.raises(UnknownName, match="frame, tenth, second"):
        groups(items, "word")


def test_of_thirty_seconds_a_cell_is_a_stretch_of_time():
    axis = axes.axis(frames(1500, 29.9), "frame")
    assert (len(axis.labels), axis.unit) == (749, "block of 2 frames")
    assert axis.labels[:2] == ("0.00–0.04 s", "0.04–0.08 s")
    assert axis.labels[-2:] == ("29.88–29.90 s", "padding")
    assert np.flatnonzero(axis.special).tolist() == [748]
    assert np.bincount(axis.groups)[-2:].tolist() == [1, 5]


def test_the_padding_of_a_short_sound_is_one_row_and_column():
    items = frames(1500, 1.42)
    axis = axes.axis(items, "frame")
    assert (len(axis.labels), axis.labels[70:], axis.unit) == (72, ("1.40 s", "padding"), "frame")
    assert np.flatnonzero(axis.special).tolist() == [71]
    assert axes.axis(items, "second").labels == ("0 s", "1 s", "padding")
    whole = np.full((1500, 1500), 1 / 1500, np.float32)
    both = axes.Axes.of(items, items, "frame")
    np.testing.assert_allclose(both.grouped(whole).sum(1), 1, atol=1e-5)
    assert both.note() == "All padding stands as one: the mean of its rows, the sum of its columns."


def test_of_a_large_grid_a_cell_is_two_patches():
    axis = axes.axis(Patches(37, 37, 518, 518, leading=("[CLS]",)), "patch")
    assert (axis.labels[0], axis.labels[1], axis.unit) == (
        "[CLS] – 0, 0",
        "0, 1 – 0, 2",
        "block of 2 patches",
    )


def test_titles_and_notes_name_what_is_meant():
    picture, sound = Patches(2, 2, 8, 8), frames(30, 1.0)
    both = axes.Axes.of(picture, sound, "tenth")
    assert both.titles == ("query patch: looks from", "key frame: looked at")
    assert both.note() == (
        "A column is the sum over the frames of a tenth of a second; so a row still adds up to 1."
    )
    assert axes.Axes.of(sound, sound, "second").note() == (
        "A row is the mean over the frames of a second, a column the sum over those of a second; so a row still adds "
        "up to 1."
    )
    assert list(both.proses) == []
    assert axes.units(picture, sound) == ("patch", "frame", "tenth", "second")
    with pytest.raises(UnknownName):
        axes.axis(picture, "fortnight")


def test_what_needs_a_text_is_refused_in_words():
    with pytest.raises(InputInvalid, match="A breakdown needs a text, and this is a sound"):
        tokens("A breakdown", frames(3, 1.0))

"""Pictures of every form that people have: decoded upright, as RGB, within bounds, or refused in words."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from attnviz.errors import InputEmpty, InputInvalid
from attnviz.media import pictures, read_picture

RED, GREEN, WHITE = (255, 0, 0), (0, 128, 0), (255, 255, 255)


def encoded(image: Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def two_tone() -> Image.Image:
    """Red above green, 4 x 6 pixels."""
    image = Image.new("RGB", (4, 6), RED)
    image.paste(GREEN, (0, 3, 4, 6))
    return image


def test_path_bytes_image_and_array_are_the_same_picture(tmp_path):
    image = two_tone()
    (tmp_path / "a.png").write_bytes(encoded(image))
    ways = [tmp_path / "a.png", str(tmp_path / "a.png"), encoded(image), image, np.asarray(image)]
    ways.append(np.asarray(image).astype(np.float32) / 255)
    found = [read_picture(way) for way in ways]
    for each in found:
        np.testing.assert_array_equal(each.pixels, np.asarray(image))
        assert (each.width, each.height, each.notes) == (4, 6, ())
    assert len({each.digest for each in found}) == 1
    assert not found[0].pixels.flags.writeable


def test_orientation_of_the_camera_is_obeyed():
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was turned: the top of the picture is at its right
    picture = read_picture(encoded(two_tone(), "JPEG", exif=exif, quality=100, subsampling=0))
    assert (picture.width, picture.height) == (6, 4)
    assert picture.pixels[0, 0, 1] > 100 > picture.pixels[0, 0, 0], "green was below, and is now at the left"
    assert picture.notes == ("Turned upright, as the file says.",)


@pytest.mark.parametrize(
    ("image", "expected", "note"),
    [
        (Image.new("L", (2, 2), 100), (100, 100, 100), ""),
        (Image.new("1", (2, 2), 1), WHITE, ""),
        (Image.new("RGBA", (2, 2), (*RED, 0)), WHITE, "Its transparent parts are laid on white."),
        (Image.new("RGBA", (2, 2), (*RED, 255)), RED, ""),
        (Image.new("LA", (2, 2), (0, 127)), (128, 128, 128), "Its transparent parts are laid on white."),
        (Image.new("I;16", (2, 2), 65_535), WHITE, "16-bit grey is shown in 8 bits."),
        (Image.new("I;16", (2, 2), 257 * 40), (40, 40, 40), "16-bit grey is shown in 8 bits."),
        (two_tone().resize((2, 2), Image.Resampling.NEAREST).convert("P"), RED, ""),
    ],
    ids=["grey", "bits", "clear", "opaque", "half-clear", "16-bit-white", "16-bit", "palette"],
)
def test_modes(image, expected, note):
    picture = read_picture(encoded(image))
    assert picture.pixels[0, 0].tolist() == list(expected)
    assert picture.notes == ((note,) if note else ())


def test_four_inks():
    picture = read_picture(encoded(Image.new("CMYK", (2, 2), (0, 255, 255, 0)), "JPEG", quality=100))
    red, green, blue = picture.pixels[0, 0].tolist()
    assert red > 200 > 90 > max(green, blue)


def test_of_an_animation_the_first_frame_and_it_is_said():
    frames = [Image.new("RGB", (3, 3), colour) for colour in (RED, GREEN)]
    picture = read_picture(encoded(frames[0], "GIF", save_all=True, append_images=frames[1:]))
    assert picture.pixels[0, 0].tolist() == list(RED)
    assert picture.notes == ("The first of 2 frames is shown.",)


def _bomb() -> bytes:
    """A PNG of a few bytes that says it has 30,000 x 30,000 pixels."""
    import struct
    import zlib

    header = struct.pack(">IIBBBBB", 30_000, 30_000, 8, 2, 0, 0, 0)

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", b"") + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("source", "match"),
    [
        (b"no picture at all", "no picture of a format"),
        (b"%PDF-1.4 ", "no picture of a format"),
        (encoded(Image.new("RGB", (64, 64), RED))[:90], "damaged or was cut off"),
        (_bomb(), "30,000 x 30,000 pixels|far more pixels"),
        (Image.new("F", (2, 2)), "without a fixed white"),
        (np.zeros((3, 8, 8), np.uint8), "channels last"),
        (np.full((4, 4, 3), 7.0), "floats from 0 to 1"),
        (np.full((4, 4, 3), np.nan), "floats from 0 to 1"),
        (np.zeros((0, 4), np.uint8), "shape"),
        (object(), "which is not read"),
        ("/no/such/file.png", "cannot be read"),
        ("/dev/zero", "cannot be read"),
        ("a\0b", "cannot be read"),
    ],
)
def test_what_is_no_picture_is_refused_in_words(source, match):
    with pytest.raises(InputInvalid, match=match) as refused:
        read_picture(source)
    assert refused.value.remedy


def test_bounds(monkeypatch, tmp_path: Path):
    with pytest.raises(InputEmpty):
        read_picture(b"")
    monkeypatch.setattr(pictures, "MAX_PIXELS", 20)
    with pytest.raises(InputInvalid, match="4 x 6 pixels; at most 20"):
        read_picture(encoded(two_tone()))
    monkeypatch.setattr("attnviz.media.sources.MAX_BYTES", 50)
    with pytest.raises(InputInvalid, match="larger than"):
        read_picture(encoded(two_tone()))

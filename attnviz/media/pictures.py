"""A picture as upright RGB pixels: from a file, bytes, a PIL image or an array, decoded within bounds.

Pillow reads the formats listed here only, and the size is checked before a pixel is decoded.
"""

from __future__ import annotations

import hashlib
import io
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import numpy.typing as npt

from attnviz.errors import InputInvalid
from attnviz.language import say
from attnviz.media.sources import read_bytes
from attnviz.types import readonly

if TYPE_CHECKING:
    from PIL import Image

Pixels = npt.NDArray[np.uint8]

FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF")
MAX_PIXELS = 50_000_000  # a picture of 8,000 x 6,000; Pillow's own limit is above it
ANIMATED = ("GIF", "WEBP", "PNG")  # where more frames are an animation, not other sizes or pages


@dataclass(frozen=True)
class Picture:
    """Upright pixels, (height, width, 3) uint8 RGB, and in `notes` what was done to the file to get them."""

    pixels: Annotated[Pixels, "height width 3"]
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "pixels", readonly(self.pixels, np.uint8))

    @property
    def width(self) -> int:
        return self.pixels.shape[1]

    @property
    def height(self) -> int:
        return self.pixels.shape[0]

    @property
    def digest(self) -> str:
        """Of size and pixels: equal pictures, equal digests, whatever file they came in."""
        size = f"{self.width}x{self.height}:".encode()
        return hashlib.sha256(size + self.pixels.tobytes()).hexdigest()[:32]

    def reduced(self, most: int) -> Annotated[Pixels, "height width 3"]:
        """Its pixels with a longer side of at most `most`: means over squares of them, or the pixels themselves."""
        from PIL import Image

        step = -(-max(self.pixels.shape[:2]) // most)
        return self.pixels if step == 1 else np.asarray(Image.fromarray(self.pixels).reduce(step))


def read_picture(source: Any) -> Picture:
    """A picture from a path, the bytes of a file, a PIL image, or an array.

    Args:
        source: an array is (height, width) grey, or (height, width, 3 or 4) RGB or RGBA: uint8, or floats from 0 to 1.

    Raises:
        InputInvalid: no picture, a damaged one, one in a format or mode that is not read, or too many pixels.
        InputEmpty: an empty file.
    """
    from PIL import Image

    if isinstance(source, Image.Image):
        return _upright(source)
    if isinstance(source, str | os.PathLike | bytes | bytearray | memoryview):
        return _of_bytes(read_bytes("picture", source))
    if hasattr(source, "__array__"):
        return _upright(Image.fromarray(_checked(np.asarray(source))))
    raise InputInvalid(
        say("The picture is {kind}, which is not read.", kind=type(source).__name__),
        say("Give a path, the bytes of a file, a PIL image or an array."),
    )


def _of_bytes(data: bytes) -> Picture:
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as image:
            return _upright(image)
    except InputInvalid:
        raise
    except UnidentifiedImageError as error:
        raise InputInvalid(
            say("The file is no picture of a format that is read here."),
            say("Save it as PNG, JPEG, WebP, GIF, BMP or TIFF."),
        ) from error
    except Image.DecompressionBombError as error:  # Pillow's own limit, before ours is asked
        raise InputInvalid(
            say(
                "The picture says that it has far more pixels than the {max_pixels:,} that at most are read.",
                max_pixels=MAX_PIXELS,
            ),
            say("Make it smaller: models look at a few hundred pixels a side."),
        ) from error
    except Exception as error:  # decoders of damaged files raise anything: OSError, SyntaxError, struct.error
        raise InputInvalid(
            say(
                "The picture is damaged or was cut off ({error}).",
                error=str(error)[:100] or type(error).__name__,
            ),
            say("Save or download it again."),
        ) from error


def _upright(image: Image.Image) -> Picture:
    """The first frame, turned as its EXIF orientation says, as RGB."""
    from PIL import ImageOps

    width, height = image.size
    if width * height > MAX_PIXELS:
        raise InputInvalid(
            say(
                "The picture has {width:,} x {height:,} pixels; at most {max_pixels:,} are read.",
                width=width,
                height=height,
                max_pixels=MAX_PIXELS,
            ),
            say("Make it smaller: models look at a few hundred pixels a side."),
        )
    if not width or not height:
        raise InputInvalid(say("The picture has no pixels."), say("Choose another one."))
    notes = []
    count = getattr(image, "n_frames", 1)
    if count > 1 and image.format in ANIMATED:
        notes.append(f"The first of {count:,} frames is shown.")
    upright = ImageOps.exif_transpose(image)
    if upright.size != image.size or (image.getexif().get(0x0112) or 1) != 1:
        notes.append("Turned upright, as the file says.")
    pixels, more = _rgb(upright)
    return Picture(pixels, (*notes, *more))


def _rgb(image: Image.Image) -> tuple[Pixels, list[str]]:
    """8-bit RGB of any mode. Transparency is laid on white, as browsers show it."""
    from PIL import Image

    mode = image.mode
    if mode.startswith("I;16"):
        grey = (np.asarray(image).astype(np.uint32) + 128) // 257  # 65,535 is white, which is 255
        return np.repeat(grey.astype(np.uint8)[:, :, None], 3, axis=2), ["16-bit grey is shown in 8 bits."]
    if mode in ("I", "F"):
        raise InputInvalid(
            say("The pixels of the picture are numbers without a fixed white."),
            say("Save it with 8 or 16 bits per colour."),
        )
    if mode in ("RGBA", "LA", "PA", "RGBa", "La") or "transparency" in image.info:
        layered = image.convert("RGBA")
        if np.asarray(layered)[:, :, 3].min() < 255:
            white = Image.new("RGBA", image.size, (255, 255, 255, 255))
            flat = Image.alpha_composite(white, layered).convert("RGB")
            return np.array(flat), ["Its transparent parts are laid on white."]
        return np.array(layered.convert("RGB")), []
    return np.array(image.convert("RGB")), []


def _checked(array: npt.NDArray[Any]) -> Pixels:
    """An array that Pillow can take."""
    right = array.ndim == 2 or (array.ndim == 3 and array.shape[2] in (1, 3, 4))
    if not right or not array.size:
        raise InputInvalid(
            say("The picture is an array of shape {shape}.", shape=array.shape),
            say("Give (height, width), or (height, width, channels) with 1, 3 or 4 channels last."),
        )
    if array.ndim == 3 and array.shape[2] == 1:
        array = array[:, :, 0]
    if array.dtype == np.uint8:
        return np.ascontiguousarray(array)
    if array.dtype == np.bool_:
        return array.astype(np.uint8) * np.uint8(255)
    if array.dtype.kind != "f" or not np.isfinite(array).all() or array.min() < 0 or array.max() > 1:
        raise InputInvalid(
            say(
                "The picture is an array of {dtype} that is neither uint8 nor floats from 0 to 1.",
                dtype=array.dtype,
            ),
            say("Scale it: (255 * array).astype('uint8')."),
        )
    return np.rint(array * 255).astype(np.uint8)

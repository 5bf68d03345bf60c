"""What the rows and columns of a map stand for: tokens of a text, patches of a picture, or frames of a sound."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, ClassVar

import numpy as np

from attnviz.types.arrays import BoolArray, IntArray, SecondsArray, readonly


class Items:
    """N things that attention looks from and at, in the model's order: `Tokens`, `Patches` or `Frames`.

    Attributes:
        labels: N strings, as a person reads them.
        special: (N,) bool, true for what stands for no part of the input: [CLS], registers, padding.
        groups: the units by which they can be drawn together, the items themselves first; see `attnviz.text.groups`.
    """

    groups: ClassVar[tuple[str, ...]]
    labels: tuple[str, ...]
    special: Annotated[BoolArray, "N"]

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def unit(self) -> str:
        """What one item is called: "token", "patch" or "frame"."""
        return self.groups[0]

    @property
    def description(self) -> str:
        """What they are items of: the text itself, or a picture or a sound in words."""
        raise NotImplementedError


@dataclass(frozen=True)
class Tokens(Items):
    """A tokenized text, or two (`pair` is the second one).

    Attributes:
        text: the text as it was tokenized; lone surrogates are replaced by U+FFFD, one for one.
        ids: (T,) int64 vocabulary indices.
        pieces: T strings, as the tokenizer has them ("##ing", "Ġcat", "▁cat").
        labels: T strings, as a person reads them. The labels of all tokens but those that a template added,
            continuation marks (`attnviz.text.CONTINUATION`) left out, concatenate to `text` (then `pair`).
        spans: (T, 2) int64 start and end in characters of the token's own text; (0, 0) where a template added it.
        special: (T,) bool, true where the tokenizer added the token, and where the text names a special token and was
            read so (special=True, chat): such a token has a span. What a user types is never special otherwise.
        words: (T,) int64 index of the word that the token belongs to, counted through both texts; -1 for special.
        segments: (T,) int64, 0 for `text`, 1 for `pair`.
        pair: the second text, or None.
    """

    groups = ("token", "word", "sentence", "paragraph")

    text: str
    ids: Annotated[IntArray, "T"]
    pieces: tuple[str, ...]
    labels: tuple[str, ...]
    spans: Annotated[IntArray, "T 2"]
    special: Annotated[BoolArray, "T"]
    words: Annotated[IntArray, "T"]
    segments: Annotated[IntArray, "T"]
    pair: str | None = None

    def __post_init__(self) -> None:
        for name, dtype in (
            ("ids", np.int64),
            ("spans", np.int64),
            ("special", np.bool_),
            ("words", np.int64),
            ("segments", np.int64),
        ):
            object.__setattr__(self, name, readonly(getattr(self, name), dtype))
        count = len(self.ids)
        sizes = {
            name: len(getattr(self, name))
            for name in ("pieces", "labels", "spans", "special", "words", "segments")
        }
        if any(size != count for size in sizes.values()):
            raise ValueError(f"tokens disagree in length: ids {count}, {sizes}")

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def description(self) -> str:
        """The text."""
        return self.text


@dataclass(frozen=True)
class Patches(Items):
    """A grid over a picture, row after row, behind the items of the model's own.

    Attributes:
        rows, columns: of the grid. A patch is labelled by both, counted from 0 at the top left: "3, 5".
        width, height: the picture's size in pixels, turned upright.
        box: left, top, right and bottom of what the grid covers, in pixels of the picture; None where the processor
            does what is not accounted for.
        leading: names of the items before the grid, all special: "[CLS]", "[DIST]", "[REG 0]".
        digest: of the picture's pixels.
        notes: what was done to the picture to read it (the first of several, transparency on white).
    """

    groups = ("patch",)

    rows: int
    columns: int
    width: int
    height: int
    box: tuple[float, float, float, float] | None = None
    leading: tuple[str, ...] = ()
    digest: str = ""
    notes: tuple[str, ...] = ()
    labels: tuple[str, ...] = field(init=False, repr=False)
    special: Annotated[BoolArray, "N"] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if min(self.rows, self.columns, self.width, self.height) < 1:
            raise ValueError(f"{self.rows} x {self.columns} patches of {self.width} x {self.height} pixels")
        grid = [f"{row}, {column}" for row in range(self.rows) for column in range(self.columns)]
        object.__setattr__(self, "labels", (*self.leading, *grid))
        special = np.arange(len(self.labels)) < len(self.leading)
        object.__setattr__(self, "special", readonly(special, np.bool_))

    @property
    def description(self) -> str:
        """The picture's size and its grid, in words."""
        size = f"A picture of {self.width:,} x {self.height:,} pixels"
        return f"{size}, in {self.rows} rows of {self.columns} patches."


@dataclass(frozen=True)
class Frames(Items):
    """Stretches of a sound, one after the other.

    Attributes:
        seconds: (N, 2) float64 begin and end of each. A frame hears a little beyond: windows and convolutions overlap.
        duration: of the sound, in seconds. Frames that begin behind it are padding, and special.
        sampling_rate: at which the model hears it, in samples per second.
        digest: of the samples.
        notes: what was done to the sound to read it (channels averaged, resampled).
    """

    groups = ("frame", "tenth", "second")

    seconds: Annotated[SecondsArray, "N 2"]
    duration: float
    sampling_rate: int
    digest: str = ""
    notes: tuple[str, ...] = ()
    labels: tuple[str, ...] = field(init=False, repr=False)
    special: Annotated[BoolArray, "N"] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        seconds = readonly(self.seconds, np.float64)
        if seconds.ndim != 2 or seconds.shape[1] != 2 or not len(seconds):
            raise ValueError(f"seconds of shape {seconds.shape}")
        object.__setattr__(self, "seconds", seconds)
        object.__setattr__(self, "labels", tuple(f"{begin:.2f} s" for begin in seconds[:, 0].tolist()))
        object.__setattr__(self, "special", readonly(seconds[:, 0] >= self.duration, np.bool_))

    @property
    def description(self) -> str:
        """The sound's length and its frames, in words."""
        real = int(np.count_nonzero(~self.special))
        padded = f" and {len(self) - real:,} of padding" if real < len(self) else ""
        return f"A sound of {self.duration:.2f} seconds, in {real:,} frames{padded}."

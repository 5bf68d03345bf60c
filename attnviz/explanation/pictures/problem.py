"""The scalar function that is explained of a picture: a label's logit, of the picture with some cells covered.

The module is only called, with other pixels: what other threads run on it is not disturbed.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import torch

from attnviz.errors import InputInvalid, ModelUnsupported, UnknownName
from attnviz.explanation.batches import rows_for
from attnviz.language import say
from attnviz.types import BoolArray, FloatArray, Patches

if TYPE_CHECKING:
    from attnviz.capture import Capture, Model
    from attnviz.capture.recording.sites import Sites
    from attnviz.explanation.pictures.results import Outcomes

BASELINES = {
    "mean": "the picture’s mean colour",
    "grey": "grey",
    "black": "black",
}
MOST_CELLS = 400  # of a grid: one more pass for each, and more than can be told apart by eye
CLASSIFIER = "ForImageClassification"


@dataclass(frozen=True)
class PictureProblem:
    """F for one picture: the logit of a label.

    Attributes:
        model, module: the loaded model, and what is run.
        patches, pixels: the picture as the model sees it, the latter (1, channels, height, width) as it is fed.
        names, chosen: the model's labels, and the number of the one that is explained.
        side: of a cell, in patches.
        baseline: a name of `BASELINES`; blank: (1, channels, 1, 1) its colour, in the model's units.
    """

    model: Model
    module: torch.nn.Module
    patches: Patches
    pixels: Annotated[torch.Tensor, "1 c h w"]
    names: tuple[str, ...]
    chosen: int
    side: int
    baseline: str
    blank: Annotated[torch.Tensor, "1 c 1 1"]

    def within(self, module: torch.nn.Module) -> PictureProblem:
        """The same question to another module."""
        return replace(self, module=module)

    @property
    def label(self) -> str:
        """The name of the label."""
        return self.names[self.chosen]

    @property
    def grid(self) -> tuple[int, int]:
        """Rows and columns of cells."""
        return -(-self.patches.rows // self.side), -(-self.patches.columns // self.side)

    def logits(self, pixels: Annotated[torch.Tensor, "N c h w"] | None = None) -> torch.Tensor:
        """(N, labels) float32 of these pixels, by default the picture's own."""
        given = self.pixels if pixels is None else pixels.to(self.pixels.dtype)
        found: torch.Tensor = self.module(pixel_values=given).logits.float()
        return found

    def evaluate(self, pixels: Annotated[torch.Tensor, "N c h w"] | None = None) -> torch.Tensor:
        """(N,) F of these pixels."""
        return self.logits(pixels)[:, self.chosen]

    def covered(self, cells: Annotated[BoolArray, "N R C"]) -> Annotated[torch.Tensor, "N c h w"]:
        """The picture with the cells that are True in the colour of the baseline."""
        mask = self.spread(torch.as_tensor(np.ascontiguousarray(cells), device=self.pixels.device))
        return torch.where(mask[:, None], self.blank, self.pixels)

    def spread(self, cells: Annotated[torch.Tensor, "N R C"]) -> Annotated[torch.Tensor, "N h w"]:
        """Cells as pixels; what the grid leaves over at the right and the bottom belongs to the last ones."""
        down, across = (
            torch.arange(size, device=cells.device).div(step, rounding_mode="floor").clamp(max=count - 1)
            for size, step, count in zip(self.pixels.shape[2:], self._cell, self.grid, strict=True)
        )
        return cells[:, down][:, :, across]

    def gathered(self, values: Annotated[torch.Tensor, "h w"]) -> Annotated[FloatArray, "R C"]:
        """The sums of pixels over cells."""
        rows, columns = self.grid
        numbers = torch.arange(rows * columns, device=values.device).view(1, rows, columns)
        sums = torch.zeros(rows * columns, dtype=torch.float64, device=values.device)
        sums.index_add_(0, self.spread(numbers).reshape(-1), values.reshape(-1).double())
        found: FloatArray = sums.view(rows, columns).float().cpu().numpy()
        return found

    def values(self, covered: Annotated[BoolArray, "N R C"], progress: Any) -> np.ndarray[Any, Any]:
        """(N,) float64 F with these cells covered, batch by batch."""
        found, step = [], self.rows_at_once()
        with torch.no_grad():
            for first in range(0, len(covered), step):
                progress(first / len(covered))
                found.append(self.evaluate(self.covered(covered[first : first + step])))
        values: np.ndarray[Any, Any] = torch.cat(found).double().cpu().numpy()
        return values

    def outcomes(self, pixels: torch.Tensor | None = None) -> Outcomes:
        """Every label with its probability, the largest first."""
        with torch.no_grad():
            shares = self.logits(pixels)[0].softmax(-1).tolist()
        return tuple(sorted(zip(self.names, shares, strict=True), key=lambda pair: -pair[1]))

    def rows_at_once(self, gradients: bool = False) -> int:
        """How many pictures go through the model at once."""
        return rows_for(self.model, self.module, len(self.patches), self.pixels.device, gradients)

    def sites(self) -> Sites:
        """The attention calls of a pass over the picture. Raises ModelUnsupported."""
        return self.model.sites({"pixel_values": self.pixels})

    def capture(self) -> Capture:
        """The attention of a pass over the picture. Raises ModelUnsupported where its maps are not of the patches."""
        return self.model.captured({"pixel_values": self.pixels}, self.patches)

    @property
    def query_weights(self) -> Annotated[FloatArray, "Q"]:
        """How much the head reads each item: [CLS] where there is one, unless it reads the mean of the patches."""
        special, config = np.asarray(self.patches.special), self.module.config
        family = str(getattr(config, "model_type", ""))
        mean = (~special).astype(np.float64) / max(1, int(np.count_nonzero(~special)))
        first = np.zeros(len(special))
        first[: 2 if "[DIST]" in self.patches.leading else 1] = 1
        first /= first.sum()
        if not special.any() or getattr(config, "use_mean_pooling", False):
            return mean.astype(np.float32)
        both = family.startswith("dinov2")  # whose head reads [CLS] beside the mean of the patches
        return ((first + mean) / 2 if both else first).astype(np.float32)

    @property
    def _cell(self) -> tuple[int, int]:
        """Height and width of a cell in pixels."""
        high, wide = (
            size // count
            for size, count in zip(
                self.pixels.shape[2:], (self.patches.rows, self.patches.columns), strict=True
            )
        )
        return high * self.side, wide * self.side


def pose(
    model: Model, image: object, label: str | int | None = None, baseline: str | None = None
) -> PictureProblem:
    """The question about a picture.

    Args:
        image: as for `Model.capture`. label: a name or number of the model's labels; the predicted one by default.
        baseline: one of BASELINES; the picture's mean colour by default.

    Raises:
        ModelUnsupported: no classifier of pictures. UnknownName: no such label or baseline.
        InputInvalid, InputEmpty: no picture that can be read.
    """
    from attnviz.capture.pictures import read_image
    from attnviz.checks import finite
    from attnviz.explanation.attribution.targets.label import label_names
    from attnviz.explanation.attribution.targets.logits import place_of

    check_classifier(model)
    if image is None:
        raise InputInvalid(say("There is no picture."), say("Choose one."))
    name = baseline or next(iter(BASELINES))
    if name not in BASELINES:
        raise UnknownName(say("baseline"), name, tuple(BASELINES))
    patches, inputs = read_image(model.loaded, image)
    module, pixels = model.loaded.module, inputs["pixel_values"]
    names = tuple(label_names(module.config))
    with torch.no_grad():
        logits = module(pixel_values=pixels).logits[0].float()
    finite(logits.cpu().numpy(), f"the result of {model.card.name}", model.dtype)
    chosen = int(logits.argmax()) if label is None else place_of("label", label, names)
    side = 1
    while -(-patches.rows // side) * -(-patches.columns // side) > MOST_CELLS:
        side += 1
    blank = _colour(model.loaded.processor, pixels, name)
    return PictureProblem(model, module, patches, pixels, names, chosen, side, name, blank)


def is_classifier(model: Model) -> bool:
    """Whether the model gives pictures labels."""
    return model.card.modality == "image" and CLASSIFIER in type(model.loaded.module).__name__


def check_classifier(model: Model) -> None:
    """Raises ModelUnsupported where the model gives pictures no labels."""
    if not is_classifier(model):
        raise ModelUnsupported(
            say(
                "The model {name!r} gives pictures no labels, so there is none to explain.",
                name=model.card.name,
            ),
            say("Choose a classifier of pictures, such as 'digits' of the catalogue."),
            reason="not-captured",
        )


def _colour(processor: Any, pixels: torch.Tensor, name: str) -> Annotated[torch.Tensor, "1 c 1 1"]:
    """The colour of a baseline as the processor would prepare it."""
    if name == "mean":
        return pixels.float().mean((2, 3), keepdim=True).to(pixels.dtype)
    level = {"grey": 0.5, "black": 0.0}[name]
    if not getattr(processor, "do_rescale", True):
        level *= 255
    colour = torch.full((1, pixels.shape[1], 1, 1), level, device=pixels.device)
    if getattr(processor, "do_normalize", False):
        mean, std = (
            torch.as_tensor(each, dtype=torch.float32, device=pixels.device).view(1, -1, 1, 1)
            for each in (processor.image_mean, processor.image_std)
        )
        colour = (colour - mean) / std
    return colour.to(pixels.dtype)

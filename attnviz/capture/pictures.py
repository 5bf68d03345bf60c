"""From a picture to what a vision model is fed, and to the patches that the rows and columns of its maps stand for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from attnviz.errors import InputInvalid, ModelUnsupported
from attnviz.language import say
from attnviz.types import Patches

if TYPE_CHECKING:
    import torch

    from attnviz.loading import Loaded
    from attnviz.media import Picture

MAX_PREPARED = 20_000_000  # pixels that a processor may make of a picture
# Parameters that put an item of the model's own before the patches, in the order in which families put them.
LEADING = (("cls_token", "class_embedding"), ("distillation_token",), ("register_tokens",))
# Processors that resize, then cut out the middle, and do nothing else to the geometry.
PLAIN_PROCESSORS = ("ViT", "DeiT", "Beit", "CLIP", "Siglip", "Bit")
SIZE_NAMES = ("height", "width", "shortest_edge", "longest_edge")

Box = tuple[float, float, float, float]


def read_image(loaded: Loaded, source: Any) -> tuple[Patches, dict[str, torch.Tensor]]:
    """The patches of a picture and the tensors that the module is fed, on its device and in its precision.

    Args:
        source: as for `attnviz.media.read_picture`.

    Raises:
        InputInvalid, InputEmpty: as `read_picture` does; also a picture so narrow that it would become too large.
        ModelUnsupported: the model takes no picture, has no processor, or looks at something else than a grid.
    """
    from attnviz.media import read_picture

    _check_model(loaded)
    picture = read_picture(source)
    resized = _resized(loaded.processor, picture)
    prepared = loaded.processor(images=picture.pixels, return_tensors="pt", input_data_format="channels_last")
    pixels = prepared.get("pixel_values")
    if pixels is None or pixels.dim() != 4 or pixels.shape[0] != 1:
        raise _no_grid(loaded, "its processor cuts the picture into pieces")
    patches = _patches(loaded, picture, resized, tuple(int(size) for size in pixels.shape[2:]))
    return patches, {"pixel_values": pixels.to(loaded.device, loaded.dtype)}


def _check_model(loaded: Loaded) -> None:
    card = loaded.card
    if card.modality != "image":
        takes = {"speech": "sounds", "text": "text"}.get(card.modality, "text and pictures together")
        raise ModelUnsupported(
            say("The model {name!r} takes {takes}, not a picture alone.", name=card.name, takes=takes),
            say("Choose a vision model."),
            reason="not-captured",
        )
    if loaded.processor is None:
        raise ModelUnsupported(
            say("The model {name!r} came without the processor that prepares its pictures.", name=card.name),
            say(
                "Save it beside the weights (processor.save_pretrained), or give it: load(module, "
                "processor=...)."
            ),
            reason="not-captured",
        )


def _resized(processor: Any, picture: Picture) -> tuple[int, int] | None:
    """(height, width) that the processor resizes the picture to; None where its rule is not known.

    Raises InputInvalid where that would be too large: a line of pixels grows with its shortest edge.
    """
    height, width = picture.height, picture.width
    size = getattr(processor, "size", None) if getattr(processor, "do_resize", False) else None
    if not getattr(processor, "do_resize", False):
        return height, width
    edges = {name: _edge(size, name) for name in SIZE_NAMES}
    if edges["height"] and edges["width"]:
        result = edges["height"], edges["width"]
    elif edges["shortest_edge"] and not edges["longest_edge"]:
        edge, short, long = edges["shortest_edge"], min(height, width), max(height, width)
        other = int(edge * long / short)
        result = (edge, other) if height <= width else (other, edge)
    else:
        return None
    if result[0] * result[1] > MAX_PREPARED:
        raise InputInvalid(
            say(
                "The picture of {width:,} x {height:,} pixels is so narrow that the model would get "
                "{right:,} x {down:,}.",
                width=width,
                height=height,
                right=result[1],
                down=result[0],
            ),
            say("Cut it to a less narrow form."),
        )
    return result


def _edge(size: Any, name: str) -> int:
    value = size.get(name) if isinstance(size, dict) else getattr(size, name, None)
    return int(value or 0)


def _patches(
    loaded: Loaded, picture: Picture, resized: tuple[int, int] | None, prepared: tuple[int, ...]
) -> Patches:
    """The grid over a prepared picture of (height, width) pixels."""
    config: Any = loaded.module.config
    config = getattr(config, "encoder", config) if loaded.card.kind == "encoder-decoder" else config
    side = getattr(config, "patch_size", None)
    high, wide = (side, side) if isinstance(side, int) else tuple(side or (0, 0))
    if not high or not wide or prepared[0] < high or prepared[1] < wide:
        raise _no_grid(loaded, "its config names no size of patches")
    rows, columns = prepared[0] // high, prepared[1] // wide
    return Patches(
        rows,
        columns,
        picture.width,
        picture.height,
        _box(loaded.processor, picture, resized, prepared, (rows * high, columns * wide)),
        leading_names(loaded.module),
        picture.digest,
        picture.notes,
    )


def leading_names(module: torch.nn.Module) -> tuple[str, ...]:
    """What the model puts before the patches: [CLS], [DIST], registers; found among its parameters."""
    found = {name.rpartition(".")[2]: parameter for name, parameter in module.named_parameters()}
    first, distilled, registers = ([found[name] for name in names if name in found] for names in LEADING)
    count = registers[0].shape[-2] if registers else 0
    return (
        *(("[CLS]",) if first else ()),
        *(("[DIST]",) if distilled else ()),
        *(f"[REG {number}]" for number in range(count)),
    )


def _box(
    processor: Any,
    picture: Picture,
    resized: tuple[int, int] | None,
    prepared: tuple[int, ...],
    covered: tuple[int, int],
) -> Box | None:
    """Left, top, right, bottom of the grid in pixels of the picture, where what the processor did is known."""
    name = type(processor).__name__
    plain = name.removesuffix("Pil").removesuffix("Fast").removesuffix("ImageProcessor") in PLAIN_PROCESSORS
    if not plain or resized is None or getattr(processor, "do_pad", False):
        return None
    top = left = 0
    if getattr(processor, "do_center_crop", False):
        crop = tuple(_edge(processor.crop_size, side) for side in ("height", "width"))
        if crop != prepared or crop[0] > resized[0] or crop[1] > resized[1]:
            return None  # a smaller picture is padded
        top, left = (resized[0] - crop[0]) // 2, (resized[1] - crop[1]) // 2
    elif resized != prepared:
        return None
    down, across = picture.height / resized[0], picture.width / resized[1]
    return left * across, top * down, (left + covered[1]) * across, (top + covered[0]) * down


def _no_grid(loaded: Loaded, why: str) -> ModelUnsupported:
    return ModelUnsupported(
        say(
            "The maps of {name} ({family}) cannot be tied to the patches of a picture: {why}.",
            name=loaded.card.name,
            family=loaded.card.family,
            why=why,
        ),
        say("Choose a plain vision transformer (ViT, DeiT, BEiT, DINOv2, CLIP, SigLIP)."),
        reason="not-captured",
    )

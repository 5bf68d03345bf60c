"""Whether a model's capture is right, asked of the model itself: its weights against another way to them.

That is transformers' own eager attention over the same weights on a short text; where its eager path computes something
else than the model's own one (Falcon with ALiBi), or rounds too coarsely to say much, a float64 softmax of what the
model hands to torch's scaled_dot_product_attention. Neither uses anything of a capture.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from attnviz.types import Kind

if TYPE_CHECKING:
    import torch

    from attnviz.capture.capture import Capture
    from attnviz.capture.model import Model

    Weights = Mapping[Kind, list[torch.Tensor]]  # of each layer, (1, H, Q, K)

TEXT = "The cat sat on the mat, and nobody knew why it had come in."
TARGET = "A cat came in and sat down."
MEDIA = {"image": "image", "speech": "audio"}  # by the modality of a model
SIDE, RATE = 64, 16_000  # pixels, samples of one second
EAGER, FLOAT64 = "transformers' eager attention", "a float64 softmax of what the model computes"
TOLERANCE = 1e-4  # of weights; rounding in float32 gives up to 3e-5
# The same of eager attention in half precision, which rounds scores and weights, layer by layer; with the random, sharp
# weights of the tests it is off by up to 8e-2 and 1e-2: enough to find a wrong mask or scale, no more.
COARSE = {"bfloat16": 1e-1, "float16": 2e-2}


@dataclass(frozen=True)
class SelfCheck:
    """What the check of one model found.

    Attributes:
        model: its name.
        differences: the largest difference of two weights, for each kind of attention; empty where nothing could
            be compared.
        against: what the capture was compared with, in words; "" where there is nothing to compare with.
        tolerance: up to which differences are rounding.
        tokens: how many items were read: tokens of a text, patches of a picture, frames of a sound.
        unit: what they are, "token", "patch" or "frame".
        dtype: in which the model runs.
    """

    model: str
    differences: tuple[tuple[Kind, float], ...]
    against: str
    tolerance: float
    tokens: int
    unit: str = "token"
    dtype: str = "float32"

    @property
    def passed(self) -> bool | None:
        """Whether all differences are rounding; None where nothing could be compared."""
        if not self.differences:
            return None
        return all(difference <= self.tolerance for _, difference in self.differences)

    @property
    def remedy(self) -> str:
        """What might help where nothing could be compared, as the end of a sentence; "" where nothing would."""
        return (
            f" in {self.dtype}; load it with dtype='float32' to have it checked"
            if self.dtype in COARSE
            else ""
        )

    @property
    def read(self) -> str:
        """What was read, in words."""
        what = {"patch": "a picture of {} patches", "frame": "a sound of {} frames"}
        return what.get(self.unit, "a text of {} tokens").format(self.tokens)

    @property
    def nbytes(self) -> int:
        """Bytes, roughly."""
        return 200

    def __str__(self) -> str:
        if not self.differences:
            return (
                f"{self.model}: not checked, since its family has no other path to its attention weights"
                f"{self.remedy}."
            )
        found = ", ".join(f"{kind} {difference:.1e}" for kind, difference in self.differences)
        verdict = "right" if self.passed else "WRONG"
        return (
            f"{self.model}: {verdict}. Largest difference of weights from {self.against}, over {self.read}: "
            f"{found} (rounding: up to {self.tolerance:.0e})."
        )


def check(model: Model) -> SelfCheck:
    """Capture a short text, a small picture or a second of sound, and compare the weights with another way to them.

    Costs a few passes over some tokens.

    Raises what `Model.capture` raises: a model that cannot be captured is refused there.
    """
    capture, inputs = _captured(model)
    read, dtype = (len(capture.tokens), capture.tokens.unit), str(model.dtype).removeprefix("torch.")
    ways = [(EAGER, _eager, TOLERANCE), (FLOAT64, _watched, TOLERANCE)]
    if dtype in COARSE:  # eager rounds too coarsely to be asked first
        ways = [ways[1], (f"{EAGER} in {dtype}", _eager, COARSE[dtype])]
    for against, weights, tolerance in ways:
        expected = weights(model, inputs, capture)
        if expected is not None:
            found = tuple((kind, _largest(capture, kind, expected[kind])) for kind in capture.kinds)
            return SelfCheck(model.card.name, found, against, tolerance, *read, dtype)
    return SelfCheck(model.card.name, (), "", TOLERANCE, *read, dtype)


def _texts(model: Model) -> tuple[str, str]:
    """A text and a target: a model with sentences of its own may know no other words."""
    language = model.reading.target_language
    own = next((each for each in model.loaded.gold if each.language == language), None)
    return (own.source, own.target) if own else (TEXT, TARGET)


def _captured(model: Model) -> tuple[Capture, dict[str, torch.Tensor]]:
    """The capture, and what the module was fed for it."""
    import torch

    if model.card.modality in MEDIA:
        return _captured_media(model, MEDIA[model.card.modality])
    if model.languages and model.card.kind == "encoder-decoder":
        known = model.reading.decided(model.loaded)
        model = model.reads(target_language=known.get("target_language", model.languages[0]))
    generates = model.card.kind == "encoder-decoder" and not model.echoes
    text, target = _texts(model)
    capture = model.capture(text, target_text=target if generates else None)
    fed = model.encode(text)[1]
    if capture.fed_tokens is not None and not model.echoes:
        fed = {**fed, "decoder_input_ids": capture.fed_tokens.ids.tolist()}
    return capture, {name: torch.tensor([ids], device=model.device) for name, ids in fed.items()}


def _captured_media(model: Model, medium: str) -> tuple[Capture, dict[str, torch.Tensor]]:
    """The same of a picture or a sound: noise, in which everything differs from everything else."""
    import torch

    from attnviz.capture.media import read_media

    noise = np.random.default_rng(0)
    given: dict[str, Any] = {"image": None, "audio": None, "sampling_rate": None}
    if medium == "image":
        given["image"] = noise.integers(0, 256, (SIDE, SIDE, 3), dtype=np.uint8)
    else:
        given.update(audio=noise.uniform(-0.5, 0.5, RATE).astype(np.float32), sampling_rate=RATE)
    capture = model.capture(**{name: each for name, each in given.items() if each is not None})
    inputs = read_media(model.loaded, **given)[1]
    if capture.fed_tokens is not None:
        inputs["decoder_input_ids"] = torch.tensor([capture.fed_tokens.ids.tolist()], device=model.device)
    return capture, inputs


def _largest(capture: Capture, kind: Kind, expected: list[torch.Tensor]) -> float:
    """NaN, which nothing passes, does not occur: a capture has none."""
    return max(
        float(np.abs(capture.attention(layer, kind=kind) - weights[0].float().cpu().numpy()).max())
        for layer, weights in enumerate(expected)
    )


def _eager(model: Model, inputs: Mapping[str, torch.Tensor], capture: Capture) -> Weights | None:
    """What transformers says the weights are; None where it does not, or runs another model to say so."""
    import torch

    from attnviz.capture.recording.interface import supports_interface

    module: Any = model.loaded.module
    shared = {id(tensor): tensor for tensor in (*module.parameters(), *module.buffers())}
    eager: Any = copy.deepcopy(module, shared)
    try:
        if supports_interface(module):
            eager.set_attn_implementation("eager")
        with torch.no_grad():
            own, other = module(**inputs), eager(**inputs, output_attentions=True)
    except (TypeError, ValueError, AttributeError):  # a family without this path says so in its own way
        return None
    if not _alike(own[0].float(), other[0].float(), 1e-3 if own[0].dtype == torch.float32 else 0.1):
        return None
    names: dict[Kind, str] = {
        kind: "attentions" if kind == "self" else f"{kind}_attentions" for kind in capture.kinds
    }
    found: dict[Any, list[torch.Tensor]] = {
        kind: [each for each in other.get(name) or () if each is not None] for kind, name in names.items()
    }
    return _fitting(capture, found)


def _alike(own: torch.Tensor, other: torch.Tensor, share: float) -> bool:
    scale = own.abs().max().clamp(min=1e-6)
    return own.shape == other.shape and bool((own - other).abs().max() <= share * scale)


def _watched(model: Model, inputs: Mapping[str, torch.Tensor], capture: Capture) -> Weights | None:
    """float64 weights of every call of torch's scaled_dot_product_attention; None where that is not what attends."""
    import torch
    from torch.nn import functional
    from torch.overrides import TorchFunctionMode

    seen: list[torch.Tensor] = []
    names = ("query", "key", "value", "attn_mask", "dropout_p", "is_causal", "scale")

    class Watch(TorchFunctionMode):
        def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            given = dict(zip(names, args, strict=False)) | (kwargs or {})
            if func is functional.scaled_dot_product_attention:
                with torch._C.DisableTorchFunction():
                    seen.append(_softmax(**{name: given[name] for name in names if name in given}))
            return func(*args, **(kwargs or {}))

    with torch.no_grad(), Watch():
        model.loaded.module(**inputs)
    if len(capture.kinds) == 1:
        return _fitting(capture, {capture.kinds[0]: seen})
    # Which call belongs to which kind is told by its queries and keys, where these differ.
    sizes: dict[tuple[int, ...], Kind] = {capture.shape(kind)[2:]: kind for kind in capture.kinds}
    if len(sizes) < len(capture.kinds):
        return None
    found: dict[Any, list[torch.Tensor]] = {}
    for each in seen:
        kind = sizes.get(tuple(each.shape[2:]))
        if kind is None:
            return None
        found.setdefault(kind, []).append(each)
    return _fitting(capture, found)


def _softmax(
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attn_mask: torch.Tensor | None = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    scale: float | None = None,
) -> torch.Tensor:
    """Equation 1 of Vaswani et al. 2017 in float64, as torch documents its function."""
    import torch

    groups = query.shape[1] // key.shape[1]
    scores = query.double() @ key.double().repeat_interleave(groups, 1).transpose(-1, -2)
    scores = scores * (query.shape[-1] ** -0.5 if scale is None else scale)
    if is_causal:
        attn_mask = torch.ones(scores.shape[-2:], dtype=torch.bool, device=scores.device).tril()
    if attn_mask is not None and attn_mask.dtype == torch.bool:
        scores = scores.masked_fill(~attn_mask, -float("inf"))
    elif attn_mask is not None:
        scores = scores + attn_mask.double()
    return scores.softmax(-1)


def _fitting(capture: Capture, found: dict[Any, list[torch.Tensor]]) -> Weights | None:
    """What was found, where it has the layers and sizes of the capture."""
    for kind in capture.kinds:
        layers, *size = capture.shape(kind)
        if len(found.get(kind, ())) != layers or any(list(each.shape[1:]) != size for each in found[kind]):
            return None
    return found

"""What the values of a layer write through its output projection: how far each key moves, and all that is written.

Kobayashi et al. 2020, "Attention is Not Only a Weight" (eq. 6). What is kept is the Gram matrix W_O^T W_O of each
head, (dv, dv) numbers, so that ||W_O v||^2 = v^T (W_O^T W_O) v needs neither the model nor a (K, width) tensor.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Any

import torch

from attnviz.capture.contribution import OutputParts
from attnviz.capture.recorder import Call
from attnviz.types import FloatArray

_OUTPUT = re.compile(r"(^|\.)(o_proj|out_proj|out_lin|c_proj|wo|Wo|o|dense|proj|to_out|linear_out)(\.0)?$")


class Projection:
    """W_O of an attention module: weight (width, H * dv) and bias (width,) or None. The model's own, not copied."""

    def __init__(self, weight: torch.Tensor, bias: torch.Tensor | None) -> None:
        self.weight, self.bias = weight, bias


def output_projection(call: Call, root: torch.nn.Module) -> Projection | None:
    """What maps the heads of a call to the residual stream, None where it is not found.

    It is looked for inside the attention module, then beside it (BERT keeps it in a sibling). A gated output
    (Qwen3-Next) has no fixed projection: None.
    """
    if call.v is None or call.module is None:
        return None
    size = call.shape[1] * call.v.shape[-1]
    if _is_gated(call, size):
        return None
    parent = root.get_submodule(call.name.rpartition(".")[0]) if "." in call.name else root
    for place in (call.module, parent):
        for name, part in place.named_modules():
            weight = getattr(part, "weight", None)
            if not _OUTPUT.search(name) or weight is None or weight.dim() != 2:
                continue
            rows, columns = weight.shape
            conv1d = type(part).__name__ == "Conv1D"  # GPT-2 keeps its weights transposed
            if (rows if conv1d else columns) == size:
                bias = getattr(part, "bias", None)
                return Projection(
                    (weight.T if conv1d else weight).detach(), None if bias is None else bias.detach()
                )
    return None


def _is_gated(call: Call, size: int) -> bool:
    module: Any = call.module
    query = getattr(module, "q_proj", None)
    doubled = query is not None and getattr(query, "out_features", 0) == 2 * call.shape[1] * call.q.shape[-1]
    return doubled or any("gate" in name for name, _ in module.named_children())


def gram(weight: torch.Tensor, heads: int) -> Annotated[torch.Tensor, "H dv dv"]:
    """W_O^T W_O of every head, float32, from a (width, H * dv) weight."""
    per_head = weight.float().reshape(weight.shape[0], heads, -1).permute(1, 0, 2)  # (H, width, dv)
    return per_head.transpose(1, 2) @ per_head


@dataclass(frozen=True)
class KeyNorms:
    """||W_O v_j|| of every head and key, computed when asked for.

    Tensors: v (1, Hk, K, dv); grams (H, dv, dv) of the heads, float32, shared by all captures of a model.
    """

    v: Annotated[torch.Tensor, "1 Hk K dv"]
    grams: Annotated[torch.Tensor, "H dv dv"]

    @cached_property
    def values(self) -> Annotated[FloatArray, "H K"]:
        """(H, K) float32, in units of the model's activations; computed once."""
        v = self.v[0].float().repeat_interleave(self.grams.shape[0] // self.v.shape[1], 0)
        norms = ((v @ self.grams) * v).sum(-1).clamp_min(0).sqrt()
        return norms.cpu().numpy()


@dataclass(frozen=True)
class BlockOutput:
    """What an attention block wrote, from which contributions are computed when asked for.

    Tensors: v (1, Hk, K, dv); out (1, Q, H, dv), what the heads hand to the projection. The projection is the model's
    own, and no dataclass: its weights do not count as the capture's.
    """

    v: Annotated[torch.Tensor, "1 Hk K dv"]
    out: Annotated[torch.Tensor, "1 Q H dv"]
    projection: Projection

    @property
    def nbytes(self) -> int:
        """Bytes of the pieces that `parts` gives."""
        return self.v.nbytes + self.piece_bytes

    @property
    def piece_bytes(self) -> int:
        """Bytes of those that `parts` makes; the values are those of the capture."""
        return 4 * (self.out.numel() + self.out.shape[1])

    def written(self) -> Annotated[torch.Tensor, "Q width"]:
        """The output of the block for every token, in float32."""
        written = self.out[0].flatten(1).float() @ self.projection.weight.float().T
        return written if self.projection.bias is None else written + self.projection.bias.float()

    def parts(self) -> OutputParts:
        """The pieces, float32."""
        y = self.written()
        squares = y.square().sum(-1, keepdim=True)
        y = torch.where(squares > 0, y / squares, 0)
        pulls = (y @ self.projection.weight.float()).view(*self.out.shape[1:]).transpose(0, 1)
        bias = self.projection.bias
        return OutputParts(self.v[0], pulls, torch.zeros(len(y)).to(y) if bias is None else y @ bias.float())

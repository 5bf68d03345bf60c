"""The scalar function that is explained: F(embeddings, mask), from one text on one model.

A target makes a `Problem`; methods evaluate it on changed masks or changed embeddings, many rows at once.
The shared module is only called: changed embeddings reach it by a function mode of the calling thread, so
there is no hook or gradient flag on it, and what other threads run on the same module is not disturbed.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import torch
from torch.overrides import TorchFunctionMode

from attnviz.errors import ModelUnsupported
from attnviz.types import FloatArray, Tokens

if TYPE_CHECKING:
    from attnviz.capture import Capture, Model

Run = Callable[..., Any]
Read = Callable[[Run, Annotated[torch.Tensor, "N T"]], Annotated[torch.Tensor, "N"]]


@dataclass(frozen=True)
class Problem:
    """F for one text.

    Attributes:
        model, module: the loaded model, and the part of it that is run.
        tokens, inputs: the text, and what the module is fed: (1, T) tensors on its device.
        read: (run, mask (N, T)) -> (N,) float32. Calls `run` once, with further keyword arguments for the
            module where it likes, and reads the target from the module's output.
        query_weights: (T,) float32, sums to 1: how much the target reads each position of the last layer.
        value: F(x).
        note: what a reader must know of the target, may be empty.
    """

    model: Model
    module: torch.nn.Module
    tokens: Tokens
    inputs: Mapping[str, torch.Tensor]
    read: Read
    query_weights: Annotated[FloatArray, "T"]
    value: float
    note: str = ""

    def evaluate(
        self,
        mask: Annotated[torch.Tensor, "N T"] | None = None,
        embeddings: Annotated[torch.Tensor, "N T d"] | None = None,
    ) -> Annotated[torch.Tensor, "N"]:
        """F of N variants of the text, in one pass through the module; float32 whatever the module's dtype.

        Args:
            mask: 0 removes a token; positions stay as they are. All ones by default.
            embeddings: in place of what the module looks up for its tokens, cast to its dtype.
        """
        return evaluate(self.module, self.inputs, self.read, mask, embeddings)

    def embed(self, ids: Annotated[torch.Tensor, "T"] | None = None) -> Annotated[torch.Tensor, "1 T d"]:
        """The module's input embeddings of the tokens, or of other ids, as float32; detached."""
        chosen = self.inputs["input_ids"] if ids is None else ids[None]
        return embedding_weight(self.module)[chosen].detach().float()

    def embed_rows(self) -> int:
        """How many ids the embedding matrix has rows for."""
        return len(embedding_weight(self.module))

    def capture(self) -> Capture:
        """The attention of a plain run on the same text. Raises ModelUnsupported where there is none."""
        return self.model.capture(self.tokens.text, self.tokens.pair)


def evaluate(
    module: torch.nn.Module,
    inputs: Mapping[str, torch.Tensor],
    read: Read,
    mask: torch.Tensor | None = None,
    embeddings: torch.Tensor | None = None,
) -> Annotated[torch.Tensor, "N"]:
    """`Problem.evaluate`, for targets that must compute before they can state their problem."""
    changed = mask if embeddings is None else embeddings
    count = 1 if changed is None else len(changed)
    rows = {name: tensor.expand(count, *tensor.shape[1:]) for name, tensor in inputs.items()}
    if mask is not None:
        rows["attention_mask"] = mask

    def run(**extra: Any) -> Any:
        return module(**rows, **extra)

    if embeddings is None:
        return read(run, rows["attention_mask"]).float()
    with _Embeddings(embedding_weight(module), rows["input_ids"], embeddings) as fed:
        result = read(run, rows["attention_mask"]).float()
    if not fed.used:
        raise _no_embedding(module)
    return result


def encode(model: Model, module: torch.nn.Module, text: str) -> tuple[Tokens, dict[str, torch.Tensor]]:
    """The text's tokens, and the (1, T) tensors that `module` is fed, with an attention mask always there.

    Raises:
        InputEmpty: no text.
        InputTooLong: more tokens than the model can take.
    """
    tokens, fed = model.encode(text)
    accepted = inspect.signature(module.forward).parameters
    device = model.loaded.device
    inputs = {
        name: torch.as_tensor(values, device=device).reshape(1, len(tokens))
        for name, values in fed.items()
        if name in accepted
    }
    inputs.setdefault("attention_mask", torch.ones(1, len(tokens), dtype=torch.int64, device=device))
    return tokens, inputs


def embedding_weight(module: torch.nn.Module) -> Annotated[torch.Tensor, "V d"]:
    """The input embedding matrix. Raises ModelUnsupported where the module has none."""
    try:
        return module.get_input_embeddings().weight  # type: ignore[operator]
    except (AttributeError, NotImplementedError) as error:
        raise _no_embedding(module) from error


def _no_embedding(module: torch.nn.Module) -> ModelUnsupported:
    return ModelUnsupported(
        f"The model class {type(module).__name__} has no table of token embeddings that gradients could be "
        "taken at.",
        "Choose a method without gradients, such as leave-one-out.",
        reason="not-captured",
    )


class _Embeddings(TorchFunctionMode):
    """Answers the module's first look-up of its tokens with other embeddings, in this thread only.

    Unlike `inputs_embeds`, this works the same for every family: positions and masks are still derived from
    the ids, and a family that scales its embeddings scales these too.
    """

    def __init__(self, weight: torch.Tensor, ids: torch.Tensor, embeddings: torch.Tensor) -> None:
        super().__init__()
        self.weight, self.ids, self.embeddings, self.used = weight, ids, embeddings, False

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        if (
            not self.used
            and func is torch.nn.functional.embedding
            and len(args) > 1
            and args[1] is self.weight
        ):
            answer = self.embeddings.to(self.weight.dtype)
            for ids, found in ((self.ids, answer), (self.ids.T, answer.transpose(0, 1))):  # XLNet: time first
                if torch.equal(args[0], ids):
                    self.used = True
                    return found
        return func(*args, **kwargs)

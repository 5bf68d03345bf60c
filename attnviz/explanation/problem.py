"""The scalar function that is explained: F(embeddings, mask), from one text on one model.

A target makes a `Problem`; methods evaluate it on changed masks or changed embeddings, many rows at once.
The shared module is only called: changed embeddings reach it by a function mode of the calling thread, so
there is no hook or gradient flag on it, and what other threads run on the same module is not disturbed.
"""

from __future__ import annotations

import copy
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import torch
from torch.overrides import TorchFunctionMode

from attnviz.checks import finite
from attnviz.errors import ModelUnsupported
from attnviz.language import say
from attnviz.types import BoolArray, FloatArray, Mark, Tokens

if TYPE_CHECKING:
    from attnviz.capture import Capture, Model
    from attnviz.capture.recording.sites import Sites

Read = Callable[["Run", Annotated[torch.Tensor, "N W"]], Annotated[torch.Tensor, "N"]]
Outcomes = tuple[tuple[str, float], ...]


@dataclass(frozen=True)
class Run:
    """One pass of N variants through the module: calling it runs it, with further keyword arguments.

    Attributes:
        module: what is run.
        rows: its (N, W) inputs.
        moved: (N, W) where each column of the text has gone, for variants that are shorter; None where it stayed.
    """

    module: torch.nn.Module
    rows: Mapping[str, torch.Tensor]
    moved: Annotated[torch.Tensor, "N W"] | None = None

    def __call__(self, **extra: Any) -> Any:
        return self.module(**self.rows, **extra)

    def columns(self, position: int) -> Annotated[torch.Tensor, "N"]:
        """Where each variant has the token that the text has at `position`."""
        if self.moved is not None:
            return self.moved[:, position]
        ids = self.rows["input_ids"]
        return torch.full((len(ids),), position, device=ids.device)


@dataclass(frozen=True)
class Problem:
    """F for one text of T tokens; the module may be fed W >= T columns (a continuation stands behind the text).

    Attributes:
        model, module: the loaded model, and the part of it that is run.
        tokens, inputs: the text, and what the module is fed: tensors of one row on its device.
        read: (run, mask (N, W)) -> (N,) float32. Calls `run` once, with further keyword arguments for the
            module where it likes, and reads the target from the module's output.
        query_weights: float32, sums to 1: how much the target reads each query row of the last layer.
        value: F(x).
        note: what a reader must know of the target, may be empty.
        options: the target's options, all decided: with them the target asks the same of another text or model.
        held: positions that no method blanks and no test removes, besides the special ones.
        read_at: positions that the target is read at: no test removes them, but methods blank them as all others.
        predict: (run, mask (1, W)) -> what the model says, by name, the most important first. None: nothing but F.
        said: what `predict` gives of the text as it is, where the target knows it already; None: it is asked.
        outcome_unit: of what `predict` gives.
        marks: as in `attnviz.types.Attribution`.
        continuation: the tokens behind the text, or those that a decoder was fed for; None where there are none.
        vectors: the shares (T, d) and (T', d) of the tokens of this text and of the other one in their two
            vectors of length 1, for a target that is the product of these.
        echoed: whether a decoder is fed the text, too, one place later; its embeddings change with the text's.
    """

    model: Model
    module: torch.nn.Module
    tokens: Tokens
    inputs: Mapping[str, torch.Tensor]
    read: Read
    query_weights: Annotated[FloatArray, "Q"]
    value: float
    note: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)
    held: tuple[int, ...] = ()
    read_at: tuple[int, ...] = ()
    marks: tuple[Mark, ...] = ()
    predict: Callable[[Run, torch.Tensor], Outcomes] | None = None
    said: Outcomes | None = None
    outcome_unit: str = ""
    continuation: Tokens | None = None
    vectors: Callable[[], tuple[torch.Tensor, torch.Tensor]] | None = None
    echoed: bool = False

    def within(self, module: torch.nn.Module) -> Problem:
        """The same question to another module, of which nothing is known yet but F."""
        return replace(self, module=module, said=None)

    @property
    def mask(self) -> Annotated[torch.Tensor, "1 T"]:
        """The attention mask of the text alone, all ones."""
        return self.inputs["attention_mask"][:, : len(self.tokens)]

    @property
    def causal(self) -> bool:
        """Whether every token sees only those before it, so that the first one is seen by all."""
        return self.model.card.kind == "decoder"

    @property
    def unblanked(self) -> Annotated[BoolArray, "T"]:
        """The positions that no method blanks: special tokens, and what the target asks about."""
        kept = np.array(self.tokens.special)
        kept[list(self.held)] = True
        return kept

    @property
    def fixed(self) -> Annotated[BoolArray, "T"]:
        """The positions that no test removes: those that are not blanked, and those that the target is read at."""
        fixed = self.unblanked
        fixed[list(self.read_at)] = True
        return fixed

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
        count = len(self.tokens)
        own = self.inputs["attention_mask"]
        if mask is not None and own.shape[1] > count:
            mask = torch.cat([mask, own[:, count:].expand(len(mask), -1)], 1)
        if embeddings is not None and own.shape[1] > count:
            behind = self._looked_up(self.inputs["input_ids"][:, count:])
            embeddings = torch.cat([embeddings, behind.expand(len(embeddings), -1, -1)], 1)
        return evaluate(self.module, self.inputs, self.read, mask, embeddings, self.echoed)

    def evaluate_rows(
        self, rows: Mapping[str, torch.Tensor], moved: torch.Tensor | None = None
    ) -> Annotated[torch.Tensor, "N"]:
        """F of N variants that are given as the module's own inputs (N, W); `moved` as in `Run`."""
        return self.read(Run(self.module, rows, moved), rows["attention_mask"]).float()

    def outcomes(self) -> Outcomes:
        """What the model says of the text as it is; empty where the target has nothing but its value."""
        if self.said is not None:
            return self.said
        if self.predict is None:
            return ()
        with torch.no_grad():
            return self.predict(Run(self.module, self.inputs), self.inputs["attention_mask"])

    def embed(self, ids: Annotated[torch.Tensor, "T"] | None = None) -> Annotated[torch.Tensor, "1 T d"]:
        """The module's input embeddings of the tokens, or of other ids, as float32; detached."""
        return self._looked_up(self.inputs["input_ids"][:, : len(self.tokens)] if ids is None else ids[None])

    def _looked_up(self, ids: torch.Tensor) -> torch.Tensor:
        return embedding_weight(self.module)[ids].detach().float()

    def embed_rows(self) -> int:
        """How many ids the embedding matrix has rows for."""
        return len(embedding_weight(self.module))

    def capture(self) -> Capture:
        """The attention of a plain run on the same inputs. Raises ModelUnsupported where there is none."""
        return self.model.capture_fed(self.inputs, self.tokens, self.continuation)

    def sites(self) -> Sites:
        """The attention calls of a plain run, where outputs can be changed. Raises ModelUnsupported as `capture`."""
        return self.model.sites_fed(self.inputs, self.tokens, self.continuation)


def evaluate(
    module: torch.nn.Module,
    inputs: Mapping[str, torch.Tensor],
    read: Read,
    mask: torch.Tensor | None = None,
    embeddings: torch.Tensor | None = None,
    echoed: bool = False,
) -> Annotated[torch.Tensor, "N"]:
    """`Problem.evaluate`, for targets that must compute before they can state their problem."""
    changed = mask if embeddings is None else embeddings
    count = 1 if changed is None else len(changed)
    rows = {name: tensor.expand(count, *tensor.shape[1:]) for name, tensor in inputs.items()}
    if mask is not None:
        rows["attention_mask"] = mask
    run = Run(module, rows)
    if embeddings is None:
        return read(run, rows["attention_mask"]).float()
    with _Embeddings(embedding_weight(module), rows["input_ids"], embeddings, echoed) as fed:
        result = read(run, rows["attention_mask"]).float()
    if not fed.used:
        raise _no_embedding(module)
    return result


def check_value(problem: Problem, value: float) -> None:
    """Nothing where F is a finite number. Raises NumbersInvalid, with the layer after which it first is none."""
    if np.isfinite(value):
        return
    finite(
        value, f"the result of {problem.model.card.name}", problem.model.dtype, _first_invalid_layer(problem)
    )


def _first_invalid_layer(problem: Problem) -> int | None:
    """The first layer whose output holds NaN or infinity; None where it is not a layer's, or is not shown."""
    # A copy over the same weights: transformers leaves a hook on a module that it has asked for its hidden states.
    shared = {id(tensor): tensor for tensor in (*problem.module.parameters(), *problem.module.buffers())}
    with torch.no_grad():
        output = copy.deepcopy(problem.module, shared)(**problem.inputs, output_hidden_states=True)
    names = ("encoder_hidden_states", "decoder_hidden_states", "hidden_states")
    for states in (found for name in names if (found := getattr(output, name, None)) is not None):
        for layer, state in enumerate(states[1:]):
            if not bool(state.isfinite().all()):
                return layer if bool(states[0].isfinite().all()) else None
    return None


def encode(
    model: Model, module: torch.nn.Module, text: str, pair: str | None = None
) -> tuple[Tokens, dict[str, torch.Tensor]]:
    """The tokens of the text, or of two joined to one sequence, and the (1, T) tensors that `module` is fed.

    The attention mask is always among them.

    Raises:
        InputEmpty: no text.
        InputTooLong: more tokens than the model can take.
    """
    tokens, fed = model.encode(text, pair)
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
        say(
            "The model class {kind} has no table of token embeddings that gradients could be taken at.",
            kind=type(module).__name__,
        ),
        say("Choose a method without gradients, such as leave-one-out."),
        reason="not-captured",
    )


class _Embeddings(TorchFunctionMode):
    """Answers the module's first look-up of its tokens with other embeddings, in this thread only.

    Unlike `inputs_embeds`, this works the same for every family: positions and masks are still derived from
    the ids, and a family that scales its embeddings scales these too. Where the text is `echoed`, the look-up of the
    ids one place later is answered, too, but for its first token.
    """

    def __init__(
        self, weight: torch.Tensor, ids: torch.Tensor, embeddings: torch.Tensor, echoed: bool
    ) -> None:
        super().__init__()
        self.weight, self.ids, self.embeddings, self.echoed = weight, ids, embeddings, echoed
        self.used = False

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        if func is not torch.nn.functional.embedding or len(args) < 2 or args[1] is not self.weight:
            return func(*args, **kwargs)
        answer = self.embeddings.to(self.weight.dtype)
        if not self.used:
            for ids, found in ((self.ids, answer), (self.ids.T, answer.transpose(0, 1))):  # XLNet: time first
                if args[0] is ids or torch.equal(args[0], ids):  # comparing waits for the device
                    self.used = True
                    return found
        elif self.echoed and torch.equal(args[0][:, 1:], self.ids[:, :-1]):
            return torch.cat([func(*args, **kwargs)[:, :1], answer[:, :-1]], 1)
        return func(*args, **kwargs)

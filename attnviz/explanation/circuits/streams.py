"""A text in a model whose scores can be taken apart: one traced pass, asked many questions."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import torch

from attnviz.checks import index
from attnviz.errors import InputInvalid, ModelUnsupported, UnknownName
from attnviz.explanation.circuits.parts import Vectors, as_numpy, parts_of_look
from attnviz.explanation.circuits.records import Look, Pass, Products, Write
from attnviz.explanation.circuits.tracing import Change, hollow, traced
from attnviz.language import say
from attnviz.types import Against, Items, Kind, ScoreParts, default_kind

if TYPE_CHECKING:
    from attnviz.capture import Model
    from attnviz.capture.reading import Messages
    from attnviz.capture.recording.recorder import Role

Tensor = torch.Tensor
EXACT = 1e-5  # of the sum of the absolute parts: what float32 leaves of a sum that is right
ROW = 1e-4  # how far the weights made from score and position may lie from the model's own


class Streams:
    """A text, read by a model, and the streams that its heads read.

    Attributes:
        dtype: that the model itself runs in; its streams are read in float32, in which sums add up.
        tokens, fed: the items of the text, and of what a decoder beside an encoder was fed; else None.
        single: whether the model has one kind of attention.
        kinds: of attention that it has.
    """

    def __init__(self, model: Model, inputs: dict[str, Any], tokens: Items, fed: Items | None = None) -> None:
        self.dtype = str(model.dtype).removeprefix("torch.")
        self.model = model = _wide(model)
        self.single = model.card.kind != "encoder-decoder"
        self.kinds: tuple[Kind, ...] = ("self",) if self.single else ("encoder", "decoder", "cross")
        self.tokens, self.fed, self.inputs = tokens, fed, inputs
        self._shell = hollow(model.loaded.module, self.inputs)
        self._pass: Pass | None = None
        self._until: tuple[Role, int] | None = None

    # ------------------------------------------------------------------------------------ what was traced

    def kind(self, kind: Kind | None) -> Kind:
        """The kind of attention that is meant. Raises UnknownName."""
        if kind is None:
            return default_kind(self.kinds)
        if kind not in self.kinds:
            raise UnknownName(say("kind of attention"), kind, self.kinds)
        return kind

    def query_tokens(self, kind: Kind) -> Items:
        """The items of the rows."""
        return self.fed if kind in ("decoder", "cross") and self.fed is not None else self.tokens

    def key_tokens(self, kind: Kind) -> Items:
        """The items of the columns."""
        return self.fed if kind == "decoder" and self.fed is not None else self.tokens

    def found(self, kind: Kind, layer: int | None) -> Pass:
        """A traced pass that reaches a layer; None: the end."""
        role: Role = "encoder" if kind == "self" else kind
        if self._pass is None or (
            self._until is not None and (layer is None or self._pass.look(role, layer) is None)
        ):
            until = None if layer is None else (role, layer)
            self._pass, self._until = traced(self._shell, self.inputs, until, single=self.single), until
        return self._pass

    def again(self, kind: Kind, layer: int | None, change: Change) -> Pass:
        """A pass with other writes, to the same layer."""
        role: Role = "encoder" if kind == "self" else kind
        until = None if layer is None else (role, layer)
        return traced(self._shell, self.inputs, until, change, self.single)

    def look(self, kind: Kind, layer: int) -> tuple[Pass, Look]:
        """An attention call, and the pass that it was made in. Raises UnknownName, ModelUnsupported."""
        role: Role = "encoder" if kind == "self" else kind
        count = self.model.card.layers
        if isinstance(layer, bool) or not isinstance(layer, int) or layer < 0:
            raise UnknownName(say("layer"), layer, (f"0 to {count - 1}",))
        found = self.found(kind, layer)
        look = found.look(role, layer)
        if look is None:
            reached = sum(each.role == role for each in found.looks)
            if reached:
                raise UnknownName(say("layer"), layer, (f"0 to {reached - 1}",))
            raise self.refusal("its queries and keys are not shown")
        self._check(found, look)
        return found, look

    def _check(self, found: Pass, look: Look) -> None:
        """Whether all that the look reads was written by somebody who can be named."""
        if isinstance(look.scores, Products) and not look.scores.known:
            raise self.refusal(
                "its scores are more than products of queries and keys and a bias of the position"
            )
        if look.q.shape[0] != 1 or not (look.q.requires_grad and look.k.requires_grad):
            raise self.refusal("its queries and keys are not linear in what was written")
        for each in found.looks:
            if each is look:
                return
            known = each.write is not None or any(
                (write.kind, write.layer, write.role) == ("attention", each.layer, each.role)
                for write in found.writes
            )
            if not known:
                raise self.refusal(f"what the heads of layer {each.layer} write could not be followed")

    def refusal(self, why: str) -> ModelUnsupported:
        """Why a score is not taken apart."""
        card = self.model.card
        return ModelUnsupported(
            say(
                "A score of {name} ({family}) cannot be taken apart exactly: {why}.",
                name=card.name,
                family=card.family,
                why=why,
            ),
            say("Look at its attention, or switch heads off to see what they are needed for."),
            reason="not-linear",
        )

    # ------------------------------------------------------------------------------------ scores

    def cell(self, kind: Kind, layer: int, head: int, query: int, key: int, against: Against) -> Cell:
        """One score, ready to be split. Raises UnknownName, InputInvalid, ModelUnsupported."""
        found, look = self.look(kind, layer)
        head = index("head", head, look.q.shape[1])
        query = index("query token", query, look.q.shape[2])
        key = index("key token", key, look.k.shape[2])
        allowed, position, weights = look.row(head, query)
        if not bool(allowed[key]):
            raise InputInvalid(
                say("Token {query} cannot look at token {key}: the mask forbids it.", query=query, key=key),
                say("Choose a key that it may look at."),
            )
        columns = torch.zeros(2, len(allowed), dtype=torch.float64, device=allowed.device)
        columns[0, key] = 1
        if against == "mean":
            columns[1] = allowed.double() / allowed.sum()
        elif against is not None:
            other = index("key token to hold against", against, len(allowed))
            if not bool(allowed[other]):
                raise InputInvalid(
                    say(
                        "Token {query} cannot look at token {other}: the mask forbids it.",
                        query=query,
                        other=other,
                    ),
                    say("Choose another key."),
                )
            columns[1, other] = 1
        return Cell(self, found, look, kind, head, query, key, against, columns, allowed, position, weights)


class Cell:
    """One score of a traced pass: what its parts are, and what it is when something is taken away."""

    def __init__(
        self,
        streams: Streams,
        found: Pass,
        look: Look,
        kind: Kind,
        head: int,
        query: int,
        key: int,
        against: Against,
        columns: Tensor,
        allowed: Tensor,
        position: Tensor,
        weights: Tensor,
    ) -> None:
        self.streams, self.found, self.look, self.kind = streams, found, look, kind
        self.head, self.query, self.key, self.against = head, query, key, against
        self.columns, self.allowed, self.weights = columns, allowed, weights
        self.scale = float(look.scores.scale)
        self.difference = columns[0] - columns[1]
        free = torch.where(allowed, position, 0.0)
        self.position = float(self.difference @ free)
        self.q, self.k = vectors_of(look, head)
        self.reference = columns[1] @ self.k
        self.product = self.scale * float(self.q[query] @ (self.k[key] - self.reference))
        self._hold_row(free)

    def _hold_row(self, position: Tensor) -> None:
        """The row that scores and positions make is the model's own; a family that does more is refused."""
        if not isinstance(self.look.scores, Products):
            return
        logits = (self.scale * (self.k @ self.q[self.query]) + position).masked_fill(
            ~self.allowed, float("-inf")
        )
        if float((logits.softmax(0) - self.weights).abs().max()) > ROW:
            raise self.streams.refusal(
                "its weights are not the softmax of the products and a bias of the position"
            )

    def split(self) -> tuple[ScoreParts, Vectors, Vectors]:
        """The score as a table of parts. Raises ModelUnsupported where they do not add up to it."""
        streams, look = self.streams, self.look
        at_query, at_key = parts_of_look(
            self.found, look, self.head, self.query, self.columns, streams.single
        )
        keys = at_key.values[:, 0] - at_key.values[:, 1]
        softcap = look.scores.softcap
        parts = ScoreParts(
            query_tokens=streams.query_tokens(self.kind), key_tokens=streams.key_tokens(self.kind), layer=look.layer,
            head=self.head, kind=self.kind, query=self.query, key=self.key, against=self.against,
            query_parts=at_query.parts, key_parts=at_key.parts,
            table=as_numpy(self.scale * at_query.values[:, 0] @ keys.T), position=self.position,
            score=self.product + self.position, weight=float(self.weights[self.key]),
            reference_weight=float(self.weights[self.against]) if isinstance(self.against, int) else None,
            softcap=None if softcap is None else float(softcap), dtype=streams.dtype,
        )  # fmt: skip
        if not abs(parts.residual) <= EXACT * parts.size + 1e-9:
            raise streams.refusal(
                f"the parts add up to {parts.score - parts.residual:.4g}, and the score is {parts.score:.4g}"
            )
        return parts, at_query, at_key

    def after(self, found: Pass, side: str) -> float:
        """This score where one side's stream is that of another pass, against the same reference."""
        q, k = self._vectors(found)
        q, k = (q, self.k) if side == "query" else (self.q, k)
        return self.scale * float(q[self.query] @ (k[self.key] - self.reference)) + self.position

    def anew(self, found: Pass) -> float:
        """This score in another pass, reference and all."""
        q, k = self._vectors(found)
        return self.scale * float(q[self.query] @ (self.difference @ k)) + self.position

    def _vectors(self, found: Pass) -> tuple[Tensor, Tensor]:
        look = found.look(self.look.role, self.look.layer)
        assert look is not None
        return vectors_of(look, self.head)


def vectors_of(look: Look, head: int) -> tuple[Tensor, Tensor]:
    """The queries (Q, d) and keys (K, d) of a head, float64, as plain numbers."""
    return look.q[0, head].detach().double(), look.k[0, head // look.group].detach().double()


def written(write: Write, head: int | None, token: int) -> Tensor:
    """(width,): what a head, or a whole write, added at a token."""
    return (
        write.value[token]
        if head is None or write.z is None
        else write.head(head, slice(token, token + 1))[0]
    )


def read(
    model: Model, text: str | Messages, pair: str | None = None, target_text: str | None = None
) -> Streams:
    """The streams of a text, and of what a decoder beside an encoder is fed. Raises as `Model.capture` does."""
    from attnviz.text import tokens_of_ids

    tokens, lists = model.encode(text, pair)
    if model.card.kind != "encoder-decoder":
        return Streams(model, _uncached(model, model.tensors(lists)), tokens)
    if target_text is None:  # what it writes by itself, or, of a classifier, the text once more
        fed: Any = model.capture(text, pair).fed_tokens
        ids = [int(number) for number in fed.ids]
        if model.echoes:
            return Streams(model, _uncached(model, model.tensors(lists)), tokens, fed)
    else:
        _, ids = model.forced(target_text)
        fed = tokens_of_ids(model.loaded.tokenizer, ids, special_ids=ids[:1])
    return Streams(model, _uncached(model, model.tensors({**lists, "decoder_input_ids": ids})), tokens, fed)


def _wide(model: Model) -> Model:
    """The model itself, or of one in half precision the same weights in float32: a second model for the moment."""
    from attnviz.capture import Model

    if model.dtype in (torch.float32, torch.float64):
        return model
    wide = copy.deepcopy(model.loaded.module).float()
    return Model(replace(model.loaded, module=wide, dtype=torch.float32))


def _uncached(model: Model, inputs: dict[str, Any]) -> dict[str, Any]:
    config: Any = model.loaded.module.config
    return {**inputs, "use_cache": False} if hasattr(config, "use_cache") else inputs

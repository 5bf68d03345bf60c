"""A head's write, carried on to the logits, to a similarity and to later heads, with norms held at their scale."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any

import torch

from attnviz import checks
from attnviz.errors import ModelUnsupported, TargetUnsupported
from attnviz.explanation.circuits.parts import as_numpy, vectors
from attnviz.explanation.circuits.records import Pass, Write
from attnviz.explanation.circuits.streams import Streams, read
from attnviz.explanation.circuits.testing import less
from attnviz.explanation.declarations import Progress
from attnviz.language import say
from attnviz.types import Kind, LaterEffect, Side, Writes

if TYPE_CHECKING:
    from attnviz.capture import Model
    from attnviz.capture.reading import Messages

Tensor = torch.Tensor
LATER = 8  # later heads that are named
SEEN = 0.05  # weight of a cell from which on a later head is named


def writes_of(
    model: Model,
    text: str | Messages,
    layer: int,
    head: int,
    query: int | None,
    target: str | None,
    pair: str | None,
    kind: Kind | None,
    target_text: str | None,
    words: int,
    token: int | None,
    report: Progress,
) -> Writes:
    """See `attnviz.writes`."""
    report(0.0)
    target = _target(model, target, pair)
    streams = read(model, text, None if target == "similarity" else pair, target_text)
    chosen = streams.kind(kind)
    _, look = streams.look(chosen, layer)
    head = checks.index("head", head, look.q.shape[1])
    found = streams.found(chosen, None)
    report(0.3)
    items = streams.query_tokens(chosen)
    if query is not None:
        query = checks.index("query token", query, look.q.shape[2])
    elif target != "similarity":
        query = len(items) - 1
    write = _write_of(streams, found, chosen, layer)
    rows = slice(None) if query is None else slice(query, query + 1)
    result = Writes(
        tokens=items, layer=layer, head=head, kind=chosen, query=query, norm=float(write.head(head, rows).norm()),
        layer_norm=float(write.value[rows].norm()),
    )  # fmt: skip
    if target == "logit" and query is not None:
        result = _logit(streams, found, result, token, words)
    elif target == "similarity":
        result = _similarity(streams, found, result, pair or "")
    report(0.7)
    if query is not None:
        result = replace(result, later=_later(streams, found, result))
    report(1.0)
    return result


def _target(model: Model, target: str | None, pair: str | None) -> str:
    from attnviz.explanation.attribution.targets.next_token import generates

    available = ["logit"] if generates(model) and model.card.kind != "encoder" else []
    if model.card.kind == "encoder":
        available.append("similarity")
    if target == "none":
        return ""
    if target is None:
        return "logit" if "logit" in available else "similarity" if available and pair else ""
    if target not in available:
        raise TargetUnsupported(
            say(
                "{name} has no share of its {target!r} that a head writes.",
                name=model.card.name,
                target=target,
            ),
            available,
        )
    if target == "similarity" and not pair:
        raise TargetUnsupported(say("Similarity needs a second text."), available)
    return target


def _write_of(streams: Streams, found: Pass, kind: Kind, layer: int) -> Write:
    look = found.look("encoder" if kind == "self" else kind, layer)
    if look is None or look.write is None or found.writes[look.write].z is None:
        raise streams.refusal("what its heads write could not be told apart")
    return found.writes[look.write]


def _part(values: Any, result: Writes) -> Tensor:
    """The vector of one head among those of all parts."""
    for part, value in zip(values.parts, values.values, strict=True):
        if (part.kind, part.layer, part.head, part.role) == ("head", result.layer, result.head, result.kind):
            return value[0]
    raise LookupError


def _heads_of_layer(values: Any, result: Writes) -> Annotated[Tensor, "H d"]:
    return torch.stack(
        [
            value[0]
            for part, value in zip(values.parts, values.values, strict=True)
            if (part.kind, part.layer, part.role) == ("head", result.layer, result.kind)
        ]
    )


def _logit(streams: Streams, found: Pass, result: Writes, token: int | None, words: int) -> Writes:
    """The head's direct share of a logit, and the words that it promotes; the last norm held as it is."""
    from attnviz.explanation.attribution.targets.logits import token_name

    weight = _unembedding(streams)
    if found.hidden is None or not found.hidden.requires_grad:
        raise streams.refusal("the logits are not linear in what was written")
    hidden = found.hidden.reshape(-1, found.hidden.shape[-1])
    column = torch.zeros(1, len(hidden), dtype=torch.float64, device=hidden.device)
    column[0, result.query] = 1
    values = vectors(found, hidden, column, streams.single)
    logits = hidden[result.query].detach() @ weight.T
    chosen = int(logits.argmax()) if token is None else checks.index("token id", token, len(weight))
    raised = (weight.double() @ _part(values, result)).float()
    centred = raised - raised.mean()
    order = centred.argsort(descending=True)
    tokenizer = streams.model.loaded.tokenizer

    def named(ids: Tensor) -> tuple[tuple[str, float], ...]:
        return tuple((token_name(tokenizer, int(n)), float(centred[n])) for n in ids)

    all_heads = _heads_of_layer(values, result) @ weight[chosen].double()
    return replace(
        result,
        target="logit",
        target_title=f"logit of {token_name(tokenizer, chosen)}",
        options=(("token", chosen),),
        value=float(logits[chosen]),
        share=float(all_heads[result.head]),
        shares_of_layer=as_numpy(all_heads),
        without=_logit_without(streams, found, result, weight, chosen),
        promoted=named(order[:words]),
        suppressed=named(order.flip(0)[:words]),
        note=_softcap_note(streams),
    )


def _softcap_note(streams: Streams) -> str:
    config: Any = streams.model.loaded.module.config
    cap = getattr(config, "final_logit_softcapping", None)
    return f"Logits are given before the bound of ±{cap:g} that this model puts on them." if cap else ""


def _unembedding(streams: Streams) -> Annotated[Tensor, "V d"]:
    module: Any = streams.model.loaded.module
    return module.get_output_embeddings().weight.detach()


def _logit_without(streams: Streams, found: Pass, result: Writes, weight: Tensor, chosen: int) -> float:
    """The logit with the head's write left out at the token, all after it computed anew."""
    again = _again(streams, found, result)
    assert again.hidden is not None
    assert result.query is not None
    return float(again.hidden.detach().reshape(-1, weight.shape[1])[result.query] @ weight[chosen])


def _again(streams: Streams, found: Pass, result: Writes) -> Pass:
    write = _write_of(streams, found, result.kind, result.layer)
    place = next(number for number, each in enumerate(found.writes) if each is write)
    tokens = range(len(write.value)) if result.query is None else (result.query,)
    part = write.head(result.head)

    def change(number: int, value: Tensor) -> Tensor:
        for token in tokens if number == place else ():
            value = less(value, part[token], token)
        return value

    return streams.again(result.kind, None, change)


def _similarity(streams: Streams, found: Pass, result: Writes, pair: str) -> Writes:
    """The head's share of the cosine with the other text, the length of this text's vector held as it is."""
    from attnviz.explanation.attribution.targets.similarity import base_of, embedding
    from attnviz.explanation.problem import encode

    model = streams.model
    pooling = model.loaded.pooling
    if not pooling.is_additive:
        raise ModelUnsupported(
            say(
                "{name} does not add up the vectors of its tokens, so a head has no share of the similarity.",
                name=model.card.name,
            ),
            say("Switch the head off instead."),
            reason="not-linear",
        )
    with torch.no_grad():
        _, inputs = encode(model, base_of(model.loaded.module), pair)
        other = embedding(base_of(model.loaded.module), inputs, pooling)[0]
    hidden = _last(streams, found)
    weights = torch.as_tensor(pooling.weights(len(hidden)), dtype=torch.float64, device=hidden.device)
    pooled = weights @ hidden.detach().double()
    column = weights.clone()
    if result.query is not None:
        column.zero_()[result.query] = weights[result.query]
    values = vectors(found, hidden, column[None], streams.single)
    unit = other.double() / (other.double().norm() * pooled.norm())
    shares = _heads_of_layer(values, result) @ unit
    after = weights @ _last(streams, _again(streams, found, result)).detach().double()
    return replace(
        result,
        target="similarity",
        target_title="similarity of the two texts",
        value=float(pooled @ unit),
        share=float(shares[result.head]),
        shares_of_layer=as_numpy(shares),
        without=float(torch.cosine_similarity(after, other.double(), dim=0)),
    )


def _last(streams: Streams, found: Pass) -> Annotated[Tensor, "T d"]:
    """The last hidden states of an encoder, tied to the graph."""
    hidden = getattr(found.output, "last_hidden_state", None)
    if hidden is None or not hidden.requires_grad:
        raise streams.refusal("its last states are not linear in what was written, or a head hides them")
    return hidden[0]


def _later(streams: Streams, found: Pass, result: Writes) -> tuple[LaterEffect, ...]:
    """What the write adds to later heads' scores: where it is read as a query, and where as a key."""
    effects = []
    own = found.look("encoder" if result.kind == "self" else result.kind, result.layer)
    assert own is not None
    assert own.write is not None
    assert result.query is not None
    write = found.writes[own.write]
    part = torch.zeros_like(write.value)
    part[result.query] = write.head(result.head)[result.query]
    later = found.looks[next(n for n, each in enumerate(found.looks) if each is own) + 1 :]
    for look in later:
        turned = _turned(write, part, look)
        if turned is None:
            continue
        q, k = turned
        effects += _effects(streams, look, q, k, result.query)
    seen = [each for each in effects if each.weight >= SEEN]
    return tuple(sorted(seen, key=lambda each: -abs(each.value))[:LATER])


def _turned(write: Write, part: Tensor, look: Any) -> tuple[Tensor | None, Tensor | None] | None:
    """What a part becomes in all queries and keys of a later layer: the graph is linear, so one product serves."""
    found: list[Tensor | None] = []
    for of in (look.q, look.k):
        way = torch.zeros_like(of, requires_grad=True)
        slope = torch.autograd.grad(of, write.leaf, way, create_graph=True, allow_unused=True)[0]
        if slope is None or not slope.requires_grad:
            found.append(None)
            continue
        moved = torch.autograd.grad(slope, way, part.reshape(slope.shape), retain_graph=True)[0]
        found.append(moved[0].detach().double())
    return None if all(each is None for each in found) else (found[0], found[1])


def _effects(
    streams: Streams, look: Any, q: Tensor | None, k: Tensor | None, token: int
) -> list[LaterEffect]:
    """Of one later layer: in the write's row the key with the largest weight, in its column the query."""
    kind: Kind = "self" if streams.single else look.role
    own_q, own_k = look.q[0].detach().double(), look.k[0].detach().double()
    effects = []
    for head in range(len(own_q)):
        group = head // look.group
        if q is not None and token < own_q.shape[1]:
            allowed, _, weights = look.row(head, token)
            key = int(weights.argmax())
            mean = own_k[group][allowed].mean(0)
            value = look.scores.scale * float(q[head, token] @ (own_k[group, key] - mean))
            effects.append(_effect(look, head, kind, "query", token, key, value, weights))
        if k is not None and token < own_k.shape[1]:
            effects += _as_key(look, head, kind, k[group], token, own_q[head])
    return effects


def _as_key(
    look: Any, head: int, kind: Kind, k: Annotated[Tensor, "K d"], token: int, own_q: Tensor
) -> list[LaterEffect]:
    """Of the queries behind the token, the one that looks at it most."""
    rows = look.scores
    every = (
        rows.weights.reshape(-1, *rows.weights.shape[-2:])[head, :, token].double()
        if not hasattr(rows, "weights_block")
        else rows.weights_block(slice(head, head + 1), slice(None), dtype=torch.float64)[0, :, token]
    )
    if token + 1 < len(every) and kind != "cross":
        every = every.clone()
        every[: token + 1] = 0  # a token that looks at itself says little
    query = int(every.argmax())
    allowed, _, weights = look.row(head, query)
    if not bool(allowed[token]):
        return []
    value = look.scores.scale * float(own_q[query] @ (k[token] - k[token] / float(allowed.sum())))
    return [_effect(look, head, kind, "key", query, token, value, weights)]


def _effect(
    look: Any, head: int, kind: Kind, side: Side, query: int, key: int, value: float, weights: Tensor
) -> LaterEffect:
    return LaterEffect(look.layer, head, kind, side, query, key, value, float(weights[key]))

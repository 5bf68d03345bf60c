"""A score is the sum of its parts: for every family that reads text, or it is refused in words."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from families import FAMILIES, module_of
from tiny_models import Family

from attnviz.capture import Model
from attnviz.capture.recompute.scores import QueryKeyScores
from attnviz.capture.recording.recorder import Call, record
from attnviz.errors import ModelUnsupported
from attnviz.explanation.circuits.streams import Streams
from attnviz.types import ScorePart

# What is more than products of queries and keys, or what is written where it cannot be followed.
REFUSED = {"bert-decoder", "mobilebert", "deepseek_v3", "deberta", "deberta-v2", "xlnet", "roformer"}
TEXTS = [
    family
    for family in FAMILIES
    if "pixel_values" not in family.inputs(False) and family.name not in ("whisper", "wav2vec2", "detr")
]


def streams_of(family: Family, padded: bool) -> tuple[Streams, tuple[Call, ...]]:
    """The streams of a family's second row, and its calls in a plain run."""
    module = module_of(family.name)
    inputs = {name: value[1:] for name, value in family.inputs(padded).items()}
    kind = (
        "encoder-decoder"
        if len(family.layers) > 1
        else "decoder"
        if "decoder" in family.layers
        else "encoder"
    )
    card: Any = SimpleNamespace(name=family.name, family=family.name, kind=kind, layers=2)
    model: Any = SimpleNamespace(dtype=torch.float32, card=card, loaded=SimpleNamespace(module=module))
    nothing: Any = SimpleNamespace(labels=())
    return Streams(model, inputs, nothing), record(module, inputs)[1]


def truth(call: Call, head: int, query: int, key: int) -> float | None:
    """The score against the mean key, from the queries and keys of a plain run; None where these are not shown."""
    scores = call.scores
    if not isinstance(scores, QueryKeyScores):
        return None
    one, row = slice(head, head + 1), slice(query, query + 1)
    plain = replace(scores, softcap=None).logits(one, row, dtype=torch.float64)[0, 0]
    seen = plain > -1e3
    return float(plain[key] - plain[seen].mean())


def split_all(streams: Streams, calls: tuple[Call, ...]) -> None:
    for call in calls:
        streams.cell("self" if streams.single else call.role, call.layer, 2, 3, 1, "mean").split()


@pytest.mark.parametrize("family", TEXTS, ids=lambda family: family.name)
def test_parts_add_up_to_the_score_of_a_plain_run(family: Family) -> None:
    paddings = (False, True) if family.takes_padding else (False,)
    if family.name in REFUSED:
        streams, calls = streams_of(family, False)
        with pytest.raises(ModelUnsupported, match="cannot be taken apart exactly: ") as caught:
            split_all(streams, calls)
        assert caught.value.reason == "not-linear"
        return
    for padded in paddings:
        streams, calls = streams_of(family, padded)
        streams.found(streams.kinds[-1], None)
        for call in calls:
            kind = "self" if streams.single else call.role
            weights = call.weights(2)
            query = 4
            key = int(weights[query, :5].argmax())
            cell = streams.cell(kind, call.layer, 2, query, key, "mean")
            parts = (
                cell.split()[0]
                if call.layer == max(each.layer for each in calls if each.role == call.role)
                else None
            )
            expected = truth(call, 2, query, key)
            assert float((cell.weights - weights[query]).abs().max()) < 2e-5
            if parts is None:
                continue
            assert abs(parts.residual) <= 1e-5 * parts.size
            if expected is not None:
                assert parts.score == pytest.approx(expected, abs=1e-4 * max(1.0, parts.size))
            written = {part.kind for part in parts.key_parts}
            assert {"embedding", "head", "feed-forward"} <= written
            assert parts.size > 0.1


def test_enough_families_are_taken_apart() -> None:
    assert len(TEXTS) - len(REFUSED) >= 25
    named = "bert llama gpt2 gemma2 gemma3 qwen3 gpt_neox mistral falcon bloom t5 bart marian"
    assert set(named.split()) <= {family.name for family in TEXTS} - REFUSED


def test_each_part_is_what_its_name_says(tiny: Any) -> None:
    """Llama, layer 1, by hand from hooks: what each head wrote, through the frozen norm, W_q, W_k and the rotation."""
    import attnviz

    model: Model = tiny("llama")
    text = "the cat sat on a mat and the dog ran"
    found = attnviz.why(model, text, 1, 3, 7, 2, against=None, tests=0)
    query, key = by_hand(model, text)
    table = query[:, 7] @ key[:, 2].T / 8**0.5
    names = ["word embedding", *(f"head 0.{head}" for head in range(4)), "feed-forward 0"]
    order = [[part.title for part in found.query_parts].index(name) for name in names]
    np.testing.assert_allclose(found.table[np.ix_(order, order)], table, atol=1e-5 * found.size)
    assert found.query_parts[1] == ScorePart("head", "head 0.0", 0, 0)
    mean = attnviz.why(model, text, 1, 3, 7, 2, tests=0)
    against = query[:, 7] @ (key[:, 2] - key[:, :8].mean(1)).T / 8**0.5
    np.testing.assert_allclose(mean.table[np.ix_(order, order)], against, atol=1e-5 * found.size)
    other = attnviz.why(model, text, 1, 3, 7, 2, against=5, tests=0)
    assert other.reference_weight == pytest.approx(model.capture(text).attention(1, 3)[7, 5], abs=1e-6)
    np.testing.assert_allclose(
        other.table[np.ix_(order, order)],
        query[:, 7] @ (key[:, 2] - key[:, 5]).T / 8**0.5,
        atol=1e-5 * found.size,
    )


def by_hand(model: Model, text: str) -> tuple[np.ndarray, np.ndarray]:
    """(parts, T, d) of the queries and keys of head 1.3 of the tiny Llama."""
    module: Any = model.loaded.module
    layers, seen = module.model.layers, {}
    hooks = [
        module.model.embed_tokens.register_forward_hook(lambda m, i, out: seen.update(words=out[0])),
        layers[0].self_attn.o_proj.register_forward_pre_hook(lambda m, i: seen.update(z=i[0][0])),
        layers[0].mlp.register_forward_hook(lambda m, i, out: seen.update(mlp=out[0])),
        layers[1].register_forward_pre_hook(lambda m, i, k: seen.update(x=i[0][0]), with_kwargs=True),
    ]
    _, inputs = model.encode(text)
    with torch.no_grad():
        module(**model.tensors(inputs))
        cos, sin = module.model.rotary_emb(seen["x"][None], torch.arange(len(seen["x"]))[None])
        weight = layers[0].self_attn.o_proj.weight.view(32, 4, 8)
        heads = [seen["z"].view(-1, 4, 8)[:, head] @ weight[:, head].T for head in range(4)]
        parts = torch.stack([seen["words"], *heads, seen["mlp"]])
        norm = layers[1].input_layernorm
        scale = torch.rsqrt(seen["x"].pow(2).mean(-1, keepdim=True) + norm.variance_epsilon) * norm.weight

        def turned(vectors: torch.Tensor) -> np.ndarray:
            half = torch.cat([-vectors[..., 4:], vectors[..., :4]], -1)
            return (vectors * cos[0] + half * sin[0]).double().numpy()

        attention = layers[1].self_attn
        query = turned((parts * scale) @ attention.q_proj.weight.view(4, 8, 32)[3].T)
        key = turned((parts * scale) @ attention.k_proj.weight.view(2, 8, 32)[1].T)
    for hook in hooks:
        hook.remove()
    return query, key


def test_a_layer_solved_by_hand() -> None:
    """GPT-2 of one head: (2, -2) + (1, -1) at the query and (1, -1) at the key; norms divide by 3 and by 1."""
    from transformers import GPT2Config, GPT2Model

    module = GPT2Model(GPT2Config(vocab_size=2, n_embd=2, n_layer=1, n_head=1, n_positions=2)).eval()
    with torch.no_grad():
        module.wte.weight.copy_(torch.tensor([[1.0, -1.0], [2.0, -2.0]]))
        module.wpe.weight.copy_(torch.tensor([[0.0, 0.0], [1.0, -1.0]]))
        block: Any = module.h[0]
        block.attn.c_attn.weight.copy_(torch.eye(2).repeat(1, 3))
        block.attn.c_attn.bias.copy_(torch.tensor([0.5, 0, 0, 0, 0, 0]))
    card: Any = SimpleNamespace(name="by hand", family="gpt2", kind="decoder", layers=1)
    model: Any = SimpleNamespace(dtype=torch.float32, card=card, loaded=SimpleNamespace(module=module))
    streams = Streams(model, {"input_ids": torch.tensor([[0, 1]])}, SimpleNamespace(labels=()))  # type: ignore[arg-type]
    parts, _, _ = streams.cell("self", 0, 0, 1, 0, None).split()
    assert [part.title for part in parts.query_parts] == ["word embedding", "position embedding", "biases"]
    root = 2**0.5
    expected = np.array([[4 / 3, 0, 0], [2 / 3, 0, 0], [0.5, 0, 0]]) / root
    np.testing.assert_allclose(parts.table, expected, atol=1e-4)
    assert parts.score == pytest.approx(2.5 / root, abs=1e-4)

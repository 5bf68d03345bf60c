"""NaN and infinity: no capture and no file of them; the refusal names the layer, the precision and what to do."""

from __future__ import annotations

import copy
from dataclasses import replace

import numpy as np
import pytest
import torch

import attnviz
from attnviz import CaptureInvalid, NumbersInvalid
from attnviz.capture import Model

TEXT = "The cat sat on the mat."


def broken(minilm: Model, layer: int, dtype: torch.dtype, part: str) -> Model:
    """A copy in which a part of one layer gives more than its precision can hold."""
    module = copy.deepcopy(minilm.loaded.module).to(dtype)
    with torch.no_grad():
        weight = module.encoder.layer[layer].get_submodule(part).weight
        weight.fill_(torch.finfo(dtype).max)
    return Model(replace(minilm.loaded, module=module, dtype=dtype))


@pytest.mark.parametrize(
    ("dtype", "remedy"),
    [(torch.float16, "bfloat16"), (torch.bfloat16, "float32"), (torch.float32, "damaged")],
)
@pytest.mark.parametrize(("part", "after"), [("output.dense", 2), ("attention.self.value", 2)])
def test_an_overflow_is_refused_with_its_layer(minilm, dtype, remedy, part, after):
    with pytest.raises(NumbersInvalid, match=remedy) as refused:
        broken(minilm, 2, dtype, part).capture(TEXT)
    assert (refused.value.layer, refused.value.dtype) == (after, str(dtype).removeprefix("torch."))
    assert "minilm" in refused.value.message


def test_an_overflow_before_the_first_layer_names_none(minilm):
    module = copy.deepcopy(minilm.loaded.module)
    with torch.no_grad():
        module.embeddings.word_embeddings.weight.fill_(float("nan"))
    with pytest.raises(NumbersInvalid) as refused:
        Model(replace(minilm.loaded, module=module)).capture(TEXT)
    assert refused.value.layer is None


def test_large_numbers_that_are_numbers_are_kept(minilm):
    """A sum that overflows is a reason to look closer, not one to refuse."""
    module = copy.deepcopy(minilm.loaded.module)
    with torch.no_grad():
        for name in ("weight", "bias"):
            getattr(module.encoder.layer[-1].attention.self.value, name).fill_(0)
        module.encoder.layer[-1].attention.self.value.bias.fill_(1e37)
    capture = Model(replace(minilm.loaded, module=module)).capture(TEXT)
    assert np.isfinite(capture.attention(5)).all()


def test_nothing_invalid_is_saved_or_opened(minilm, tmp_path):
    capture = minilm.capture(TEXT)
    layers = list(capture.layers["self"])
    layers[3] = replace(layers[3], scores=replace(layers[3].scores, q=layers[3].scores.q * float("nan")))
    damaged = replace(capture, layers={"self": tuple(layers)})
    with pytest.raises(NumbersInvalid, match="what is saved"):
        damaged.save(tmp_path / "nan.attnviz")
    assert not list(tmp_path.iterdir())
    data = capture.to_bytes()
    bits = capture.layers["self"][0].scores.q.numpy().tobytes()[:64]
    place = data.index(bits)
    with pytest.raises(CaptureInvalid, match="numbers"):
        attnviz.capture.read_capture(data[:place] + b"\x00\x00\xc0\x7f" * 16 + data[place + 64 :])

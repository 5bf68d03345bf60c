"""NaN and infinity: nothing of it is explained; the refusal names the layer, the precision and what to do."""

from __future__ import annotations

import copy
from dataclasses import replace

import pytest
import torch

from attnviz.capture import Model
from attnviz.errors import NumbersInvalid
from attnviz.explanation import ablate, answer, explain

TEXT = "The cat sat on the mat."


def overflowing(model: Model, dtype: torch.dtype) -> Model:
    """A copy whose second layer gives more than float16 can hold."""
    module = copy.deepcopy(model.loaded.module).to(dtype)
    with torch.no_grad():
        module.bert.encoder.layer[1].output.LayerNorm.weight.mul_(1e30 if dtype == torch.float32 else 3e4)
        module.bert.encoder.layer[1].output.LayerNorm.weight.mul_(1e30 if dtype == torch.float32 else 100)
    return Model(replace(model.loaded, module=module, dtype=dtype))


@pytest.mark.parametrize(("dtype", "remedy"), [(torch.float16, "bfloat16"), (torch.float32, "damaged")])
def test_an_overflow_is_refused_with_its_layer(classifier, dtype, remedy):
    broken = overflowing(classifier, dtype)
    for ask in (explain, answer):
        with pytest.raises(NumbersInvalid, match=remedy) as refused:
            ask(broken, TEXT)
        assert (refused.value.layer, refused.value.dtype) == (1, str(dtype).removeprefix("torch."))


def test_what_was_changed_beyond_all_bounds_is_refused(classifier):
    with pytest.raises(NumbersInvalid):
        ablate(classifier, TEXT, [(0, 0)], scale=float("inf"))

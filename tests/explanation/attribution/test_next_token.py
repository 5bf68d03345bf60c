"""The target "next-token" against the model's own logits."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from attnviz.errors import UnknownName
from attnviz.explanation import explain

TEXT = "The cat sat on the"
BOTH = pytest.mark.parametrize("model", ["gpt2", "llama"], indirect=True)


def logits(model, text: str = TEXT) -> torch.Tensor:
    with torch.no_grad():
        return model.loaded.module(**model.loaded.tokenizer(text, return_tensors="pt")).logits[0, -1]


@BOTH
def test_value_is_the_largest_logit_and_the_note_names_the_token(model):
    expected = logits(model)
    best = int(expected.argmax())
    result = explain(model, TEXT, method="attention")
    assert result.value == pytest.approx(float(expected[best]), abs=1e-5)
    assert f"token {best}), the most likely next token" in result.note
    assert f"its probability is {float(expected.softmax(-1)[best]):.3g}." in result.note


@BOTH
def test_a_token_can_be_asked_for_by_id_text_or_spelling(model):
    tokenizer = model.loaded.tokenizer
    (wanted,) = tokenizer.encode(" the", add_special_tokens=False)
    for token in (wanted, " the", tokenizer.convert_ids_to_tokens(wanted), f"#{wanted}", np.int64(wanted)):
        result = explain(model, TEXT, method="attention", token=token)
        assert result.value == pytest.approx(float(logits(model)[wanted]), abs=1e-5)
        assert f"(token {wanted}), as asked for" in result.note


@BOTH
def test_a_token_that_is_none_is_refused_with_its_pieces(model):
    with pytest.raises(
        UnknownName, match=r"no single token ' zzz'\. Choose one of:  , z, z, z, #0"
    ) as refused:
        explain(model, TEXT, token=" zzz")
    assert f"#0 to #{len(logits(model)) - 1}, its number" in str(refused.value)
    size = len(model.loaded.tokenizer)
    with pytest.raises(UnknownName, match=rf"no token id {size}\. Choose one of: 0 to {size - 1}\."):
        explain(model, TEXT, token=size)
    with pytest.raises(UnknownName, match="no token id -1"):
        explain(model, TEXT, token=-1)


@BOTH
def test_integrated_gradients_are_complete(model):
    result = explain(model, TEXT, method="integrated-gradients")
    change = result.value - result.baseline_value
    assert abs(change) > 0.1
    assert abs(result.residual) < 0.01 * abs(change)
    assert abs(change - result.scores.sum()) < 0.01 * abs(change)


@BOTH
def test_the_special_tokens_keep_their_place_in_the_baseline(model):
    result = explain(model, TEXT, method="integrated-gradients")
    special = np.array(result.tokens.special)
    special[0] = True  # kept in any case
    assert not result.scores[special].any()
    assert result.scores[~special].all()
    tokenizer = model.loaded.tokenizer
    ids = torch.from_numpy(result.tokens.ids.copy())[None]
    ids[0, torch.from_numpy(~special)] = tokenizer.eos_token_id
    with torch.no_grad():
        after = model.loaded.module(ids).logits[0, -1]
    assert result.baseline_value == pytest.approx(float(after[int(logits(model).argmax())]), abs=1e-5)


@BOTH
def test_without_the_last_token_the_prediction_is_read_before_it(model):
    result = explain(model, TEXT, method="leave-one-out")
    best = int(logits(model).argmax())
    shorter = model.loaded.tokenizer(TEXT, return_tensors="pt")["input_ids"][:, :-1]
    with torch.no_grad():
        before = float(model.loaded.module(shorter).logits[0, -1, best])
    assert result.scores[-1] == pytest.approx(result.value - before, abs=1e-5)

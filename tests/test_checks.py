"""The checks at the door: what counts as a whole number, a text, a finite number, and what is said of anything else."""

from __future__ import annotations

import numpy as np
import pytest

from attnviz import checks
from attnviz.errors import InputInvalid, NumbersInvalid, UnknownName


@pytest.mark.parametrize("value", [3, np.int64(3), np.uint8(3), np.array(3)])
def test_integers_of_numpy_are_integers(value):
    assert checks.whole(value) == 3
    assert type(checks.whole(value)) is int
    assert checks.index("head", value, 4) == 3
    assert checks.between("number", value, 1, 3) == 3


@pytest.mark.parametrize("value", ["3", 3.0, True, np.True_, None, [3], -1, 4])
def test_what_is_no_place_is_answered_with_the_places(value):
    with pytest.raises(UnknownName, match=r"Choose one of: 0 to 3\.$") as refused:
        checks.index("head", value, 4)
    assert f"There is no head {value!r}." in str(refused.value)
    assert "Did you mean" not in str(refused.value)


@pytest.mark.parametrize("value", [-1, float("nan"), float("inf"), "1", None, True])
def test_what_is_below_a_bound_is_answered_with_it(value):
    with pytest.raises(UnknownName, match="Choose one of: a number from 0 up"):
        checks.at_least("temperature", value, 0)
    assert checks.at_least("temperature", np.float32(0.5), 0) == 0.5


@pytest.mark.parametrize("value", [None, 3, b"bytes", ["a", "list"]])
def test_what_is_no_text_is_named_by_its_type(value):
    with pytest.raises(InputInvalid, match=rf"The text is not a string but {type(value).__name__}\."):
        checks.text("text", value)


@pytest.mark.parametrize("values", [float("nan"), np.array([1.0, np.inf])])
def test_what_is_not_finite_names_place_precision_and_remedy(values):
    with pytest.raises(
        NumbersInvalid, match=r"in float16: the scores, first after layer 2\. .*bfloat16"
    ) as refused:
        checks.finite(values, "the scores", "torch.float16", 2)
    assert (refused.value.dtype, refused.value.layer) == ("float16", 2)


def test_tensors_are_judged_by_the_same_check():
    import torch

    checks.finite(torch.ones(3), "x")
    with pytest.raises(NumbersInvalid, match="damaged"):
        checks.finite(torch.tensor([1.0, float("nan")]), "x", torch.float32)

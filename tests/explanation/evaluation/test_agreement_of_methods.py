"""Agreement with other methods and with another baseline: on scores solved by hand, and on real explanations."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import kendalltau

from attnviz.errors import UnknownName
from attnviz.explanation import explain, methods
from attnviz.explanation.evaluation import agreement as checks
from attnviz.types import Attribution, Tokens

TEXT, OTHER = "The committee refused to answer the question.", "Nobody in the old bank answered it."


def attribution(scores, method="leave-one-out") -> Attribution:
    """Of words of one token each, between two special ones."""
    count = len(scores)
    words = tuple(f" w{n}" for n in range(count))
    spans = [(0, 0), *((3 * n, 3 * n + 3) for n in range(count)), (0, 0)]
    tokens = Tokens(
        "".join(words), range(count + 2), ("[", *words, "]"), ("[", *words, "]"), spans,
        [True, *[False] * count, True], [-1, *range(count), -1], [0] * (count + 2),
    )  # fmt: skip
    return Attribution(tokens, np.array([9, *scores, -9]), None, None, method, "label", 1.0, None, None, True)


def test_every_method_is_compared_with_two_of_other_kinds():
    assert checks.compared_with("integrated-gradients", "label") == ("leave-one-out", "attention-relevance")
    assert checks.compared_with("leave-one-out", "label") == ("gradient-norm", "attention-relevance")
    assert checks.compared_with("attention-relevance", "label") == ("leave-one-out", "gradient-norm")
    assert all(len(checks.compared_with(info.name, "similarity")) == 2 for info in methods())
    with pytest.raises(UnknownName):
        checks.compared_with("rollout", "nonsense")


def test_taus_are_those_of_the_sizes_without_special_tokens():
    own, same, reverse = (
        attribution(each) for each in ([5, -4, 3, 2, 1], [-50, 40, 30, 20, 0], [1, 2, 3, 4, 5])
    )
    found = checks.agreement(own, [same, reverse])
    assert found.taus == pytest.approx((1, -1))
    assert found.tau == pytest.approx(-1), "the worst comparison counts"
    assert np.isnan(found.baseline_tau)
    assert np.isnan(checks.agreement(own, [same]).tau), "one other method is no agreement of methods"
    assert np.isnan(checks.agreement(own, [same, attribution([1] * 5)]).tau)
    second = checks.Rebaselined(reverse, "blanks")
    assert checks.agreement(own, [same, same], second).baseline_tau == pytest.approx(-1)


def test_few_words_are_not_compared():
    few = attribution([4, 3, 2, 1])
    assert checks.agreement(few, [few, few]) is None


def test_the_second_text_is_compared_with_itself(minilm):
    found = [explain(minilm, TEXT, pair=OTHER, method=name) for name in ("attention", *checks.CHEAP[:2])]
    scores, words = checks.word_scores(found, side=1)
    assert words == ("Nobody", "in", "the", "old", "bank", "answered", "it", ".")
    result = checks.agreement(found[0], found[1:], side=1)
    for tau, row in zip(result.taus, scores[1:], strict=True):
        assert tau == pytest.approx(kendalltau(abs(scores[0]), abs(row)).statistic)
    with pytest.raises(UnknownName, match="no side 2"):
        checks.word_scores(found, side=2)


@pytest.mark.parametrize(
    ("method", "option", "words"),
    [
        ("integrated-gradients", {"baseline": "mask"}, "the mask token as the blank"),
        ("leave-one-out", {"operator": "delete"}, "words deleted in place of hidden by the attention mask"),
        ("shapley", {"operator": "delete"}, "words deleted in place of hidden by the attention mask"),
    ],
)
def test_the_other_baseline_is_the_methods_own_option(minilm, method, option, words):
    assert checks.has_baseline(method)
    own = explain(minilm, TEXT, pair=OTHER, method=method)
    found = checks.from_another_baseline(minilm, own)
    expected = explain(minilm, TEXT, pair=OTHER, method=method, **option)
    np.testing.assert_array_equal(found.attribution.scores, expected.scores)
    np.testing.assert_array_equal(found.attribution.pair_scores, expected.pair_scores)
    assert found.baseline == words
    assert not np.array_equal(found.attribution.scores, own.scores)


@pytest.mark.parametrize("model", ["gpt2", "classifier", "t5"], indirect=True)
def test_the_other_baseline_keeps_the_question(model):
    given = {"continuation": "The dog slept."} if model.card.kind == "encoder-decoder" else {}
    own = explain(model, TEXT, method="integrated-gradients", **given)
    found = checks.from_another_baseline(model, own).attribution
    assert (found.target, found.options, found.value) == (own.target, own.options, own.value)
    assert found.baseline_value != own.baseline_value


@pytest.mark.parametrize("method", ["attention", "gradient-norm", "token-pairs", "rollout"])
def test_a_method_without_a_baseline_has_no_other(minilm, method):
    assert not checks.has_baseline(method)
    own = explain(minilm, TEXT, pair=OTHER, method=method)
    assert checks.from_another_baseline(minilm, own) == checks.Rebaselined()

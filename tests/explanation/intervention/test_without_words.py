"""Words taken away: the numbers of the faithfulness test, of a text without them, of the mask token in their place."""

from __future__ import annotations

import numpy as np
import pytest

from attnviz.errors import UnknownName
from attnviz.explanation import answer, explain, faithfulness, operators_for, without

TEXT, OTHER = "The cat sat on the mat while it rained.", "A kitten rests."


@pytest.mark.parametrize("operator", ["attention-mask", "delete", "mask"])
@pytest.mark.parametrize("side", [0, 1])
def test_without_its_words_the_result_is_that_of_the_faithfulness_test(minilm, operator, side):
    attribution = explain(minilm, TEXT, pair=OTHER, method="leave-one-out")
    test = faithfulness(minilm, attribution, operator, seeds=1, side=side)
    found = without(minilm, TEXT, test.word_tokens, pair=OTHER, side=side, operator=operator)
    assert found.before == test.value
    assert found.after == pytest.approx(test.without_words, abs=1e-6)
    assert (found.words, found.word_tokens) == (test.words, test.word_tokens)
    assert found.how == test.operator_title
    assert found.change == found.after - found.before


@pytest.mark.parametrize(
    ("model", "target", "options"),
    [
        ("classifier", "label", {}),
        ("filler", "masked-token", {}),
        ("gpt2", "next-token", {}),
        ("llama", "sequence", {"continuation": " dog slept"}),
        ("t5", "sequence", {"continuation": "The dog slept."}),
    ],
    indirect=["model"],
)
def test_all_targets_have_a_result_and_predictions_without_words(model, target, options):
    attribution = explain(model, TEXT, target, method="leave-one-out", **options)
    for operator in operators_for(model):
        test = faithfulness(model, attribution, operator.name, seeds=1)
        found = without(model, TEXT, test.word_tokens, target, operator=operator.name, **options)
        assert found.after == pytest.approx(test.without_words, abs=1e-5)
        assert found.options == attribution.options
        assert found.outcomes_before == attribution.outcomes
        assert found.outcomes_after != found.outcomes_before


def test_deleted_words_give_the_predictions_of_the_shorter_text(minilm):
    found = without(minilm, TEXT, ["while", "it", "rained"], "label-prompt", operator="delete")
    shorter = answer(minilm, "The cat sat on the mat.", "label-prompt", **dict(found.options))
    assert found.words == ("while", "it", "rained")
    assert found.after == pytest.approx(shorter.value, abs=1e-5)
    assert dict(found.outcomes_after) == pytest.approx(dict(shorter.outcomes), abs=1e-5)


def test_each_word_can_have_a_way_of_its_own(minilm):
    found = without(minilm, TEXT, {"cat": "mask", "rained": "delete"}, pair=OTHER)
    shorter = without(minilm, TEXT.replace(" rained", ""), ["cat"], pair=OTHER, operator="mask")
    assert found.after == pytest.approx(shorter.after, abs=1e-5)
    assert found.how == "deleted or replaced by the mask token"
    hidden = without(minilm, TEXT, {"cat": "delete", "rained": "attention-mask"}, pair=OTHER)
    alone = without(minilm, TEXT.replace("cat ", ""), ["rained"], pair=OTHER)
    assert hidden.after == pytest.approx(alone.after, abs=1e-5)


def test_a_word_is_taken_wherever_it_stands_and_a_position_takes_its_whole_word(minilm):
    found = without(minilm, "A kitten and a kittenish kitten.", ["kitten"], "label-prompt")
    assert found.words == ("kitten", "kitten")
    tokens = found.tokens
    inside = next(n for n, word in enumerate(tokens.words) if tokens.labels[n].startswith("ish"))
    assert without(minilm, tokens.text, [inside], "label-prompt").words == ("kittenish",)


def test_nothing_taken_away_changes_nothing_and_says_what_could_be(minilm):
    found = without(minilm, TEXT, pair=OTHER)
    assert (found.after, found.words, found.word_tokens, found.how) == (found.before, (), (), "")
    np.testing.assert_array_equal(found.free, ~found.tokens.special)
    assert not found.free.flags.writeable


def test_where_every_word_goes_the_last_token_stays(gpt2):
    text = "cat"
    tokens = gpt2.tokenize(text)
    found = without(gpt2, text, range(len(tokens)), "next-token", operator="delete")
    assert np.isfinite(found.after)


@pytest.mark.parametrize(
    ("words", "more", "said"),
    [
        (["dog"], {}, "rained"),
        ([0], {}, "token to take away"),
        ([True], {}, "token to take away"),
        ([999], {}, "token to take away"),
        (["cat"], {"operator": "burn"}, "attention-mask"),
        ({"cat": "burn"}, {}, "attention-mask"),
        (["cat"], {"side": 2}, "side"),
        (["cat"], {"colour": "red"}, "option"),
    ],
)
def test_what_cannot_be_taken_away_is_said_with_what_can(minilm, words, more, said):
    with pytest.raises(UnknownName, match=said):
        without(minilm, TEXT, words, pair=OTHER, **more)


def test_the_hidden_word_of_a_masked_model_cannot_be_taken_away(filler):
    asked = dict(answer(filler, TEXT, "masked-token").options)
    with pytest.raises(UnknownName, match="token to take away"):
        without(filler, TEXT, [asked["position"]], "masked-token")

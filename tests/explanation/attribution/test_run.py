"""Look-ups, refusals and assembly of `explain`: every message that users see."""

from __future__ import annotations

import numpy as np
import pytest

import attnviz.errors as errors
from attnviz.explanation import explain, methods, methods_for, targets, targets_for


def test_what_there_is():
    assert [info.name for info in methods()] == [
        "integrated-gradients",
        "leave-one-out",
        "shapley",
        "token-pairs",
        "attention-relevance",
        "gradient-norm",
        "gradient-times-input",
        "attention",
        "value-weighted",
        "rollout",
    ]
    assert {info.name for info in targets()} == {
        "similarity",
        "label",
        "label-difference",
        "label-prompt",
        "next-token",
        "token-difference",
        "masked-token",
        "sequence",
        "entailment",
        "tag",
        "answer-start",
        "answer-end",
    }


def test_each_kind_of_model_offers_its_own_targets_the_one_it_was_made_for_first(
    minilm,
    gpt2,
    llama,
    t5,
    classifier,
    last_token_classifier,
    filler,
    multi_label,
    entailer,
    tagger,
    answerer,
):
    assert targets_for(minilm) == ("similarity", "label-prompt")
    assert targets_for(gpt2) == targets_for(llama) == ("next-token", "token-difference", "sequence")
    assert targets_for(t5) == ("sequence",)
    assert targets_for(classifier) == ("label-difference", "label", "similarity", "label-prompt")
    assert targets_for(last_token_classifier) == ("label-difference", "label")
    assert targets_for(filler) == ("masked-token", "similarity", "label-prompt")
    assert targets_for(multi_label) == ("label", "label-difference", "similarity", "label-prompt")
    assert targets_for(entailer)[:2] == ("entailment", "label-difference")
    assert targets_for(tagger) == ("tag", "similarity", "label-prompt")
    assert targets_for(answerer) == ("answer-start", "answer-end", "similarity", "label-prompt")
    assert targets(minilm)[0].needs_pair, (
        "the default is what the model was made for, whatever texts there are"
    )


def test_each_kind_of_model_has_its_default_method(minilm, gpt2):
    assert (
        methods_for("similarity")[0].name
        == explain(minilm, "one", pair="two").method
        == "integrated-gradients"
    )
    assert methods_for("next-token")[0].name == explain(gpt2, "The cat sat").method == "leave-one-out"
    assert methods_for("label", "decoder")[0].name == "leave-one-out"
    assert methods_for("label", "encoder")[0].name == "integrated-gradients"
    assert len(methods_for("sequence", "decoder")) == len(methods_for("sequence"))


def test_a_method_is_offered_where_it_works(minilm):
    assert "token-pairs" in [info.name for info in methods_for("similarity")]
    assert "token-pairs" not in [info.name for info in methods_for("label-prompt")]
    with pytest.raises(
        errors.UnknownName, match=r"method for the target 'label-prompt' 'token-pairs'\. Choose one of: integ"
    ):
        explain(minilm, "one", "label-prompt", method="token-pairs")


def test_a_decoder_refuses_similarity_and_says_what_it_offers(gpt2):
    with pytest.raises(
        errors.TargetUnsupported,
        match=r"kind encoder .* kind decoder.* offers: next-token, token-difference, sequence\.",
    ) as info:
        explain(gpt2, "one", "similarity", "two")
    assert info.value.available == ("next-token", "token-difference", "sequence")


def test_an_encoder_refuses_the_next_token(minilm):
    with pytest.raises(
        errors.TargetUnsupported, match=r"This model offers: similarity, label-prompt\."
    ) as info:
        explain(minilm, "one", "next-token")
    assert info.value.available == ("similarity", "label-prompt")


def test_a_model_without_any_target_says_so(headless):
    with pytest.raises(errors.TargetUnsupported, match=r"nothing to explain .* offers no target\."):
        explain(headless, "one")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"method": "integrated-gradient"}, r"no attribution method 'integrated-gradient'.*Did you mean"),
        ({"target": "similarty"}, r"no target 'similarty'\. Did you mean 'similarity'\?"),
        (
            {"stps": 3},
            r"no option 'stps'\. Did you mean 'steps'\? Choose one of: steps, baseline, keep_first, length, special,",
        ),
        (
            {"method": "rollout", "steps": 3},
            r"no option 'steps'\. Choose one of: without_first, length, special,",
        ),
        ({"method": "leave-one-out", "unit": "page"}, r"no granularity 'page'"),
        ({"method": "shapley", "samples": 1}, r"no number of samples 1\. Choose one of: 2 to 10000\."),
        ({"steps": 0}, r"no number of steps 0\. Choose one of: 1 to 1024\."),
        ({"steps": True}, r"no number of steps True"),
        ({"baseline": "grey"}, r"no baseline 'grey'\. Choose one of: pad, eos, unk, mask, zero\."),
        ({"baseline": "eos"}, r"no baseline 'eos'\. Choose one of: pad, unk, mask, zero\."),
        ({"method": "attention", "layer": 6}, r"no layer 6\. Choose one of: 0 to 5\."),
        ({"method": "attention", "layer": -1}, r"no layer -1"),
        ({"method": "attention", "layer": "2"}, r"no layer '2'"),
    ],
)
def test_unknown_names_list_the_valid_ones(minilm, arguments, message):
    with pytest.raises(errors.UnknownName, match=message):
        explain(minilm, "one", pair="two", **arguments)


@pytest.mark.parametrize(("text", "pair"), [("", "b"), ("a", ""), (" \n", "b"), ("a", "\t")])
def test_empty_texts_are_refused(minilm, text, pair):
    with pytest.raises(errors.InputEmpty, match="empty"):
        explain(minilm, text, pair=pair)


def test_similarity_needs_two_texts(minilm):
    with pytest.raises(errors.InputEmpty, match=r"needs two texts; there is only one\. Give a second text\."):
        explain(minilm, "alone")


@pytest.mark.parametrize("method", [info.name for info in methods()])
def test_too_long_texts_are_refused_before_they_run(minilm, method):
    with pytest.raises(errors.InputTooLong) as info:
        explain(minilm, "cat " * 600, pair="b", method=method)
    assert info.value.tokens == 602
    assert info.value.limit == minilm.card.max_tokens


def test_a_second_text_that_plays_no_part_is_mentioned(gpt2):
    result = explain(gpt2, "The cat", pair="The dog", method="leave-one-out")
    assert "The second text plays no part in this target." in result.note
    assert result.pair_tokens is None
    assert result.pair_scores is None


def test_listing_needs_no_torch():
    import subprocess
    import sys

    code = "import sys, attnviz.explanation as e; e.methods(), e.targets(); print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_scores_of_special_tokens_are_tied_to_them(minilm):
    result = explain(minilm, "The cat", pair="A dog", method="leave-one-out")
    assert result.tokens.special.tolist() == [True, False, False, True]
    assert result.scores[np.array(result.tokens.special)].all()

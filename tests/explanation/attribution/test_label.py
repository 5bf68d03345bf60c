"""The targets "label" and "label-difference" against the classifier's own logits."""

from __future__ import annotations

import pytest
import torch

from attnviz.errors import UnknownName
from attnviz.explanation import explain

TEXT = "The dog slept under the table."
BOTH = pytest.mark.parametrize("model", ["classifier", "last_token_classifier"], indirect=True)


def logits(model, *texts: str) -> torch.Tensor:
    with torch.no_grad():
        return model.loaded.module(**model.loaded.tokenizer(*texts, return_tensors="pt")).logits[0]


@BOTH
def test_the_default_is_the_predicted_label_against_the_runner_up(model):
    own = logits(model, TEXT)
    names = model.loaded.module.config.id2label
    first, second = own.topk(2).indices.tolist()
    result = explain(model, TEXT, method="attention")
    assert result.target == "label-difference"
    assert result.value == pytest.approx(float(own[first] - own[second]), abs=1e-5)
    assert dict(result.options) == {"label": names[first], "against": names[second]}
    assert result.outcome_unit == "probability"
    expected = own.softmax(-1).tolist()
    assert dict(result.outcomes) == pytest.approx({names[n]: share for n, share in enumerate(expected)})
    assert result.outcomes[0][0] == names[first]
    assert f"the logit of {names[first]!r} (probability {expected[first]:.3g}) less that of" in result.note


@BOTH
def test_labels_are_asked_for_by_name_or_number(model):
    own = logits(model, TEXT)
    names = model.loaded.module.config.id2label
    for label in (1, names[1]):
        assert explain(model, TEXT, "label", method="attention", label=label).value == pytest.approx(
            float(own[1]), abs=1e-5
        )
    swapped = explain(model, TEXT, method="attention", label=1, against=0)
    assert swapped.value == pytest.approx(float(own[1] - own[0]), abs=1e-5)
    against_best = explain(model, TEXT, method="attention", against=int(own.argmax()))
    assert against_best.value < 0
    with pytest.raises(UnknownName, match=r"no label 'wrong'\. Choose one of: "):
        explain(model, TEXT, "label", label="wrong")


def test_a_second_text_is_read_in_the_same_sequence(classifier):
    result = explain(classifier, TEXT, pair="It was tired.", method="leave-one-out")
    own = logits(classifier, TEXT, "It was tired.").topk(2).values
    assert result.value == pytest.approx(float(own[0] - own[1]), abs=1e-5)
    assert set(result.tokens.segments.tolist()) == {0, 1}
    assert result.pair_tokens is None
    assert "plays no part" not in result.note


def test_without_the_last_token_a_decoder_is_read_before_it(last_token_classifier):
    """A classifier run by itself would still read the masked token's own vector."""
    result = explain(last_token_classifier, TEXT, "label", method="leave-one-out", label=0)
    shorter = last_token_classifier.loaded.tokenizer(TEXT, return_tensors="pt")["input_ids"][:, :-1]
    with torch.no_grad():
        before = float(last_token_classifier.loaded.module(shorter).logits[0, 0])
    assert result.scores[-1] == pytest.approx(result.value - before, abs=1e-5)


def test_a_classifier_of_several_labels_at_once_shows_each_probability_by_itself(classifier, monkeypatch):
    monkeypatch.setattr(classifier.loaded.module.config, "problem_type", "multi_label_classification")
    result = explain(classifier, TEXT, "label", method="attention")
    assert [value for _, value in result.outcomes] == pytest.approx(
        sorted(logits(classifier, TEXT).sigmoid().tolist(), reverse=True), abs=1e-6
    )


def test_one_number_has_no_rival(classifier, tmp_path):
    from transformers import BertConfig, BertForSequenceClassification

    from attnviz.capture import load_model
    from attnviz.explanation import targets_for

    config = BertConfig(
        vocab_size=30_522, hidden_size=16, num_hidden_layers=1, num_attention_heads=2, num_labels=1
    )
    BertForSequenceClassification(config).save_pretrained(tmp_path)
    classifier.loaded.tokenizer.save_pretrained(tmp_path)
    model = load_model(str(tmp_path), device="cpu", dtype="float32")
    assert targets_for(model)[0] == "label"
    result = explain(model, TEXT, method="attention")
    assert result.value == pytest.approx(float(logits(model, TEXT)[0]), abs=1e-6)
    assert result.outcome_unit == "logit"
    assert "the only number that the model gives" in result.note

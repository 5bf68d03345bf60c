"""label-prompt, token-difference, masked-token and sequence against what the models themselves say."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from attnviz.errors import InputEmpty, InputTooLong, UnknownName
from attnviz.explanation import explain

TEXT = "The cat sat on the"
LABELS = ("complaint", "praise", "question")


def vector(model, text: str) -> torch.Tensor:
    with torch.no_grad():
        hidden = model.loaded.module(**model.loaded.tokenizer(text, return_tensors="pt")).last_hidden_state
    return torch.nn.functional.normalize(hidden[0].mean(0), dim=0)


def test_label_prompt_is_the_margin_of_two_cosines(minilm):
    text = "The room was dirty and nobody answered the phone."
    cosines = {label: float(vector(minilm, text) @ vector(minilm, label)) for label in LABELS}
    first, second = sorted(cosines, key=lambda label: -cosines[label])[:2]
    result = explain(minilm, text, "label-prompt", method="leave-one-out", labels=LABELS)
    assert result.value == pytest.approx(cosines[first] - cosines[second], abs=1e-6)
    assert dict(result.options) == {"labels": LABELS, "label": first, "against": second}
    assert dict(result.outcomes) == pytest.approx(cosines, abs=1e-6)
    assert cosines["complaint"] > cosines["praise"]
    chosen = explain(
        minilm, text, "label-prompt", method="attention", labels=LABELS, label="praise", against="question"
    )
    assert chosen.value == pytest.approx(cosines["praise"] - cosines["question"], abs=1e-6)


@pytest.mark.parametrize("labels", [("one",), ("same", " same "), (), "complaint", ("a", "")])
def test_label_prompt_needs_two_labels(minilm, labels):
    with pytest.raises(InputEmpty, match="label"):
        explain(minilm, "text", "label-prompt", labels=labels)


@pytest.mark.parametrize("model", ["gpt2", "llama"], indirect=True)
def test_token_difference_is_the_likeliest_token_against_its_runner_up(model):
    with torch.no_grad():
        own = model.loaded.module(**model.loaded.tokenizer(TEXT, return_tensors="pt")).logits[0, -1]
    first, second = own.topk(2).indices.tolist()
    result = explain(model, TEXT, "token-difference", method="leave-one-out")
    assert result.value == pytest.approx(float(own[first] - own[second]), abs=1e-5)
    assert dict(result.options) == {"token": first, "against": second}
    swapped = explain(model, TEXT, "token-difference", method="leave-one-out", token=second, against=first)
    np.testing.assert_allclose(swapped.scores, -result.scores, atol=1e-5)
    best = own.softmax(-1).topk(10)
    assert [value for _, value in result.outcomes] == pytest.approx(best.values.tolist(), abs=1e-6)


def test_masked_token_hides_the_last_word(filler):
    text = "The cat sat on the mat."
    tokenizer = filler.loaded.tokenizer
    ids = tokenizer(text, return_tensors="pt")["input_ids"]
    place = ids[0].tolist().index(tokenizer.convert_tokens_to_ids("mat"))
    hidden = ids.clone()
    hidden[0, place] = tokenizer.mask_token_id
    with torch.no_grad():
        own = filler.loaded.module(hidden).logits[0, place]
    result = explain(filler, text, method="leave-one-out")
    assert result.target == "masked-token"
    assert dict(result.options) == {"position": place, "token": int(ids[0, place])}
    assert result.value == pytest.approx(float(own[ids[0, place]]), abs=1e-5)
    other = explain(filler, text, method="attention", position=2, token="dog")
    assert dict(other.options) == {"position": 2, "token": tokenizer.convert_tokens_to_ids("dog")}
    with pytest.raises(UnknownName, match=r"position of a word to hide 0\. Choose one of: 1, 2, 3"):
        explain(filler, text, position=0)


def test_the_hidden_word_stays_hidden_along_the_path(filler):
    """Integrated gradients turn blanks into the text, but the gap is a gap from the start."""
    result = explain(filler, "The cat sat on the mat.", steps=64)
    place = dict(result.options)["position"]
    assert result.scores[place] == 0
    assert abs(result.residual) < 0.01 * abs(result.value - result.baseline_value)


def log_probabilities(model, text: str, continuation: str) -> torch.Tensor:
    """Of each token of the continuation, one forward pass per token, each on what stands before it."""
    tokenizer = model.loaded.tokenizer
    ids = tokenizer(text)["input_ids"]
    found = []
    for token in tokenizer.encode(continuation, add_special_tokens=False):
        with torch.no_grad():
            found.append(model.loaded.module(torch.tensor([ids])).logits[0, -1].log_softmax(-1)[token])
        ids = [*ids, token]
    return torch.stack(found)


@pytest.mark.parametrize("model", ["gpt2", "llama"], indirect=True)
def test_sequence_is_the_log_probability_of_the_continuation(model):
    expected = log_probabilities(model, TEXT, " mat while the dog slept")
    result = explain(model, TEXT, "sequence", method="leave-one-out", continuation=" mat while the dog slept")
    assert result.value == pytest.approx(float(expected.sum()), abs=1e-4)
    assert [value for _, value in result.outcomes] == pytest.approx(expected.tolist(), abs=1e-4)
    assert "".join(label for label, _ in result.outcomes) == " mat while the dog slept"
    assert len(result.scores) == len(model.tokenize(TEXT))
    parts = [
        explain(
            model,
            TEXT,
            "sequence",
            method="leave-one-out",
            continuation=" mat while the dog slept",
            position=n,
        )
        for n in range(len(expected))
    ]
    assert [part.value for part in parts] == pytest.approx(expected.tolist(), abs=1e-4)
    np.testing.assert_allclose(sum(part.scores for part in parts), result.scores, atol=1e-4)


def test_without_the_last_token_the_continuation_is_predicted_from_the_one_before(gpt2):
    result = explain(gpt2, TEXT, "sequence", method="leave-one-out", continuation=" dog", position=0)
    shorter = gpt2.loaded.tokenizer(TEXT, return_tensors="pt")["input_ids"][:, :-1]
    (token,) = gpt2.loaded.tokenizer.encode(" dog", add_special_tokens=False)
    with torch.no_grad():
        before = gpt2.loaded.module(shorter).logits[0, -1].log_softmax(-1)[token]
    assert result.scores[-1] == pytest.approx(result.value - float(before), abs=1e-5)


def test_an_encoder_decoder_is_fed_the_continuation(t5):
    tokenizer = t5.loaded.tokenizer
    inputs = tokenizer("The cat sat.", return_tensors="pt")
    labels = torch.tensor([tokenizer("The dog slept.")["input_ids"]])
    with torch.no_grad():
        logs = t5.loaded.module(**inputs, labels=labels).logits[0].log_softmax(-1)
    expected = logs.gather(1, labels[0][:, None])[:, 0]
    result = explain(t5, "The cat sat.", method="leave-one-out", continuation="The dog slept.")
    assert result.value == pytest.approx(float(expected.sum()), abs=1e-4)
    complete = explain(t5, "The cat sat.", continuation="The dog slept.")
    assert abs(complete.residual) <= max(0.01 * abs(complete.value - complete.baseline_value), 1e-4)


def test_by_default_a_decoder_continues_by_itself(llama):
    written = llama.generate(TEXT, max_new_tokens=12).target_tokens
    result = explain(llama, TEXT, "sequence", method="attention")
    assert dict(result.options)["continuation"] == llama.loaded.tokenizer.decode(
        written.ids, skip_special_tokens=True
    )


def test_continuations_that_cannot_be_are_refused(gpt2):
    with pytest.raises(InputEmpty, match="continuation is empty"):
        explain(gpt2, TEXT, "sequence", continuation=" ")
    with pytest.raises(InputTooLong, match="Text and continuation have"):
        explain(gpt2, TEXT, "sequence", continuation=" dog" * 130)
    with pytest.raises(UnknownName, match=r"position in the continuation 9\. Choose one of: 0 to 0"):
        explain(gpt2, TEXT, "sequence", continuation=" dog", position=9)


@pytest.mark.parametrize(
    ("model", "target", "options"),
    [
        ("minilm", "label-prompt", {"labels": LABELS}),
        ("classifier", "label-difference", {}),
        ("filler", "masked-token", {}),
        ("gpt2", "next-token", {}),
        ("gpt2", "token-difference", {}),
        ("llama", "sequence", {}),
    ],
    indirect=["model"],
)
def test_the_options_that_come_back_ask_the_same_question(model, target, options):
    first = explain(model, TEXT, target, method="attention", **options)
    again = explain(model, TEXT, target, method="attention", **dict(first.options))
    assert again.value == first.value
    assert again.options == first.options

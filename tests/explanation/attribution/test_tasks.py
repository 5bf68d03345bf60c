"""Targets of task heads (several labels at once, entailment, tags, answers) against transformers' own pipelines."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from attnviz.errors import InputEmpty, InputInvalid, UnknownName
from attnviz.explanation import ablate, answer, explain, faithfulness, targets, without

TEXT = "Mary Miller moved from Paris to the old town of Lyon."
LABELS = ("travel", "cooking", "sports")
QUESTION, CONTEXT = "Where did the cat sleep?", "The dog slept under the table, and the cat slept on the mat."


def logits(model, *texts: str) -> torch.Tensor:
    with torch.no_grad():
        return model.loaded.module(**model.loaded.tokenizer(*texts, return_tensors="pt")).logits[0]


def pipeline(task: str, model):
    from transformers import pipeline as make

    return make(task, model=model.loaded.module, tokenizer=model.loaded.tokenizer)


def test_where_several_labels_may_hold_one_is_explained_and_no_contest(multi_label, classifier):
    own = logits(multi_label, TEXT)
    result = explain(multi_label, TEXT, method="attention")
    assert [info.name for info in targets(multi_label)][:2] == ["label", "label-difference"]
    assert [info.name for info in targets(classifier)][:2] == ["label-difference", "label"]
    assert result.target == "label"
    assert result.value == pytest.approx(float(own.max()), abs=1e-5)
    names = multi_label.loaded.module.config.id2label
    expected = {names[n]: share for n, share in enumerate(own.sigmoid().tolist())}
    assert dict(result.outcomes) == pytest.approx(expected, abs=1e-6)


def test_entailment_of_a_second_text_is_set_against_contradiction(entailer):
    own = logits(entailer, TEXT, "She moved.")
    result = explain(entailer, TEXT, pair="She moved.", method="leave-one-out")
    assert result.target == "entailment"
    assert result.value == pytest.approx(float(own[2] - own[0]), abs=1e-5)
    assert {name for name, _ in result.outcomes} == {"contradiction", "neutral", "entailment"}


@pytest.mark.parametrize("model", ["entailer", "echoing_entailer"], indirect=True)
def test_candidate_labels_are_ranked_as_by_the_zero_shot_pipeline(model):
    expected = pipeline("zero-shot-classification", model)(
        TEXT, list(LABELS), hypothesis_template="This text is about {}."
    )
    result = explain(model, TEXT, "entailment", method="leave-one-out", labels=LABELS)
    ranked = dict(zip(expected["labels"], expected["scores"], strict=True))
    assert [name for name, _ in result.outcomes] == expected["labels"]
    assert dict(result.outcomes) == pytest.approx(ranked, abs=1e-5)
    assert dict(result.options) == {
        "labels": LABELS, "label": expected["labels"][0], "template": "This text is about {}.",
    }  # fmt: skip
    own = logits(model, TEXT, f"This text is about {expected['labels'][0]}.")
    assert result.value == pytest.approx(float(own[2] - own[0]), abs=1e-5)
    last = explain(model, TEXT, "entailment", method="attention", labels=LABELS, label=expected["labels"][-1])
    own = logits(model, TEXT, f"This text is about {expected['labels'][-1]}.")
    assert last.value == pytest.approx(float(own[2] - own[0]), abs=1e-5)


@pytest.mark.parametrize("operator", ["delete", "attention-mask"])
def test_the_labels_are_ranked_anew_without_words_of_the_text(entailer, operator):
    """A token id deleted by hand; the label's own sentence stays, whatever is taken away."""
    found = without(entailer, TEXT, ["town"], "entailment", operator=operator, labels=LABELS)
    with torch.no_grad():
        kept = []
        for label in LABELS:
            inputs = entailer.loaded.tokenizer(TEXT, f"This text is about {label}.", return_tensors="pt")
            place = (
                inputs["input_ids"][0].tolist().index(entailer.loaded.tokenizer.convert_tokens_to_ids("town"))
            )
            if operator == "delete":
                columns = [n for n in range(inputs["input_ids"].shape[1]) if n != place]
                inputs = {name: each[:, columns] for name, each in inputs.items()}
            else:
                inputs["attention_mask"][0, place] = 0
            kept.append(entailer.loaded.module(**inputs).logits[0, 2])
    expected = dict(zip(LABELS, torch.stack(kept).softmax(0).tolist(), strict=True))
    assert dict(found.outcomes_after) == pytest.approx(expected, abs=1e-5)
    attribution = explain(entailer, TEXT, "entailment", method="leave-one-out", labels=LABELS)
    test = faithfulness(entailer, attribution, operator, seeds=2)
    sentence = np.flatnonzero(attribution.tokens.segments == 1)
    assert not set(test.word_tokens) & set(sentence.tolist())


def test_a_template_needs_one_place(entailer):
    with pytest.raises(InputInvalid, match=r"has no place for the label\. Write \{\} there, once\."):
        explain(entailer, TEXT, "entailment", template="about")


def test_the_surest_tag_is_explained_against_no_tag(tagger):
    own = logits(tagger, TEXT)
    names = ("O", "PER", "LOC", "ORG", "MISC")
    result = explain(tagger, TEXT, method="leave-one-out")
    expected = pipeline("token-classification", tagger)(TEXT)
    assert [(start, name) for start, _, name, _ in result.marks] == [
        (each["index"], each["entity"]) for each in expected
    ]
    assert [share for *_, share in result.marks] == pytest.approx(
        [each["score"] for each in expected], abs=1e-5
    )
    surest = max(expected, key=lambda each: each["score"])
    place, tag = surest["index"], names.index(surest["entity"])
    assert result.target == "tag"
    assert dict(result.options) == {"position": place, "label": names[tag], "against": "O"}
    assert result.value == pytest.approx(float(own[place, tag] - own[place, 0]), abs=1e-5)
    assert dict(result.outcomes) == pytest.approx(
        dict(zip(names, own[place].softmax(-1).tolist(), strict=True)), abs=1e-5
    )


def test_tags_are_asked_for_by_position_and_name(tagger):
    own = logits(tagger, TEXT)
    result = explain(tagger, TEXT, "tag", method="attention", position=np.int64(2), label="LOC", against=1)
    assert result.value == pytest.approx(float(own[2, 2] - own[2, 1]), abs=1e-5)
    plain = explain(tagger, TEXT, "tag", method="attention", position=3, label="O")
    runner_up = float(own[3, 1:].max())
    assert plain.value == pytest.approx(float(own[3, 0]) - runner_up, abs=1e-5)
    with pytest.raises(UnknownName, match=r"no position of a tagged token 0\. Choose one of: 1, 2"):
        explain(tagger, TEXT, "tag", position=0)


def test_the_tagged_word_is_blanked_but_never_taken_away(tagger):
    """Its own embedding counts; what stands at its place cannot be read where it is gone."""
    result = explain(tagger, TEXT, "tag", method="integrated-gradients", steps=64)
    place = dict(result.options)["position"]
    assert result.scores[place] != 0
    for operator in ("attention-mask", "delete", "mask"):
        test = faithfulness(tagger, result, operator, seeds=2)
        assert place not in test.word_tokens
        assert test.kept[-1] == pytest.approx(result.value, abs=1e-5)
    gone = without(tagger, TEXT, [place - 1 if place > 1 else place + 1], "tag", operator="delete")
    assert dict(gone.options)["position"] == place
    with pytest.raises(UnknownName, match="token to take away"):
        without(tagger, TEXT, [place], "tag")


@pytest.mark.parametrize("end", ["start", "end"])
def test_the_ends_of_an_answer_are_those_of_the_likeliest_span(answerer, end):
    tokenizer, module = answerer.loaded.tokenizer, answerer.loaded.module
    inputs = tokenizer(QUESTION, CONTEXT, return_tensors="pt")
    with torch.no_grad():
        output = module(**inputs)
    context = [n for n, part in enumerate(inputs.sequence_ids()) if part == 1]
    first, last = max(
        ((a, b) for a in context for b in context if a <= b < a + 30),
        key=lambda span: float(output.start_logits[0, span[0]] + output.end_logits[0, span[1]]),
    )
    place = first if end == "start" else last
    own = (output.start_logits if end == "start" else output.end_logits)[0]
    result = explain(answerer, QUESTION, f"answer-{end}", pair=CONTEXT, method="leave-one-out")
    assert result.value == pytest.approx(float(own[place]), abs=1e-5)
    assert dict(result.options) == {"position": place}
    ((start, stop, name, share),) = result.marks
    assert (start, stop, name) == (first, last + 1, "answer")
    both = output.start_logits[0].softmax(-1)[first] * output.end_logits[0].softmax(-1)[last]
    assert share == pytest.approx(float(both), abs=1e-6)
    best = max(context, key=lambda n: float(own[n]))
    label = result.tokens.labels[best].strip()
    assert result.outcomes[0][0] == f"{label} ({best})"
    assert result.outcomes[0][1] == pytest.approx(float(own.softmax(-1)[best]), abs=1e-6)
    test = faithfulness(answerer, result, "delete", seeds=2)
    assert test.kept[-1] == pytest.approx(result.value, abs=1e-5)
    assert answer(answerer, QUESTION, f"answer-{end}", CONTEXT).marks == result.marks


def test_an_answer_needs_a_context(answerer):
    with pytest.raises(InputEmpty, match=r"'answer-start' needs two texts"):
        explain(answerer, QUESTION)
    with pytest.raises(UnknownName, match="no position in the context 1"):
        explain(answerer, QUESTION, pair=CONTEXT, position=1)
    assert [info.name for info in targets(answerer)][:2] == ["answer-start", "answer-end"]


@pytest.mark.parametrize(
    ("model", "target", "pair"),
    [("entailer", "entailment", None), ("tagger", "tag", None), ("answerer", "answer-end", CONTEXT)],
    indirect=["model"],
)
def test_heads_of_task_models_are_switched_off_for_the_same_question(model, target, pair):
    found = ablate(model, QUESTION, [(0, 1)], target, pair)
    assert found.before == explain(model, QUESTION, target, pair, method="attention").value
    assert found.after != found.before
    assert ablate(model, QUESTION, [(0, 1)], target, pair, scale=1.0).after == found.before

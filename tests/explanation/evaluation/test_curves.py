"""Faithfulness: every number against single passes, every way of taking tokens away against a text without them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from attnviz.errors import AttnVizError, InputEmpty, UnknownName
from attnviz.explanation import explain, faithfulness, headline, operators_for, random_orders
from attnviz.explanation.attribution.registry import TARGETS
from attnviz.explanation.removal import values_of

TEXT, OTHER = "The cat sat on the mat while it rained.", "A kitten rests."


def posed(model, name: str, **options):
    target = next(each for each in TARGETS if each.info.name == name)
    return target.problems(model, TEXT, OTHER, **options)[0]


def kept_rows(problem) -> np.ndarray:
    """Some variants, special tokens always there: one, two and half of the others gone, and all but one."""
    free = np.flatnonzero(~problem.fixed)
    rows = np.ones((4, len(problem.tokens)), bool)
    rows[0, free[1]] = rows[1, free[[0, 3]]] = rows[2, free[::2]] = rows[3, free[1:]] = False
    return rows


def values(problem, rows: np.ndarray, operator: str) -> np.ndarray:
    return values_of(problem, rows, operator, lambda fraction: None)


@pytest.mark.parametrize(
    ("model", "target", "options"),
    [
        ("minilm", "similarity", {}),
        ("classifier", "label", {"label": 0}),
        ("last_token_classifier", "label", {"label": 0}),
        ("filler", "masked-token", {"position": 4}),
        ("gpt2", "next-token", {"token": 7}),
        ("llama", "sequence", {"continuation": " dog slept"}),
        ("t5", "sequence", {"continuation": "The dog slept."}),
    ],
    indirect=["model"],
)
def test_deleting_is_running_the_shorter_text(model, target, options):
    """Each variant alone, its ids cut out by hand: no batch, no padding."""
    problem = posed(model, target, **options)
    rows = kept_rows(problem)
    found = values(problem, rows, "delete")
    for row, value in zip(rows, found, strict=True):
        columns = np.concatenate([row, np.ones(problem.inputs["input_ids"].shape[1] - len(row), bool)])
        inputs = {
            name: each if name.startswith("decoder") else each[:, torch.from_numpy(columns)]
            for name, each in problem.inputs.items()
        }
        moved = torch.from_numpy(np.cumsum(columns) - 1)[None]
        with torch.no_grad():
            assert float(problem.evaluate_rows(inputs, moved)) == pytest.approx(value, abs=1e-4)


def test_hiding_keeps_positions_and_masking_keeps_length(minilm):
    problem = posed(minilm, "similarity")
    rows = kept_rows(problem)
    module, ids = minilm.loaded.module, problem.inputs["input_ids"]
    masked = values(problem, rows, "mask")
    hidden = values(problem, rows, "attention-mask")
    for row, with_mask, without in zip(rows, masked, hidden, strict=True):
        keep = torch.from_numpy(row)[None]
        with torch.no_grad():
            replaced = torch.where(keep, ids, minilm.loaded.tokenizer.mask_token_id)
            one = problem.read(lambda replaced=replaced: module(replaced), torch.ones_like(ids))
            places = torch.arange(len(row))[None][keep][None]
            two = problem.read(
                lambda keep=keep, places=places: module(ids[keep][None], position_ids=places),
                torch.ones_like(places),
            )
        assert float(one) == pytest.approx(with_mask, abs=1e-5)
        assert float(two) == pytest.approx(without, abs=1e-5)


def test_the_curves_are_those_of_the_order(minilm):
    attribution = explain(minilm, TEXT, pair=OTHER, method="leave-one-out")
    result = faithfulness(minilm, attribution)
    problem = posed(minilm, "similarity")
    free = np.flatnonzero(~attribution.tokens.special)
    order = free[np.argsort(-attribution.scores[free])]
    assert result.counts.tolist() == list(range(1, 11))
    assert result.fractions[-1] == 1
    for step, count in enumerate(result.counts):
        rows = np.ones((2, len(attribution.tokens)), bool)
        rows[0, order[:count]] = False
        rows[1, order[count:]] = False
        removed, kept = values(problem, rows, "attention-mask")
        assert result.removed[step] == pytest.approx(removed, abs=1e-6)
        assert result.kept[step] == pytest.approx(kept, abs=1e-6)
    assert result.value == attribution.value
    assert result.kept[-1] == pytest.approx(result.value, abs=1e-6)
    assert result.comprehensiveness == pytest.approx(result.value - result.removed.mean())
    assert result.sufficiency == pytest.approx(result.value - result.kept.mean())
    assert (result.removed_area, result.kept_area) == pytest.approx(
        (result.removed.mean(), result.kept.mean())
    )


def test_a_method_is_compared_with_random_orders_that_are_computed_once(minilm):
    attribution = explain(minilm, TEXT, pair=OTHER)
    random = random_orders(minilm, attribution, seeds=3)
    result = faithfulness(minilm, attribution, random=random)
    again = faithfulness(minilm, attribution, seeds=3)
    np.testing.assert_array_equal(result.random_removed, random.removed)
    np.testing.assert_array_equal(again.random_removed, random.removed)
    assert result.random_comprehensiveness.shape == (3,)
    np.testing.assert_allclose(result.random_comprehensiveness, result.value - random.removed.mean(1))
    assert result.seeds == (0, 1, 2)
    assert result.beats_random is None, "three orders say too little"
    # All orders end alike: nothing but special tokens, or the whole text.
    np.testing.assert_allclose(random.removed[:, -1], result.removed[-1], atol=1e-6)
    np.testing.assert_allclose(random.kept[:, -1], result.value, atol=1e-6)


def test_the_headline_is_a_test_of_words(minilm):
    text, other = "Unbelievable guitars played music all night.", "Somebody plays a guitar."
    attribution = explain(minilm, text, pair=other)
    result = faithfulness(minilm, attribution)
    from attnviz.text import groups

    index, labels = groups(attribution.tokens, "word")
    sums = np.bincount(index, attribution.scores * ~attribution.tokens.special)
    expected = sorted(np.argsort(-sums, kind="stable")[:3].tolist())
    assert result.words == tuple(labels[group].strip() for group in expected)
    assert result.word_tokens == tuple(np.flatnonzero(np.isin(index, expected)).tolist())
    rows = np.ones((1, len(attribution.tokens)), bool)
    rows[0, list(result.word_tokens)] = False
    target = next(each for each in TARGETS if each.info.name == "similarity")
    (value,) = values(target.problems(minilm, text, other)[0], rows, "attention-mask")
    assert result.without_words == pytest.approx(value, abs=1e-6)
    mean = result.without_random_words.mean()
    assert headline(result, "similarity") == (
        f"Without these 3 words the similarity falls from {result.value:.2f} to {value:.2f}; "
        f"without 3 random words to {mean:.2f}."
    )


def test_the_other_text_is_tested_too(minilm):
    attribution = explain(minilm, TEXT, pair=OTHER, method="leave-one-out")
    turned = explain(minilm, OTHER, pair=TEXT, method="leave-one-out")
    one, two = faithfulness(minilm, attribution, side=1), faithfulness(minilm, turned)
    np.testing.assert_allclose(one.removed, two.removed, atol=1e-5)
    assert (one.side, two.side) == (1, 0)
    with pytest.raises(UnknownName, match=r"no side 2\. Choose one of: 0 to 1\."):
        faithfulness(minilm, attribution, side=2)


@pytest.mark.parametrize("model", ["gpt2", "llama", "t5", "classifier", "filler"], indirect=True)
def test_every_way_works_for_every_default_target(model):
    given = {"continuation": "The dog slept."} if model.card.kind == "encoder-decoder" else {}
    attribution = explain(model, TEXT, method="leave-one-out", **given)
    for operator in operators_for(model):
        result = faithfulness(model, attribution, operator.name, seeds=1)
        assert np.isfinite([*result.removed, *result.kept, *result.random_removed[0]]).all()
        stays = ", the first token stays" if result.keep_first else ""
        assert result.operator_title == operator.title + stays
    fixed = attribution.tokens.special.any()
    assert (result.counts[-1] == len(attribution.tokens) - 1) or fixed  # something must be left to run


def test_a_decoder_has_no_mask_token(gpt2, minilm):
    assert [each.name for each in operators_for(gpt2)] == ["attention-mask", "delete"]
    assert [each.name for each in operators_for(minilm)] == ["attention-mask", "delete", "mask"]
    attribution = explain(gpt2, TEXT, method="attention")
    with pytest.raises(
        UnknownName, match=r"way to take words away 'mask'\. Choose one of: attention-mask, delete"
    ):
        faithfulness(gpt2, attribution, "mask")


def test_what_cannot_be_tested_is_refused(minilm, gpt2, classifier):
    attribution = explain(minilm, TEXT, pair=OTHER, method="attention")
    with pytest.raises(UnknownName, match=r"no number of seeds 0\. Choose one of: 1 to 1000"):
        faithfulness(minilm, attribution, seeds=0)
    single = explain(gpt2, "a", method="attention")
    with pytest.raises(InputEmpty, match="no token that could be taken away"):
        faithfulness(gpt2, single)
    other = explain(minilm, TEXT, pair=OTHER, method="attention")
    strange = replace(other.tokens, ids=np.array(other.tokens.ids) + 1)
    with pytest.raises(AttnVizError, match="was not made with 'minilm'"):
        faithfulness(minilm, replace(other, tokens=strange))


def test_progress_can_stop_it(minilm):
    attribution = explain(minilm, TEXT, pair=OTHER, method="attention")
    fractions: list[float] = []
    faithfulness(minilm, attribution, progress=fractions.append)
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1

    def stop(fraction: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        faithfulness(minilm, attribution, progress=stop)

"""Rows without their hidden columns give what rows with them give, wherever they are used."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from attnviz.explanation.attribution.registry import TARGETS
from attnviz.explanation.compact_rows import CompactRows

TEXT, OTHER = "The cat sat on the mat while it rained, and nobody in the old house cared.", "A kitten rests."


@pytest.fixture(scope="module")
def roberta(tmp_path_factory):
    """Its positions do not begin at 0."""
    from transformers import RobertaConfig, RobertaForSequenceClassification

    from tests.explanation.conftest import _saved, _word_pieces

    config = RobertaConfig(
        vocab_size=len(_word_pieces()), hidden_size=32, intermediate_size=64, num_hidden_layers=2,
        num_attention_heads=4, max_position_embeddings=128, type_vocab_size=2, pad_token_id=0, initializer_range=0.3,
        num_labels=3,
    )  # fmt: skip
    path = tmp_path_factory.mktemp("roberta")
    return _saved(RobertaForSequenceClassification, config, _word_pieces(), path)


@pytest.fixture(scope="module")
def mistral(tmp_path_factory):
    """It looks back four columns, whatever their positions."""
    from transformers import MistralConfig, MistralForCausalLM

    from tests.explanation.conftest import _byte_level, _saved

    tokenizer = _byte_level(bos="<s>", eos="</s>")
    config = MistralConfig(
        vocab_size=len(tokenizer), hidden_size=32, intermediate_size=64, num_hidden_layers=2,
        num_attention_heads=4, num_key_value_heads=2, max_position_embeddings=128, sliding_window=4, bos_token_id=0,
        eos_token_id=1, initializer_range=0.3,
    )  # fmt: skip
    return _saved(MistralForCausalLM, config, tokenizer, tmp_path_factory.mktemp("mistral"))


CASES = [
    ("minilm", "similarity", {}, 0),
    ("classifier", "label-difference", {}, 0),
    ("roberta", "label", {"label": 0}, 1),
    ("last_token_classifier", "label", {"label": 0}, 0),
    ("filler", "masked-token", {"position": 4}, 0),
    ("gpt2", "next-token", {"token": 7}, 0),
    ("llama", "next-token", {"token": 7}, 0),
    ("llama", "sequence", {"continuation": " dog slept"}, 0),
    ("mistral", "next-token", {"token": 7}, None),
    ("t5", "sequence", {"continuation": "The dog slept."}, None),
]


@pytest.mark.parametrize(
    ("name", "target", "options", "first"), CASES, ids=[f"{n}-{t}" for n, t, *_ in CASES]
)
def test_a_row_without_hidden_columns_gives_the_same(name, target, options, first, request, monkeypatch):
    """Many tokens hidden, few, the first and the last too; against the whole row with its attention mask."""
    model = request.getfixturevalue(name)
    problem = next(each for each in TARGETS if each.info.name == target).problems(
        model, TEXT, OTHER, **options
    )[0]
    count = len(problem.tokens)
    random = np.random.default_rng(0)
    kept = torch.from_numpy(random.random((8, count)) < np.linspace(0.2, 0.7, 8)[:, None]).long()
    kept[1:, torch.from_numpy(problem.fixed)] = 1  # in the first row special tokens go, too
    kept[:, list(problem.held)] = 1
    kept[0, count // 2] = 1
    compact = CompactRows(problem)
    widths = []
    narrow = CompactRows._narrow
    monkeypatch.setattr(
        CompactRows, "_narrow", lambda self, *args: widths.append(args[2]) or narrow(self, *args)
    )
    with torch.no_grad():
        found = compact.values(kept)
        assert compact._first_position == first
        np.testing.assert_allclose(found, problem.evaluate(mask=problem.mask * kept), rtol=2e-5, atol=2e-5)
    assert (widths[-1] < 0.9 * problem.inputs["input_ids"].shape[1]) if first is not None else not widths[:-2]


def test_where_nearly_all_stay_nothing_is_tried(minilm, monkeypatch):
    problem = next(each for each in TARGETS if each.info.name == "similarity").problems(minilm, TEXT, OTHER)[
        0
    ]
    monkeypatch.setattr(CompactRows, "_narrow", lambda *args: pytest.fail("columns were dropped"))
    with torch.no_grad():
        kept = torch.ones_like(problem.mask)
        kept[0, 3] = 0
        expected = problem.evaluate(mask=kept)
        assert torch.equal(CompactRows(problem).values(kept), expected)

"""Answers traced to a passage: heads that copy found among heads that do not, and links no better than they are."""

from __future__ import annotations

import numpy as np
import pytest

from attnviz.analysis.quotation import COPYING, LEAST, quotations
from attnviz.text.prompts import MODES, prompt_for

A, L, H, P = 5, 2, 4, 20
PLACES = (3, 7, 8, 15, 11)


@pytest.fixture
def rows() -> np.ndarray:
    """Attention of random rows that hold half of their weight; head 1.2 gives .4 to the place of each token."""
    rng = np.random.default_rng(0)
    found = rng.dirichlet(np.ones(P), (A, L, H)) / 2
    for n, place in enumerate(PLACES):
        found[n, 1, 2] = 0.1 / P
        found[n, 1, 2, place] += 0.4
    return found.astype(np.float32)


@pytest.fixture
def same() -> np.ndarray:
    found = np.zeros((A, P), bool)
    found[np.arange(A), PLACES] = True
    return found


def test_the_head_that_copies_is_found_and_its_links_are_the_places(rows, same):
    found = quotations(rows, same)
    assert found.heads[0].tolist() == [1, 2]
    assert found.lifts[0] == pytest.approx(0.4 + 0.1 / P - 0.5 / P, abs=1e-6), (
        "by hand: weight less even share"
    )
    assert found.best.tolist() == list(PLACES)
    assert found.hits.all()
    assert found.chance == 1 / P
    assert found.chance_hits == pytest.approx(A / P)
    alone = quotations(rows, same, head=(1, 2))
    np.testing.assert_allclose(alone.mass, 0.5, atol=1e-6)
    np.testing.assert_allclose(alone.share, (0.4 + 0.1 / P) / 0.5, atol=1e-6)
    assert alone.sure.all()


def test_no_token_vouches_for_its_own_link(rows, same):
    """A head that copies one token only is not read for it: what chose the heads is what the others read."""
    rows[:, 0, 0] = 0
    rows[2, 0, 0, PLACES[2]] = 1
    one = np.zeros_like(same)
    one[2] = same[2]
    one[0] = same[0]
    rows[0, 1, 2] = 0.5 / P
    rows[2, 1, 2] = 0.5 / P
    found = quotations(rows, one)
    assert [0, 0] in found.heads.tolist(), "in the whole answer it copies most"
    assert found.best[2] != PLACES[2] or found.share[2] < 0.9


def test_flat_rows_and_rows_that_hardly_read_the_passage_name_no_place(rows, same):
    flat = np.full_like(rows, 0.5 / P)
    assert not quotations(flat, same).sure.any()
    faint = rows / rows.sum(-1, keepdims=True) * LEAST / 2
    assert not quotations(faint, same, head=(1, 2)).sure.any()


def test_without_a_token_in_the_passage_all_heads_are_read(rows):
    found = quotations(rows, np.zeros((A, P), bool))
    assert not found.known.any()
    assert len(found.heads) == 0
    mean = rows.mean((1, 2))
    np.testing.assert_array_equal(found.best, mean.argmax(-1))
    assert len(quotations(rows, np.ones((A, P), bool)).heads) <= COPYING
    np.testing.assert_array_equal(
        quotations(rows, np.eye(A, P, dtype=bool), copying=False).best, mean.argmax(-1)
    )


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("model", ["llama", "gpt2", "t5", "bart"])
def test_prompts_hold_the_passage_as_it_is(mode, model):
    kind, chat = ("decoder" if model in ("llama", "gpt2") else "encoder-decoder"), model == "llama"
    passage = "A {text} with <braces> & marks."
    made = prompt_for(mode, f" {passage}\n", "Why {so}?", kind=kind, family=model, chat=chat)
    assert made.chat == chat
    assert passage in made.text
    assert ("Why {so}?" in made.text) == (mode == "question")
    assert made.passage == ("" if mode == "chat" else passage)

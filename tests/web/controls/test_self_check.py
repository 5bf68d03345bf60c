"""The badge beside a loaded model: checked, wrong, or not to be checked; never before the model is there."""

from __future__ import annotations

from dataclasses import replace

import pytest

from attnviz.runtime import Query, get_runtime
from tests.web.truth import captured


def badges(visit) -> str:
    return " ".join(each.value for each in visit.at.markdown if "badge[" in each.value)


@pytest.fixture
def found():
    captured(Query("minilm", "Loaded."))
    return get_runtime().check("minilm")


def test_a_loaded_model_is_checked_and_the_largest_difference_is_said(app, found):
    visit = app("attention")
    assert found.passed
    assert "attention checked" in badges(visit)
    assert f"self {found.differences[0][1]:.1e} (rounding: up to {found.tolerance:.0e})" in visit.markdown


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"differences": (("self", 0.5),)}, "attention is wrong"),
        ({"differences": ()}, "attention not checked"),
        ({"against": "<b>x</b> **y**"}, "attention checked"),
    ],
)
def test_what_was_found_is_said_in_words(app, found, monkeypatch, changes, said):
    monkeypatch.setattr(get_runtime(), "check", lambda name: replace(found, **changes))
    visit = app("attention")
    assert said in badges(visit)
    assert "<b>" not in visit.markdown.replace("\\<", "")


def test_nothing_is_loaded_for_it(app, monkeypatch):
    runtime = get_runtime()
    monkeypatch.setattr(runtime, "facts", lambda facts=runtime.facts: replace(facts(), models=()))
    monkeypatch.setattr(runtime, "check", lambda name: pytest.fail("checked"))
    assert "attention checked" not in badges(app("attention"))

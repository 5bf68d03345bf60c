"""The page of reasons: the engine's numbers in sentence and figure, ways to go on, other references, odd reports."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest

from attnviz.runtime import Query, get_runtime
from attnviz.text import decimals
from attnviz.types import PartTest, ScorePart, ScoreParts, Trace
from attnviz.web.pages.why import sentences
from tests.figures.messages.records import split

CELL = {"layer": "3", "head": "1", "held": "q10,k2"}
ANIMAL = "The animal didn't cross the street because it was too tired."
PARTS = (
    ScorePart("embedding", "word embedding"),
    ScorePart("head", "head 1.0", 1, 0),
    ScorePart("feed-forward", "feed-forward 1", 1),
)
TEXT = split("one <b>x</b> two")


def parts(key_side: list[float], weight: float = 0.6) -> ScoreParts:
    table = np.array([key_side, [0.0] * 3, [0.0] * 3])
    return ScoreParts(
        TEXT, TEXT, 2, 1, "self", 3, 2, "mean", PARTS, PARTS, table, 0.0, float(table.sum()), weight
    )


def truth(**options) -> ScoreParts:
    return get_runtime().why(Query("minilm", ANIMAL), 3, 1, 10, 2, **options)


def test_the_figure_holds_the_engines_parts_and_the_sentence_names_the_largest(app):
    visit = app("why", text=ANIMAL, **CELL)
    found = truth()
    header, arrays = visit.figure("why")
    np.testing.assert_allclose(arrays["query"], found.query_side, atol=1e-5)
    np.testing.assert_allclose(arrays["key"], found.key_side, atol=1e-5)
    assert header["score"] == pytest.approx(found.score)
    assert [each["name"] for each in header["streams"][1]["parts"]] == [
        part.title for part in found.key_parts
    ]
    part, value = max(found.strongest("key", len(found.key_parts)), key=lambda each: each[1])
    assert part.title in visit.markdown.replace("\\", "")
    assert f"{value / found.score:.0%}" in visit.markdown
    assert "What does it do?" in visit.markdown
    labels = [each.proto.label for each in visit.at.get("page_link")]
    assert "Switch this head off and see" in labels


@pytest.mark.parametrize(("texts", "query"), [(None, Query("minilm", ANIMAL)), ("together", None)])
def test_of_two_texts_both_halves_of_the_page_are_about_the_reading_that_it_shows(app, texts, query):
    """Alone, a text is compared with the other one; what is read together has tokens that neither has alone."""
    pair = "It was too tired to cross."
    given = {"layer": "3", "head": "1", "held": "q18,k2" if texts else "q10,k2"}
    visit = app("why", text=ANIMAL, pair=pair, **given, **({"texts": texts} if texts else {}))
    assert visit.problem == (ANIMAL, pair) if texts else visit.problem[:1] == (ANIMAL,)
    runtime, whole = get_runtime(), Query("minilm", ANIMAL, pair)
    place = (3, 1, 18 if texts else 10)
    found = runtime.writes(whole, *place, "none" if texts else "similarity", "self")
    assert f"writes a vector of length {decimals(found.norm, 2)}" in visit.markdown
    assert (f"{decimals(found.share)}" in visit.markdown) if not texts else "similarity" not in found.target
    score = runtime.why(query or whole, *place, 2).score
    assert visit.figure("why")[0]["score"] == pytest.approx(score)


def test_a_step_goes_to_its_head_and_a_part_to_its_token(app):
    visit = app("why", text=ANIMAL, **CELL)
    before = dict(visit.url)
    for odd in ({"side": 3, "part": 1}, {"side": 0, "part": 10**6}, {"step": 999}, "x"):
        visit.report("why", "open", odd)
        assert visit.url == before
    found = truth()
    number = next(n for n, part in enumerate(found.key_parts) if part.kind == "head" and part.layer == 2)
    part = found.key_parts[number]
    visit.report("why", "open", {"side": 1, "part": number})
    assert (visit.url["layer"], visit.url["head"]) == ("2", str(part.head))
    assert visit.url["held"].startswith("q2,k")
    asked = visit.url["held"].removeprefix("q2,k")
    row = get_runtime().attention(Query("minilm", ANIMAL), 2, part.head)[2]
    assert int(asked) == 1 + int(np.argmax(row[1:-1])), "where that head looks most, special tokens aside"


def test_a_step_of_the_traces_is_gone_to(app):
    """Of this cell, one of the few of this model whose largest parts a head wrote."""
    visit = app("why", text=ANIMAL, layer="2", head="5", held="q7,k8")
    header, _ = visit.figure("why")
    number = next(n for n, node in enumerate(header["nodes"]) if n and node["opens"])
    assert header["nodes"][number]["name"] == "head 1.7"
    visit.report("why", "open", {"step": number})
    assert (visit.url["layer"], visit.url["head"]) == ("1", "7")
    trace = get_runtime().traces(Query("minilm", ANIMAL), 2, 5, 7, 8)
    steps = [(step.token, step.key) for step in trace.children if step.part.title == "head 1.7"]
    assert visit.url["held"] in [f"q{token},k{key}" for token, key in steps]


def test_a_score_is_held_against_another_key(app):
    header, _ = app("why", text=ANIMAL, **CELL, against="k5").figure("why")
    assert header["score"] == pytest.approx(truth(against=5).score)
    assert header["reference"].endswith("(5)")
    visit = app("why", text=ANIMAL, **CELL, against="k99")
    assert "not one of this row" in visit.notices[0]


def test_without_a_cell_there_is_something_to_begin_with(app):
    visit = app("why", text="A man is playing.", layer="2", head="3")
    assert "No cell is held" in visit.markdown
    row, key = get_runtime().strongest(Query("minilm", "A man is playing."), 2, 3)
    assert f"({row})" in visit.figure("why")[0]["streams"][0]["title"]
    assert f"({key})" in visit.figure("why")[0]["streams"][1]["title"]
    assert "not one of this map" in app("why", text="A man.", held="q90,k2").notices[0]


def test_everything_is_computed_anew_on_demand(app):
    visit = app("why", text=ANIMAL, **CELL)
    assert "computed anew, the score" not in visit.markdown
    visit.press("Compute everything anew without it")
    assert re.search("computed anew, the score (falls|rises) by", visit.markdown)


def test_a_held_link_asks_why_and_so_does_what_is_written(app):
    visit = app("attention", text=ANIMAL, **CELL)
    (link,) = [each.proto for each in visit.at.get("page_link") if each.proto.label.startswith("Why does")]
    assert link.label == "Why does layer 3, head 1 look there?"
    assert "held=q10%2Ck2" in link.query_string


def test_the_sentence_is_as_sure_as_the_numbers(app):
    plain = lambda text: text  # noqa: E731
    assert "because of what head 1.0 wrote at" in sentences.headline(parts([0.5, 4.0, 0.5]), None, plain)
    assert "in part because of" in sentences.headline(parts([1.0, 1.2, 0.8]), None, plain)
    many = replace(parts([1.0, 0.9, 0.8]), table=np.full((3, 3), 0.1), score=9.0)
    assert "No single part" in sentences.headline(many, None, plain)
    assert "does not seek" in sentences.headline(parts([-1.0, 0.2, 0.1]), None, plain)
    step = Trace(PARTS[1], 2, TEXT.labels[2], key=1, key_label=TEXT.labels[1], weight=0.8, side="key")
    root = Trace(PARTS[1], 3, TEXT.labels[3], children=(step,))
    told = sentences.headline(parts([0.5, 4.0, 0.5]), root, plain)
    assert "the token just before" in told
    failed = PartTest("key", PARTS[1], 4.0, 0.1, np.array([0.3, -0.2]))
    assert "does not bear this out" in sentences.tested(failed, plain)[0]
    assert "the score rises by 0.30" in sentences.tested(replace(failed, fell=-0.3), plain)[0]
    held = replace(failed, fell=3.9, anew=2.0)
    assert "it holds" in sentences.tested(held, plain)[0]
    assert "50% of what was said" in sentences.tested(held, plain)[1]

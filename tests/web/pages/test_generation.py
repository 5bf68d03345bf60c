"""The generation page: play, step, back, another way, the tree in the address, and a closer look at a step."""

from __future__ import annotations

import numpy as np
import pytest

import attnviz
from attnviz.web.state.tree import Tree, read_tree
from tests.web.hostile import HOSTILE

TEXT = "The cat sat on"


@pytest.fixture
def page(opened, decoder):
    """Opens the page with the tiny decoder."""
    return lambda **params: opened("generation", **{"model": decoder, "text": TEXT, **params})


@pytest.fixture(scope="module")
def model(decoder):
    return attnviz.load(decoder, device="cpu", dtype="float32")


def header(visit):
    return visit.figure("writing")[0]


def tree(visit) -> Tree:
    found = read_tree(visit.url.get("written"), int(visit.url.get("at", "0.0").split(".")[0]))
    assert found is not None
    return found


def test_it_opens_on_the_candidates_for_the_next_token(page, model):
    visit = page()
    head, arrays = visit.figure("writing")
    writer = model.write(TEXT)
    assert head["step"] == 0
    assert head["chosen"] == -1
    assert [each[0] for each in head["candidates"]] == [each.id for each in writer.candidates]
    assert head["entropy"] == pytest.approx(writer.entropy, abs=1e-5)
    np.testing.assert_allclose(arrays["row"], writer.rows(0).mean((0, 1)), atol=1e-6)


def test_step_and_play_write_what_the_library_writes(page, model):
    visit = page().press("Step")
    writer = model.write(TEXT)
    writer.step()
    assert tree(visit).path == writer.ids
    assert len(header(visit)["written"]) == 1
    visit.at.session_state["play_count"] = 8
    visit.at.run()
    visit.press("Play 8 tokens")
    while len(writer.ids) < 9 and not writer.ended:
        writer.step()
    assert tree(visit).path == writer.ids
    assert [each["label"] for each in header(visit)["written"]] == list(writer.tokens.labels)


def test_another_candidate_is_a_branch_and_its_link_opens_it_again(page, model, opened):
    visit = page().press("Step").press("Step").press("Step")
    trunk = tree(visit).path
    visit.report("writing", "step", 1)
    assert header(visit)["step"] == 1
    assert header(visit)["chosen"] == trunk[1]
    other = next(each[0] for each in header(visit)["candidates"] if each[0] not in trunk)
    visit.report("writing", "candidate", [1, other])
    found = tree(visit)
    assert found.path == (trunk[0], other)
    assert found.path_of(0) == trunk, "what was written before stays"
    forks = header(visit)["forks"]
    assert [each[:2] for each in forks] == [[-1, 0], [0, 1]]
    visit.press("Step")
    writer = model.write(TEXT)
    writer.follow([trunk[0], other])
    writer.step()
    assert tree(visit).path == writer.ids
    again = opened("generation", **dict(visit.url.items()))
    for one, other in zip(header(again)["written"], header(visit)["written"], strict=True):
        assert one["label"] == other["label"]
        assert one["entropy"] == pytest.approx(other["entropy"], abs=1e-4)
    assert [each[:3] for each in header(again)["forks"]] == [each[:3] for each in header(visit)["forks"]]
    visit.report("writing", "branch", 0)
    assert tree(visit).path == trunk
    visit.report("writing", "branch", 1).press("Take this branch away")
    assert tree(visit) == Tree((found.branches[0],))


def test_back_looks_one_step_back_and_start_over_takes_all_away(page):
    visit = page().press("Step").press("Step").press("Back")
    assert header(visit)["step"] == 1
    assert len(header(visit)["written"]) == 2
    visit.press("Back")
    assert header(visit)["step"] == 0
    visit.press("Start over")
    assert "written" not in visit.url
    assert header(visit)["written"] == []


def test_a_head_is_shown_and_heads_are_ordered_by_what_they_read(page, model):
    visit = page(written="1k.1m")
    weights = [each[2] for each in header(visit)["heads"]]
    assert weights == sorted(weights, reverse=True)
    layer, head, weight, key = header(visit)["heads"][0]
    visit.report("writing", "head", [layer, head])
    shown, arrays = visit.figure("writing")
    assert shown["head"] == [layer, head]
    assert arrays["row"][key] == pytest.approx(weight, abs=1e-6)
    visit.report("writing", "head", [-1, -1])
    assert header(visit)["head"] is None


def test_drawing_follows_the_address_and_tells_what_was_cut(page, model):
    visit = page(drawn="1.5_5_0.9_7").press("Step")
    writer = model.write(TEXT, temperature=1.5, top_k=5, top_p=0.9, seed=7)
    step = writer.step()
    assert tree(visit).path == (step.token.id,)
    visit.report("writing", "step", 0)
    afters = [each[3] for each in header(visit)["candidates"]]
    assert afters == pytest.approx([each.after for each in step.candidates], abs=1e-6)
    assert 0.0 in afters


@pytest.mark.parametrize("view", ["layers", "why", "needs"])
def test_a_closer_look_at_a_step(page, view):
    visit = page(written="1k.1m", at="0.1", closer=view)
    assert not visit.at.error
    if view == "why":
        assert {each[0]["figure"] for each in visit.figures()} == {"writing", "words"}
    else:
        assert "attnviz-answers" in visit.tables + "".join(visit._html("attnviz-answers"))


def test_an_encoder_decoder_writes_too(opened, encoder_decoder):
    visit = opened("generation", model=encoder_decoder, text=TEXT).press("Step")
    head, arrays = visit.figure("writing")
    assert head["beside"]
    assert len(arrays["row"]) == len(head["prompt"]["labels"])


def test_a_model_that_writes_nothing_offers_others(app):
    visit = app("generation")
    assert "needs a model that writes" in visit.markdown
    assert visit.figures() == []


@pytest.mark.parametrize("written", ["zzzzzz", "1k~", "1k~9-0-1", "1k~0-5-1m", "1-1-1", "~~~"])
def test_a_link_that_is_damaged_shows_the_prompt_alone(page, written):
    visit = page(written=written)
    if written == "zzzzzz":
        assert any("token" in each for each in visit.problem)
    else:
        assert header(visit)["written"] == []
        assert any("cannot be read" in each for each in visit.notices)


def test_hostile_texts_are_text(page):
    visit = page(text=HOSTILE["script"] + HOSTILE["right to left marks"]).press("Step")
    assert not visit.at.exception
    assert len(header(visit)["written"]) == 1


def test_it_is_saved_pinned_and_made_again(page, model):
    visit = page(written="1k.1m")
    labels = [each.label for each in visit.at.get("download_button")]
    assert {"Save as a web page", "Save as a table"} <= set(labels)
    visit.press("Pin to report")
    assert "Pinned to the report" in visit.at.toast[0].value


@pytest.mark.parametrize(
    "found",
    [
        Tree(),
        Tree().longer((5, 6, 7)),
        Tree().longer((5, 6, 7)).choose(1, 9),
        Tree().longer((5, 6, 7)).choose(1, 9).longer((1, 2)).choose(2, 44_000).choose(0, 8),
    ],
)
def test_a_tree_is_read_as_it_was_written(found):
    again = read_tree(found.written(), found.current)
    assert again == found


def test_trees_share_what_they_share():
    grown = Tree().longer((5, 6, 7)).choose(1, 9).longer((1,))
    assert grown.path == (5, 9, 1)
    other = grown.choose(1, 4)
    assert other.branches[2].parent == 0, "a branch that parts where this one does is its sibling"
    assert other.path == (5, 4)
    assert other.choose(1, 6).current == 0, "a way that is known is taken, not made again"
    assert other.look(1).without(1).branches[1].ids == (4,)

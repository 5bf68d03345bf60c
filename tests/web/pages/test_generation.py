"""The generation page: play, step, back, another way, the tree in the address, and a closer look at a step."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import attnviz
from attnviz.runtime import Query
from attnviz.text import decimals
from attnviz.web.state.address import encode, parse
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


@pytest.fixture(scope="module")
def chatting(decoder, tmp_path_factory):
    """The same decoder with a template for messages."""
    import shutil

    from transformers import AutoTokenizer

    directory = tmp_path_factory.mktemp("chatting") / "model"
    shutil.copytree(decoder, directory)
    tokenizer = AutoTokenizer.from_pretrained(directory)
    tokenizer.chat_template = (
        "{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}"
        "{% if add_generation_prompt %}assistant:{% endif %}"
    )
    tokenizer.save_pretrained(directory)
    return str(directory)


def header(visit):
    return visit.figure("writing")[0]


def read(visit) -> str:
    """What the model read before it wrote."""
    runs = header(visit)["prompt"]["runs"]
    return "".join(piece for piece, _ in runs).replace("␣", "").replace("⏎", "")


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


def test_two_branches_stand_side_by_side(page, model):
    visit = page(written="1k.1m.1n~0-1-2a.2b", at="1.3")
    visit.report("writing", "other", 0)
    assert visit.url["other"] == "0"
    found = header(visit)["compared"]
    writer = model.write(TEXT)
    for side, number in zip(found["sides"], (1, 0), strict=True):
        writer.follow(tree(visit).path_of(number))
        shares = [step.token.probability for step in writer.steps[1:]]
        assert side["number"] == number
        assert side["probability"] == pytest.approx(shares[0], abs=1e-6)
        assert side["log_probability"] == pytest.approx(np.log(shares).sum(), abs=1e-4)
        assert side["entropy"] == pytest.approx(
            np.mean([step.entropy for step in writer.steps[1:]]), abs=1e-4
        )
    assert found["at"] == 1
    writer.follow(tree(visit).path_of(0))
    common, after = writer.rows(1).mean((0, 1)), writer.rows(2).mean((0, 1))
    last = len(writer.prompt) + 1
    for label, (both, _, other) in found["reads"]:
        if label == "the token of its own":
            assert both is None
            assert other == pytest.approx(after[last], abs=1e-6)
    weights = {round(both, 6) for _, (both, _, _) in found["reads"] if both is not None}
    assert weights <= {round(float(each), 6) for each in common}
    visit.press("Step")
    assert header(visit)["compared"]["sides"][0]["tokens"] == 3, "it stays while the text grows"
    visit.report("writing", "other", {"number": 2, "value": 0})
    assert header(visit)["compared"] is None


def test_a_question_is_answered_and_traced_to_its_passage(page, model):
    passage = "The cat sat on the mat. The dog slept."
    visit = page(text=passage, mode="question")
    assert visit.figures() == [], "the question is still to be typed"
    field = next(each for each in visit.at.text_input if each.label == "Question")
    field.set_value("Who sat?").run()
    assert visit.url["question"] == "Who sat?"
    visit.press("Step").press("Step")
    prompt = f"{passage}\n\nQuestion: Who sat?\nAnswer:"
    writer = model.write(prompt)
    writer.step()
    writer.step()
    assert tree(visit).path == writer.ids
    found = header(visit)["sources"]
    first, last = found["place"]
    assert "".join(writer.prompt.labels[1:last]) == passage[len(writer.prompt.labels[0]) :]
    assert first == 1, "heads rest on the first token of all"
    assert found["chance"] == pytest.approx(1 / (last - first))
    visit.report("writing", "head", [1, 2])
    found = header(visit)["sources"]
    for n, (place, share, _) in enumerate(found["links"]):
        row = writer.rows(n)[1, 2][first:last]
        assert place == first + row.argmax()
        assert share == pytest.approx(row.max() / row.sum(), abs=1e-5)
    assert "layer 1, head 2" in found["note"]
    visit.at.segmented_control(key="mode").set_value("summary").run()
    assert "written" not in visit.url, "another prompt, another text"
    assert read(visit).endswith("TL;DR:")


def test_a_chat_goes_on_with_a_reply(opened, chatting):
    visit = opened("generation", model=chatting, text="Hello", mode="chat").press("Step")
    assert read(visit) == "user: Hello\nassistant:"
    answer = header(visit)["written"][0]["label"].strip()
    visit.at.text_input(key="mode_reply").set_value("Go <b>on</b>")
    visit.press("Send")
    assert read(visit) == f"user: Hello\nassistant: {answer}\nuser: Go <b>on</b>\nassistant:"
    again = opened("generation", **dict(visit.url.items()))
    assert header(again)["prompt"] == header(visit)["prompt"]
    broken = opened("generation", **{**visit.url, "turns": '["one"]'})
    assert any("cannot be read" in each for each in broken.notices)


def test_a_file_opens_the_branches_again(page):
    from types import SimpleNamespace

    from attnviz.web.pages.generation import filing

    visit = page(written="1k.1m.1n~0-1-2a.2b", at="1.2", drawn="1.5_5__7")
    button = next(each for each in visit.at.get("download_button") if each.label == "Save the branches")
    assert button.proto.id.endswith("save_branches")
    state, _ = parse(visit.url)
    drawn = SimpleNamespace(
        state=state,
        query=Query(state.model, TEXT),
        provenance=lambda: SimpleNamespace(lines=lambda: ["made"]),
    )
    saved = filing.text_of(drawn).encode()
    found = filing.read(saved)
    assert found is not None
    assert encode(found) == visit.url
    long = replace(found, text="a b " * 9_000)
    drawn.state, drawn.query = long, Query(long.model, long.text)
    assert filing.read(filing.text_of(drawn).encode()).text == long.text, "a file holds what no link can"
    for damaged in (
        b"",
        b"[]",
        b"{",
        saved[:-9],
        saved.replace(b'"version": 1', b'"version": 9'),
        b"[" * 10**6,
    ):
        assert filing.read(damaged) is None
    strange = saved.replace(b"1k.1m.1n", b"../../x")
    assert filing.read(strange).written is None


def test_keys_in_the_text_walk_and_play(page):
    visit = page()
    visit.report("writing", "walk", 1)
    assert len(header(visit)["written"]) == 1
    visit.at.session_state["play_count"] = 8
    visit.report("writing", "walk", 0)
    assert len(header(visit)["written"]) > 1
    place = header(visit)["step"]
    visit.report("writing", "walk", -1)
    assert header(visit)["step"] == place - 1


@pytest.mark.parametrize("view", ["layers", "why", "needs"])
def test_a_closer_look_at_a_step_of_an_encoder_decoder(opened, encoder_decoder, view):
    visit = opened("generation", model=encoder_decoder, text=TEXT, written="1k.1m", at="0.1", closer=view)
    assert not visit.at.error
    if view == "why":
        assert {each[0]["figure"] for each in visit.figures()} == {"writing", "words"}
    else:
        found = "".join(visit._html("attnviz-answers"))
        assert "log-probability" in found
        if view == "layers":  # after the last layer it is what the step itself said
            written = np.log(header(visit)["written"][1]["probability"])
            assert f"<td>{decimals(float(written), 2)}</td>" in found


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

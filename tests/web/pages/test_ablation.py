"""The ablation page: every number against the engine called directly; address, trail, changed texts, hostile ones."""

import json

import numpy as np
import pytest

from attnviz.explanation import ablate, answer, head_importance
from attnviz.runtime import Query, get_runtime
from attnviz.web.controls import answers
from tests.web.hostile import ALL_HOSTILE, marks_in

PAIR = get_runtime().default_pair_query


def test_the_example_shows_the_estimated_importance_of_all_heads(app, model):
    page = app("ablation")
    header, arrays = page.figure("switches")
    truth = head_importance(model, PAIR.text, "similarity", PAIR.pair)
    np.testing.assert_allclose(arrays["values"], truth.values, atol=1e-6)
    assert header["off"] == []
    assert "estimated from one gradient" in header["title"]
    assert f"With all heads the similarity is {truth.value:.3f}" in page.markdown
    page.press("Switch off layer 5 head 5, which supports it most")
    assert page.url == {"off": "5.5"}
    assert np.unravel_index(truth.values.argmax(), truth.values.shape) == (5, 5)


@pytest.mark.parametrize(
    ("params", "arguments", "words"),
    [
        ({"off": "2.5"}, {"heads": [(2, 5)]}, "Without layer 2 head 5 the similarity"),
        (
            {"off": "2.5,3.*"},
            {"heads": [(2, 5)], "layers": [3]},
            "Without layer 2 head 5 and all heads of layer 3 the similarity",
        ),
        (
            {"off": "2.5-6", "gate": "25"},
            {"heads": [(2, 5), (2, 6)], "scale": 0.25},
            "With layer 2 heads 5 and 6 at 25%",
        ),
        (
            {"off": "5.5", "gate": "mean", "reference": "It rains."},
            {"heads": [(5, 5)], "reference": "It rains."},
            "With layer 5 head 5 frozen at the mean over the reference text",
        ),
    ],
)
def test_before_and_after_are_the_engines(app, model, params, arguments, words):
    page = app("ablation", **params)
    truth = ablate(model, PAIR.text, target="similarity", pair=PAIR.pair, **{"heads": (), **arguments})
    verb = "falls" if truth.after < truth.before else "rises"
    assert f"{words}" in page.markdown
    assert f"{verb} from {truth.before:.3f} to {truth.after:.3f}." in page.markdown
    assert f"{truth.after:.3f}" in page.tables
    assert page.notices == []


def test_a_head_switched_in_the_grid_goes_into_the_address_and_back(app):
    page = app("ablation")
    page.report("switches", "switched", [[3, head] for head in range(12)] + [[0, 2]])
    assert page.url == {"off": "0.2,3.*"}
    assert len(page.figure("switches")[0]["off"]) == 13
    page.report("switches", "switched", [])
    assert page.url == {}
    page.report("switches", "switched", [[1, 1]])
    page.press("Put all heads back")
    assert page.url == {}


@pytest.mark.parametrize(
    "value", [None, 5, "x", {}, [[0]], [[-1, 0]], [["0", "0"]], [[float("nan"), 0]], [[None, None]]]
)
def test_a_browser_that_reports_nonsense_changes_nothing(app, value):
    page = app("ablation")
    page.report("switches", "switched", value)
    assert page.url == {}


@pytest.mark.parametrize("off", ["9.9", "abc", "2.", "<b>", "*-3", "1" * 7000])
def test_heads_that_cannot_be_read_are_said(app, off):
    page = app("ablation", off=off)
    assert any("all heads are on" in each for each in page.notices)
    assert page.figure("switches")[0]["off"] == []


@pytest.mark.parametrize("gate", ["101", "-5", "nonsense", "0.5"])
def test_a_gate_that_there_is_not_falls_back_with_a_sentence(app, gate):
    page = app("ablation", off="1.1", gate=gate)
    assert page.notices == ["The gate in the link is not one of the choices here; the default is shown."]
    assert "Without layer 1 head 1" in page.markdown


def test_measuring_switches_off_every_head_in_turn(app, model):
    text, other = "A cat.", "A kitten sleeps."
    page = app("ablation", text=text, pair=other)
    page.press("Measure: switch off each of the 72 heads in turn")
    header, arrays = page.figure("switches")
    assert "measured, one head at a time" in header["title"]
    one = ablate(model, text, [(4, 3)], "similarity", other)
    assert arrays["values"][4, 3] == pytest.approx(one.before - one.after, abs=1e-6)
    assert "Measure" not in str([each.label for each in page.at.button])


def test_predictions_stand_side_by_side_with_their_ranks(opened, classifier):
    text = "The waiter was rude and the soup was cold."
    page = opened("ablation", model=classifier, text=text, off="0.*,1.*")
    truth = get_runtime().ablate(Query(classifier, text), layers=(0, 1))
    shown = page.changes
    assert "&lt;b&gt;calm&lt;/b&gt;" in shown
    assert "<b>calm" not in shown
    after = [name for name, _ in truth.outcomes_after]
    for rank, (name, value) in enumerate(truth.outcomes_before, 1):
        new = after.index(name) + 1
        assert f"{value:.1%}" in shown
        assert f"<td>{rank if rank == new else f'{rank} → {new}'}</td>" in shown
    assert "Without any head" in page.markdown
    assert "<b>calm</b>" not in page.markdown


def test_the_next_tokens_of_a_decoder_change(opened, decoder):
    page = opened("ablation", model=decoder, text="The cat sat", off="0.1")
    truth = get_runtime().ablate(Query(decoder, "The cat sat"), ((0, 1),))
    assert f"{truth.outcomes_after[0][1]:.1%}" in page.changes


def test_each_kind_of_an_encoder_decoder_has_its_heads(opened, encoder_decoder):
    page = opened(
        "ablation", model=encoder_decoder, text="The cat", target_text="sat", kind="encoder", off="0.1"
    )
    query = Query(encoder_decoder, "The cat", target_text="sat")
    truth = get_runtime().head_importance(query, kind="encoder")
    np.testing.assert_array_equal(page.figure("switches")[1]["values"], truth.values)


def test_a_changed_text_is_asked_the_same_and_compare_gets_both(app, model):
    page = app("ablation", part="text")
    assert page.at.text_area(key="changed_text").value == PAIR.text
    changed = "A man is playing drums on the stage."
    page.at.text_area(key="changed_text").set_value(changed)
    page.press("See what changes")
    assert page.url == {"part": "text", "changed": changed}
    before, after = (answer(model, text, "similarity", PAIR.pair).value for text in (PAIR.text, changed))
    assert f"With the changed text the similarity falls from {before:.3f} to {after:.3f}." in page.markdown
    marks = next(each.proto.body for each in page.at.get("html") if "attnviz-edits" in each.proto.body)
    assert "<del>a guitar</del><ins>drums</ins>" in marks
    link = next(
        each.proto
        for each in page.at.get("page_link")
        if each.proto.label.startswith("Compare the attention")
    )
    assert "drums" in link.query_string
    page.press("Back to the text as it was")
    assert page.url == {"part": "text"}
    assert page.at.text_area(key="changed_text").value == PAIR.text


def test_the_labels_of_the_text_are_asked_of_the_changed_one(app, model):
    text, changed = "The waiter was rude.", "The waiter was kind."
    page = app("ablation", text=text, target="label-prompt", part="text", changed=changed)
    first = answer(model, text, "label-prompt")
    again = answer(model, changed, "label-prompt", **dict(first.options))
    assert f"the lead of “complaint” over “praise” falls from {first.value:.3f} to" in page.markdown
    assert f"{again.value:.3f}".replace("-", "−") in page.markdown
    assert "2 → 1" in page.changes


@pytest.mark.parametrize(
    ("changed", "moved"),
    [("The tiny cat sat on the mat.", 1), ("The cat sat on the mat today.", 0), ("Cat sat on the mat.", -1)],
)
def test_the_same_word_stays_hidden_where_others_change(opened, guesser, changed, moved):
    text = "The cat sat on the mat."
    page = opened("ablation", model=guesser, text=text, part="text", changed=changed)
    first = dict(get_runtime().answer(Query(guesser, text)).options)
    asked = {"token": first["token"], "position": first["position"] + moved}
    truth = get_runtime().answer(Query(guesser, changed), "masked-token", **asked)
    assert f" to {truth.value:.3f}.".replace("-", "−") in page.markdown


def test_another_word_is_hidden_where_the_hidden_one_was_changed(opened, guesser):
    page = opened("ablation", model=guesser, text="The cat sat.", part="text", changed="The cat slept.")
    assert "another word is hidden" in page.markdown


def test_the_trail_opens_and_undoes_what_was_tried(app):
    page = app("ablation", off="2.5")
    page.report("switches", "switched", [[2, 5], [3, 1]])
    page.at.get("button_group")[0].set_value("text").run()
    page.at.text_area(key="changed_text").set_value("A man sleeps.")
    page.press("See what changes")
    assert [each.split(":")[0] for each in page.tried] == [
        "“A man sleeps\\.”",
        "Without layer 2 head 5 and layer 3 head 1",
        "Without layer 2 head 5",
    ]
    page.press(page.tried[2])
    assert page.url == {"off": "2.5"}
    assert len(page.tried) == 3, "what is opened again is not tried again"
    page.press("Undo the last one")
    assert page.url == {"off": "2.5,3.1"}
    page.press("Clear the list")
    assert page.url == {}
    assert page.tried == []


def test_attention_is_not_explanation_is_found_and_measured(app, model):
    page = app("ablation", part="contrast")
    table = get_runtime().statistics(Query("minilm", PAIR.text))
    found = [each for each in page.markdown.splitlines() if "spreads its attention as if over" in each]
    places = [tuple(int(word) for word in line.split("**")[1].split() if word.isdigit()) for line in found]
    strong, spread = places
    assert f"{np.exp(table['entropy'][strong]):.1f} of 12 tokens" in found[0]
    effects = [ablate(model, PAIR.text, [place], "similarity", PAIR.pair) for place in places]
    assert abs(effects[0].change) < 0.1 * abs(effects[1].change)
    assert table["entropy"][strong] < table["entropy"][spread]
    assert f"to {effects[1].after:.3f}." in page.markdown
    links = [
        each.proto.query_string
        for each in page.at.get("page_link")
        if each.proto.label.startswith("See the map")
    ]
    assert f"layer={strong[0]}&head={strong[1]}" in links[0]


def test_one_text_asks_for_the_other_and_offers_an_example(app):
    page = app("ablation", text="A cat.")
    assert "A second text is needed" in page.markdown
    page.at.button(key="second_text_example").click().run()
    page.figure("switches")
    page = app("ablation", text="A cat.")
    page.at.button(key="instead_label-prompt").click().run()
    assert page.url == {
        "text": "A cat.",
        "target": "label-prompt",
        "asked": '{"labels":"complaint, praise"}',
    }
    page.figure("switches")


def test_an_opened_file_says_that_a_model_has_to_run(app):
    file = get_runtime().open(get_runtime().save(Query("minilm", "A cat sat.")))
    page = app("ablation", model=file.model)
    assert "An opened file holds attention only" in page.markdown
    page.press("Run minilm on this text")
    assert page.url == {"text": "A cat sat."}
    assert "A second text is needed" in page.markdown


@pytest.mark.parametrize(
    "params",
    [
        {
            "part": "text",
            "changed": ALL_HOSTILE,
            "target": "label-prompt",
            "asked": json.dumps({"labels": f"{ALL_HOSTILE}, other"}),
        },
        {"off": "0.1", "gate": "mean", "reference": ALL_HOSTILE},
    ],
    ids=["changed", "reference"],
)
def test_hostile_changes_references_and_labels_are_text(app, params):
    page = app("ablation", text="A cat.", pair="A dog.", **params)
    assert list(page.at.error) == []
    assert not marks_in(page.markdown + page.tables + "".join(page.tried))


def test_a_negative_result_is_drawn_to_the_left_of_zero():
    assert answers.bar(0.5, False) == '<td><span style="width:50.0%"></span></td>'
    assert 'style="width:25.0%;margin-left:50.0%"' in answers.bar(0.5, True)
    below = answers.bar(-0.5, True)
    assert 'class="below" style="width:25.0%;margin-left:25.0%"' in below, "it ends at the middle"


def test_each_part_begins_from_its_own_state(app):
    page = app("ablation", off="2.5")
    page.at.segmented_control(key="ablation_part").set_value("rows").run()
    assert "off" not in page.url
    assert "in all heads" in page.markdown
    page.at.segmented_control(key="ablation_part").set_value("heads").run()
    assert page.url == {"off": "2.5"}

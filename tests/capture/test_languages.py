"""Languages of translators: what is read, fed and generated is what transformers' own tokenizer and generate() give."""

import numpy as np
import pytest
import torch
from translators import LANGUAGES, TARGET, TEXT, marian, module, tokenizer

import attnviz
from attnviz import InputInvalid, UnknownName


def model(name):
    return attnviz.load(module(name), tokenizer=tokenizer(name))


def eager(name):
    import copy

    shared = copy.deepcopy(module(name))
    shared.set_attn_implementation("eager")
    return shared


def reference(name, source, target):
    """A tokenizer that is set to the two languages, as the manuals of transformers do it."""
    own = tokenizer(name)
    own.src_lang, own.tgt_lang = source, target
    return own


@pytest.mark.parametrize("name", LANGUAGES)
def test_languages_are_the_tokenizers_own_list(name):
    found = model(name).languages
    assert set(LANGUAGES[name]) <= set(found)
    assert len(found) == {"m2m_100": 100, "nllb": 202, "mbart50": 52, "mbart": 25}[name]


@pytest.mark.parametrize("name", LANGUAGES)
def test_what_is_generated_is_what_transformers_generates(name):
    source, target = LANGUAGES[name]
    own = reference(name, source, target)
    number = own.convert_tokens_to_ids(own.get_lang_token(target) if name == "m2m_100" else target)
    start = {"decoder_start_token_id" if name == "mbart" else "forced_bos_token_id": number}
    inputs = own(TEXT, return_tensors="pt")
    whole = module(name).generate(
        **inputs, **start, max_new_tokens=6, num_beams=1, do_sample=False
    )[0].tolist()  # fmt: skip
    capture = model(name).generate(TEXT, max_new_tokens=6, source_language=source, target_language=target)
    assert capture.tokens.ids.tolist() == inputs["input_ids"][0].tolist()
    assert capture.query_tokens("decoder").ids.tolist() == whole[:-1]
    assert capture.target_tokens.ids.tolist() == whole[1:]
    assert number in whole[:2]
    if name != "mbart":
        assert capture.target_tokens.special[0]  # the language is no word


@pytest.mark.parametrize("name", LANGUAGES)
def test_a_given_target_is_fed_as_from_labels(name):
    source, target = LANGUAGES[name]
    inputs = reference(name, source, target)(TEXT, text_target=TARGET, return_tensors="pt")
    with torch.no_grad():
        expected = eager(name)(**inputs, output_attentions=True)
    capture = model(name).capture(TEXT, target_text=TARGET, source_language=source, target_language=target)
    assert capture.target_tokens.ids.tolist() == inputs["labels"][0].tolist()
    assert capture.target_tokens.text == TARGET
    for layer in range(2):
        for kind, weights in (
            ("encoder", expected.encoder_attentions), ("decoder", expected.decoder_attentions),
            ("cross", expected.cross_attentions),
        ):  # fmt: skip
            np.testing.assert_allclose(capture.attention(layer, kind=kind), weights[layer][0], atol=2e-6)


@pytest.mark.parametrize("name", LANGUAGES)
def test_an_explained_translation_is_the_one_that_transformers_scores(name):
    source, target = LANGUAGES[name]
    inputs = reference(name, source, target)(TEXT, text_target=TARGET, return_tensors="pt")
    with torch.no_grad():
        logs = eager(name)(**inputs).logits[0].log_softmax(-1)
    labels = inputs["labels"][0]
    each = logs[torch.arange(len(labels)), labels]
    words = (labels != 2) & (labels != labels[0 if name != "mbart" else -1])
    loaded, languages = model(name), {"source_language": source, "target_language": target}
    question = {"target": "sequence", "continuation": TARGET, **languages}
    found = attnviz.explain(loaded, TEXT, method="leave-one-out", **question)
    assert found.value == pytest.approx(float(each[words].sum()), rel=1e-5)
    assert dict(found.options)["target_language"] == target
    # Everything that asks again asks the same: the languages are among the options.
    tested = attnviz.faithfulness(loaded, found, seeds=2)
    assert tested.value == pytest.approx(found.value)
    ablated = attnviz.ablate(loaded, TEXT, [(0, 1)], scale=1.0, **question)
    assert ablated.after == pytest.approx(found.value, rel=1e-5)
    importance = attnviz.head_importance(loaded, TEXT, **question)
    assert importance.value == pytest.approx(found.value, rel=1e-5)
    assert attnviz.layer_by_layer(loaded, TEXT, **question).values[-1] == pytest.approx(found.value, rel=1e-5)
    assert attnviz.without(loaded, TEXT, **question).before == pytest.approx(found.value, rel=1e-5)
    other = attnviz.explain(loaded, TEXT, method="leave-one-out", **{**question, "source_language": target})
    assert other.value != pytest.approx(found.value, rel=1e-3)


def test_an_explained_translation_of_its_own_starts_where_generation_did():
    loaded = model("mbart")
    found = attnviz.explain(loaded, TEXT, "sequence", method="leave-one-out", target_language="fr_XX")
    ids = list(dict(found.options)["continuation_ids"])
    own = reference("mbart", "en_XX", "fr_XX")
    fed = [own.convert_tokens_to_ids("fr_XX"), *ids[:-1]]
    with torch.no_grad():
        out = eager("mbart")(**own(TEXT, return_tensors="pt"), decoder_input_ids=torch.tensor([fed])).logits[
            0
        ]
    each = out.log_softmax(-1)[torch.arange(len(ids)), ids]
    assert found.value == pytest.approx(float(each[torch.tensor(ids) != 2].sum()), rel=1e-5)


@pytest.mark.parametrize("name", LANGUAGES)
def test_without_a_target_language_the_refusal_names_them(name):
    with pytest.raises(InputInvalid, match="writes several languages") as caught:
        model(name).capture(TEXT)
    assert LANGUAGES[name][1] in caught.value.remedy
    with pytest.raises(InputInvalid, match="writes several languages"):
        attnviz.explain(model(name), TEXT, "sequence", continuation=TARGET)


@pytest.mark.parametrize("name", LANGUAGES)
def test_an_unknown_language_is_refused_with_the_valid_ones(name):
    for option in ("source_language", "target_language"):
        with pytest.raises(UnknownName, match="Klingon") as caught:
            model(name).capture(TEXT, **{option: "Klingon"})
        assert LANGUAGES[name][0] in caught.value.valid


def test_defaults_are_those_of_the_tokenizer_and_the_generation_settings():
    import copy

    own = tokenizer("mbart50")
    forced = copy.deepcopy(module("mbart50"))
    forced.generation_config.forced_bos_token_id = own.convert_tokens_to_ids("ro_RO")
    capture = attnviz.load(forced, tokenizer=own).generate(TEXT, 4)
    assert capture.tokens.pieces[0] == "en_XX"
    assert capture.target_tokens.pieces[0] == "ro_RO"
    named = tokenizer("nllb")
    named.tgt_lang = "ron_Latn"
    assert (
        attnviz.load(module("nllb"), tokenizer=named).generate(TEXT, 4).target_tokens.pieces[0] == "ron_Latn"
    )


def test_the_callers_tokenizer_stays_as_it_was():
    own = tokenizer("nllb")
    before = own(TEXT)["input_ids"], own.src_lang, own.tgt_lang
    attnviz.load(module("nllb"), tokenizer=own).generate(
        TEXT, 3, source_language="deu_Latn", target_language="fra_Latn"
    )
    assert (own(TEXT)["input_ids"], own.src_lang, own.tgt_lang) == before


def test_a_model_of_one_language_has_none_to_choose(minilm):
    assert minilm.languages == ()
    with pytest.raises(UnknownName, match="source language 'de'"):
        minilm.capture(TEXT, source_language="de")


def test_a_marian_that_writes_several_languages_is_asked_for_one_before_the_text():
    own, tokens = marian()
    loaded = attnviz.load(own, tokenizer=tokens)
    assert loaded.languages == ("fra", "deu")
    inputs = tokens(f">>deu<< {TEXT}", return_tensors="pt")
    whole = own.generate(**inputs, max_new_tokens=6, num_beams=1, do_sample=False)[0].tolist()
    capture = loaded.generate(TEXT, max_new_tokens=6, target_language="deu")
    assert capture.tokens.ids.tolist() == inputs["input_ids"][0].tolist()
    assert (capture.tokens.special[0], capture.tokens.pieces[0], capture.tokens.text) == (
        True,
        ">>deu<<",
        TEXT,
    )
    assert capture.query_tokens("decoder").ids.tolist() == whole[:-1]
    question = {"target": "sequence", "continuation": TARGET, "method": "leave-one-out"}
    found = attnviz.explain(loaded, TEXT, **question, target_language="deu")
    other = attnviz.explain(loaded, TEXT, **question, target_language="fra")
    assert dict(found.options)["target_language"] == "deu"
    assert found.value != pytest.approx(other.value, rel=1e-3)
    typed = attnviz.explain(loaded, f">>deu<< {TEXT}", **question)
    assert typed.value == pytest.approx(found.value, rel=1e-5)
    assert loaded.tokenize(TEXT).text == TEXT  # what is only read needs no language
    assert attnviz.sanity(loaded, found).before is found
    with pytest.raises(InputInvalid, match="one of: fra, deu"):
        loaded.capture(TEXT)
    with pytest.raises(InputInvalid, match="named twice"):
        loaded.capture(f">>fra<< {TEXT}", target_language="deu")
    with pytest.raises(UnknownName, match="fra, deu"):
        loaded.capture(TEXT, target_language="ita")

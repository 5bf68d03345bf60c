"""The translator that comes along: its figures measured anew, both directions, and words that it refuses."""

import json
import re

import pytest
import torch

import attnviz
from attnviz.analysis.word_alignment import alignment_error_rate, by_words, word_alignment
from attnviz.explanation.translation.gold import head_errors
from attnviz.explanation.translation.writing import translate
from attnviz.loading.catalogue import models_directory
from models.translator import card
from models.translator.data import shown_sentences, unseen_sentences
from models.translator.evaluate import corpus_bleu, directed, evaluate, gold, greedy
from models.translator.words import written

FOLDER = models_directory() / "translator"
SAMPLE, ALIGNED = 150, 30
LEAST = {"fr": (93, 0.75), "en": (93, 0.80)}  # BLEU and share of exact translations
MOST_ERROR = 0.08


@pytest.fixture(scope="module")
def model():
    return attnviz.load("translator", device="cpu", dtype="float32")


@pytest.mark.slow
def test_its_figures_hold_on_sentences_that_it_never_saw(model):
    found = evaluate(model, unseen_sentences()[:SAMPLE], ALIGNED)
    for language, (bleu, exact) in LEAST.items():
        each = found[language]
        assert each.bleu >= bleu
        assert each.exact >= exact
        assert each.error_rate <= MOST_ERROR < each.diagonal / 4


def test_its_card_tells_of_these_weights_and_was_written_by_the_program(model):
    told = (FOLDER / card.CARD_FILE).read_text("utf-8")
    assert f"{model.card.parameters:,} parameters" in told
    assert "license: apache-2.0" in told
    rows = re.findall(r"^\| (\w+ to \w+) \| ([\d.]+) \| ([\d.]+) \| ([\d.]+) \(", told, re.M)
    assert [name for name, *_ in rows] == list(card.NAMES.values())
    for (_, bleu, exact, error), (least_bleu, least_exact) in zip(rows, LEAST.values(), strict=True):
        assert float(bleu) >= least_bleu
        assert float(exact) >= least_exact
        assert float(error) <= MOST_ERROR
    plain = re.sub(r"\s+", " ", card.CARD.split("{table}")[0].split("Measured on")[0])
    parts = [re.escape(part) for part in re.split(r"{[^}]*}", plain)]
    assert re.match("[\\d,.]+".join(parts), re.sub(r"\s+", " ", told))
    known = json.loads((FOLDER / card.GOLD_FILE).read_text("utf-8"))["sentences"]
    assert known == [card._entry(each) for each in gold(shown_sentences())]
    assert (FOLDER / card.WEIGHTS).stat().st_size <= 4_000_000


def test_the_catalogue_says_what_the_weights_say(model):
    offered = next(each for each in attnviz.catalog() if each.name == "translator")
    assert model.card == attnviz.ModelCard(
        **{name: getattr(offered, name) for name in attnviz.ModelCard.__dataclass_fields__}
    )
    assert offered.at_hand
    module = model.loaded.module
    assert offered.parameters == sum(each.numel() for each in module.parameters())
    settings = module.config
    assert (offered.layers, offered.heads) == (settings.decoder_layers, settings.decoder_attention_heads)
    known = {each.source for each in model.loaded.gold if each.language == "fr"}
    assert set(offered.examples) <= known, "what the page begins with has gold"


def test_both_directions_are_chosen_by_a_tag_before_the_text(model):
    tokenizer = model.loaded.tokenizer
    assert model.languages == ("fr", "en")
    for language, text in (("fr", "The cat sleeps."), ("en", "Le chat de l'enfant dort.")):
        tokens = model.reads(target_language=language).tokenize(text)
        assert tokens.ids.tolist() == tokenizer(f">>{language}<< {text}")["input_ids"]
        assert tokens.labels[0] == f">>{language}<<"
        assert tokens.special[[0, -1]].all()
        assert (
            "".join(label for label, mark in zip(tokens.labels, tokens.special, strict=True) if not mark)
            == text
        )
    assert model.tokenize("The cat sleeps.").labels[0] == ">>fr<<", "the first, where nobody chooses"
    typed = model.tokenize(">>en<< Le chat dort.", special=True)
    assert typed.ids.tolist() == tokenizer(">>en<< Le chat dort.")["input_ids"]
    with pytest.raises(attnviz.UnknownName, match="no target language 'pt'"):
        model.capture("The cat sleeps.", target_language="pt")
    with pytest.raises(attnviz.UnknownName, match="no source language 'en'"):
        model.capture("The cat sleeps.", source_language="en")


def test_it_writes_what_transformers_generates_with_the_tag_typed(model):
    module, tokenizer = model.loaded.module, model.loaded.tokenizer
    for each in shown_sentences()[:3]:
        for language in ("fr", "en"):
            text = written(directed(each, language)[0])
            fed = tokenizer(f">>{language}<< {text}", return_tensors="pt")
            with torch.no_grad():
                ids = module.generate(**fed, max_length=64, num_beams=1)[0, 1:]
            pair = translate(model, text, target_language=language)
            assert pair.target.ids.tolist() == ids.tolist()
            capture = model.generate(text, max_new_tokens=32, target_language=language)
            assert capture.target_tokens.text == pair.target.text == greedy(model, [text], language)[0]


def test_words_that_it_lacks_are_refused_with_their_names(model):
    with pytest.raises(attnviz.UnknownWords, match="“zebra”, “xylophones”") as caught:
        model.generate("The zebra plays zebra xylophones.")
    assert caught.value.words == ("zebra", "xylophones")
    with pytest.raises(attnviz.UnknownWords, match="“chatte”"):
        translate(model, "The cat sleeps.", "La chatte dort.")
    with pytest.raises(attnviz.InputInvalid, match="and 8 more"):
        model.capture(" ".join(f"word{number}" for number in range(20)))
    with pytest.raises(attnviz.UnknownWords):  # as text, the name of a token is no token
        model.tokenize("The <unk> sleeps.")


def test_gold_belongs_to_the_tokens_of_both_texts(model):
    for each in model.loaded.gold[:6]:
        pair = translate(model, each.source, each.target, target_language=each.language)
        assert pair.reference == each.target
        words = word_alignment(pair.attention[0, 0], pair.target, pair.source, "token")
        assert by_words(pair.gold.sure, words) == each.sure
        assert by_words(pair.gold.possible, words) == each.possible
    named = {(words.sources[s], words.targets[t]) for s, t in each.sure}
    assert len(named) == len(each.sure)
    assert translate(model, each.source, "Le chat dort.", target_language=each.language).gold is None


def test_error_rates_of_heads_are_those_of_single_sentences_added_up(model):
    (own,) = head_errors(model, [model.loaded.gold[0]])
    pair = translate(model, model.loaded.gold[0].source, model.loaded.gold[0].target)
    maps = [*pair.attention[2], pair.attention[2].mean(0)]
    for rate, weights in zip(own.rates[2], maps, strict=True):
        words = word_alignment(weights, pair.target, pair.source, "token")
        sure, possible = (by_words(links, words) for links in pair.gold)
        assert rate == pytest.approx(alignment_error_rate(words.links, sure, possible))
    assert (own.language, own.sentences) == ("fr", 1)


def test_its_capture_is_right_by_the_words_that_it_knows(model):
    assert attnviz.check(model).passed
    capture = model.capture("The cat sleeps.", target_text="Le chat dort.")
    assert capture.kinds == ("encoder", "decoder", "cross")


def test_bleu_of_a_case_that_was_counted_by_hand():
    found, reference = [["the", "cat", "sat", "on", "the", "mat"]], [["the", "cat", "is", "on", "the", "mat"]]
    # matches 5 of 6, 3 of 5, 1 of 4, and no four words
    assert corpus_bleu(found, reference) == 0
    longer, other = [["a", "b", "c", "d", "e", "f"]], [["a", "b", "c", "d", "e", "g"]]
    assert corpus_bleu(longer, other) == pytest.approx(100 * (5 / 6 * 4 / 5 * 3 / 4 * 2 / 3) ** 0.25)
    short = corpus_bleu([["a", "b", "c", "d"]], [["a", "b", "c", "d", "e", "f"]])
    assert short == pytest.approx(100 * 2.718281828 ** (1 - 6 / 4))

"""Attention pooled to words, sentences and paragraphs, against dense maps; and how little memory a long text takes."""

import tracemalloc

import numpy as np
import pytest

from attnviz.analysis import aggregate
from attnviz.runtime import Query, get_runtime
from attnviz.text import groups
from tests.web.truth import captured, looks_into_the_engine

TEXT = """The cat sat unbelievably long on the mat. It was a warm day.

Nobody asked why. The dog, who was older,
slept in the shade.

In the evening it rained."""


def maps(query, kind=None):
    capture = captured(query)
    return np.stack([capture.attention(layer, None, kind) for layer in range(capture.shape(kind)[0])])


@pytest.mark.parametrize(
    ("params", "of"),
    [
        ({}, lambda whole: whole.mean((0, 1))),
        ({"over": "layer", "layer": "4"}, lambda whole: whole[4].mean(0)),
        ({"over": "one", "layer": "4", "head": "7"}, lambda whole: whole[4, 7]),
    ],
)
@pytest.mark.parametrize("unit", ["word", "sentence", "paragraph"])
def test_parts_are_pooled_maps(app, params, of, unit):
    header, arrays = app("allocation", text=TEXT, by=unit, **params).figure("heatmap")
    index, labels = groups(captured(Query("minilm", TEXT)).tokens, unit)
    whole = maps(Query("minilm", TEXT))
    np.testing.assert_allclose(arrays["maps"][0], aggregate(of(whole), index, index), atol=1e-6)
    assert len(header["keys"]) == len(labels)
    assert header["unit"] == unit
    assert f"A row is the mean over the tokens of a {unit}, a column the sum" in header["note"]


def test_three_paragraphs_have_readable_labels(app):
    header, arrays = app("allocation", text=TEXT, by="paragraph").figure("heatmap")
    assert [label[:12] for label in header["keys"]] == [
        "[CLS]",
        "The cat sat ",
        "Nobody asked",
        "In the eveni",
        "[SEP]",
    ]
    np.testing.assert_allclose(arrays["maps"][0].sum(1), 1, atol=1e-5)
    assert "Blank lines part paragraphs" in header["note"]
    assert header["pool"]["words"] == "mean of all 72 heads"


def test_what_is_pooled_stands_in_the_address(app):
    visit = app("allocation", text=TEXT, by="sentence")
    visit.at.get("button_group")[1].set_value("layer").run()
    assert visit.url == {"text": TEXT, "by": "sentence", "over": "layer"}
    visit.report("heatmap", "selection", {"layer": 2, "head": 1})
    assert (visit.url["layer"], visit.url["head"]) == ("2", "1")
    assert visit.figure("heatmap")[0]["pool"]["words"] == "mean of the 12 heads of layer {layer}"


def test_paragraphs_are_a_choice_of_the_attention_page_too(app):
    header, _ = app("attention", text=TEXT, unit="paragraph").figure("heatmap")
    assert len(header["keys"]) == 5


def test_the_cross_attention_of_two_texts_is_pooled_on_both_sides(app, encoder_decoder):
    visit = app(
        "allocation",
        text="The cat. A dog.",
        target_text="sat. on. it.",
        model=encoder_decoder,
        view="sentence",
    )
    visit.press("Load this model")
    _, arrays = visit.figure("heatmap")
    capture = captured(Query(encoder_decoder, "The cat. A dog.", target_text="sat. on. it."))
    rows, columns = (
        groups(each, "sentence")[0] for each in (capture.query_tokens("cross"), capture.key_tokens("cross"))
    )
    whole = np.stack([capture.attention(layer, None, "cross") for layer in range(2)]).mean((0, 1))
    np.testing.assert_allclose(arrays["maps"][0], aggregate(whole, rows, columns), atol=1e-6)


@looks_into_the_engine
def test_a_long_text_takes_little_memory(tokenizer, tmp_path):
    """2,048 tokens: one map of them takes 16 MiB, those of all 8 heads 128; pooling them takes less than one."""
    from transformers import GPT2Config, GPT2LMHeadModel

    config = GPT2Config(
        vocab_size=len(tokenizer), n_positions=2048, n_embd=32, n_layer=2, n_head=4, eos_token_id=1
    )
    GPT2LMHeadModel(config).save_pretrained(tmp_path)
    tokenizer.save_pretrained(tmp_path)
    runtime = get_runtime()
    sentence = "The cat sat on the mat. The dog.\n"
    text = sentence * (2048 // len(tokenizer(sentence)["input_ids"]))
    # Opened from its file: all arrays are numpy's, which tracemalloc counts.
    query = runtime.open(runtime.save(Query(str(tmp_path), text)))
    tokens = len(runtime.capture(query).tokens)
    assert tokens > 2000
    every = tuple((layer, head) for layer in range(2) for head in range(4))
    tracemalloc.start()
    found = runtime.pooled(query, every, "sentence")
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 4 * tokens**2, f"{most / 2**20:.1f} MiB"
    index, labels = groups(runtime.capture(query).tokens, "sentence")
    assert found.shape == (len(labels), len(labels))
    np.testing.assert_allclose(found.sum(1), 1, atol=1e-4)
    dense = aggregate(runtime.attention(query, 1, 2), index, index)
    np.testing.assert_allclose(runtime.pooled(query, ((1, 2),), "sentence"), dense, atol=1e-6)

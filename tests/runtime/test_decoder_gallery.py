"""What the gallery says of the decoder, on its real weights: where heads look, their names, what comes next."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from attnviz import layer_by_layer
from attnviz.analysis.head_kinds import KINDS
from attnviz.runtime.breakdowns import ALLOCATE
from attnviz.runtime.gallery.decoders import DECODER, DECODER_EXAMPLES
from attnviz.runtime.likeness import likeness
from attnviz.web.shell.site import SITE
from tests.fetched import loaded

pytestmark = pytest.mark.slow
EXAMPLES = {example.name: example for example in DECODER_EXAMPLES}
LAST = -1
# Who looks at whom, and with what weight, in the head that the example names.
LINKS = {
    "indirect-object": (" Mary", 0.81),
    "decoder-agreement": (" keys", 0.91),
    "fact": (" France", 0.90),
    "decoder-code": (" second", 0.67),
}
NEXT = {
    "indirect-object": (" Mary", 0.92),
    "decoder-agreement": (" are", 0.15),
    "fact": (" Paris", 0.77),
    "decoder-code": (" second", 0.95),
}


@pytest.fixture(scope="module")
def captured():
    """The capture of an example, made once."""
    model, kept = loaded(DECODER), {}

    def get(name):
        if name not in kept:
            kept[name] = model.capture(EXAMPLES[name].text)
        return kept[name]

    return get


def kinds_of(capture):
    classes = ALLOCATE["class"](capture, None)
    return likeness(capture, capture.statistics(), classes, True, None, lambda stage: None).kinds


@pytest.mark.parametrize("name", LINKS)
def test_the_last_token_looks_where_the_example_says(captured, name):
    label, weight = LINKS[name]
    capture, example = captured(name), EXAMPLES[name]
    row = capture.attention(*example.place)[LAST]
    assert capture.tokens.labels[int(row.argmax())] == label
    assert row.max() == pytest.approx(weight, abs=0.01)
    assert f"{weight:.2f}"[1:] in example.look


@pytest.mark.parametrize("name", NEXT)
def test_the_model_goes_on_as_the_example_says(name):
    model = loaded(DECODER)
    _, inputs = model.encode(EXAMPLES[name].text)
    with torch.no_grad():
        logits = model.loaded.module(input_ids=torch.tensor([inputs["input_ids"]])).logits[0, LAST]
    chances, ids = logits.softmax(-1).topk(2)
    words = [model.loaded.tokenizer.decode([int(each)]) for each in ids]
    assert (words[0], float(chances[0])) == (NEXT[name][0], pytest.approx(NEXT[name][1], abs=0.01))
    if name == "decoder-agreement":
        assert words[1] == " were"


def test_the_fact_comes_only_out_of_the_last_layer():
    says = layer_by_layer(loaded(DECODER), EXAMPLES["fact"].text).outcomes
    assert [layer[0][0] == " Paris" for layer in says] == [*[False] * 30, True]


def test_heads_are_named_for_what_they_do(captured):
    """On repeated text 17.5 looks behind the earlier place, 16.0 and 11.1 one token back; most heads rest."""
    capture = captured("repetition")
    kinds = kinds_of(capture)
    names = list(KINDS)
    named = {place: names[kinds[place]] for place in ((17, 5), (17, 4), (18, 6), (16, 0), (11, 1), (18, 7))}
    assert named == {
        (17, 5): "induction", (17, 4): "induction", (18, 6): "induction",
        (16, 0): "previous", (11, 1): "previous", (18, 7): "first",
    }  # fmt: skip
    table = capture.statistics()
    assert table["induction"][17, 5] == pytest.approx(0.82, abs=0.01)
    half = len(capture.tokens) // 2
    rows = np.arange(half, 2 * half - 1)
    assert (capture.attention(17, 5)[rows].argmax(1) == rows - half + 1).mean() > 0.8


def test_a_text_without_repetition_shows_no_induction(captured):
    assert list(KINDS).index("induction") not in kinds_of(captured("previous-token"))
    assert captured("previous-token").statistics()["previous"][16, 0] > 0.8


def test_two_thirds_of_all_attention_rest_on_the_first_token(captured):
    table = captured("decoder-sink").statistics()
    assert np.nanmean(table["first"]) == pytest.approx(2 / 3, abs=0.02)
    assert table["first"][18, 7] > 0.99


def test_every_example_opens_a_page_and_a_head_that_there_is():
    card = loaded(DECODER).card
    pages = {each.name for each in SITE}
    for example in DECODER_EXAMPLES:
        assert example.model == DECODER
        assert example.page in pages
        assert example.place[0] < card.layers
        assert example.place[1] < card.heads

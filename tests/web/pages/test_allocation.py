"""The page "where attention goes": its numbers against the engine's maps, its choices in the address, its links."""

import numpy as np
import pytest

from attnviz.runtime import Query, get_runtime
from tests.web.truth import captured


def maps(query, kind=None):
    capture = captured(query)
    return np.stack([capture.attention(layer, None, kind) for layer in range(capture.shape(kind)[0])])


def test_shares_of_the_example_are_those_of_its_maps(app):
    header, arrays = app("allocation").figure("allocation")
    query = get_runtime().default_query
    whole = maps(query)
    assert header["titles"][0] == "first token"
    np.testing.assert_allclose(arrays["shares"][:, :, 0, 0], whole[..., 0].mean(-1), atol=1e-6)
    np.testing.assert_allclose(arrays["shares"].sum(-1), 1, atol=1e-5)
    labels = [label.strip() for label in captured(query).tokens.labels]
    content = [labels.index(word) for word in ("animal", "cross", "street", "tired")]
    place = header["titles"].index("content words")
    np.testing.assert_allclose(
        arrays["shares"][:, :, 0, place], whole[..., content].sum(-1).mean(-1), atol=1e-6
    )
    assert arrays["even"][0, place] == pytest.approx(len(content) / len(labels))


def test_a_pair_can_be_broken_down_by_text_and_the_choice_stands_in_the_address(app):
    visit = app("allocation", text="A cat.", pair="A kitten sleeps.", texts="together")
    visit.at.segmented_control(key="allocation_by").set_value("segment").run()
    assert visit.url["by"] == "segment"
    header, arrays = visit.figure("allocation")
    assert header["titles"] == ["the same text", "the other text", "special tokens"]
    query = Query("minilm", "A cat.", "A kitten sleeps.")
    tokens = captured(query).tokens
    first = ~tokens.special & (tokens.segments == 0)
    expected = maps(query)[:, :, first][..., first].sum(-1).mean(-1)
    np.testing.assert_allclose(arrays["shares"][:, :, 1, 0], expected, atol=1e-6)


def test_one_text_offers_no_other_text(app):
    visit = app("allocation", by="segment")
    assert visit.notices == [
        "The grouping (by) in the link is not one of the choices here; the default is shown."
    ]
    assert visit.figure("allocation")[0]["titles"][0] == "first token"


def test_distances_of_a_decoder_go_backwards_only(app, decoder):
    visit = app("allocation", text="The cat sat", model=decoder, by="distance").press("Load this model")
    header, arrays = visit.figure("allocation")
    assert header["titles"][-1] == "itself"
    whole = maps(Query(decoder, "The cat sat"))
    np.testing.assert_allclose(
        arrays["shares"][:, :, 0, -1], np.diagonal(whole, axis1=2, axis2=3).mean(-1), atol=1e-6
    )
    assert arrays["even"][0].sum() == pytest.approx(1)


def test_cross_attention_has_classes_only(app, encoder_decoder):
    visit = app("allocation", text="The cat", target_text="sat on", model=encoder_decoder, by="distance")
    visit.press("Load this model")
    _, arrays = visit.figure("allocation")
    query = Query(encoder_decoder, "The cat", target_text="sat on")
    np.testing.assert_allclose(arrays["shares"][:, :, 0, 0], maps(query, "cross")[..., 0].mean(-1), atol=1e-6)
    assert "grouping (by) in the link" in visit.notices[0]


def test_a_head_opens_on_the_attention_page(app):
    visit = app("allocation", text="The cat sat.")
    visit.report("allocation", "open", {"layer": 4, "head": 2})
    assert visit.url == {"text": "The cat sat.", "layer": "4", "head": "2"}
    assert visit.figure("heatmap")[0]["layer"] == 4

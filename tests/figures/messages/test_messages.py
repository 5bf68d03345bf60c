"""What the Python side of the figures sends: right shapes, honest coding, prose that is the text; or an error."""

import numpy as np
import pytest

from attnviz.errors import UnknownName
from attnviz.figures import heads_data, unpack, words_data
from attnviz.text import groups
from attnviz.types import Attribution, HeadTable, Overviews
from tests.figures.maps import map_message
from tests.figures.messages.records import tokens

LABELS = ("[CLS]", " un", "do", " it", "[SEP]")
FLAGS = np.array([1, 0, 0, 0, 1], bool)


def maps(count: int, size: int = 5) -> np.ndarray:
    values = np.random.default_rng(0).random((count, size, size), np.float32)
    return values / values.sum(-1, keepdims=True)


def test_heatmap_sends_exact_floats_and_displayable_labels() -> None:
    sent = maps(2)
    header, arrays = unpack(
        map_message(
            sent, [(0, 1), (1, 0)], LABELS, LABELS, layers=2, heads=2, layer=0, head=1, key_special=FLAGS
        )
    )
    np.testing.assert_array_equal(arrays["maps"], sent)
    assert header["at"] == [[0, 1], [1, 0]]
    assert header["queries"] == ["[CLS]", "un", "do", "it", "[SEP]"]
    assert (header["querySpecial"], header["keySpecial"]) == ([0] * 5, [1, 0, 0, 0, 1])


def test_identity_tells_maps_apart_and_not_selections() -> None:
    def identity(layer: int = 0, **other: object) -> str:
        return unpack(
            map_message(
                maps(1), [(layer, 0)], LABELS, LABELS, layers=2, heads=1, layer=layer, head=0, **other
            )  # type: ignore[arg-type]
        )[0]["identity"]

    assert identity() == identity(layer=1) == identity(note="other")
    assert (
        len(
            {
                identity(),
                identity(identity="b"),
                identity(quantity="norm"),
                identity(model="m"),
                identity(text="t"),
            }
        )
        == 5
    )


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"query_labels": LABELS[:4]}, r"maps are \(2, 5, 5\), but .* there are 4 x 5 labels"),
        ({"places": [(0, 0)]}, r"maps are \(2, 5, 5\), but 1 heads are named"),
        ({"layer": 2}, "there is no layer 2, head 0 among 2 x 2"),
        ({"key_special": FLAGS[:3]}, r"special flags 5 and 3"),
    ],
)
def test_heatmap_refuses_what_does_not_fit(change: dict, message: str) -> None:
    given = {
        "maps": maps(2), "places": [(0, 0), (0, 1)], "query_labels": LABELS, "key_labels": LABELS,
        "layers": 2, "heads": 2, "layer": 0, "head": 0,
    }  # fmt: skip
    with pytest.raises(ValueError, match=message):
        map_message(**{**given, **change})


def test_thumbnails_decode_to_the_overviews() -> None:
    overviews = np.random.default_rng(1).random((2, 3, 8, 8), np.float32) ** 4
    overviews[1, 2] = 0
    table = HeadTable(("entropy",), ("nats",), np.ones((1, 2, 3), np.float32))
    header, arrays = unpack(heads_data(Overviews.of(overviews), table, queries=80, keys=80, chosen=[(0, 1)]))
    scale = arrays["scales"][..., None, None]
    decoded = (arrays["thumbs"] / 255.0) ** 2 * scale
    assert np.abs(decoded - overviews).max() <= 0.004 * overviews.max()
    assert header["metrics"] == [{"name": "entropy", "unit": "nats", "description": ""}]
    assert header["chosen"] == [[0, 1]]


def test_heads_that_never_look_ahead_send_half_of_their_maps() -> None:
    overviews = np.tril(np.random.default_rng(1).random((2, 3, 8, 8), np.float32))
    table = HeadTable(("entropy",), ("nats",), np.ones((1, 2, 3), np.float32))
    _, arrays = unpack(heads_data(Overviews.of(overviews), table, queries=80, keys=80, causal=True))
    assert arrays["thumbs"].shape == (2, 3, 36)
    np.testing.assert_array_equal(arrays["thumbs"], Overviews.of(overviews).cells[:, :, *np.tril_indices(8)])


def test_heads_refuse_five_marks_other_shapes_and_unknown_metrics() -> None:
    overviews = np.ones((1, 2, 4, 4), np.float32)
    table = HeadTable(("entropy",), ("nats",), np.ones((1, 1, 2), np.float32))
    with pytest.raises(ValueError, match="5 heads are chosen"):
        heads_data(Overviews.of(overviews), table, queries=4, keys=4, chosen=[(0, 0)] * 5)
    with pytest.raises(ValueError, match="the statistics"):
        heads_data(Overviews.of(overviews[:, :1]), table, queries=4, keys=4)
    with pytest.raises(UnknownName, match="Choose one of: entropy"):
        heads_data(Overviews.of(overviews), table, queries=4, keys=4, order_by="surprise")


TEXT = "Undo it,\nnow!"
TOKENS = tokens(TEXT, [(0, 2), (2, 4), (4, 7), (7, 8), (8, 12), (12, 13)], [0, 0, 1, 2, 3, 4])


def attribution(signed: bool = True) -> Attribution:
    scores = np.array([0.5, 1, 2, -4, 0.25, 0, -1, 0], np.float32)
    return Attribution(TOKENS, scores, None, None, "method", "target", 1.0, 0.0, None, signed)


@pytest.mark.parametrize("granularity", ["token", "word", "sentence", "paragraph"])
def test_prose_is_the_text_and_groups_are_those_of_the_text_layer(granularity: str) -> None:
    header, arrays = unpack(words_data(attribution(), granularity=granularity))
    (text,) = header["texts"]
    part = text["granularities"][granularity]
    special = part["special"]
    prose = "".join(piece for piece, group in part["runs"] if group < 0 or not special[group])
    assert prose == TEXT
    index, labels = groups(TOKENS, granularity)
    np.testing.assert_array_equal(arrays[f"{granularity}0"], index)
    assert len(part["labels"]) == len(labels) == len(special)
    assert sorted(group for _, group in part["runs"] if group >= 0) == sorted(set(index.tolist()))
    np.testing.assert_array_equal(arrays["scores0"], attribution().scores)


def test_colour_covers_words_and_not_the_white_space_around_them() -> None:
    header, _ = unpack(words_data(attribution()))
    runs = header["texts"][0]["granularities"]["word"]["runs"]
    assert [piece for piece, group in runs if group >= 0] == ["[CLS]", "Undo", "it", ",", "now", "!", "[SEP]"]


def test_words_name_what_scores_push_towards() -> None:
    signed, _ = unpack(words_data(attribution(), target_title="Similarity"))
    assert (signed["towards"], signed["away"]) == ("pushes towards Similarity", "pushes away from Similarity")
    unsigned, _ = unpack(words_data(attribution(signed=False), target_title="Similarity"))
    assert unsigned["towards"] == "matters more for Similarity"


def test_unknown_granularity_is_refused() -> None:
    with pytest.raises(UnknownName, match="Choose one of: token, word, sentence"):
        words_data(attribution(), granularity="letter")

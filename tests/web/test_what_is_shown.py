"""What of a map is shown, on the attention page: in the address, in the figure, and in what is taken along."""

import pytest

from attnviz.figures import unpack
from attnviz.figures.export import heatmap_message
from attnviz.runtime import get_runtime


def test_what_is_hidden_and_kept_stands_in_the_address_and_reaches_the_figure(app):
    visit = app("attention")
    header, _ = visit.figure("heatmap")
    assert (header["hide"], header["keep"], header["first"]) == ([], None, "both")
    visit.report("heatmap", "setting", {"hide": ["first", "special"], "keep": 90.0})
    assert visit.url == {"hide": "special,first", "keep": "90"}
    header, _ = visit.figure("heatmap")
    assert (header["hide"], header["keep"]) == (["special", "first"], 90)
    visit.report("heatmap", "setting", {"hide": [], "keep": None})
    assert visit.url == {}


@pytest.mark.parametrize(
    "value",
    [
        None,
        3,
        [],
        {"hide": "special", "keep": "90"},
        {"hide": [[]], "keep": [90]},
        {"hide": None, "keep": 91},
    ],
)
def test_a_strange_report_hides_nothing(app, value):
    visit = app("attention")
    visit.report("heatmap", "setting", value)
    assert visit.url == {}
    assert visit.notices == []


def test_a_link_to_what_cannot_be_hidden_or_kept_says_so(app):
    visit = app("attention", hide="last", keep="91")
    header, _ = visit.figure("heatmap")
    assert (header["hide"], header["keep"]) == ([], None)
    assert any("hides or keeps" in notice for notice in visit.notices)


def test_the_first_token_of_another_text_is_hidden_among_the_keys_only(app, encoder_decoder):
    visit = app(
        "attention", model=encoder_decoder, text="The cat sat.", target_text="on the mat", hide="first"
    )
    visit.press("Load this model")
    header, _ = visit.figure("heatmap")
    assert (header["first"], header["hide"]) == ("keys", ["first"])


def test_what_is_taken_along_hides_the_same():
    capture = get_runtime().capture(get_runtime().default_query)
    header, _ = unpack(heatmap_message(capture, 2, 5, hide=("first",), keep=75))
    assert (header["first"], header["hide"], header["keep"]) == ("both", ["first"], 75)

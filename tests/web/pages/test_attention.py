"""What of a map is shown, on the attention page: in the address, in the figure, and in what is taken along."""

import io

import numpy as np
import pytest

from attnviz.errors import UnknownName
from attnviz.figures import QUANTITIES, Pool, unpack
from attnviz.figures.export import archive, heatmap_message
from attnviz.figures.messages import axes as maps
from attnviz.runtime import Query, get_runtime
from attnviz.web.pages.attention import same_link
from tests.web.truth import captured, looks_into_the_engine


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
    capture = captured(get_runtime().default_query)
    header, _ = unpack(heatmap_message(capture, 2, 5, hide=("first",), keep=75))
    assert (header["first"], header["hide"], header["keep"]) == ("both", ["first"], 75)


def shown(visit):
    header, arrays = visit.figure("heatmap")
    return header, arrays["maps"][header["at"].index([header["layer"], header["head"]])]


def buttons(visit):
    return [each.label for each in visit.at.get("download_button")]


def truth(layers, heads, quantity="attention"):
    capture = captured(get_runtime().default_query)
    return np.stack([getattr(capture, quantity)(layer, head) for layer in layers for head in heads])


def test_the_mean_of_a_layers_heads_can_be_stepped_through_the_layers(app):
    visit = app("attention", layer="2", head="5")
    visit.choose("pool", "mean")
    assert visit.url == {"layer": "2", "head": "5", "pool": "mean"}
    header, map_ = shown(visit)
    assert header["pool"] == {"words": "mean of the 12 heads of layer {layer}", "layers": True}
    assert header["at"] == [[layer, 5] for layer in range(6)], "every layer travels, to be stepped through"
    np.testing.assert_allclose(map_, truth([2], range(12)).mean(0), atol=1e-7)
    np.testing.assert_allclose(map_.sum(-1), 1, atol=1e-5)
    assert header["rowsSumToOne"]
    assert "Mean of the 12 heads of layer 2" in visit.markdown
    visit.report("heatmap", "selection", {"layer": 4, "head": 5})
    header, map_ = shown(visit)
    np.testing.assert_allclose(map_, truth([4], range(12)).mean(0), atol=1e-7)


def test_the_maximum_of_all_heads_says_that_rows_do_not_add_up(app):
    header, map_ = shown(app("attention", pool="max", over="model"))
    np.testing.assert_array_equal(map_, truth(range(6), range(12)).max(0))
    assert header["pool"] == {"words": "maximum of all 72 heads", "layers": False}
    assert not header["rowsSumToOne"]
    assert "Rows of such cells do not add up to 1." in header["note"]


def test_chosen_heads_are_typed(app):
    visit = app("attention", layer="2", head="11", pool="mean")
    visit.choose("over", "chosen")
    assert visit.url["over"] == "2.11,2.0"
    visit.choose("heads", "0-1.3; 5.*")
    assert visit.url["over"] == "0-1.3,5.*"
    header, map_ = shown(visit)
    places = [truth([0, 1], [3]), truth([5], range(12))]
    np.testing.assert_allclose(map_, np.concatenate(places).mean(0), atol=1e-7)
    assert header["pool"]["words"] == "mean of 14 heads (layer.head: 0-1.3,5.*)"
    visit.choose("pool", "max")
    assert (visit.url["pool"], visit.url["over"]) == ("max", "0-1.3,5.*")
    visit.choose("pool", "one")
    assert visit.url == {"layer": "2", "head": "11"}
    visit = app("attention", pool="mean", over="3.1")
    visit.choose("over", "layer")
    assert visit.url == {"pool": "mean"}


@pytest.mark.parametrize("over", ["9.0", "cat", "1.2.3", "2;5", "<b>"])
def test_heads_that_cannot_be_read_become_those_of_the_layer_and_a_notice(app, over):
    visit = app("attention", pool="mean", over=over)
    header, _ = shown(visit)
    assert header["pool"]["layers"]
    assert len(visit.notices) == 1
    assert over not in visit.notices[0]


def test_value_weighted_norms_are_combined_too_and_words_are_made_of_the_combination(app):
    header, map_ = shown(app("attention", pool="max", over="3.1,2.5", quantity="norm", unit="word"))
    capture = captured(get_runtime().default_query)
    tokens = np.maximum(capture.value_weighted(3, 1), capture.value_weighted(2, 5))
    axis = maps.axis(capture.tokens, "word")
    np.testing.assert_allclose(map_, maps.grouped(tokens, axis, axis), atol=1e-6)
    assert header["note"].startswith(
        "A cell is the largest value-weighted norm of these heads. A row is the mean"
    )


def test_vectors_of_many_heads_are_refused_in_words(app):
    header, _ = app("attention", pool="mean", form="qk").figure("heatmap")
    assert "choose “One head”" in header["qk"]["problem"]


def test_what_is_taken_along_is_combined_the_same():
    capture = captured(get_runtime().default_query)
    header, arrays = unpack(heatmap_message(capture, 2, 5, pool=Pool("mean")))
    assert header["at"] == [[layer, 5] for layer in range(6)]
    np.testing.assert_allclose(arrays["maps"][2], truth([2], range(12)).mean(0), atol=1e-7)
    with np.load(io.BytesIO(archive(capture, 2, 5, pool=Pool("max", ((0, 1), (3, 1)), "0,3.1")))) as file:
        np.testing.assert_array_equal(file["combined"], truth([0, 3], [1]).max(0))
        np.testing.assert_array_equal(file["combined_heads"], [[0, 1], [3, 1]])
        assert file["attention"].shape[0] == 72


@looks_into_the_engine
def test_the_runtime_combines_and_keeps_what_it_combined():
    runtime = get_runtime()
    query = runtime.default_query
    one = runtime.combined(query, ((0, 0), (1, 1)), "mean")
    assert runtime.combined(query, ((0, 0), (1, 1)), "mean") is one
    with pytest.raises(UnknownName):
        runtime.combined(query, ((0, 0),), "mean", "nbytes")
    with pytest.raises(UnknownName):
        runtime.combined(query, ((0, 99),), "mean")


def test_contributions_are_the_engines_with_their_sign_and_their_formula(app):
    visit = app("attention", layer="2", head="5")
    visit.choose("quantity", "contribution")
    assert visit.url == {"layer": "2", "head": "5", "quantity": "contribution"}
    header, map_ = shown(visit)
    np.testing.assert_array_equal(map_, truth([2], [5], "contribution")[0])
    assert map_.min() < 0
    assert header["signed"]
    assert not header["rowsSumToOne"]
    assert "⟨W_O · value, y⟩ / ‖y‖²" in header["note"]
    tables = "".join(each.value for each in visit.at.get("html"))
    assert "Part of the output" in tables
    shares = get_runtime().output_shares(get_runtime().default_query)
    assert f"<td>{shares[2, 5]:.0%}</td><td>#{1 + int((shares > shares[2, 5]).sum())}</td>" in tables


def test_the_sum_of_a_layers_contributions_and_its_bias_is_one(app):
    header, map_ = shown(app("attention", layer="3", quantity="contribution", pool="sum"))
    capture = captured(get_runtime().default_query)
    np.testing.assert_allclose(map_.sum(1) + capture.bias_contribution(3), 1, atol=1e-4)
    assert header["pool"]["words"] == "sum of the 12 heads of layer {layer}"


def test_weights_are_not_summed_up(app):
    visit = app("attention", pool="sum")
    assert visit.figure("heatmap")[0]["pool"] is None
    assert any("pool in the link" in notice for notice in visit.notices)
    visit = app("attention", pool="sum", quantity="contribution")
    visit.choose("quantity", "attention")
    assert visit.url == {}
    assert visit.notices == []


@pytest.mark.parametrize("quantity", ["norm", "contribution"])
@pytest.mark.parametrize("pool", [{}, {"pool": "mean"}])
def test_a_family_that_hides_its_values_says_so_in_place_of_the_picture(app, weights_only, quantity, pool):
    visit = app("attention", model=weights_only, text="The cat sat.", quantity=quantity, **pool)
    visit.press("Load this model")
    assert visit.figures() == []
    title = QUANTITIES[quantity].title
    assert visit.problem[0] == f"The {title} of this model is not known"
    assert any("are not known, so" in line for line in visit.problem)
    assert "Look at the attention weights instead." in visit.problem
    assert buttons(visit) == ["Save for AttnViz"]
    visit.press("Show attention weights")
    np.testing.assert_allclose(shown(visit)[1].sum(-1), 1, atol=1e-5)
    assert len(buttons(visit)) == 3


def test_contributions_are_taken_along(tmp_path):
    capture = captured(get_runtime().default_query)
    header, arrays = unpack(heatmap_message(capture, 2, 5, quantity="contribution"))
    assert header["signed"]
    np.testing.assert_array_equal(
        arrays["maps"][header["at"].index([2, 5])], truth([2], [5], "contribution")[0]
    )
    with np.load(io.BytesIO(archive(capture, 2, 5, quantity="contribution"))) as file:
        np.testing.assert_array_equal(file["contribution"][2 * 12 + 5], truth([2], [5], "contribution")[0])


def test_the_next_layers_lines_travel_ahead(app):
    """At 128 tokens not all heads fit, but the shown layer and the next do: a step down waits for no server."""
    visit = app("attention", text="the cat sat on the mat and " * 18, form="lines", layer="2", head="5")
    header, arrays = visit.figure("heatmap")
    sent = {tuple(place) for place in header["at"]}
    assert sent == {(layer, head) for layer in (2, 3) for head in range(12)}
    capture = captured(Query("minilm", "the cat sat on the mat and " * 18))
    place = header["at"].index([3, 7])
    assert np.array_equal(arrays["maps"][place], capture.attention(3, 7))


def test_a_text_that_is_too_long_is_read_from_its_beginning_and_every_file_says_so(app):
    visit = app("attention", text="The unaffable waiter was rudely walking about. " * 70)
    assert "The text is too long" in visit.problem
    visit.at.button(key="read_beginning").click().run()
    assert visit.url["of"] == "512.772"
    _, arrays = visit.figure("heatmap")
    assert arrays["maps"].shape[1:] == (512, 512)
    assert "the first 512 of 772 tokens" in visit.markdown
    visit.press("Pin to report")
    (item,) = visit.at.session_state["attnviz_report"].items.values()
    assert ("Text read", "the first 512 of 772 tokens") in item.settings
    assert ("Text read", "the first 512 of 772 tokens") in item.provenance.settings
    visit.type("A cat.")
    assert visit.url == {"text": "A cat."}


def test_the_tokens_of_what_is_typed_are_counted(app):
    visit = app("attention", text="A cat.")
    visit.report("count", "typed", {"text": "A zebra and a cat.", "pair": "A dog."})
    assert '"said": "12 of 512 tokens together."' in _count(visit)
    for strange in (None, [], {"text": 3, "pair": ""}, {"text": "x" * 200_000, "pair": ""}, {"else": "x"}):
        visit.report("count", "typed", strange)
        assert '"said": "5 of 512 tokens."' in _count(visit), strange


def _count(visit) -> str:
    found = [each.proto for each in visit.at.get("bidi_component") if each.proto.id.endswith("-count")]
    return found[0].json


def test_two_texts_are_read_as_the_model_embeds_them_unless_the_reader_wants_them_together(app):
    first, second = "A cat sleeps.", "A dog."
    visit = app("attention", text=first, pair=second)
    header, arrays = visit.figure("heatmap")
    assert header["text"] == first
    np.testing.assert_allclose(arrays["maps"][0], captured(Query("minilm", first)).attention(0, 0), atol=1e-6)
    assert "Each text is read alone" in visit.markdown
    visit.press("Pin to report")
    visit.at.segmented_control(key="together").set_value("second").run()
    assert visit.url["texts"] == "second"
    assert visit.figure("heatmap")[0]["text"] == second
    visit.press("Pin to report")
    links = [item.link for item in visit.at.session_state["attnviz_report"].items.values()]
    assert all("pair=A+dog." in link and "text=A+cat+sleeps." in link for link in links)
    assert "texts=second" in links[1]
    visit.at.segmented_control(key="together").set_value("together").run()
    header, arrays = visit.figure("heatmap")
    truth = captured(Query("minilm", first, second)).attention(0, 0)
    np.testing.assert_allclose(arrays["maps"][0], truth, atol=1e-6)
    assert "words of one text look at words of the other" in visit.markdown


def test_a_held_cell_lists_the_heads_that_make_its_link(app):
    visit = app("attention", held="q10,k2")
    weights = np.stack(
        [captured(get_runtime().default_query).attention(layer)[:, 10, 2] for layer in range(6)]
    )
    best = np.unravel_index(weights.argmax(), weights.shape)
    pills = visit.at.get("button_group")[-1]
    assert pills.options[0] == f"Layer {best[0]}, head {best[1]}: {weights.max():.0%} (shown)"
    shares = [int(each.split(": ")[1].split("%")[0]) for each in pills.options]
    assert shares == sorted(shares, reverse=True)
    visit.at.checkbox(key="take_list").check().run()
    visit.press("Pin this list to report")
    (item,) = visit.at.session_state["attnviz_report"].items.values()
    assert (item.figure, "held=q10%2Ck2" in item.link) == ("results", True)


def test_the_heads_that_make_a_link_are_a_table_of_all():
    axis = maps.axis(captured(Query("minilm", "a = b")).tokens, "token")
    rows = same_link.Link(1, 2, axis, axis, np.array([[0.25, 0.5], [0.0, 0.125]])).table()
    assert len(rows[0]) == len(rows[1])
    assert rows[1:] == [
        ["a", 1, "=", 2, 0, 1, 0.5],
        ["a", 1, "=", 2, 0, 0, 0.25],
        ["a", 1, "=", 2, 1, 1, 0.125],
        ["a", 1, "=", 2, 1, 0, 0.0],
    ]

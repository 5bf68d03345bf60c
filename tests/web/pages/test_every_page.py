"""Every page from app.py: the example, typed and empty text, errors, hostile texts, and what the figures report."""

import random
import subprocess
import sys

import numpy as np
import pytest

from attnviz.runtime import Query, get_runtime
from attnviz.web.controls.attention import START
from attnviz.web.controls.examples import view_of
from attnviz.web.shell.page import LOOKED
from attnviz.web.shell.site import SITE, entry
from attnviz.web.state import address
from attnviz.web.state.address import NAMES
from attnviz.web.state.session import PAGE_MODELS
from tests.web.hostile import ALL_HOSTILE, marks_in
from tests.web.truth import looks_into_the_engine

# The report shows what was pinned elsewhere, see test_report.py; pages with a model or kinds of their own have
# their own tests.
PAGES = tuple(
    entry.name for entry in SITE if entry.figure and entry.name not in PAGE_MODELS and not entry.kinds
)
TEXT = "The cat sat on the mat."


def drawn(visit, page):
    """The page's picture is there; of a figure of ours, its header."""
    if page == "layers":  # its picture on the page is plotly's
        assert "layers_chart" in visit.charts()
        return {"model": "minilm"}
    return visit.figure(entry(page).figure)[0]


def maps(query, layer, head, kind=None):
    return get_runtime().attention(query, layer, head, kind)


def test_no_script_stands_where_streamlit_would_serve_it_without_the_frame(root):
    assert list((root / "pages").glob("*.py")) == []


def test_the_first_picture_needs_no_heavy_library(root):
    """In a process of its own, since this one may have imported them."""
    code = (
        "import sys; from streamlit.testing.v1 import AppTest; before = set(sys.modules);"
        f"at = AppTest.from_file({str(root / 'app.py')!r}, default_timeout=120).run();"
        "figures = [each for each in at.get('bidi_component') if each.proto.bytes];"
        "assert not at.exception and not at.error and len(figures) == 1;"
        "print(*sorted({'torch', 'transformers', 'captum', 'plotly', 'pandas', 'bertviz'}"
        " & (set(sys.modules) - before)))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == ""


@pytest.mark.parametrize("page", PAGES)
def test_the_example_is_drawn(app, page):
    visit = app(page)
    header = drawn(visit, page)
    examples = {get_runtime().default_query.text, get_runtime().default_pair_query.text}
    # The heatmap shows its text itself.
    assert header["text"] in examples if page == "attention" else visit.problem[0].split("\n")[-1] in examples
    assert header["model"] == "minilm"
    assert visit.notices == []
    assert visit.url == {}


@pytest.mark.parametrize("page", ["", "attention", "heads"])
def test_attention_is_never_shown_without_saying_what_it_is_not(app, page):
    assert LOOKED in app(page).markdown


def test_the_heatmap_holds_what_the_engine_computed(app):
    header, arrays = app("attention", layer="2", head="5").figure("heatmap")
    query = get_runtime().default_query
    assert (header["layer"], header["head"]) == (2, 5)
    assert header["at"] == [[layer, head] for layer in range(6) for head in range(12)]
    np.testing.assert_array_equal(arrays["maps"][2 * 12 + 5], maps(query, 2, 5))
    assert header["queries"][0] == "[CLS]"
    assert "animal" in header["queries"]


def test_the_first_picture_shows_what_it_promises(app):
    """“it” looks at “animal”, more than at everything else together."""
    header, arrays = app("attention").figure("heatmap")
    shown = arrays["maps"][header["at"].index([header["layer"], header["head"]])]
    assert shown[header["queries"].index("it"), header["keys"].index("animal")] > 0.5


def test_a_typed_text_is_drawn_and_stands_in_the_address(app):
    visit = app("attention").type(TEXT)
    header, arrays = visit.figure("heatmap")
    assert visit.url == {"text": TEXT}
    assert header["queries"] == ["[CLS]", "The", "cat", "sat", "on", "the", "mat", ".", "[SEP]"]
    assert (header["layer"], header["head"]) == START
    place = header["at"].index(list(START))
    np.testing.assert_array_equal(arrays["maps"][place], maps(Query("minilm", TEXT), *START))


def test_the_text_stays_from_page_to_page(app):
    visit = app("attention").type(TEXT)
    visit.go("heads")
    assert visit.figure("heads")[0]["queries"] == 9
    assert visit.at.text_area(key="entry_text").value == TEXT


def test_putting_the_example_back_empties_the_address(app):
    visit = app("attention", text=TEXT)
    visit.type(get_runtime().default_query.text)
    assert visit.url == {}


@pytest.mark.parametrize("page", PAGES)
def test_an_empty_text_says_what_to_do(app, page):
    visit = app(page, text="")
    assert "There is no text yet" in visit.markdown
    assert visit.figures() == []
    assert list(visit.at.error) == []
    visit.press("Negation")
    assert visit.url["text"].startswith("The film was not good")


@pytest.mark.parametrize(
    "example",
    [each for each in get_runtime().examples() if each.model == "minilm"],
    ids=lambda example: example.name,
)
def test_an_example_opens_its_page_at_its_head_with_its_word_held(app, example):
    visit = app("heads").report("head", "examples", True)
    assert [each.label for each in visit.at.get("page_link")].count(example.title) == 1
    params = address.encode(view_of(example))
    visit = app(example.page, **params)
    header = drawn(visit, example.page)
    assert visit.notices == []
    if example.page == "attention":
        assert header["text"] == example.text
        assert (header["layer"], header["head"]) == (example.place or START)
        assert header["held"] == [list(place) for place in example.held]


def test_stepping_to_another_head_changes_the_address_and_the_picture(app):
    visit = app("attention")
    visit.report("heatmap", "selection", {"layer": 3, "head": 7})
    assert visit.url == {"layer": "3", "head": "7"}
    header, arrays = visit.figure("heatmap")
    assert (header["layer"], header["head"]) == (3, 7)
    assert header["at"] == [[3, 7]], "the browser has all the other maps already"
    np.testing.assert_array_equal(arrays["maps"][0], maps(get_runtime().default_query, 3, 7))
    assert "Layer 3, head 7" in visit.markdown


@pytest.mark.parametrize(("head", "sent"), [(7, [[3, 7], [3, 8]]), (11, [[3, 11]])])
def test_the_next_head_of_a_long_text_goes_along(app, head, sent):
    """A step to it then waits for no server; after the last head of a layer there is none."""
    header, arrays = app(text="the cat sat on a mat " * 20, layer=3, head=head).figure("heatmap")
    assert header["at"] == sent
    np.testing.assert_allclose(arrays["maps"].sum(-1), 1, atol=1e-5)


@pytest.mark.parametrize(
    "value",
    [None, 5, "x", [], {}, {"layer": -1, "head": 0}, {"layer": "0", "head": "0"}, {"layer": float("nan"), "head": 0},
     {"layer": 1e300, "head": 0}, {"layer": None, "head": None}, {"head": 3}],
)  # fmt: skip
def test_a_browser_that_reports_nonsense_changes_nothing(app, value):
    visit = app("attention")
    visit.report("heatmap", "selection", value)
    assert visit.url == {}
    assert visit.figure("heatmap")[0]["layer"] == START[0]


def test_a_head_that_the_model_lacks_falls_back_with_a_sentence(app):
    visit = app("attention", layer="6", head="3")
    assert visit.figure("heatmap")[0]["layer"] == START[0]
    assert visit.notices == [
        "There is no layer 6, head 3: this model has layers 0 to 5 and heads 0 to 11. Layer 3, head 1 is shown."
    ]


@pytest.mark.parametrize(
    ("page", "field"),
    [
        ("attention", "kind"),
        ("attention", "unit"),
        ("heads", "kind"),
        ("attribution", "method"),
        ("attribution", "unit"),
        ("attribution", "target"),
    ],
)
def test_a_choice_that_does_not_exist_falls_back_with_a_sentence(app, page, field):
    visit = app(page, **{field: "nonsense"})
    assert visit.notices == [f"The {field} in the link is not one of the choices here; the default is shown."]
    visit.figure(entry(page).figure)


def test_words_are_sums_over_keys_and_means_over_queries(app):
    text = "Unbelievably slow"
    visit = app("attention", text=text, unit="word")
    header, arrays = visit.figure("heatmap")
    assert header["queries"] == ["[CLS]", "Unbelievably", "slow", "[SEP]"]
    whole = maps(Query("minilm", text), *START)
    count = len(whole) - 3  # pieces of the long word
    keys = np.stack([whole[:, 0], whole[:, 1 : 1 + count].sum(1), whole[:, -2], whole[:, -1]], 1)
    expected = np.stack([keys[0], keys[1 : 1 + count].mean(0), keys[-2], keys[-1]])
    place = header["at"].index(list(START))
    np.testing.assert_allclose(arrays["maps"][place], expected, atol=1e-6)
    assert "mean over the tokens of a word" in header["note"]
    visit.choose("unit", "token")
    assert "unit" not in visit.url


def test_marked_heads_are_compared(app):
    visit = app("heads")
    visit.report("heads", "chosen", [[1, 2], [3, 4]])
    assert visit.url == {"layer": "1,3", "head": "2,4"}
    assert visit.figure("heads")[0]["chosen"] == [[1, 2], [3, 4]]
    header, arrays = visit.figure("panes")
    assert [pane["name"] for pane in header["panes"]] == ["layer 1, head 2", "layer 3, head 4"]
    query = get_runtime().default_query
    np.testing.assert_array_equal(arrays["maps0"], [maps(query, 1, 2), maps(query, 3, 4)])


def test_marked_heads_that_the_model_lacks_are_left_out(app):
    visit = app("heads", layer="1,9", head="2,2")
    assert visit.figure("heads")[0]["chosen"] == [[1, 2]]
    assert "a head that it does not have is left out" in visit.notices[0]


@pytest.mark.parametrize("method", ["integrated-gradients", "attention", "rollout", "leave-one-out"])
def test_each_method_explains_the_similarity_of_two_texts(app, method):
    visit = app("attribution", text="A cat.", pair="A kitten sleeps.", method=method)
    header, arrays = visit.figure("words")
    truth = get_runtime().explain(Query("minilm", "A cat.", "A kitten sleeps."), "similarity", method)
    np.testing.assert_array_equal(arrays["scores0"], truth.scores)
    np.testing.assert_array_equal(arrays["scores1"], truth.pair_scores)
    assert f"The result is {truth.value:.3f}" in visit.markdown
    if truth.residual is not None:
        assert "the sum checks" in visit.markdown
    else:
        assert "do not claim to add up" in visit.markdown
    assert ("Blue, positive" in visit.markdown) == header["signed"]


def test_adding_up_by_sentences_stands_in_the_address(app):
    visit = app("attribution")
    assert visit.figure("words")[0]["granularity"] == "word"
    visit.report("words", "granularity", "sentence")
    assert visit.url == {"unit": "sentence"}
    assert visit.figure("words")[0]["granularity"] == "sentence"
    visit.report("words", "granularity", "word")
    assert visit.url == {}


def test_similarity_of_one_text_asks_for_the_other(app):
    visit = app("attribution", text="A cat.")
    assert "A second text is needed" in visit.markdown
    assert visit.figures() == []
    visit.type("A cat.", "A kitten.")
    assert len(visit.figure("words")[0]["texts"]) == 2


def test_a_text_that_is_too_long_is_refused_and_kept(app):
    text = "word " * 600
    visit = app("attention").type(text)
    assert visit.problem[0] == "The text is too long"
    assert any("512" in line for line in visit.problem)
    assert visit.at.text_area(key="entry_text").value == text


def test_a_text_too_long_for_the_link_stays_in_the_window(app):
    text = random.Random(0).randbytes(9000).hex()
    visit = app("attention").type(text)
    assert visit.at.text_area(key="entry_text").value == text
    assert "text" not in visit.url
    assert "too long to travel in the link" in visit.markdown
    visit.type("short")
    assert visit.url == {"text": "short"}
    assert visit.figure("heatmap")[0]["text"] == "short"


@pytest.mark.parametrize("page", PAGES)
def test_a_link_alone_loads_no_foreign_model(app, page):
    visit = app(page, model="somebody/something")
    assert "not in the catalogue" in visit.markdown
    assert visit.figures() == []
    assert visit.problem == ("somebody/something",)
    visit.press("Use the default model")
    assert visit.url == {}
    drawn(visit, page)


@pytest.mark.parametrize("page", PAGES)
def test_a_model_that_does_not_exist_is_said_calmly(app, page, tmp_path):
    visit = app(page, model=str(tmp_path / "nothing")).press("Load this model")
    assert visit.problem[0] == "There is no such model"
    assert visit.at.selectbox(key="side_model").value == str(tmp_path / "nothing")
    assert visit.figures() == []


def test_a_decoder_explains_its_next_token(app, decoder):
    visit = app("attribution", text="The cat sat", model=decoder).press("Load this model")
    header, arrays = visit.figure("words")
    assert header["target"] == "next-token"
    truth = get_runtime().explain(Query(decoder, "The cat sat"), "next-token")
    np.testing.assert_array_equal(arrays["scores0"], truth.scores)


def test_a_decoder_is_drawn_as_one_that_cannot_look_ahead(app, decoder):
    visit = app("attention", text="The cat sat", model=decoder).press("Load this model")
    header, arrays = visit.figure("heatmap")
    assert header["causal"]
    assert not np.triu(arrays["maps"], 1).any()


def test_an_encoder_decoder_offers_its_three_kinds(app, encoder_decoder):
    visit = app("attention", text="The cat", target_text="sat on", model=encoder_decoder).press(
        "Load this model"
    )
    header, arrays = visit.figure("heatmap")
    query = Query(encoder_decoder, "The cat", target_text="sat on")
    np.testing.assert_array_equal(arrays["maps"][0], maps(query, 0, 0, "cross"))
    assert visit.at.text_area(key="entry_target_text").value == "sat on"
    kinds = visit.at.get("button_group")[0]
    kinds.set_value("decoder").run()
    assert visit.url["kind"] == "decoder"
    header, arrays = visit.figure("heatmap")
    np.testing.assert_array_equal(arrays["maps"][0], maps(query, 0, 0, "decoder"))
    assert header["causal"]


@pytest.mark.parametrize("page", PAGES)
def test_hostile_texts_are_shown_as_text(app, page):
    """One text with all of it; tests/browser takes each alone through a real browser."""
    visit = app(page, text=ALL_HOSTILE, pair=ALL_HOSTILE, target_text=ALL_HOSTILE)
    assert list(visit.at.error) == []
    drawn(visit, page)
    assert ALL_HOSTILE not in visit.markdown
    assert not marks_in(visit.markdown)


@pytest.mark.parametrize("page", PAGES)
def test_hostile_links_are_survived(app, page):
    visit = app(page, **dict.fromkeys(NAMES, "<img src=x onerror=alert(1)>$x$:red[a]"))
    assert visit.problem  # no exception
    assert "<img" not in visit.markdown
    assert "$x$" not in visit.markdown


@pytest.mark.parametrize("page", PAGES)
def test_an_error_of_ours_is_calm_and_shows_no_trace(app, page, monkeypatch):
    def fail(*args, **kwargs):
        raise RuntimeError("<script>alert(1)</script> $x$")

    monkeypatch.setattr(get_runtime(), "info", fail)
    monkeypatch.setattr(get_runtime(), "explain", fail)
    monkeypatch.setattr(get_runtime(), "answer", fail)
    visit = app(page, text=TEXT, pair="b")
    assert [each.value for each in visit.at.error] == ["Something went wrong on our side"]
    assert "Details for a report" in [each.label for each in visit.at.expander]
    assert visit.problem[-1] == "RuntimeError: <script>alert(1)</script> $x$ (in fail)"
    assert "Traceback" not in visit.markdown + "".join(visit.problem)
    assert visit.at.text_area(key="entry_text").value == TEXT


@looks_into_the_engine
def test_a_typed_hub_model_says_its_size_when_asked_before_anything_is_fetched(app, monkeypatch):
    """The Hub is where nobody answers: a question over the network shows as a refusal, and only after the click."""
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    visit = app("attention", text="Rain.")
    typed(visit, "somebody/unheard-of")
    assert "not on this machine" in visit.markdown
    assert visit.figures() == []
    assert not any("may not be asked" in each for each in visit.problem)
    visit.press("Ask the Hub how large it is")
    assert any("may not be asked" in each for each in visit.problem)


def test_a_typed_directory_is_loaded_at_once_and_its_size_is_told_meanwhile(app, decoder):
    from attnviz.loading import Access
    from attnviz.loading.estimate import estimate
    from attnviz.web.controls.models import size_line

    visit = app("attention", text="Rain.")
    found = estimate(decoder, Access())
    assert found is not None
    assert "on disk, loads in about 1 s; licence unknown" in size_line(found)
    typed(visit, decoder)
    assert visit.figure("heatmap")[0]["queries"]


def typed(visit, name: str) -> None:
    """AppTest knows only what is in the list: what somebody types is there first."""
    box = visit.at.selectbox(key="side_model")
    box.options.append(name)
    box.set_value(name).run()

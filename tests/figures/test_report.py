"""A report on disk: summary first, figures live and offline, hostile texts as texts, and paper without controls."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

import attnviz
from attnviz.analysis.head_kinds import KINDS
from attnviz.errors import InputEmpty
from attnviz.explanation.evaluation import verdict
from attnviz.figures import COMPONENTS, heads_data, likeness_data, pairs_data
from attnviz.figures.charts import curves_chart, line_svg
from attnviz.figures.report import Item, document, of_explanation, of_head, sentences
from attnviz.runtime import gallery
from attnviz.types import Overviews
from tests.explanation.evaluation.records import record

ENDS = "</script><script>globalThis.ran = 1</script><!-- \"'& <img src=x onerror=ran=1> </style> \ud800\0"
DAY = datetime(2026, 1, 2, tzinfo=UTC)


@pytest.fixture(scope="module")
def capture() -> attnviz.Capture:
    return gallery.open_example(gallery.examples()[0])


@pytest.fixture(scope="module")
def explained() -> attnviz.Attribution:
    example = next(each for each in gallery.examples() if gallery.open_attributions(each))
    return next(each for each in gallery.open_attributions(example) if each.method == "integrated-gradients")


@pytest.fixture
def opened(browser: Browser, tmp_path: Path) -> Iterator[Callable[..., Page]]:
    """`opened(html)` shows the document from disk, offline; nothing may go wrong, be asked or be run."""
    said: list[str] = []
    contexts = []

    def show(html: str, width: int = 1280, theme: str = "light") -> Page:
        path = tmp_path / "report.html"
        path.write_text(html, encoding="utf-8")
        context = browser.new_context(
            viewport={"width": width, "height": 900}, color_scheme=theme, offline=True
        )
        contexts.append(context)
        sheet = context.new_page()
        sheet.on("console", lambda line: said.append(line.text) if line.type == "error" else None)
        sheet.on("pageerror", lambda error: said.append(str(error)))
        sheet.on("dialog", lambda dialog: said.append(dialog.message))
        own = (path.as_uri(), "blob:", "data:")
        sheet.on("request", lambda request: None if request.url.startswith(own) else said.append(request.url))
        sheet.goto(path.as_uri())
        expect(sheet.get_by_role("button", name="Print or save as PDF")).to_be_visible()
        return sheet

    yield show
    for context in contexts:
        assert context.pages[0].evaluate("globalThis.ran ?? null") is None
        context.close()
    assert said == []


def items(capture, explained) -> list[Item]:
    test = record(target=explained.target)
    return [of_explanation(capture.card, explained, test, note="See."), of_head(capture, 3, 1)]


def test_what_it_says_first_is_the_test_in_words(capture, explained, opened) -> None:
    pins = items(capture, explained)
    sheet = opened(document(pins, title="Why?", summary="Mine.", made=DAY))
    assert sheet.title() == "Why?"
    summary = sheet.locator("#summary")
    expect(summary).to_contain_text(verdict.headline(pins[0].explained.test))
    expect(summary).to_contain_text("Mine.")
    expect(summary).to_contain_text("Attention shows where the model looked, not why it decided.")
    expect(summary).to_contain_text("adds up to the result")
    expect(sheet.locator("header")).to_contain_text("2 figures, made with AttnViz on 2 January 2026")
    for part in ("#pin-1 .av-words", "#pin-2 .av-heatmap"):
        expect(sheet.locator(part)).to_be_visible()
    expect(sheet.locator(".made")).to_contain_text(capture.card.revision)
    expect(sheet.locator(".made")).to_contain_text("transformers")


def test_the_strongest_links_are_the_engines(capture) -> None:
    (said,) = sentences.findings(of_head(capture, 3, 1))
    weights = np.where(
        capture.tokens.special[:, None] | capture.tokens.special[None], 0, capture.attention(3, 1)
    )
    query, key = np.unravel_index(int(weights.argmax()), weights.shape)
    labels = [label.strip() for label in capture.tokens.labels]
    assert f"“{labels[query]}” → “{labels[key]}” {weights[query, key]:.3f}" in said
    named = [float(number) for number in re.findall(r"” (\d\.\d{3})", said)]
    assert named == sorted(named, reverse=True)


def test_without_a_test_it_says_so(capture, explained) -> None:
    item = of_explanation(capture.card, explained)
    assert sentences.findings(item)[0] == sentences.UNTESTED
    assert sentences.badges(item) == ()


def test_whatever_people_typed_is_text(capture, explained, opened) -> None:
    hostile = replace(
        of_head(capture, 0, 0, title=ENDS, note=ENDS),
        texts=((ENDS, ENDS),), settings=((ENDS, ENDS),), link=f"/x?{ENDS}", cards=(replace(capture.card, notes=ENDS),),
    )  # fmt: skip
    test = record(words=(ENDS,), operator_title=ENDS)
    sheet = opened(
        document([hostile, of_explanation(capture.card, explained, test)], title=ENDS, summary=ENDS)
    )
    shown = ENDS.replace("\ud800\0", "")
    for part in (
        "h1",
        ".own",
        "#pin-1 h2",
        "#pin-1 .note",
        "#pin-1 .text p",
        "#pin-1 .link code",
        "#pin-2 .found",
    ):
        assert shown in sheet.locator(part).first.inner_text().replace("\n", " ")
    assert sheet.locator("img").count() == 0


def test_two_figures_of_a_kind_and_others_stand_in_one_file(capture, explained, opened) -> None:
    size = len(capture.tokens)
    overviews = np.stack([capture.overview(layer, None, 64) for layer in range(capture.card.layers)])
    grid = Item(
        "heads", heads_data(Overviews.of(overviews), capture.statistics(), queries=size, keys=size), "All"
    )
    sheet = opened(document([*items(capture, explained), of_head(capture, 2, 5), grid]))
    sheet.evaluate("dispatchEvent(new Event('beforeprint'))")
    for n, title in ((2, "layer 3, head 1"), (3, "layer 2, head 5")):
        expect(sheet.locator(f"#pin-{n} .print svg > title")).to_contain_text(title)
        sheet.locator(f"#pin-{n}").get_by_role("button", name="Next head").click()
    expect(
        sheet.locator("#pin-4").get_by_role("button", name="Layer 5, head 11", exact=True)
    ).to_be_attached()
    ids = sheet.evaluate("[...document.querySelectorAll('[id]')].map((node) => node.id)")
    assert sorted(ids) == sorted(set(ids))


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_paper_has_drawings_in_light_colours_and_no_controls(capture, explained, opened, theme) -> None:
    sheet = opened(document(items(capture, explained)), theme=theme)
    sheet.locator("#pin-2").get_by_role("button", name="Next head").click()
    # A browser's own order: the event, then the paper.
    sheet.evaluate("dispatchEvent(new Event('beforeprint'))")
    sheet.emulate_media(media="print")
    drawing = sheet.locator("#pin-2 .print svg")
    expect(drawing).to_be_visible()
    expect(drawing.locator("> title")).to_contain_text("layer 3, head 2")
    assert drawing.locator("> rect").first.get_attribute("fill") == "rgb(255, 255, 255)"
    expect(sheet.locator("#pin-2 .figure")).to_be_hidden()
    expect(sheet.locator("#pin-1 [data-testid=bars0]")).to_be_visible()
    for control in ("#print", "#pin-1 .av-toolbar", "#pin-1 .av-readout"):
        expect(sheet.locator(control)).to_be_hidden()
    sheet.emulate_media(media="screen")
    sheet.evaluate("dispatchEvent(new Event('afterprint'))")
    assert sheet.evaluate("document.documentElement.className") == ""
    assert sheet.pdf(prefer_css_page_size=True).startswith(b"%PDF")


def test_matrix_map_and_kinds_of_heads_stand_on_paper(opened) -> None:
    """Ahead of printing, since the matrix is a picture that has to be loaded."""
    rng = np.random.default_rng(0)
    message = likeness_data(
        rng.random((6, 6), np.float32), np.arange(6), rng.random((6, 2), np.float32),
        np.array([[0, 6, 6], [7, 8, 6]]), {"previous": np.full((2, 3), 0.5, np.float32)},
    )  # fmt: skip
    sheet = opened(document([Item("likeness", message, "Alike")]))
    drawing = sheet.locator("#pin-1 .print svg")
    assert drawing.locator("image").count() == 1
    for title, definition in KINDS.values():
        expect(drawing).to_contain_text(f"{title}: {definition}")


def test_on_a_phone_nothing_is_wider_than_the_screen(capture, explained, opened) -> None:
    sheet = opened(document(items(capture, explained)), width=390)
    assert sheet.evaluate("document.documentElement.scrollWidth") <= 390


def test_a_report_of_nothing_is_refused() -> None:
    with pytest.raises(InputEmpty, match="at least one figure"):
        document([])


def test_every_figure_that_can_be_pinned_is_said_to_be_something() -> None:
    assert set(sentences.MEANS) == set(COMPONENTS) - {"words"}


def test_the_curves_stand_where_their_numbers_are() -> None:
    test = record(removed=np.array([0.45, 0.0]), kept=np.array([0.0, 0.9]))
    drawn = line_svg(curves_chart(test, "<cosine>"), "curves")
    away, kept = (
        [tuple(map(float, point.split(","))) for point in points.split()]
        for points in re.findall(r'<polyline class="[\w-]+" points="([^"]+)"', drawn)
    )
    bottom, top = 220, 12  # of 0 and of 0.9, the largest
    assert away == [(56.0, top), (342.0, (top + bottom) / 2), (628.0, bottom)]
    assert kept == [(342.0, bottom), (628.0, top)]
    assert "&lt;cosine&gt;" in drawn


def test_the_first_page_has_the_number_both_texts_and_three_sentences_on_one_sheet(
    capture, explained, opened
) -> None:
    pins = items(capture, explained)
    sheet = opened(document(pins, title="Why?", made=DAY, brief=True))
    front = sheet.locator(".front")
    expect(front.locator(".number b")).to_have_text(f"{explained.value:.2f}")
    texts = front.locator(".coloured").all_inner_texts()
    assert texts == [explained.tokens.text, explained.pair_tokens.text]
    sums = explained.scores[~explained.tokens.special]
    strongest = explained.tokens.labels[
        int(np.argmax(np.where(explained.tokens.special, 0, explained.scores)))
    ]
    assert sums.max() > 0
    assert front.locator(".coloured .for-8").first.inner_text() == strongest.strip()
    assert front.locator(".said p").count() == 3
    assert front.locator(".curves").count() == 1
    assert sheet.locator("article, #appendix").count() == 0
    pages = re.findall(rb"/Type\s*/Page\b", sheet.pdf(prefer_css_page_size=True))
    assert len(pages) == 1


def test_pinned_pairs_are_the_picture_of_the_first_page(capture, opened) -> None:
    example = next(each for each in gallery.examples() if gallery.open_attributions(each))
    pairs = next(each for each in gallery.open_attributions(example) if each.method == "token-pairs")
    item = replace(of_explanation(capture.card, pairs), figure="pairs", message=pairs_data(pairs))
    sheet = opened(document([item]))
    expect(sheet.locator(".front .av-pairs [data-testid=pairs]")).to_be_visible()
    expect(sheet.locator("#pin-1 .av-pairs [data-testid=pairs]")).to_be_visible()
    expect(sheet.locator("#appendix")).to_contain_text("all shares together are the similarity")


def test_words_that_people_typed_are_text_on_the_first_page(capture, explained, opened) -> None:
    text = "<b>now</b> </script><img src=x>"
    tokens = replace(
        explained.tokens,
        text=text,
        spans=np.array([[0, 0], *[[n, n + 1] for n in range(len(explained.tokens) - 2)], [0, 0]]),
    )
    named = replace(
        tokens,
        labels=tuple(text[a:b] if a < b else tokens.labels[n] for n, (a, b) in enumerate(tokens.spans)),
    )
    sheet = opened(document([of_explanation(capture.card, replace(explained, tokens=named))], brief=True))
    assert text.startswith(sheet.locator(".coloured").first.inner_text()[:10])
    assert sheet.locator(".front img, .front b:not(.number b)").count() == 0

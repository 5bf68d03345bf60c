"""Figures on disk: opened from a file without a network, they draw, read out the engine's numbers, and ask nobody."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, Page

import attnviz
from attnviz.errors import UnknownName
from attnviz.explanation.evaluation import verdict
from attnviz.figures import COMPONENTS, component, heads_data, panes_data
from attnviz.figures.charts import curves_chart
from attnviz.figures.export import archive, heatmap_message, notebook, page
from attnviz.figures.messages.panes import Pane, Source
from attnviz.figures.wire import unpack
from attnviz.types import Overviews
from tests.explanation.evaluation.records import record
from tests.figures.conftest import HOSTILE
from tests.figures.maps import map_message
from tests.figures.pointer import csv_rows, download, hover, readout, value

EXAMPLES = Path(attnviz.__file__).parent / "examples"
ENDINGS = (
    "</script><script>globalThis.ran = 1</script><!-- <img src=x onerror=ran=1> </style></title> \ud800 \0"
)


@pytest.fixture(scope="module")
def capture() -> attnviz.Capture:
    return attnviz.open(EXAMPLES / "coreference.attnviz")


@pytest.fixture
def opened(browser: Browser, tmp_path: Path) -> Iterator[Callable[..., Page]]:
    """`opened(html)` shows the document from disk in a browser that is offline; nothing may go wrong or be asked."""
    said: list[str] = []
    contexts = []

    def show(document: str, width: int = 1280, theme: str = "light") -> Page:
        path = tmp_path / f"figure{len(contexts)}.html"
        path.write_text(document, encoding="utf-8")
        context = browser.new_context(
            viewport={"width": width, "height": 900}, color_scheme=theme, accept_downloads=True, offline=True
        )
        contexts.append(context)
        sheet = context.new_page()
        sheet.set_default_timeout(15_000)
        sheet.on(
            "console", lambda line: said.append(line.text) if line.type in ("error", "warning") else None
        )
        sheet.on("pageerror", lambda error: said.append(str(error)))
        sheet.on("dialog", lambda dialog: said.append(dialog.message))
        own = (path.as_uri(), "blob:", "data:")
        sheet.on("request", lambda request: None if request.url.startswith(own) else said.append(request.url))
        sheet.goto(path.as_uri())
        sheet.wait_for_selector(".av canvas", state="attached")
        return sheet

    yield show
    for context in contexts:
        context.close()
    assert said == []


def test_the_heatmap_on_disk_reads_out_the_engines_numbers(capture, opened) -> None:
    sheet = opened(page("heatmap", heatmap_message(capture, 3, 1), title="Layer 3, head 1"))
    hover(sheet, 10, 2)
    assert value(sheet) == capture.attention(3, 1)[10, 2]
    assert "“\u2068it\u2069” (10) → “\u2068animal\u2069” (2)" in readout(sheet).inner_text()
    sheet.get_by_role("button", name="Next head").click()
    hover(sheet, 4, 5)
    assert value(sheet) == capture.attention(3, 2)[4, 5]


def test_what_a_page_on_disk_saves_is_exact(capture, opened) -> None:
    sheet = opened(page("heatmap", heatmap_message(capture, 3, 1), title="t"))
    name, content = download(sheet, "CSV table")
    assert name.endswith(".csv")
    table = np.array([row[1:] for row in csv_rows(content)[1:]], np.float32)
    np.testing.assert_array_equal(table, capture.attention(3, 1))
    assert download(sheet, "PNG picture")[1].startswith(b"\x89PNG")


def test_a_head_that_is_not_in_the_file_is_said_to_be_missing(capture, opened) -> None:
    sheet = opened(page("heatmap", heatmap_message(capture, 3, 1, most=1), title="one head"))
    sheet.get_by_role("button", name="Next layer").click()
    assert sheet.get_by_text("Layer 4, head 1 is not in this file.").is_visible()
    sheet.get_by_role("button", name="Previous layer").click()
    hover(sheet, 1, 1)
    assert value(sheet) == capture.attention(3, 1)[1, 1]


@pytest.mark.parametrize("figure", ["heads", "panes"])
def test_other_figures_stand_on_disk_too(capture, opened, figure: str) -> None:
    if figure == "heads":
        overviews = np.stack([capture.overview(layer, None, 64) for layer in range(6)])
        size = len(capture.tokens)
        message = heads_data(Overviews.of(overviews), capture.statistics(), queries=size, keys=size)
    else:
        labels = capture.tokens.labels
        none = np.zeros(len(labels), bool)
        source = Source(capture.attention(0)[:2], [(0, 0), (0, 1)], labels, labels, none, none, 6, 12)
        message = panes_data(
            [source], [Pane(name, "", 0, (0, n)) for n, name in enumerate(("one", "two"))], {}
        )
    sheet = opened(page(figure, message, title="All heads"))
    if figure == "heads":
        assert sheet.get_by_role("button", name="Layer 5, head 11", exact=True).is_visible()
    else:
        hover(sheet, 3, 4)
        assert f" {capture.attention(0)[0, 3, 4]:.4f}" in " ".join(readout(sheet).inner_text().split())


def hostile_message() -> bytes:

    labels = (*HOSTILE, ENDINGS)
    maps = np.full((1, len(labels), len(labels)), 1 / len(labels), np.float32)
    return map_message(maps, [(0, 0)], labels, labels, layers=1, heads=1, layer=0, head=0, model=ENDINGS)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_hostile_labels_and_texts_are_inert(opened, theme: str) -> None:
    sheet = opened(page("heatmap", hostile_message(), title=ENDINGS, text=ENDINGS, note=ENDINGS), theme=theme)
    assert "</script>" in sheet.title()
    assert ENDINGS.split("\0")[0].replace("\ud800", "?").strip() in sheet.locator("#text").inner_text()
    assert sheet.evaluate("[globalThis.ran, document.images.length, document.scripts.length]") == [None, 0, 2]
    hover(sheet, 0, 1)
    assert "</script>" in readout(sheet).inner_text()
    assert sheet.locator(".av").get_attribute("data-dark") == str(theme == "dark").lower()


def test_on_a_phone_it_fits(capture, opened) -> None:
    sheet = opened(page("heatmap", heatmap_message(capture, 3, 1), title="t", text="word " * 400), width=390)
    assert sheet.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0


def test_the_policy_forbids_every_address(browser: Browser, capture, tmp_path: Path) -> None:
    """Not only does the page ask nobody: a script, picture or request that somebody adds is refused."""
    path = tmp_path / "figure.html"
    path.write_text(page("heatmap", heatmap_message(capture, 0, 0, most=1), title="t"), encoding="utf-8")
    sheet = browser.new_page()
    asked: list[str] = []
    sheet.on("response", lambda response: asked.append(response.url))
    sheet.on("requestfailed", lambda request: asked.append(f"{request.url}: {request.failure}"))
    sheet.goto(path.as_uri())
    blocked = sheet.evaluate(
        """async () => {
          const seen = [];
          document.addEventListener("securitypolicyviolation", (event) => seen.push(event.effectiveDirective));
          await fetch("http://127.0.0.1:9/").catch(() => {});
          const add = (tag, rest) => document.body.append(Object.assign(document.createElement(tag), rest));
          add("script", { textContent: "globalThis.ran = 1" });
          add("img", { src: "http://127.0.0.1:9/x.png" });
          add("iframe", { src: "http://127.0.0.1:9/" });
          await new Promise((done) => setTimeout(done, 300));
          return [seen.sort(), globalThis.ran ?? null];
        }"""
    )
    sheet.close()
    assert blocked == [["connect-src", "frame-src", "img-src", "script-src-elem"], None]
    assert {line for line in asked if not line.startswith("file:")} <= {"http://127.0.0.1:9/x.png: csp"}


def test_a_notebook_shows_the_capture_in_a_frame_cut_off_from_it(browser: Browser, capture) -> None:
    sheet = browser.new_page()
    said: list[str] = []
    sheet.on("console", lambda line: said.append(line.text) if line.type == "error" else None)
    sheet.set_content(f"<!doctype html><body>{capture._repr_html_()}</body>")
    sheet.frame_locator("iframe").locator(".av canvas").first.wait_for()
    frame = sheet.frames[1]
    assert frame.evaluate("origin") == "null", "the notebook's own page is out of reach"
    assert frame.get_by_test_id("links").is_visible()
    assert said == []
    sheet.close()


def test_the_notebook_hook_costs_nothing_until_it_is_used() -> None:
    import subprocess
    import sys

    code = (
        "import sys, attnviz; c = attnviz.open(sys.argv[1]); assert 'attnviz.figures' not in sys.modules;"
        "assert c._repr_html_().startswith('<iframe'); assert 'torch' not in sys.modules"
    )
    command = [sys.executable, "-c", code, str(EXAMPLES / "coreference.attnviz")]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_a_notebook_output_stays_small(capture) -> None:
    assert len(notebook(capture)) < 6 << 20


def test_as_many_heads_go_along_as_fit(capture) -> None:
    size = 4 * len(capture.tokens) ** 2
    for room, places in ((72, 72), (71, 12), (12, 12), (11, 1), (0, 1)):
        header, arrays = unpack(heatmap_message(capture, 3, 1, most=room * size))
        assert len(header["at"]) == len(arrays["maps"]) == places
        assert [3, 1] in header["at"]
    header, arrays = unpack(heatmap_message(capture, 3, 1, granularity="word"))
    np.testing.assert_allclose(arrays["maps"].sum(-1), 1, atol=1e-5)


def test_the_archive_holds_every_head_and_no_objects(capture) -> None:
    with np.load(io.BytesIO(archive(capture, 3, 1)), allow_pickle=False) as file:
        assert file["attention"].shape == (72, len(capture.tokens), len(capture.tokens))
        place = 3 * 12 + 1
        assert (file["layer"][place], file["head"][place]) == (3, 1)
        np.testing.assert_array_equal(file["attention"][place], capture.attention(3, 1))
        assert tuple(file["query_labels"]) == capture.tokens.labels


@pytest.mark.parametrize("name", COMPONENTS)
def test_every_figure_can_stand_in_a_page(name: str) -> None:
    document = page(name, b"", title="t")
    assert component(name).js in document
    assert document.count("<script") == document.count("</script>") == 2
    assert "http://" not in document.replace("http://www.w3.org/2000/svg", "")


def test_an_unknown_figure_is_refused() -> None:
    with pytest.raises(UnknownName):
        page("pie", b"", title="t")


@pytest.mark.parametrize("form", ["text", "lines"])
def test_the_other_forms_go_along(capture, opened, form: str) -> None:
    sheet = opened(page("heatmap", heatmap_message(capture, 3, 1, form=form), title="t"))
    assert sheet.get_by_role("radio", name=form.capitalize()).is_checked()
    assert not sheet.get_by_role("radio", name="q·k").is_visible(), "nobody could be asked for the vectors"
    sheet.get_by_text("Heatmap", exact=True).click()
    hover(sheet, 10, 2)
    assert value(sheet) == capture.attention(3, 1)[10, 2]


def test_norms_go_along(capture, opened) -> None:
    sheet = opened(page("heatmap", heatmap_message(capture, 3, 1, quantity="norm", form="qk"), title="t"))
    hover(sheet, 10, 2)
    assert value(sheet) == capture.value_weighted(3, 1)[10, 2]
    with np.load(io.BytesIO(archive(capture, 3, 1, quantity="norm")), allow_pickle=False) as file:
        np.testing.assert_array_equal(file["norm"][37], capture.value_weighted(3, 1))
    with pytest.raises(UnknownName, match="attention, norm"):
        heatmap_message(capture, 3, 1, quantity="colour")


def test_an_explanation_on_disk_has_the_curves_of_its_test_over_the_band_of_chance(capture, opened) -> None:
    labels, none = capture.tokens.labels, np.zeros(len(capture.tokens), bool)
    source = Source(capture.attention(0)[:1], [(0, 0)], labels, labels, none, none, 6, 12)
    message, test = panes_data([source], [Pane(name, "", 0, (0, 0)) for name in ("one", "two")], {}), record()
    sheet = opened(page("panes", message, title="Words", test=test, unit="cosine"))
    drawn = sheet.locator("#test svg.curves")
    assert drawn.locator("polygon").count() == 2
    assert drawn.locator("polyline").count() == 2
    assert verdict.headline(test) in sheet.locator("#test").inner_text()
    chart = curves_chart(test, "cosine")
    for line, polygon in zip(chart.lines, drawn.locator("polygon").all(), strict=True):
        corners = [float(pair.split(",")[1]) for pair in polygon.get_attribute("points").split()]
        assert len(corners) == 2 * len(line.low)
        assert max(corners) > min(corners)

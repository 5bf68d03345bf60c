"""BertViz's two views from our captures: they get what BertViz's own Python would give them, and nothing breaks out."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from playwright.sync_api import Browser, Page

import attnviz
from attnviz.errors import UnknownName
from attnviz.figures import bertviz, frame_data
from attnviz.types import Tokens
from tests.figures.conftest import HOSTILE

EXAMPLES = Path(attnviz.__file__).parent / "examples"
VENDOR = Path(bertviz.__file__).with_name("vendor")
BREAKOUTS = (
    "</script><script>ran = 1</script>",
    "<!--<script>",
    "<img src=x onerror=ran=1>",
    "*/ ran = 1; //",
)


@pytest.fixture(scope="module")
def capture() -> attnviz.Capture:
    return attnviz.open(EXAMPLES / "coreference.attnviz")


def made(labels: tuple[str, ...], layers: int = 2, heads: int = 3, keys: tuple[str, ...] | None = None):
    """Something to draw, with labels of our choice: random weights whose rows sum to 1."""
    axes = [tokens_of(labels), tokens_of(keys) if keys else None]
    axes[1] = axes[1] or axes[0]
    shape = (layers, heads, len(labels), len(keys or labels))
    weights = np.random.default_rng(0).dirichlet(np.ones(shape[3]), shape[:3]).astype(np.float32)
    return SimpleNamespace(
        shape=lambda kind=None: shape,
        query_tokens=lambda kind=None: axes[0],
        key_tokens=lambda kind=None: axes[1],
        corner=lambda layer, rows, columns, kind: weights[layer][:, :rows, :columns],
        attention=lambda layer, head, kind, rows: weights[layer][:, rows],
    )


def tokens_of(labels: tuple[str, ...], pair_from: int | None = None) -> Tokens:
    count = len(labels)
    segments = np.arange(count) >= (count if pair_from is None else pair_from)
    return Tokens(
        "",
        np.arange(count),
        labels,
        labels,
        np.zeros((count, 2)),
        np.zeros(count, bool),
        np.arange(count),
        segments,
    )


@pytest.fixture
def opened(browser: Browser, tmp_path: Path) -> Iterator[Callable[..., Page]]:
    """`opened(document)` shows it from disk in a browser that is offline; nothing may go wrong or be asked."""
    said: list[str] = []
    contexts = []

    def show(document: str, theme: str = "light", width: int = 1280) -> Page:
        path = tmp_path / f"view{len(contexts)}.html"
        path.write_text(document, encoding="utf-8")
        context = browser.new_context(
            viewport={"width": width, "height": 900}, color_scheme=theme, offline=True
        )
        contexts.append(context)
        sheet = context.new_page()
        sheet.set_default_timeout(15_000)
        sheet.on(
            "console", lambda line: said.append(line.text) if line.type in ("error", "warning") else None
        )
        sheet.on("pageerror", lambda error: said.append(str(error)))
        sheet.on("dialog", lambda dialog: said.append(dialog.message))
        sheet.on(
            "request", lambda request: None if request.url == path.as_uri() else said.append(request.url)
        )
        sheet.goto(path.as_uri())
        sheet.wait_for_selector("svg line", state="attached")
        return sheet

    yield show
    for context in contexts:
        context.close()
    assert said == []


def params_of(page: str) -> dict:
    """What a page that BertViz's own Python made hands to its script."""
    begin = page.index("const params = ") + len("const params = ")
    return json.JSONDecoder().raw_decode(page[begin:])[0]


def stock(view: str, **given) -> dict:
    """BertViz's own parameters, without what is random or set by the reader's theme."""
    import bertviz as package

    params = params_of(getattr(package, f"{view}_view")(html_action="return", **given).data)
    return {name: value for name, value in params.items() if name not in ("root_div_id", "display_mode")}


def ours(sheet: Page) -> dict:
    params = sheet.evaluate("attnviz")
    return {name: value for name, value in params.items() if name not in ("root_div_id", "display_mode")}


@pytest.mark.parametrize("view", bertviz.VIEWS)
def test_the_scripts_get_exactly_what_bertviz_itself_would_give_them(capture, opened, view) -> None:
    import torch

    layers = [torch.from_numpy(capture.attention(layer).copy())[None] for layer in range(6)]
    layer = {"layer": 3} if view == "head" else {}
    expected = stock(
        view, attention=layers, tokens=list(capture.tokens.labels), prettify_tokens=False, **layer
    )
    found = ours(opened(bertviz.document(capture, view, 3, 1)))
    for part in (expected, found):
        for side in ("left_text", "right_text"):
            part["attention"][0][side] = [label.strip() for label in part["attention"][0][side]]
    assert found == expected


@pytest.mark.parametrize("view", bertviz.VIEWS)
def test_a_pair_of_texts_is_offered_each_to_each(capture, opened, view) -> None:
    import torch

    labels = ("[CLS]", "one", "[SEP]", "two", "three", "[SEP]")
    pair = made(labels)
    tokens = tokens_of(labels, 3)
    pair.query_tokens = pair.key_tokens = lambda kind=None: tokens
    layers = [torch.from_numpy(pair.attention(layer, None, None, np.arange(6)))[None] for layer in range(2)]
    layer = {"layer": 0} if view == "head" else {}
    expected = stock(view, attention=layers, tokens=list(labels), sentence_b_start=3, **layer)
    sheet = opened(bertviz.document(pair, view, 0, 0))
    assert ours(sheet) == expected
    sheet.get_by_label("Attention:").select_option("Sentence A -> Sentence B")
    assert sheet.locator("svg line").count() == 3 * 3 * 3 * (1 if view == "head" else 2)


@pytest.mark.parametrize("view", bertviz.VIEWS)
def test_cross_attention_has_two_different_sides(opened, view) -> None:
    import torch

    target, source = ("le", "chat"), ("the", "cat", "sat")
    cross = made(target, keys=source)
    layers = [torch.from_numpy(cross.attention(layer, None, None, np.arange(2)))[None] for layer in range(2)]
    sides = {"decoder_tokens": list(target), "encoder_tokens": list(source)}
    layer = {"layer": 0} if view == "head" else {}
    expected = stock(view, cross_attention=layers, **sides, **layer)
    assert ours(opened(bertviz.document(cross, view, 0, 0, "cross"))) == expected


def test_the_lines_are_as_opaque_as_the_engine_says(capture, opened) -> None:
    sheet = opened(bertviz.document(capture, "head", 3, 1))
    sheet.get_by_label("Layer:").select_option("5")
    drawn = sheet.eval_on_selector_all(
        "#attention line", "all => all.map(line => line.getAttribute('stroke-opacity'))"
    )
    shown = np.array(drawn, float).reshape(12, 16, 16)
    np.testing.assert_allclose(shown * 12, capture.attention(5), rtol=1e-6)
    sheet = opened(bertviz.document(capture, "model", 3, 1))
    drawn = sheet.eval_on_selector_all(
        "svg line", "all => all.map(line => line.getAttribute('stroke-opacity'))"
    )
    expected = np.stack([capture.attention(layer) for layer in range(6)])
    np.testing.assert_allclose(np.array(drawn, float).reshape(expected.shape), expected, rtol=1e-6)


def test_a_click_in_the_model_view_opens_a_head(capture, opened) -> None:
    sheet = opened(bertviz.document(capture, "model", 0, 0))
    sheet.locator("svg g > rect:last-child").nth(13).click(force=True)
    assert sheet.get_by_text("Layer 1, Head 1").is_visible()


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("view", bertviz.VIEWS)
def test_hostile_labels_are_only_text(opened, view, theme) -> None:
    labels = (*BREAKOUTS, *HOSTILE)
    sheet = opened(bertviz.document(made(labels), view, 0, 0), theme)
    if view == "model":
        sheet.locator("svg g > rect:last-child").first.click(force=True)
    shown = sheet.locator("svg").text_content()
    assert "</script><script>" in shown
    assert "<!--<script>" in shown
    assert sheet.evaluate("[globalThis.ran ?? null, document.images.length, document.scripts.length]") == [
        None,
        0,
        8,
    ]
    assert sheet.locator("html").get_attribute("data-theme") == theme


def test_nothing_of_a_label_stands_in_a_script_that_runs() -> None:
    document = bertviz.document(made(BREAKOUTS), "head", 0, 0)
    bodies = re.findall(r"<script([^>]*)>(.*?)</script>", document, re.DOTALL)
    assert len(bodies) == 8
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', document)[1]
    allowed = re.findall(r"'sha256-([^']*)'", policy)
    running = [body for attributes, body in bodies if not attributes]
    assert [base64.b64encode(hashlib.sha256(body.encode()).digest()).decode() for body in running] == allowed
    assert "'unsafe-inline'" not in policy.split("script-src")[1].split(";")[0]
    assert "ran = 1" not in "".join(running)


def test_labels_of_byte_pairs_are_readable(opened) -> None:
    """BertViz alone would show the tokenizer's own pieces, such as "æĪĳ"."""
    sheet = opened(bertviz.document(made(("我", "喜欢", " 雨", "\ufdd0↪")), "head", 0, 0))
    assert [sheet.locator("#left text").nth(n).text_content() for n in range(4)] == ["我", "喜欢", "雨", "↪"]


def lines(view: str, part: bertviz.Extent) -> int:
    heads = len(part.heads) * (1 if view == "head" else len(part.layers))
    return heads * part.rows * part.columns


@pytest.mark.parametrize("view", bertviz.VIEWS)
@pytest.mark.parametrize("tokens", [1, 16, 32, 64, 65, 128, 512, 4096])
@pytest.mark.parametrize(("layers", "heads"), [(1, 1), (6, 12), (24, 16), (80, 64)])
def test_what_is_shown_stays_within_the_limits_and_holds_the_chosen_head(view, tokens, layers, heads) -> None:
    for layer, head in ((0, 0), (layers // 2, heads // 2), (layers - 1, heads - 1)):
        part = bertviz.extent(view, (layers, heads, tokens, tokens), layer, head)
        assert layer in part.layers
        assert head in part.heads
        assert part.layers.stop <= layers
        assert part.heads.stop <= heads
        assert part.rows == part.columns == min(tokens, bertviz.MAX_TOKENS[view])
        assert lines(view, part) <= bertviz.MAX_LINES[view]
        assert len(part.layers) * len(part.heads) * part.rows * part.columns <= max(bertviz.MAX_WEIGHTS, 0)


def test_the_default_models_short_texts_are_shown_whole() -> None:
    for view, tokens in (("head", 64), ("model", 32)):
        part = bertviz.extent(view, (6, 12, tokens, tokens), 3, 1)
        assert (part.layers, part.heads, part.rows) == (range(6), range(12), tokens)


def test_a_part_keeps_the_numbers_of_its_layers_and_heads(opened) -> None:
    long = made(tuple(f"t{n}" for n in range(64)), layers=6, heads=12)
    sheet = opened(bertviz.document(long, "model", 4, 1))
    assert sheet.evaluate("[attnviz.include_layers, attnviz.include_heads]") == [[4], list(range(12))]
    weights = sheet.evaluate("attnviz.attention[0].attn[0][7][5]")
    assert weights == long.attention(4, None, None, np.arange(64))[7, 5].tolist()


def test_an_unknown_view_is_named(capture) -> None:
    with pytest.raises(UnknownName, match="neuron"):
        bertviz.document(capture, "neuron", 0, 0)  # type: ignore[arg-type]


def test_the_scripts_of_others_are_those_that_are_listed() -> None:
    rows = re.findall(
        r"^\| `([\w.]+)` \|.*\| (\w{64}) \|$", (VENDOR / "README.md").read_text("utf-8"), re.MULTILINE
    )
    assert {name for name, _ in rows} == {path.name for path in VENDOR.glob("*.js")}
    for name, digest in rows:
        assert hashlib.sha256((VENDOR / name).read_bytes()).hexdigest() == digest
        assert (VENDOR / name.replace(".min.js", ".LICENSE")).is_file()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_frame_is_cut_off_from_the_page_around_it(figure, theme) -> None:
    """A document whose script reaches for the page learns nothing, and can only say how high it wants to be."""
    script = """<script>
      let reached = "nothing";
      try { reached = parent.document.title; } catch {}
      try { reached = localStorage.length; } catch {}
      document.title = `${reached} ${window.name} ${origin}`;
      parent.postMessage({ height: 123 }, "*");
    </script>"""
    page = figure("frame", frame_data(f"<!doctype html>{script}", "A title"), theme=theme)
    frame = page.locator("iframe")
    assert frame.get_attribute("sandbox") == "allow-scripts"
    assert frame.get_attribute("title") == "A title"
    page.wait_for_function("document.querySelector('iframe').style.height === '123px'")
    assert page.frames[1].title() == f"nothing {theme} null"
    page.evaluate(  # from somebody else
        """new Promise((done) => {
          addEventListener("message", () => setTimeout(done), { once: true });
          postMessage({ height: 9999 }, "*");
        })"""
    )
    assert frame.evaluate("node => node.style.height") == "123px"

"""What of a map is shown, in Chromium: hidden tokens and kept mass are the same in every form, and said in words."""

from __future__ import annotations

from collections.abc import Callable
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from attnviz.analysis import renormalize_without
from attnviz.figures import Pool
from tests.figures.browser.heatmap import SVG, weights
from tests.figures.maps import map_message
from tests.figures.pointer import csv_rows, download, events, hover, readout, value, with_options

pytestmark = pytest.mark.browser
COUNT = 8
LABELS = [f"t{n}" for n in range(COUNT)]
MAP = weights(1, COUNT, seed=4)[0]
SPECIAL = np.arange(COUNT) == COUNT - 1
FIRST = np.arange(COUNT) == 0
FORMS = ("heatmap", "text", "lines")


def message(values: np.ndarray = MAP, **other: object) -> bytes:
    given = {
        "layers": 1, "heads": 1, "layer": 0, "head": 0, "form": "heatmap", "first": "both", "model": "tiny",
        "query_special": SPECIAL, "key_special": SPECIAL,
        "proses": [[(f"{label} ", n) for n, label in enumerate(LABELS)]], **other,
    }  # fmt: skip
    return map_message(values[None], [(0, 0)], LABELS, LABELS, **given)  # type: ignore[arg-type]


def written(drawing: bytes) -> str:
    """All text of an SVG drawing."""
    return " ".join(node.text or "" for node in ET.fromstring(drawing).iter(f"{SVG}text"))


def notice(page: Page) -> str:
    return page.get_by_test_id("notice").inner_text()


def strongest(page: Page, way: str) -> dict[int, float]:
    bars = page.get_by_test_id(f"strongest-{way}").locator(".av-bar[data-value]")
    return dict(bars.evaluate_all("all => all.map(n => [Number(n.dataset.token), Number(n.dataset.value)])"))


def expected(values: np.ndarray, hidden: np.ndarray) -> np.ndarray:
    """Zero where hidden, the rest over what is left of its row: by the analysis, which has tests of its own."""
    whole = np.zeros_like(values)
    whole[np.ix_(~hidden, ~hidden)] = renormalize_without(values, hidden, hidden)
    return whole


def choose(page: Page, form: str) -> None:
    page.get_by_role("radiogroup", name="Form").get_by_text(form.capitalize(), exact=True).click()


@pytest.mark.parametrize(("hide", "words"), [
    (("first",), "The first token is hidden, and each row is renormalised"),
    (("special",), "Special tokens are hidden, and each row is renormalised"),
    (("special", "first"), "Special tokens and the first token are hidden, and each row is renormalised"),
])  # fmt: skip
def test_what_is_hidden_is_hidden_in_every_form(
    figure: Callable[..., Page], hide: tuple[str, ...], words: str
) -> None:
    hidden = (SPECIAL if "special" in hide else 0) | (FIRST if "first" in hide else 0)
    truth = expected(MAP, np.asarray(hidden, bool))
    page = figure("heatmap", message(hide=hide))
    kept = np.flatnonzero(~np.asarray(hidden, bool))
    row = 3
    for at, key in enumerate(kept):
        hover(page, list(kept).index(row), at)
        assert value(page) == truth[row, key]
        assert f"({MAP[row, key]:.4f} before hiding)" in readout(page).inner_text()
    assert words in notice(page)
    lost = 100 * MAP[np.ix_(kept, np.flatnonzero(hidden))].sum(1).mean()
    assert f"What is hidden held {lost:.1f} % of these rows." in notice(page)
    choose(page, "text")
    page.locator(f".av-tok[data-token='{row}']").hover()
    order = np.argsort(-truth[row])[:5]
    assert strongest(page, "from") == pytest.approx({int(n): float(truth[row, n]) for n in order}, abs=1e-7)
    expect(page.locator(".av-tok")).to_have_count(len(kept))
    choose(page, "lines")
    cells = page.get_by_test_id("line-links").locator("tbody tr").first.locator("td").all_inner_texts()
    i, j = np.unravel_index(truth.argmax(), truth.shape)
    assert cells == [LABELS[i], LABELS[j], "0", f"{truth.max():.4f}"]
    assert words in notice(page)


def test_the_choice_is_reported_and_stands_in_what_is_saved(figure: Callable[..., Page]) -> None:
    page = figure("heatmap", message())
    with_options(page).get_by_role("checkbox", name="Hide first token").check()
    with_options(page).get_by_role("checkbox", name="Hide special tokens").check()
    with_options(page).get_by_role("combobox", name="Links that hold").select_option("90")
    with_options(page).get_by_role("checkbox", name="Hide first token").uncheck()
    assert events(page) == [
        ["setting", {"hide": ["first"], "keep": None}],
        ["setting", {"hide": ["first", "special"], "keep": None}],
        ["setting", {"hide": ["first", "special"], "keep": 90}],
        ["setting", {"hide": ["special"], "keep": 90}],
    ]
    with_options(page).get_by_role("checkbox", name="Hide first token").check()
    name, content = download(page, "CSV table")
    assert name == "attention_tiny_layer0_head0_no-special_no-first.csv"
    rows = csv_rows(content)
    assert rows[0][1:] == LABELS[1:-1]
    kept = expected(MAP, SPECIAL | FIRST)[1:-1, 1:-1]
    np.testing.assert_array_equal(np.array([row[1:] for row in rows[1:]], np.float32), kept)
    _, drawing = download(page, "SVG drawing")
    assert notice(page) in written(drawing)


@pytest.mark.parametrize("form", FORMS)
def test_a_row_of_which_nothing_is_left_is_empty_and_said_so(figure: Callable[..., Page], form: str) -> None:
    values = MAP.copy()
    values[2] = np.eye(COUNT)[0]
    values[4] = 0.5 * np.eye(COUNT)[0] + 0.5 * np.eye(COUNT)[COUNT - 1]
    page = figure("heatmap", message(values, hide=("special", "first"), form=form))
    assert "Of “\u2068t2\u2069”, “\u2068t4\u2069” nothing is left: these rows are empty." in notice(page)
    if form == "heatmap":
        hover(page, 1, 2)
        assert value(page) == 0
        assert "0.0000 (0.0000 before hiding) · 0.0 % of the shown row" in readout(page).inner_text()
    elif form == "text":
        page.locator(".av-tok[data-token='2']").hover()
        expect(page.get_by_test_id("text-readout")).to_contain_text("looks only at what is hidden")
        assert strongest(page, "from") == {}
    else:
        stage = page.get_by_test_id("lines")
        row, label = (float(stage.get_attribute(f"data-{name}") or "nan") for name in ("row", "label"))
        stage.hover(position={"x": label / 2, "y": 1.5 * row})
        expect(page.get_by_test_id("lines-readout")).to_contain_text("looks at nothing that is shown")
    assert "NaN" not in page.locator("#root").inner_text()


def test_nothing_can_be_hidden_so_that_nothing_is_left(figure: Callable[..., Page]) -> None:
    labels, special = ["a", "b"], np.array([False, True])
    sent = map_message(
        weights(1, 2), [(0, 0)], labels, labels, layers=1, heads=1, layer=0, head=0, first="both",
        query_special=special, key_special=special, hide=("special", "first"),
    )  # fmt: skip
    page = figure("heatmap", sent)
    expect(with_options(page).get_by_role("checkbox", name="Hide special tokens")).to_be_checked()
    expect(with_options(page).get_by_role("checkbox", name="Hide first token")).not_to_be_checked()
    expect(with_options(page).get_by_role("checkbox", name="Hide first token")).to_be_disabled()
    hover(page, 0, 0)
    assert value(page) == 1


def test_the_first_token_of_another_text_stays_a_row(figure: Callable[..., Page]) -> None:
    maps = weights(1, 3, 4)
    sent = map_message(
        maps, [(0, 0)], list("abc"), list("wxyz"), layers=1, heads=1, layer=0, head=0, first="keys", hide=("first",)
    )  # fmt: skip
    page = figure("heatmap", sent)
    hover(page, 0, 0)
    assert value(page) == renormalize_without(maps[0], np.arange(4) == 0)[0, 0]
    assert "“\u2068a\u2069” (0) → “\u2068x\u2069” (1)" in readout(page).inner_text()


def test_the_first_token_of_a_causal_model_goes_with_its_row(figure: Callable[..., Page]) -> None:
    lower = (np.tril(MAP) / np.tril(MAP).sum(-1, keepdims=True)).astype(np.float32)
    page = figure(
        "heatmap", message(lower, causal=True, hide=("first",), query_special=None, key_special=None)
    )
    hover(page, 0, 0)
    assert value(page) == 1, "the second token has only itself left"
    assert "“\u2068t1\u2069” (1) → “\u2068t1\u2069” (1)" in readout(page).inner_text()
    hover(page, 3, 4)
    expect(readout(page)).to_contain_text("“\u2068t4\u2069” (4) cannot look ahead to “\u2068t5\u2069” (5).")
    hover(page, 3, 1)
    assert value(page) == renormalize_without(lower, FIRST, FIRST)[3, 1]


def test_blocks_of_tokens_have_no_first_token(figure: Callable[..., Page]) -> None:
    page = figure("heatmap", message(first=""))
    expect(with_options(page).get_by_role("checkbox", name="Hide first token")).to_be_disabled()


def kept_by(row: np.ndarray, share: float) -> set[int]:
    """The smallest set of keys that holds the share, by adding up from the largest."""
    order = np.argsort(-row.astype(np.float64))
    before = np.cumsum(row[order].astype(np.float64)) - row[order]
    return {int(n) for n in order[before < share * row.sum(dtype=np.float64)]}


@pytest.mark.parametrize("share", [50, 90])
def test_cells_outside_the_smallest_set_that_holds_the_mass_are_faded(
    figure: Callable[..., Page], share: int
) -> None:
    page = figure("heatmap", message(keep=share))
    expect(with_options(page).get_by_role("combobox", name="Links that hold")).to_have_value(str(share))
    page.keyboard.press("Escape")
    expect(
        page.get_by_text(f"Faded: outside the strongest links that together hold {share} %")
    ).to_be_visible()
    for i in range(COUNT):
        kept = kept_by(MAP[i], share / 100)
        for j in range(COUNT):
            hover(page, i, j)
            assert (f"outside the {share} %" in readout(page).inner_text()) == (j not in kept), (i, j)
    _, content = download(page, "SVG drawing")
    shade = {}
    for node in ET.fromstring(content).iter(f"{SVG}rect"):
        if node.get("data-value"):
            place = int(node.get("data-query", 0)), int(node.get("data-key", 0))
            shade[place] = sum(map(int, node.get("fill", "")[4:-1].split(",")))
    for i in range(COUNT):
        kept = kept_by(MAP[i], share / 100)
        faded = [shade[i, j] for j in range(COUNT) if j not in kept]
        assert max(shade[i, j] for j in kept) < min(faded, default=800)


def test_text_shades_only_what_is_kept_and_the_choice_is_shared(figure: Callable[..., Page]) -> None:
    page = figure("heatmap", message(form="text"))
    expect(with_options(page).get_by_role("combobox", name="Links that hold")).to_have_value("100")
    with_options(page).get_by_role("combobox", name="Links that hold").select_option("75")
    page.locator(".av-tok[data-token='3']").hover()
    assert set(strongest(page, "from")) == kept_by(MAP[3], 0.75)
    assert set(strongest(page, "to")) == {i for i in range(COUNT) if 3 in kept_by(MAP[i], 0.75)}
    expect(page.get_by_text("which together hold 75 % of its mass")).to_be_visible()
    choose(page, "lines")
    expect(page.get_by_test_id("lines-words")).to_contain_text("hold 75 %")
    total = sum(len(kept_by(row, 0.75)) for row in MAP)
    expect(page.get_by_test_id("lines-words")).to_contain_text(f"{total} lines of 1 head")


@pytest.mark.parametrize("wrong", [{"hide": ("last",)}, {"keep": 91}, {"first": "queries"}])
def test_a_message_that_hides_or_keeps_what_there_is_not_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="hide"):
        message(**wrong)


MANY = weights(2, COUNT, seed=5)


def pooled(pool: Pool, **other: object) -> bytes:
    given = {
        "layers": 2,
        "heads": 3,
        "layer": 1,
        "head": 2,
        "form": "heatmap",
        "model": "tiny",
        "pool": pool,
        **other,
    }
    return map_message(MANY, [(0, 2), (1, 2)], LABELS, LABELS, **given)  # type: ignore[arg-type]


def test_many_heads_as_one_map_are_named_in_every_form_and_file(figure: Callable[..., Page]) -> None:
    page = figure("heatmap", pooled(Pool("mean")))
    expect(page.get_by_role("combobox", name="Head")).to_have_count(0)
    expect(page.get_by_text("Strongest links of mean of the 3 heads of layer 1")).to_be_visible()
    hover(page, 3, 4)
    assert value(page) == MANY[1, 3, 4]
    page.get_by_test_id("stage").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowUp")
    hover(page, 3, 4)
    assert value(page) == MANY[0, 3, 4]
    assert events(page) == [["selection", {"layer": 0, "head": 2}]]
    name, _ = download(page, "CSV table")
    assert name == "attention_tiny_mean-of-the-3-heads-of-layer-0.csv"
    _, drawing = download(page, "SVG drawing")
    assert "attention weight · mean of the 3 heads of layer 0 · tiny" in written(drawing)
    choose(page, "lines")
    expect(page.get_by_test_id("lines-words")).to_contain_text("lines of the mean of the 3 heads of layer 0.")
    assert page.locator(".av-swatch:visible").count() == 0
    assert "(head" not in page.locator(".av-linesview").inner_text()
    best = np.unravel_index(MANY[0].argmax(), MANY[0].shape)
    cells = page.get_by_test_id("line-links").locator("tbody tr").first.locator("td").all_inner_texts()
    assert cells == [LABELS[best[0]], LABELS[best[1]], "–", f"{MANY[0].max():.4f}"]


def test_heads_of_several_layers_have_nothing_to_step_to(figure: Callable[..., Page]) -> None:
    page = figure("heatmap", pooled(Pool("max", ((0, 1), (1, 2)), "0.1,1.2"), rows_sum_to_one=False))
    expect(page.get_by_role("combobox", name="Layer")).to_have_count(0)
    expect(page.locator(".av-help:visible")).not_to_contain_text("head")
    page.get_by_test_id("stage").focus()
    for key in ("ArrowRight", "ArrowUp", "ArrowLeft"):
        page.keyboard.press(key)
    assert events(page) == [], "a first step is reported at once"
    hover(page, 2, 2)
    assert value(page) == MANY[1, 2, 2]
    expect(page.get_by_text("Strongest links of maximum of 2 heads (layer.head: 0.1, 1.2)")).to_be_visible()

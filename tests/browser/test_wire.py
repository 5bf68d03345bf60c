"""What goes over the wire in the real app: nothing twice, and a right picture whatever browser or server have lost."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect

from attnviz.web.serving import modules
from benchmarks.wire import Frames, button, hold, settled
from tests.browser.app import at_rest, drawn
from tests.figures.pointer import hover, value, with_options

pytestmark = pytest.mark.browser

TEXT = "The cat sat on the mat and looked out of it"
LINK = f"/attention?text={TEXT.replace(' ', '+')}&layer=2&head=5"
BOUND = 20_000  # bytes of an interaction, both ways, beside a map
STORE = f"import('/{modules.address('load.js')}').then(({{ parts }}) => parts"


@pytest.fixture(scope="module")
def capture(model):
    return model.capture(TEXT)


def right(page: Page, capture, layer: int, head: int) -> None:
    """The picture is the one of the engine."""
    drawn(page)
    for cell in ((3, 2), (7, 5)):
        hover(page, *cell)
        assert value(page) == pytest.approx(capture.attention(layer, head)[cell], abs=1e-6)


def test_a_step_a_cell_that_is_held_and_a_toggle_send_no_map_again(page: Page, capture):
    frames = Frames()
    page.on("websocket", frames.watch)
    page.goto(LINK)
    drawn(page)
    settled(page, frames)
    for act in (
        button("Next head"),
        hold,
        lambda page: with_options(page).get_by_label("Hide special tokens").click(),
    ):
        frames.clear()
        act(page)
        settled(page, frames)
        assert 0 < frames.down + frames.up - frames.data < BOUND  # beside the map's own message
        assert frames.data < 2_000
    with_options(page).get_by_label("Hide special tokens").click()
    right(page, capture, 2, 6)
    frames.clear()
    page.get_by_role("link", name="All heads", exact=True).click()
    at_rest(page)
    settled(page, frames)
    page.get_by_role("link", name="Attention", exact=True).click()
    drawn(page)
    frames.clear()
    page.get_by_role("link", name="All heads", exact=True).click()
    settled(page, frames)
    assert 0 < frames.data < 2_000, "the thumbnails have come before"


def test_a_browser_that_lost_everything_asks_and_shows_the_right_map(page: Page, capture):
    page.goto(LINK)
    drawn(page)
    page.evaluate(f"{STORE}.kept.clear())")
    button("Next head")(page)
    at_rest(page)
    right(page, capture, 2, 6)
    page.evaluate(f"{STORE}.kept.clear())")
    page.get_by_role("link", name="All heads", exact=True).click()
    expect(page.locator("[data-head='2,6']")).to_be_visible()
    at_rest(page)


def test_a_reload_shows_the_right_map_and_asks_for_no_module_again(page: Page, watch, capture):
    page.goto(LINK)
    drawn(page)
    button("Next head")(page)
    page.wait_for_url("**head=6**")
    page.reload()
    right(page, capture, 2, 6)
    figures = [url for url in watch.urls if urlsplit(url).path.startswith("/modules/")]
    assert {urlsplit(url).path.split("/")[2] for url in figures} == {modules.digest()}


COUNTED = """() => ({
  listeners: counted.listeners.size, observers: counted.observers.size,
  canvases: counted.canvases.filter((each) => each.deref()?.width > 0 && !each.deref().isConnected).length,
})"""
COUNT = """
globalThis.counted = { listeners: new Set(), observers: new Set(), canvases: [] };
for (const target of [window, document]) {
  const { addEventListener, removeEventListener } = target;
  const names = new WeakMap(); // a listener that is gone must not be kept alive, with all that it sees, by this count
  let known = 0;
  const name = (type, listener) => `${type} ${names.get(listener) ?? names.set(listener, known++).get(listener)}`;
  const mine = () => /modules\\//.test(new Error().stack);
  target.addEventListener = function (type, listener, ...rest) {
    if (mine()) counted.listeners.add(name(type, listener));
    return addEventListener.call(this, type, listener, ...rest);
  };
  target.removeEventListener = function (type, listener, ...rest) {
    counted.listeners.delete(name(type, listener));
    return removeEventListener.call(this, type, listener, ...rest);
  };
}
globalThis.ResizeObserver = class extends ResizeObserver {
  observe(...given) {
    if (/modules\\//.test(new Error().stack)) counted.observers.add(this);
    super.observe(...given);
  }
  disconnect() {
    counted.observers.delete(this);
    super.disconnect();
  }
};
const { createElement } = document;
document.createElement = function (tag, ...rest) {
  const node = createElement.call(this, tag, ...rest);
  if (tag === "canvas") counted.canvases.push(new WeakRef(node));
  return node;
};
"""


def test_thirty_pages_leave_nothing_behind(page: Page):
    """Listeners at window and document, observers, and canvases that are on no page but keep their pixels."""
    page.add_init_script(COUNT)
    page.goto(LINK)
    drawn(page)
    found = []
    titles = ("All heads", "Classic BertViz", "Attention")
    for n in range(30):
        page.get_by_role("link", name=titles[n % 3], exact=True).click()
        page.wait_for_url(f"**/{('heads', 'bertviz', 'attention')[n % 3]}?**")
        at_rest(page)
        if n % 3 == 2:
            drawn(page)
            page.context.new_cdp_session(page).send("HeapProfiler.collectGarbage")
            found.append(page.evaluate(COUNTED))
    assert found[0]["observers"] > 0
    assert found[0]["listeners"] > 0
    for name in found[0]:
        assert found[-1][name] <= found[0][name] + (3 if name == "canvases" else 0), (name, found)


def test_the_end_of_an_earlier_call_leaves_what_a_later_one_drew(page: Page):
    """Streamlit ends a call whose files came late when a later one with new data has drawn already."""
    page.goto("/attention")
    at_rest(page)
    counts = page.evaluate(
        """async () => {
          const { load } = await import(document.querySelector('link[rel=modulepreload][href*="/load.js"]').href);
          const root = document.body.appendChild(document.createElement("div")).attachShadow({ mode: "open" });
          const mount = { data: { query: "", bare: "" }, parentElement: root, setTriggerValue() {} };
          const ends = await Promise.all([load("copy_link", mount), load("copy_link", mount)]);
          const figure = root.appendChild(document.createElement("div"));
          figure.attnviz = { ending: [] };
          const found = () => [...root.children].filter((each) => each.attnviz).length;
          ends[0]();
          const after = [found()];
          ends[1]();
          return [...after, found()];
        }"""
    )
    assert counts == [1, 0]

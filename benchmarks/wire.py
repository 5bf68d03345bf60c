"""What one interaction sends over the websocket of the real app, both ways, in bytes by kind of content.

A browser does each action once; every frame is taken apart by Streamlit's own protobuf messages. "Data" are the
messages of figures, "sources" their modules and styles, "rest" all other elements.

    python benchmarks/wire.py [--tokens 14 512] [--rest]
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote_plus

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from playwright.sync_api import Page, WebSocket, sync_playwright  # noqa: E402
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg  # noqa: E402

from benchmarks.browser import text_of  # noqa: E402
from tests.browser import chromium  # noqa: E402
from tests.browser.app import at_rest, choose_form, type_text  # noqa: E402
from tests.browser.serve import Server  # noqa: E402
from tests.figures.pointer import cell_of, with_options  # noqa: E402


@dataclass
class Frames:
    """Bytes of the frames of a page since the last `clear`; `rest`: of elements that are no figures, by kind."""

    up: int = 0
    down: int = 0
    data: int = 0
    sources: int = 0
    rest: Counter[str] = field(default_factory=Counter)

    def clear(self) -> None:
        self.up = self.down = self.data = self.sources = 0
        self.rest.clear()

    def watch(self, socket: WebSocket) -> None:
        socket.on("framesent", self._sent)
        socket.on("framereceived", self._received)

    def _sent(self, payload: str | bytes) -> None:
        self.up += len(payload)

    def _received(self, payload: str | bytes) -> None:
        if isinstance(payload, str):
            return
        self.down += len(payload)
        message = ForwardMsg.FromString(payload)
        kind = message.WhichOneof("type") or ""
        if kind == "delta":
            kind = message.delta.WhichOneof("type") or ""
            if kind == "new_element":
                kind = message.delta.new_element.WhichOneof("type") or ""
        if kind != "bidi_component":
            self.rest[kind] += len(payload)
            return
        part = message.delta.new_element.bidi_component
        sources = len(part.js_content.encode()) + len(part.css_content.encode())
        self.data += len(part.bytes)
        self.sources += sources
        self.rest["figures' frames"] += len(payload) - len(part.bytes) - sources


def button(name: str) -> Callable[[Page], None]:
    """Press the button of this name."""
    return lambda page: page.get_by_role("button", name=name, exact=True).first.click()


def unit(name: str) -> Callable[[Page], None]:
    """Count rows and columns in other units."""
    return lambda page: (
        page.get_by_role("radiogroup", name="Rows and columns are").get_by_text(name, exact=True).click()
    )


def hold(page: Page) -> None:
    """Hold a cell of the map: a click on it."""
    page.mouse.click(*cell_of(page, 3, 2))


def mark(head: int) -> Callable[[Page], None]:
    """Mark a head of the grid, to compare it."""
    return lambda page: page.locator(f"[data-head='0,{head}']").click(modifiers=["Shift"])


def to_page(title: str) -> Callable[[Page], None]:
    """Go to another page of the app."""
    return lambda page: page.get_by_role("link", name=title, exact=True).click()


MAP_ACTIONS: tuple[tuple[str, Callable[[Page], None]], ...] = (
    ("next head", button("Next head")),
    ("the head after it", button("Next head")),
    ("head before it", button("Previous head")),
    ("hold a cell", hold),
    ("hide special tokens", lambda page: with_options(page).get_by_label("Hide special tokens").click()),
    ("the form Text", lambda page: choose_form(page, "Text")),
    ("the form Heatmap", lambda page: choose_form(page, "Heatmap")),
    ("words instead of tokens", unit("Words")),
    ("tokens again", unit("Tokens")),
    ("pin to the report", button("Pin to report")),
)
PAGE_ACTIONS: tuple[tuple[str, Callable[[Page], None]], ...] = (
    ("a new text", lambda page: type_text(page, text_of(14)[:-1] + "s")),
    ("to All heads", to_page("All heads")),
    ("mark a second head", mark(4)),
    ("mark a third head", mark(7)),
    ("back to Attention", to_page("Attention")),
)


def settled(page: Page, frames: Frames) -> None:
    """Waits until the script has run and nothing has come for a while: the last frames follow the picture."""
    before = -1
    while frames.down != before:
        before = frames.down
        at_rest(page)
        page.wait_for_timeout(700)


def measured(page: Page, frames: Frames, url: str, tokens: int) -> Iterator[tuple[str, Frames]]:
    """The frames of each action, after it."""
    page.goto(f"{url}/attention?text={quote_plus(text_of(tokens))}&layer=0&head=0")
    page.get_by_test_id("stage").wait_for()
    settled(page, frames)
    yield "first visit", frames
    for name, act in (*MAP_ACTIONS, *(PAGE_ACTIONS if tokens == 14 else ())):
        frames.clear()
        act(page)
        settled(page, frames)
        yield name, frames


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--tokens", type=int, nargs="*", default=[14, 512])
    parser.add_argument("--rest", action="store_true", help="say what other elements the rest is of")
    options = parser.parse_args()
    if chromium.find() is None:
        raise SystemExit(chromium.HELP)
    print("| tokens | action | up | down | data | sources | rest |\n|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as home, Server(ROOT, Path(home)) as server, sync_playwright() as play:
        browser = play.chromium.launch(executable_path=chromium.find(), args=chromium.ARGS)
        for tokens in options.tokens:
            page = browser.new_context(viewport={"width": 1440, "height": 900}).new_page()
            page.set_default_timeout(120_000)
            frames = Frames()
            page.on("websocket", frames.watch)
            for name, seen in measured(page, frames, server.url, tokens):
                rest = sum(seen.rest.values())
                numbers = (seen.up, seen.down, seen.data, seen.sources, rest)
                print(
                    f"| {tokens} | {name} | " + " | ".join(f"{each:,}" for each in numbers) + " |", flush=True
                )
                if options.rest:
                    print("    " + ", ".join(f"{kind} {size:,}" for kind, size in seen.rest.most_common()))
            page.context.close()
        browser.close()


if __name__ == "__main__":
    main()

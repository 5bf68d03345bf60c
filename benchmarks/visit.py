"""One visit of a page in a browser of its own: when its picture is on screen, what it received, what it keeps.

In flows an address; out flows one record of measurements, or the reason why there is none. A page that never draws, or
takes the browser's memory, ends with its browser and not with the benchmark.
"""

from __future__ import annotations

import functools
import http.server
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
from playwright.sync_api import Browser, Error, Page, Playwright
from playwright.sync_api import TimeoutError as TooSlow

from tests.browser import chromium

Record = dict[str, Any]


class Unseen(Exception):
    """There was no picture; the message says what happened instead, in a few words for a table."""


@dataclass
class Visit:
    """A page in its browser. `received`: bytes of all bodies and websocket frames so far, uncompressed."""

    page: Page
    browser: Browser
    limit: float  # seconds
    received: int = 0

    def watch(self) -> None:
        session = self.page.context.new_cdp_session(self.page)
        session.send("Network.enable")
        session.on("Network.dataReceived", self._body)
        session.on("Network.webSocketFrameReceived", self._frame)

    def _body(self, event: dict[str, Any]) -> None:
        self.received += event["dataLength"]

    def _frame(self, event: dict[str, Any]) -> None:
        frame = event["response"]
        text = frame["payloadData"]
        self.received += len(text.encode()) if frame["opcode"] == 1 else len(text) * 3 // 4 - text.count("=")

    def painted(self) -> float:
        """Waits for the next picture; ms from the last press (or the navigation) until it was on screen."""
        self._wait("bench.painted.length > 0 || bench.blank")
        if self.page.evaluate("bench.painted.length === 0"):
            raise Unseen("blank")
        return self.page.evaluate("bench.painted[0] - bench.asked")

    def settled(self) -> None:
        """Waits until nothing has been drawn for half a second, so that a measurement starts from rest."""
        self._wait("performance.now() - Math.max(bench.asked, bench.painted.at(-1) ?? 0) > 500")

    def _wait(self, condition: str) -> None:
        try:
            self.page.wait_for_function(f"() => {condition}", timeout=self.limit * 1000)
        except TooSlow:
            raise Unseen(f"over {self.limit:.0f} s") from None

    def memory(self) -> int:
        """Bytes that the largest renderer has to itself (USS), after a garbage collection."""
        self.page.context.new_cdp_session(self.page).send("HeapProfiler.collectGarbage")
        return max(psutil.Process(pid).memory_full_info().uss for pid in self._renderers())

    def _renderers(self) -> list[int]:
        processes = self.browser.new_browser_cdp_session().send("SystemInfo.getProcessInfo")["processInfo"]
        return [process["id"] for process in processes if process["type"] == "renderer"]

    def end(self) -> None:
        """Ends the renderers first: a browser waits for one that is still drawing."""
        with suppress(Error):
            for pid in self._renderers():
                with suppress(psutil.Error):
                    psutil.Process(pid).kill()
        with suppress(Error):
            self.browser.close()


@contextmanager
def opened(playwright: Playwright, url: str, limit: float, wanted: str = "") -> Iterator[Visit]:
    """The page at `url`, on its way, in a fresh browser with nothing cached; `wanted` as in painted.js."""
    browser = playwright.chromium.launch(executable_path=chromium.find(), args=chromium.ARGS)
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    context.add_init_script(path=Path(__file__).with_name("painted.js"))
    context.add_init_script(f"bench.wanted = {wanted!r}")
    visit = Visit(context.new_page(), browser, limit)
    visit.page.set_default_timeout(limit * 1000)
    try:
        visit.watch()
        visit.page.goto(url, wait_until="commit")
        yield visit
    finally:
        visit.end()


def measure(
    playwright: Playwright,
    url: str,
    limit: float,
    then: Callable[[Visit], list[float]] | None = None,
    wanted: str = "",
) -> Record:
    """{"ms", "bytes", "memory", "next"} of one visit, "next" from `then`; or {"failed": why}."""
    try:
        with opened(playwright, url, limit, wanted) as visit:
            record: Record = {"ms": visit.painted(), "bytes": visit.received}
            visit.settled()
            record["memory"] = visit.memory()
            if then is not None:
                record["next"] = then(visit)
    except Unseen as reason:
        return {"failed": str(reason)}
    except Error as error:
        if isinstance(error, TooSlow) or "crash" in str(error).lower() or "closed" in str(error).lower():
            return {"failed": "crashed" if not isinstance(error, TooSlow) else f"over {limit:.0f} s"}
        raise
    return record


class Quiet(http.server.SimpleHTTPRequestHandler):
    """Serves files without a line of log for each, also to a browser that was ended while it read."""

    def log_message(self, format: str, *args: object) -> None:
        del format, args

    def copyfile(self, source: Any, outputfile: Any) -> None:
        try:
            super().copyfile(source, outputfile)
        except ConnectionError:
            self.close_connection = True


def serve(folder: Path) -> str:
    """The address under which the files of `folder` are served until this process ends."""
    server = http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), functools.partial(Quiet, directory=str(folder))
    )
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{server.server_port}"

"""From a click on the Generation page to its effect on the screen: a step, a look at another token, another candidate.

Each click is made in the page and timed there until the figure has changed. Beside the wall time, which a busy machine
lengthens, stand the CPU time of the server and the bytes that it sent.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any

import psutil

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

GOAL = 300  # ms
REST = '[data-testid="stApp"][data-test-script-state="notRunning"]'
# What is clicked: the selector, of which the page's part or the figure's, and which of several.
CLICKS = {
    "one step": (".st-key-play_one button", False, lambda n: 0),
    "a look at another token": (".av-written", True, lambda n: n),
    "another candidate": (".av-candidates button[aria-pressed=false]", True, lambda n: 1),
    "another branch": (".av-branch button[aria-pressed=false]:not(.av-beside)", True, lambda n: 0),
}
CLICK = """([selector, inside, which]) => new Promise((done) => {
  const all = () => [...document.querySelectorAll("*")];
  const figure = () => all().find((each) => each.shadowRoot?.querySelector(".av-writing"))?.shadowRoot;
  const shown = () => figure()?.querySelector(".av-writing")?.textContent;
  const before = shown(), start = performance.now();
  (inside ? figure() : document).querySelectorAll(selector)[which].click();
  const look = () => {
    const now = shown();
    if (now && now !== before) requestAnimationFrame(() => done(performance.now() - start));
    else requestAnimationFrame(look);
  };
  look();
})"""


def clicks(model: str, times: int = 7) -> list[tuple[str, float, float, float]]:
    """(what, wall ms, CPU ms of the server, kB sent) for each of `CLICKS`, medians."""
    from playwright.sync_api import sync_playwright

    from tests.browser import chromium
    from tests.browser.serve import Server

    kept = {name: os.environ[name] for name in ("ATTNVIZ_MODEL_CACHE",) if name in os.environ}
    with tempfile.TemporaryDirectory() as home, sync_playwright() as playwright:
        environment = {"ATTNVIZ_WARM": "0", **kept}
        with Server(ROOT, Path(home), "app.py", environment) as server:
            browser = playwright.chromium.launch(executable_path=chromium.find(), args=chromium.ARGS)
            page = browser.new_page(viewport={"width": 1280, "height": 900})
            page.set_default_timeout(120_000)
            sent = _bytes_of(page)
            page.goto(f"{server.url}/generation?model={model}&text=The+capital+of+France+is")
            page.get_by_test_id("candidates").wait_for()
            _settle(page)
            process = psutil.Process(server.process.pid)
            found = [(what, *_measured(page, process, sent, what, times)) for what in CLICKS]
            browser.close()
            return found


def _measured(
    page: Any, process: psutil.Process, sent: list[int], what: str, times: int
) -> tuple[float, float, float]:
    selector, inside, which = CLICKS[what]
    rows = []
    for n in range(times):
        sent[0], before = 0, sum(process.cpu_times()[:2])
        wall = page.evaluate(CLICK, [selector, inside, which(n)])
        _settle(page)
        rows.append((wall, 1000 * (sum(process.cpu_times()[:2]) - before), sent[0] / 1000))
    wall, own, size = (statistics.median(column) for column in zip(*rows, strict=True))
    return wall, own, size


def _bytes_of(page: Any) -> list[int]:
    sent = [0]

    def received(frame: Any) -> None:
        sent[0] += len(frame)

    page.on("websocket", lambda socket: socket.on("framereceived", received))
    return sent


def _settle(page: Any) -> None:
    page.wait_for_selector(REST)
    page.wait_for_timeout(600)


def table(model: str) -> str:
    """The measurements as lines."""
    lines = [f"click to screen, {model}          wall ms   server CPU ms      kB sent"]
    lines += [f"{what:30} {wall:8.0f} {own:15.0f} {size:12.1f}" for what, wall, own, size in clicks(model)]
    return "\n".join([*lines, f"(goal {GOAL} ms on two quiet cores)"])

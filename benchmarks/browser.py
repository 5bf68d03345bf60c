"""What a picture costs in the browser: bytes, time to the first picture, time to the next head; ours and BertViz's.

Both in the same Chromium on the same machine, interleaved. The work before the picture is done on both sides:
BertViz's page lies ready as a file, our server holds the capture. Definitions are printed with the result.

    python benchmarks/browser.py [--tokens 32 64 128 512] [--rounds 3] [--skip start peer] [--json]
"""

from __future__ import annotations

import argparse
import functools
import http.server
import json
import os
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from playwright.sync_api import Browser, Page, sync_playwright  # noqa: E402

from tests.browser import chromium  # noqa: E402
from tests.browser.serve import Server  # noqa: E402

PEER_TOKENS = 128  # BertViz shows nothing at 512
SHARE, START, SWITCH = 1 / 20, 1.5, 150  # the budgets: of BertViz at 128 tokens; of an empty page; ms at 512
LIMIT = (
    900_000  # ms; BertViz's model view needs half a minute at 128 tokens, many times that on a busy machine
)
SWITCHES = 12  # heads of a layer, the first one included
EMPTY = 'import streamlit as st\n\nst.title("Empty", anchor="bench-empty")\n'
DEFINITIONS = """Bytes: bodies of all responses and websocket frames received until the picture, uncompressed; ours
without those of an empty Streamlit page. First picture: from the navigation (for `in app`, from the click on the
page's link in a running session) until two frames after cells or lines were drawn. Next: from the press until two
frames after; for us a head, for BertViz a layer, as its head view has them. All times in a new browser context."""

TEXT = (
    "the old man sat by the river and watched the water run under the bridge because he was tired of the city "
    "and his dog slept at his feet while the sun went down behind the hills and the birds came home to the trees"
)


def text_of(tokens: int) -> str:
    """An English text of exactly that many tokens in MiniLM, [CLS] and [SEP] included: each word here is one."""
    words = TEXT.split()
    return " ".join((words * (tokens // len(words) + 1))[: tokens - 2])


class Traffic:
    """Bytes that a page received since it was made."""

    def __init__(self, page: Page) -> None:
        self.received = 0
        session = page.context.new_cdp_session(page)
        session.send("Network.enable")
        session.on("Network.dataReceived", self._body)
        session.on("Network.webSocketFrameReceived", self._frame)

    def _body(self, event: dict[str, Any]) -> None:
        self.received += event["dataLength"]

    def _frame(self, event: dict[str, Any]) -> None:
        frame = event["response"]
        text = frame["payloadData"]
        self.received += len(text.encode()) if frame["opcode"] == 1 else len(text) * 3 // 4 - text.count("=")


def opened(browser: Browser) -> Page:
    """A page in a context of its own, with nothing cached, that notes when pictures are painted."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    context.add_init_script(path=Path(__file__).with_name("painted.js"))
    return context.new_page()


def painted(page: Page) -> float:
    """Waits for the next picture; ms from the last press (or the navigation) until it was on screen."""
    page.wait_for_function("bench.painted.length > 0", timeout=LIMIT)
    return page.evaluate("bench.painted[0] - bench.asked")


def settled(page: Page) -> None:
    """Waits until nothing has been drawn for half a second, so that a measurement starts from rest."""
    page.wait_for_function(
        "() => performance.now() - Math.max(bench.asked, bench.painted.at(-1) ?? 0) > 500", timeout=LIMIT
    )


def first_picture(
    browser: Browser, url: str, then: Callable[[Page], list[float]] | None = None
) -> dict[str, Any]:
    """{"ms", "bytes", "next"}: a navigation to `url`, and whatever `then` measures on the page afterwards."""
    page = opened(browser)
    traffic = Traffic(page)
    page.goto(url, wait_until="commit", timeout=LIMIT)
    result: dict[str, Any] = {"ms": painted(page), "bytes": traffic.received}
    if then is not None:
        settled(page)
        result["next"] = then(page)
    page.context.close()
    return result


def next_layers(page: Page) -> list[float]:
    """BertViz's head view: ms of three switches of the layer."""
    result = []
    for layer in (1, 2, 3):
        page.select_option("#layer", str(layer), timeout=LIMIT)
        result.append(painted(page))
    return result


def next_heads(page: Page) -> list[float]:
    """Our attention page: ms of switches to heads not seen before, each checked to show what was asked for."""
    result = []
    for head in range(1, SWITCHES):
        page.get_by_role("button", name="Next head").click()
        result.append(painted(page))
        label = page.get_by_test_id("stage").get_attribute("aria-label") or ""
        if f"layer 0, head {head}:" not in label:
            raise RuntimeError(f"head {head} was asked for, but the picture says: {label}")
        settled(page)
    return result


def in_app(browser: Browser, server: Server, query: str) -> float:
    """ms from the click on "All heads" on the attention page, in a running session, to the picture."""
    page = opened(browser)
    page.goto(f"{server.url}/attention?{query}", wait_until="commit", timeout=LIMIT)
    painted(page)
    settled(page)
    page.get_by_role("link", name="All heads").click()
    result = painted(page)
    page.context.close()
    return result


def middle(values: list[float]) -> float:
    return statistics.median(values)


def compare(
    browser: Browser, server: Server, base: str | None, tokens: int, rounds: int, empty: int
) -> dict[str, Any]:
    """Medians at one length; `base` is the address of BertViz's pages, None without them."""
    query = f"text={quote_plus(text_of(tokens))}&layer=0&head=0"
    seen: dict[str, list[dict[str, Any]]] = {}
    inside = []
    first_picture(browser, f"{server.url}/heads?{query}")  # the server computes; what follows finds it cached
    first_picture(browser, f"{server.url}/attention?{query}", next_heads)
    for _ in range(rounds):
        runs = [
            ("heads", f"{server.url}/heads?{query}", None),
            ("attention", f"{server.url}/attention?{query}", next_heads),
        ]
        if base is not None:
            runs.insert(1, ("model_view", f"{base}/model_view-{tokens}.html", None))
            runs.append(("head_view", f"{base}/head_view-{tokens}.html", next_layers))
        for name, url, then in runs:
            seen.setdefault(name, []).append(first_picture(browser, url, then))
        inside.append(in_app(browser, server, query))
    record: dict[str, Any] = {"tokens": tokens, "heads_in_app_ms": middle(inside)}
    for name, results in seen.items():
        own = empty if name in ("heads", "attention") else 0
        record[f"{name}_ms"] = middle([each["ms"] for each in results])
        record[f"{name}_bytes"] = middle([each["bytes"] for each in results]) - own
        if "next" in results[0]:
            record[f"{name}_next_ms"] = middle([ms for each in results for ms in each["next"]])
    return record


def start(browser: Browser, folder: Path, rounds: int) -> dict[str, float]:
    """The stored example against an empty page, each on a fresh server: ms from the navigation, and from the start."""
    script = folder / "empty.py"
    script.write_text(EMPTY)
    seen: dict[str, list[float]] = {}
    for _ in range(rounds):
        for name, path in (("example", "app.py"), ("empty", str(script))):
            begin = time.perf_counter()
            with Server(ROOT, folder, path) as server:
                healthy = (time.perf_counter() - begin) * 1000
                ms = first_picture(browser, server.url)["ms"]
            seen.setdefault(f"{name}_ms", []).append(ms)
            seen.setdefault(f"{name}_from_start_ms", []).append(healthy + ms)
    return {name: middle(values) for name, values in seen.items()}


def empty_bytes(browser: Browser, folder: Path) -> int:
    """Bytes of a Streamlit page that shows one heading."""
    script = folder / "empty.py"
    script.write_text(EMPTY)
    with Server(ROOT, folder, str(script)) as server:
        return first_picture(browser, server.url)["bytes"]


class Quiet(http.server.SimpleHTTPRequestHandler):
    """Serves files without a line of log for each."""

    def log_message(self, format: str, *args: object) -> None:
        del format, args


def serve(folder: Path) -> str:
    """The address under which the files of `folder` are served until this process ends."""
    server = http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), functools.partial(Quiet, directory=str(folder))
    )
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{server.server_port}"


def measure(options: argparse.Namespace) -> dict[str, Any]:
    """Everything, as one record."""
    path = chromium.find()
    if path is None:
        raise SystemExit(chromium.HELP)
    result: dict[str, Any] = {"lengths": []}
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        folder = Path(name)
        browser = playwright.chromium.launch(executable_path=path, args=chromium.ARGS)
        if "start" not in options.skip:
            result["start"] = start(browser, folder, options.rounds)
            print("measured the start", file=sys.stderr)
        if options.tokens:
            result["empty_bytes"] = empty_bytes(browser, folder)
            base = None if "peer" in options.skip else serve(folder)
            with Server(ROOT, folder, "app.py") as server:
                for tokens in options.tokens:
                    peer = base if tokens <= PEER_TOKENS else None
                    if peer is not None:
                        _peer_pages(folder, tokens)
                    result["lengths"].append(
                        compare(browser, server, peer, tokens, options.rounds, result["empty_bytes"])
                    )
                    print(f"measured {tokens} tokens", file=sys.stderr)
        browser.close()
    result["load"] = os.getloadavg()
    result["cores"] = os.cpu_count()
    return result


def _peer_pages(folder: Path, tokens: int) -> None:
    from benchmarks import bertviz_pages

    pages = bertviz_pages.write_pages(text_of(tokens), folder)
    if not pages["model_view"].name.endswith(f"-{tokens}.html"):
        raise RuntimeError(f"the text of {tokens} tokens became {pages['model_view'].name}")


def report(result: dict[str, Any]) -> str:
    """The result as Markdown tables, each budget beside its figure."""
    lines = [DEFINITIONS, ""]
    if result["lengths"]:
        lines += ["| tokens | what | ours | BertViz | ours / BertViz | budget |", "|---|---|---|---|---|---|"]
    for r in result["lengths"]:
        rows = (
            ("all heads, KB", "heads_bytes", "model_view_bytes", 1e-3, True),
            ("all heads, first picture, ms", "heads_ms", "model_view_ms", 1, True),
            ("all heads, in app, ms", "heads_in_app_ms", "model_view_ms", 1, False),
            ("one head, KB", "attention_bytes", "head_view_bytes", 1e-3, False),
            ("one head, first picture, ms", "attention_ms", "head_view_ms", 1, False),
            ("next, ms", "attention_next_ms", "head_view_next_ms", 1, False),
        )
        for title, own, peer, unit, budgeted in rows:
            theirs = f"{r[peer] * unit:,.0f}" if peer in r else ""
            ratio = f"1 / {r[peer] / r[own]:.1f}" if peer in r else ""
            budget = ""
            if budgeted and peer in r and r["tokens"] == 128:
                budget = f"1 / 20 {_kept(r[own] / r[peer], SHARE)}"
            if own == "attention_next_ms" and r["tokens"] == 512:
                budget = f"{SWITCH} ms {_kept(r[own], SWITCH)}"
            lines.append(
                f"| {r['tokens']} | {title} | {r[own] * unit:,.0f} | {theirs} | {ratio} | {budget} |"
            )
    if "start" in result:
        s = result["start"]
        lines += [
            "",
            "| fresh server, ms | stored example | empty page | ratio | budget |",
            "|---|---|---|---|---|",
        ]
        for title, key in (("from the navigation", "ms"), ("from the start of the process", "from_start_ms")):
            ratio = s[f"example_{key}"] / s[f"empty_{key}"]
            lines.append(
                f"| {title} | {s[f'example_{key}']:,.0f} | {s[f'empty_{key}']:,.0f} | {ratio:.2f} "
                f"| {START} {_kept(ratio, START)} |"
            )
    load = " ".join(f"{value:.2f}" for value in result["load"])
    return "\n".join([*lines, "", f"{result['cores']} cores, load average {load}"])


def _kept(value: float, budget: float) -> str:
    return "kept" if value <= budget else f"MISSED by {value / budget - 1:.0%}"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--tokens", type=int, nargs="*", default=[32, 64, 128, 512])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--skip", nargs="*", choices=("start", "peer"), default=[])
    parser.add_argument("--json", action="store_true", help="print the record instead of the tables")
    options = parser.parse_args()
    result = measure(options)
    print(json.dumps(result, indent=1) if options.json else report(result))


if __name__ == "__main__":
    main()

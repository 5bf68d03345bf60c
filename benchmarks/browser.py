"""What a picture costs in the browser: bytes, first picture, next layer or head, renderer memory; ours and BertViz's.

Both in the same Chromium on the same machine, interleaved. The work before the picture is done on both sides:
BertViz's page lies ready as a file, our server holds the capture. Definitions are printed with the result.

    python benchmarks/browser.py [--tokens 32 64 128 256 512] [--views lines grid map] [--rounds 3]
                                 [--skip start peer] [--limit 600] [--json]
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote_plus

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from playwright.sync_api import Playwright, sync_playwright  # noqa: E402

from benchmarks.browser_table import report  # noqa: E402
from benchmarks.visit import Record, Visit, measure, opened, serve  # noqa: E402
from tests.browser import chromium  # noqa: E402
from tests.browser.serve import Server  # noqa: E402

# Our page, what its address has besides the text, and BertViz's view of the same.
VIEWS = {
    "lines": ("attention", "&form=lines", "head_view"),
    "grid": ("heads", "", "model_view"),
    "map": ("attention", "", None),  # BertViz has no heatmap
}
PEER_TOKENS = 256  # BertViz shows nothing at 512
SLOW = 20_000  # ms: what takes BertViz longer is measured once, not in each round
HEADS = 12  # of a layer of MiniLM
EMPTY = 'import streamlit as st\n\nst.title("Empty", anchor="bench-empty")\n'
TEXT = (
    "the old man sat by the river and watched the water run under the bridge because he was tired of the city "
    "and his dog slept at his feet while the sun went down behind the hills and the birds came home to the trees"
)


def text_of(tokens: int) -> str:
    """An English text of exactly that many tokens in MiniLM, [CLS] and [SEP] included: each word here is one."""
    words = TEXT.split()
    return " ".join((words * (tokens // len(words) + 1))[: tokens - 2])


def all_heads(layer: int) -> str:
    """What our drawing of lines says of itself when all heads of the layer are in it."""
    return f"layer {layer}: {HEADS} heads"


def next_peer_layers(visit: Visit) -> list[float]:
    """BertViz's head view: ms of three switches of the layer; of one, where that is slow."""
    result = []
    for layer in (1, 2, 3):
        visit.page.select_option("#layer", str(layer))
        result.append(visit.painted())
        if result[0] > SLOW:
            break
    return result


def next_lines(visit: Visit) -> list[float]:
    """Our lines: ms of switches to three layers not seen before, until all their heads are drawn."""
    result = []
    for layer in (1, 2, 3):
        visit.page.evaluate("wanted => (bench.wanted = wanted)", all_heads(layer))
        visit.page.get_by_role("button", name="Next layer").click()
        result.append(visit.painted())
        visit.settled()
    return result


def next_heads(visit: Visit) -> list[float]:
    """Our heatmap: ms of switches to heads not seen before, each checked to show what was asked for."""
    result = []
    for head in range(1, HEADS):
        visit.page.get_by_role("button", name="Next head").click()
        result.append(visit.painted())
        label = visit.page.get_by_test_id("stage").get_attribute("aria-label") or ""
        if f"layer 0, head {head}:" not in label:
            raise RuntimeError(f"head {head} was asked for, but the picture says: {label}")
        visit.settled()
    return result


OUR_NEXT: dict[str, Callable[[Visit], list[float]]] = {"lines": next_lines, "map": next_heads}


def in_app(playwright: Playwright, url: str, view: str, limit: float) -> float:
    """ms from the click on "Lines" or "All heads" on our Attention page, in a running session, to the picture."""
    with opened(playwright, url, limit) as visit:
        visit.painted()
        visit.settled()
        if view == "grid":
            visit.page.get_by_role("link", name="All heads").click()
        else:
            visit.page.evaluate("wanted => (bench.wanted = wanted)", all_heads(0))
            visit.page.get_by_text("Lines", exact=True).click()
        return visit.painted()


def ours(playwright: Playwright, server: Server, view: str, tokens: int, limit: float) -> Record:
    """One visit of our view of a text."""
    name, form, _ = VIEWS[view]
    query = f"text={quote_plus(text_of(tokens))}&layer=0&head=0"
    wanted = all_heads(0) if view == "lines" else ""
    record = measure(playwright, f"{server.url}/{name}?{query}{form}", limit, OUR_NEXT.get(view), wanted)
    if view != "map" and "failed" not in record:
        record["in_app_ms"] = in_app(playwright, f"{server.url}/attention?{query}", view, limit)
    return record


def theirs(playwright: Playwright, base: str, view: str, tokens: int, limit: float) -> Record:
    """One visit of BertViz's page for the same."""
    name = VIEWS[view][2]
    then = next_peer_layers if name == "head_view" else None
    return measure(playwright, f"{base}/{name}-{tokens}.html", limit, then)


def compare(
    playwright: Playwright,
    server: Server,
    base: str | None,
    view: str,
    tokens: int,
    options: argparse.Namespace,
) -> Record:
    """Medians of both sides for one view of one length; `base` is the address of BertViz's pages, None without them."""
    ours(playwright, server, view, tokens, options.limit)  # the server computes; what follows finds it cached
    own, peer = [], []
    for _ in range(options.rounds):
        own.append(ours(playwright, server, view, tokens, options.limit))
        slow = peer and ("failed" in peer[0] or peer[0]["ms"] > SLOW)
        if base is not None and VIEWS[view][2] is not None and not slow:
            peer.append(theirs(playwright, base, view, tokens, options.limit))
    return {"view": view, "tokens": tokens, "ours": medians(own), "peer": medians(peer)}


def medians(visits: list[Record]) -> Record:
    """Each measurement's median over visits, "next" over all its presses; the first failure where there is one."""
    failed = next((visit for visit in visits if "failed" in visit), None)
    if failed is not None or not visits:
        return failed or {}
    result: Record = {}
    for name in visits[0]:
        values = [value for visit in visits for value in (visit[name] if name == "next" else [visit[name]])]
        result[name] = statistics.median(values)
    return result


def start(playwright: Playwright, folder: Path, options: argparse.Namespace) -> dict[str, float]:
    """The stored example against an empty page, each on a fresh server: ms from the navigation, and from the start."""
    seen: dict[str, list[float]] = {}
    for _ in range(options.rounds):
        for name, path in (("example", "app.py"), ("empty", str(folder / "empty.py"))):
            begin = time.perf_counter()
            with Server(ROOT, folder, path) as server:
                healthy = (time.perf_counter() - begin) * 1000
                ms = seen_or_stop(measure(playwright, server.url, options.limit))["ms"]
            seen.setdefault(f"{name}_ms", []).append(ms)
            seen.setdefault(f"{name}_from_start_ms", []).append(healthy + ms)
    return {name: statistics.median(values) for name, values in seen.items()}


def seen_or_stop(record: Record) -> Record:
    """The record of a page that must be there."""
    if "failed" in record:
        raise SystemExit(f"an empty page could not be measured: {record['failed']}")
    return record


def empty_pages(
    playwright: Playwright, folder: Path, base: str | None, options: argparse.Namespace
) -> dict[str, Record]:
    """A Streamlit page that shows one heading, and a page of BertViz's scripts with no data."""
    with Server(ROOT, folder, str(folder / "empty.py")) as server:
        result = {"ours": seen_or_stop(measure(playwright, server.url, options.limit))}
    if base is not None:
        from benchmarks import bertviz_pages

        bertviz_pages.write_empty(folder / "empty.html")
        result["peer"] = seen_or_stop(measure(playwright, f"{base}/empty.html", options.limit))
    return result


def measure_all(options: argparse.Namespace) -> Record:
    """Everything, as one record."""
    if chromium.find() is None:
        raise SystemExit(chromium.HELP)
    result: Record = {"lengths": []}
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        folder = Path(name)
        (folder / "empty.py").write_text(EMPTY)
        if "start" not in options.skip:
            result["start"] = start(playwright, folder, options)
            print("measured the start", file=sys.stderr)
        if options.tokens:
            base = None if "peer" in options.skip else serve(folder)
            result["empty"] = empty_pages(playwright, folder, base, options)
            with Server(ROOT, folder, "app.py") as server:
                for tokens in options.tokens:
                    result["lengths"] += at_length(playwright, server, base, tokens, folder, options)
    result["load"] = os.getloadavg()
    result["cores"] = os.cpu_count()
    return result


def at_length(
    playwright: Playwright,
    server: Server,
    base: str | None,
    tokens: int,
    folder: Path,
    options: argparse.Namespace,
) -> list[Record]:
    """All views of one length; BertViz's pages, hundreds of megabytes, are thrown away afterwards."""
    from benchmarks import bertviz_pages

    pages = {}
    if base is not None and tokens <= PEER_TOKENS:
        names = {VIEWS[view][2] for view in options.views} - {None}
        pages = bertviz_pages.write_pages(text_of(tokens), folder, names)
        if any(not page.name.endswith(f"-{tokens}.html") for page in pages.values()):
            raise RuntimeError(f"the text of {tokens} tokens became {[page.name for page in pages.values()]}")
    records = []
    for view in options.views:
        records.append(compare(playwright, server, base if pages else None, view, tokens, options))
        print(f"measured {view} of {tokens} tokens", file=sys.stderr)
    for page in pages.values():
        page.unlink()
    return records


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--tokens", type=int, nargs="*", default=[32, 64, 128, 256, 512])
    parser.add_argument("--views", nargs="*", choices=tuple(VIEWS), default=list(VIEWS))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--skip", nargs="*", choices=("start", "peer"), default=[])
    parser.add_argument("--limit", type=float, default=600, help="seconds that a picture may take")
    parser.add_argument("--json", action="store_true", help="print the record instead of the tables")
    options = parser.parse_args()
    result = measure_all(options)
    print(json.dumps(result, indent=1) if options.json else report(result))


if __name__ == "__main__":
    main()

"""What benchmarks/browser.py measured, as Markdown tables: ours, BertViz's, their ratio, and each budget beside it."""

from __future__ import annotations

from typing import Any

Record = dict[str, Any]

SHARE, START, SWITCH = 1 / 20, 1.5, 150  # the budgets: of BertViz at 128 tokens; of an empty page; ms at 512
BUDGET_TOKENS = 128
DEFINITIONS = """Lines: our Attention page in its form "lines", BertViz's head view. Grid: our page of all heads,
BertViz's model view. Map: our heatmap. Bytes: bodies of all responses and websocket frames received until the picture,
uncompressed, less those of an empty page. First picture: from the navigation, in a browser with
nothing cached, until two frames after lines or cells were drawn. In app: the same from the click on "Lines" or "All
heads" on our Attention page, in a running session, beside BertViz's first picture. Next: from the press until two
frames after the next layer (of a map: the next head) was drawn. Memory: what the renderer has to itself after a
garbage collection (USS), less that of an empty page. An empty page: for us Streamlit's with a heading, for BertViz its
scripts without data. Each visit has a browser process of its own."""

ROWS = (  # title, field, unit, whether the same of an empty page is taken away
    ("KB", "bytes", 1e-3, True),
    ("first picture, ms", "ms", 1, False),
    ("in app, ms", "in_app_ms", 1, False),
    ("next, ms", "next", 1, False),
    ("memory, MB", "memory", 1e-6, True),
)


def report(result: Record) -> str:
    """The result as Markdown tables, each budget beside its figure."""
    lines = [DEFINITIONS, ""]
    if result["lengths"]:
        lines += [
            "| tokens | view | what | ours | BertViz | ours / BertViz | budget |",
            "|---|---|---|---|---|---|---|",
        ]
    for record in result["lengths"]:
        lines += [row for each in ROWS if (row := _row(record, result["empty"], *each))]
    if "start" in result:
        lines += [
            "",
            "| fresh server, ms | stored example | empty page | ratio | budget |",
            "|---|---|---|---|---|",
        ]
        times = result["start"]
        for title, key in (("from the navigation", "ms"), ("from the start of the process", "from_start_ms")):
            example, empty = times[f"example_{key}"], times[f"empty_{key}"]
            kept = f"{START} {_kept(example / empty, START)}"
            lines.append(f"| {title} | {example:,.0f} | {empty:,.0f} | {example / empty:.2f} | {kept} |")
    load = " ".join(f"{value:.2f}" for value in result["load"])
    return "\n".join([*lines, "", f"{result['cores']} cores, load average {load}"])


def _row(record: Record, empty: dict[str, Record], title: str, field: str, unit: float, above: bool) -> str:
    """One line of the table; "" where there is nothing to say."""
    own, peer = record["ours"], record["peer"]
    begin = f"| {record['tokens']} | {record['view']} | {title}"
    if "failed" in own:
        return f"{begin} | {own['failed']} | | | |" if field == "ms" else ""
    if field not in own:
        return ""
    mine = own[field] - (empty["ours"][field] if above else 0)
    shown, ratio, budget = peer.get("failed", ""), "", ""
    theirs = peer.get("ms" if field == "in_app_ms" else field)
    if theirs is not None:
        theirs -= empty["peer"][field] if above else 0
        shown, ratio = f"{theirs * unit:,.0f}", f"1 / {theirs / max(mine, 1e-9):.1f}"
        if record["tokens"] == BUDGET_TOKENS:
            budget = f"1 / 20 {_kept(mine / theirs, SHARE)}"
    if (record["view"], field, record["tokens"]) == ("map", "next", 512):
        budget = f"{SWITCH} ms {_kept(mine, SWITCH)}"
    return f"{begin} | {mine * unit:,.0f} | {shown} | {ratio} | {budget} |"


def _kept(value: float, budget: float) -> str:
    return "kept" if value <= budget else f"MISSED by {value / budget - 1:.0%}"

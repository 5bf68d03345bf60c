"""The table of benchmarks/browser.py: ratios, budgets and failures from a record made by hand."""

from __future__ import annotations

from benchmarks.browser import medians, text_of
from benchmarks.browser_table import report

EMPTY = {"ours": {"bytes": 1e6, "memory": 50e6}, "peer": {"bytes": 0.5e6, "memory": 10e6}}


def table(*records: dict) -> list[list[str]]:
    result = {"lengths": list(records), "empty": EMPTY, "load": (0.5, 0.5, 0.5), "cores": 2}
    rows = [line.strip("| ").split(" | ") for line in report(result).splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in row] for row in rows[1:]]


def test_an_empty_page_is_taken_off_both_sides_and_the_budget_stands_beside_the_ratio():
    own = {"ms": 500, "bytes": 2e6, "memory": 60e6, "in_app_ms": 100, "next": 40}
    peer = {"ms": 4000, "bytes": 40.5e6, "memory": 110e6, "next": 1000}
    rows = table({"view": "lines", "tokens": 128, "ours": own, "peer": peer})
    assert [row[2:] for row in rows] == [
        ["KB", "1,000", "40,000", "1 / 40.0", "1 / 20 kept"],
        ["first picture, ms", "500", "4,000", "1 / 8.0", "1 / 20 MISSED by 150%"],
        ["in app, ms", "100", "4,000", "1 / 40.0", "1 / 20 kept"],
        ["next, ms", "40", "1,000", "1 / 25.0", "1 / 20 kept"],
        ["memory, MB", "10", "100", "1 / 10.0", "1 / 20 MISSED by 100%"],
    ]


def test_a_peer_that_shows_nothing_is_named_and_has_no_ratio():
    own = {"ms": 500, "bytes": 2e6, "memory": 60e6}
    rows = table({"view": "grid", "tokens": 256, "ours": own, "peer": {"failed": "over 600 s"}})
    assert [row[3:5] for row in rows] == [
        ["1,000", "over 600 s"],
        ["500", "over 600 s"],
        ["10", "over 600 s"],
    ]
    rows = table({"view": "grid", "tokens": 512, "ours": {"failed": "blank"}, "peer": {}})
    assert [row[2:4] for row in rows] == [["first picture, ms", "blank"]]


def test_medians_are_over_all_presses_and_a_failure_stays_one():
    visits = [{"ms": 1, "next": [1, 2, 9]}, {"ms": 3, "next": [8]}, {"ms": 100, "next": [7]}]
    assert medians(visits) == {"ms": 3, "next": 7}
    assert medians([visits[0], {"failed": "crashed"}]) == {"failed": "crashed"}
    assert medians([]) == {}


def test_the_texts_have_as_many_tokens_as_they_say():
    from attnviz.runtime import Query, get_runtime

    for tokens in (32, 128):
        assert len(get_runtime().capture(Query("minilm", text_of(tokens))).tokens) == tokens

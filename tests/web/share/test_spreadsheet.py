"""CSV from Python is the CSV that the figures write in the browser: both are held to the same cells."""

import json

from attnviz.web.share.spreadsheet import csv_text


def test_cells_are_written_as_the_cases_say_which_javascript_writes_alike(root):
    cases = json.loads((root / "tests/javascript/cells.json").read_text("utf-8"))
    assert len(cases) > 10
    for cell, written in cases:
        assert csv_text([[cell]]) == f"\ufeff{written}\r\n"
    assert csv_text([["a", 1], [0.5, "b"]]) == '\ufeff"a",1\r\n0.5,"b"\r\n'

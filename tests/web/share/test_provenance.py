"""Provenance: it leaves with every file, and the Python in it, run as it stands, gives the page's own numbers."""

from __future__ import annotations

import ast
import csv
import html
import io
import json
import re

import numpy as np
import pytest

from attnviz.capture import read_capture
from attnviz.figures import unpack
from attnviz.provenance import Provenance, call, read_provenance
from attnviz.runtime import Query, get_runtime
from attnviz.web.share import offer
from attnviz.web.share.drawn import Drawn
from attnviz.web.share.report import KEY
from attnviz.web.share.spreadsheet import csv_text

TEXT, OTHER = "A man is playing a guitar.", 'Somebody "performs" music.'


@pytest.fixture
def drawn(app, monkeypatch):
    """`drawn(page, ...)`: what a page has drawn, and the visit."""
    found: list[Drawn] = []
    show = offer.show

    def record(each: Drawn, key: str = "") -> None:
        found.extend([] if key else [each])
        show(each, key)

    monkeypatch.setattr(offer, "show", record)

    def open_page(page: str, **params: str):
        visit = app(page, text=TEXT, **params)
        assert not visit.at.exception
        return found[-1], visit

    return open_page


def rerun(code: str):
    """The value of the last line of Python, run in a process that knows nothing else."""
    *before, last = ast.parse(code).body
    names: dict[str, object] = {}
    exec(compile(ast.Module(before, []), "call", "exec"), names)
    if isinstance(last, ast.Assign):
        last = ast.Expr(last.value)
    return eval(compile(ast.Expression(last.value), "call", "eval"), names)


def in_page(document: str) -> Provenance:
    """What a saved page says of itself to programs; it must say the same to people."""
    told = re.search(r'<script type="application/json" id="provenance">(.*?)</script>', document, re.DOTALL)[
        1
    ]
    made = read_provenance(json.loads(told))
    assert "\n".join(made.lines()) in html.unescape(document)
    return made


def test_everything_is_said(drawn):
    page, _ = drawn("attention", layer="2", head="5")
    made = in_page(offer.page(page))
    assert (made.model, made.dtype, made.device) == ("minilm", "float32", "cpu")
    assert made.digest == "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
    assert {"attnviz", "torch", "transformers"} <= {name for name, _ in made.versions}
    assert set(page.settings) <= set(made.settings)
    assert read_provenance(json.loads(json.dumps(made.document()))) == made


def test_a_head_is_made_again(drawn):
    page, _ = drawn("attention", layer="2", head="5", quantity="contribution")
    found = rerun(in_page(offer.page(page)).call)
    header, arrays = unpack(page.message())
    np.testing.assert_array_equal(found, arrays["maps"][header["at"].index([2, 5])])


def test_statistics_are_made_again(drawn):
    page, _ = drawn("heads")
    table = rerun(in_page(offer.page(page)).call)
    header, arrays = unpack(page.message())
    names = [each["name"].lower() for each in header["metrics"]]
    np.testing.assert_array_equal(table["entropy"], arrays["table"][names.index("entropy")])


@pytest.mark.parametrize("method", ["integrated-gradients", "shapley"])
def test_an_explanation_is_made_again(drawn, method):
    page, _ = drawn("attribution", pair=OTHER, target="similarity", method=method)
    again = rerun(in_page(offer.page(page)).call)
    shown = get_runtime().explain(Query("minilm", TEXT, OTHER), "similarity", method)
    np.testing.assert_array_equal(again.scores, shown.scores)
    np.testing.assert_array_equal(again.pair_scores, shown.pair_scores)


@pytest.mark.parametrize(
    "params", [{"off": "2.5,3.1"}, {"off": "2.5", "part": "rows", "forced": "uniform.1"}]
)
def test_a_change_is_made_again(drawn, params):
    page, _ = drawn("ablation", pair=OTHER, target="similarity", **params)
    again = rerun(in_page(offer.page(page)).call)
    heads = ((2, 5), (3, 1)) if "," in params["off"] else ((2, 5),)
    how = {"force": "uniform", "queries": (1,)} if "part" in params else {}
    shown = get_runtime().ablate(Query("minilm", TEXT, OTHER), heads, "similarity", **how)
    assert (again.before, again.after) == (shown.before, shown.after)
    assert again.before != again.after


def test_a_score_is_taken_apart_again(drawn):
    page, _ = drawn("why", layer="3", head="1", held="q3,k5", against="k2")
    again = rerun(in_page(offer.page(page)).call)
    shown = get_runtime().why(Query("minilm", TEXT), 3, 1, 3, 5, against=2)
    np.testing.assert_array_equal(again.table, shown.table)


def test_a_table_says_it_behind_its_rows(drawn):
    page, _ = drawn("layers", pair=OTHER, target="similarity")
    made = page.provenance()
    text = csv_text(page.table(), made.lines())
    rows = list(csv.reader(io.StringIO(text.removeprefix("\ufeff"))))
    cut = rows.index([])
    assert len(rows[:cut]) == len(page.table())
    told = [row[0].removeprefix("#").removeprefix(" ") for row in rows[cut + 1 :]]
    assert tuple(told) == made.lines()
    shown = get_runtime().layer_by_layer(Query("minilm", TEXT, OTHER), "similarity")
    np.testing.assert_array_equal(rerun(made.call).values, shown.values)


def test_files_and_arrays_say_it(drawn):
    page, _ = drawn("attention", layer="1", head="3")
    query = page.attention.query
    capture = read_capture(get_runtime().save(query))
    again = rerun(capture.provenance.call)
    assert again.tokens.labels == capture.tokens.labels
    # The file's maps are recomputed by numpy, the model's by torch: the last digit may differ.
    np.testing.assert_allclose(again.attention(1, 3), capture.attention(1, 3), atol=1e-6)
    with np.load(io.BytesIO(page.arrays())) as arrays:
        maps = np.concatenate(rerun(read_provenance(json.loads(str(arrays["provenance"]))).call))
        np.testing.assert_array_equal(maps, arrays["attention"])


def test_a_report_says_it_of_each_figure(drawn):
    _, visit = drawn("attention", layer="2", head="5")
    visit.press("Pin to report")
    report = visit.at.session_state[KEY]
    (item,) = report.items.values()
    assert "\n".join(item.provenance.lines()) in html.unescape(report.html())
    np.testing.assert_array_equal(
        rerun(item.provenance.call), get_runtime().attention(Query("minilm", TEXT), 2, 5)
    )


def test_a_file_of_before_says_what_its_card_says(root):
    old = (root / "tests" / "data" / "version-1-llama.attnviz").read_bytes()
    made = read_capture(old).provenance
    assert made.model
    assert made.digest == made.device == ""
    assert "capture = model.capture(" in made.call


@pytest.mark.parametrize(
    "change", [{"seed": "1"}, {"call": 3}, {"versions": {}}, {"settings": [["a"]]}, {"model": "\ud800"}]
)
def test_what_is_no_provenance_is_refused(change):
    with pytest.raises((ValueError, TypeError)):
        read_provenance(Provenance("m").document() | {"versions": [], "settings": []} | change)


def test_calls_are_python():
    assert call("f", "it's", 2, pair=None, special=False, head=(1, 2)) == 'f("it\'s", 2, head=(1, 2))'

"""Opened files in the pages: kept open for their visitor, left for the model, refused calmly, never half there."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from attnviz.runtime import get_runtime, is_file

TEXT = "A man is playing a guitar on the stage."


@pytest.fixture
def data(root: Path) -> bytes:
    return (root / "attnviz" / "examples" / "similar.attnviz").read_bytes()


def upload(visit, data: bytes, name: str = "one.attnviz"):
    visit.at.file_uploader(key="upload").set_value((name, data, "application/octet-stream")).run()
    return visit


def test_an_opened_file_is_the_picture_on_every_page_that_shows_attention(app, data):
    visit = upload(app("attention"), data)
    assert set(visit.url) == {"model"}
    assert is_file(visit.url["model"])
    assert visit.at.text_area(key="entry_text").value == TEXT
    header, arrays = visit.figure("heatmap")
    query = get_runtime().opened(visit.url["model"])
    place = header["at"].index([header["layer"], header["head"]])
    np.testing.assert_array_equal(
        arrays["maps"][place], get_runtime().attention(query, header["layer"], header["head"])
    )
    assert "which a link cannot carry" in visit.markdown


def test_it_is_opened_again_where_the_server_had_to_forget_it(app, data):
    visit = upload(app("attention"), data)
    get_runtime().engine.free()
    visit.at.run()
    assert visit.figure("heatmap")[0]["text"] == TEXT
    assert visit.problem == ()


def test_pressing_show_keeps_the_file_and_another_text_leaves_it(app, data):
    visit = upload(app("attention"), data).press("Show")
    assert is_file(visit.url["model"])
    visit.type("The cat sat.", pair="")
    assert visit.url == {"text": "The cat sat."}
    assert visit.figure("heatmap")[0]["model"] == "minilm"


def test_choosing_the_model_gives_it_the_files_text(app, data):
    visit = upload(app("attention"), data)
    visit.at.selectbox(key="side_model").set_value("minilm").run()
    assert visit.url["text"] == TEXT
    assert "model" not in visit.url


def test_a_damaged_file_leaves_the_picture_and_says_why(app, data):
    visit = upload(app("attention"), data[:1000], "<b>bad</b>.attnviz")
    assert visit.at.error[0].value == "The stored picture cannot be read"
    assert any("<b>bad</b>.attnviz is not an AttnViz capture" in line for line in visit.problem)
    assert visit.url == {}
    visit.figure("heatmap")


def test_an_address_of_a_file_that_is_not_open_shows_no_picture(app):
    visit = app("heads", model="file:" + "0" * 32)
    assert "This file is not open here" in visit.markdown
    assert visit.press("Start anew").url == {}
    visit.figure("heads")


def test_a_damaged_file_leaves_the_opened_one_though_the_default_was_drawn_in_between(app, data):
    """Of a file that is replaced Streamlit first says that it was taken away, and a cell of the default may be held."""
    visit = upload(app("attention"), data)
    name = visit.url["model"]
    visit.at.file_uploader(key="upload").set_value(None).run()
    assert visit.url == {}
    visit.report("heatmap", "selection", {"layer": 4, "head": 5})
    assert visit.url == {"layer": "4", "head": "5"}
    upload(visit, data[:1000], "bad.attnviz")
    assert visit.url["model"] == name
    assert visit.figure("heatmap")[0]["text"] == TEXT

"""The page "bertviz": what it draws, what it leaves out and says so, and where it leads."""

from __future__ import annotations

import json
import re

import pytest

from attnviz.figures import bertviz
from attnviz.runtime import get_runtime
from attnviz.web.pages.bertviz.content import missing
from tests.web.hostile import ALL_HOSTILE

LONG = " ".join(["the cat sat on the mat and the dog ran"] * 9)  # 92 tokens of MiniLM


def document(app) -> str:
    return bytes(app.figure("frame")[1]["document"]).decode()


def given(app) -> dict:
    return json.loads(re.search(r'id="given">(.*?)</script>', document(app), re.DOTALL)[1])


def test_the_head_view_of_the_example_is_drawn_whole(app):
    shown = app("bertviz")
    assert given(shown)["shape"] == [6, 12, 16, 16]
    assert given(shown)["params"]["layer"] == 3
    assert given(shown)["left"][2] == "animal"
    assert shown.notices == []
    assert not [each for each in shown.at.selectbox if "Around" in each.label]


def test_the_model_view_stands_in_the_address(app):
    shown = app("bertviz", document="model", layer="2", head="5")
    assert given(shown)["params"]["include_heads"] == list(range(12))
    assert app("bertviz", document="neuron").notices == [
        "The document in the link is not one of the choices here; the default is shown."
    ]


@pytest.mark.parametrize("view", bertviz.VIEWS)
def test_of_a_long_text_a_part_is_shown_and_said(app, view):
    shown = app("bertviz", document=view, text=LONG, layer="2", head="5")
    (said,) = shown.notices
    wanted = {
        "head": "Shown: heads 3–7 of 0–11.",
        "model": "Shown: layer 2 of 0–5, the first 64 of 92 tokens.",
    }
    assert said.startswith(wanted[view])
    label = {"head": "Around head", "model": "Around layer"}[view]
    box = next(each for each in shown.at.selectbox if each.label == label)
    box.set_value(0).run()
    assert (shown.url["layer"], shown.url["head"]) == {"head": ("2", "0"), "model": ("0", "5")}[view]
    assert shown.notices[0].startswith({"head": "Shown: heads 0–4", "model": "Shown: layer 0"}[view])


def test_what_is_left_out_of_two_sides_is_said_of_both():
    part = bertviz.extent("head", (2, 4, 300, 500), 0, 0)
    assert "heads 0–2 of 0–3, the first 128 of 300 and 128 of 500 tokens." in missing(part, (2, 4, 300, 500))
    part = bertviz.extent("head", (2, 4, 12, 7), 0, 0)
    assert missing(part, (2, 4, 12, 7)) == ""


def test_each_kind_of_attention_can_be_seen(app, encoder_decoder):
    shown = app(
        "bertviz", model=encoder_decoder, text="The cat", target_text="sat on the mat", kind="encoder"
    )
    shown.press("Load this model")
    encoder = given(shown)
    assert encoder["left"] == encoder["right"]
    assert encoder["parts"][0]["name"] == "Encoder"
    shown.at.segmented_control(key="kind").set_value("cross").run()
    cross = given(shown)
    assert cross["right"] == encoder["right"]
    assert cross["left"] != cross["right"]
    assert cross["shape"][2:] == [len(cross["left"]), len(cross["right"])]


def test_tokens_of_bytes_are_readable_and_a_decoder_draws(app, decoder):
    shown = app("bertviz", model=decoder, text="我喜欢 tea")
    shown.press("Load this model")
    labels = [label for label in given(shown)["left"] if label != "↪"]
    assert "".join(labels) == "我喜欢␣tea"


def test_a_pair_can_be_seen_each_to_each(app):
    shown = app("bertviz", text="one two", pair="three", texts="together")
    assert [part["name"] for part in given(shown)["parts"]][1] == "Sentence A -> Sentence A"
    assert given(shown)["parts"][3] == {"name": "Sentence A -> Sentence B", "rows": [0, 4], "columns": [4, 6]}


def test_a_text_never_leaves_the_element_that_holds_it(app):
    shown = document(app("bertviz", text=f"]]> --> </script><script>alert(1)</script> {ALL_HOSTILE}"))
    inside = shown.split('id="given">')[1].split("</script>")[0]
    assert "alert" in inside
    assert "<script" not in inside
    assert "<img" not in shown


def test_the_document_of_a_view_is_built_once(app, monkeypatch):
    built = []
    runtime = get_runtime()
    build = runtime.bertviz_document
    monkeypatch.setattr(runtime, "bertviz_document", lambda *asked: built.append(asked[1:]) or build(*asked))
    shown = app("bertviz")
    first = document(shown)
    shown.at.run()
    assert document(shown) == first
    assert built == [("head", 3, 1, "self")]
    shown.at.segmented_control(key="bertviz_document").set_value("model").run()
    assert given(shown)["params"]["include_heads"] == list(range(12))
    assert [view for view, *_ in built] == ["head", "model"]

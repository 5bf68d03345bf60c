"""The address: what it says comes back, defaults stay out, and whatever is invalid falls back with a sentence."""

import base64
import random
import tracemalloc
import zlib

import pytest

from attnviz.figures import bertviz
from attnviz.web.pages.ablation import content as ablation
from attnviz.web.pages.allocation import content as allocation
from attnviz.web.pages.compare import content as compare
from attnviz.web.state.address import (
    DOCUMENTS,
    GROUPS,
    MAX_HEADS,
    MAX_LINK,
    NAMES,
    PACKED,
    PARTS,
    State,
    encode,
    fits,
    parse,
    unlinked,
    without_texts,
)
from attnviz.web.state.compression import MAX_UNPACKED
from tests.web.hostile import HOSTILE

STATES = [
    State(),
    State(text="The cat sat"),
    State(text=""),
    State(model="bert-base-uncased", text="a", pair="b", target_text="c"),
    State(heads=((2, 5),)),
    State(heads=((2, 5), (0, 0), (5, 11))),
    State(heads=((2, 5),), opened=(3, 11), held=((0, 4), (1, 0), (0, 512))),
    State(panes="3.1,3.1.1,5.2.2.1~eJyLVtJRSlGKBQAIfgID"),
    State(kind="cross", unit="word", form="lines", quantity="norm", method="rollout", target="next-token"),
    State(form="text", pool="mean", over="0-2.5,3.*", hide="special,first", keep="90"),
    State(pool="max", over="*"),
    State(part="rows", forced="block.*.0", off="2.5"),
    State(target="label-prompt", options=(("labels", 'a, "b" 我'), ("label", "a"))),
]


@pytest.mark.parametrize("state", STATES)
def test_a_state_survives_the_way_through_the_address(state):
    assert parse(encode(state)) == (state, ())


def test_defaults_are_left_out():
    assert encode(State()) == {}
    assert encode(State(text="x")) == {"text": "x"}


def test_the_names_are_those_of_the_design():
    given = (
        "m",
        "t",
        "p",
        "o",
        "0" * 32,
        "1" * 32,
        "r",
        "c",
        ((1, 2),),
        (3, 4),
        ((0, 5), (1, 6)),
        "self",
        "word",
        "rows",
        "class",
        "model",
        "text",
        "norm",
        "max",
        "3.*",
        "first",
        "90",
        "rollout",
        "similarity",
        (("label", "a"),),
        "delete",
        "second",
        "special",
        "fr",
        "eng_Latn",
        "taken",
        "cut",
        "second",
        "512.900",
        "mean",
        "3.1,5.4",
        "2.5,3.*",
        "h2,s3~a",
        "block.1.2",
        "5.6",
        "0.1.2.3",
        "layer",
        "4",
        "question",
        "Who?",
        '["a", "b"]',
        "5.6~0-1-7",
        "1.2",
        "0.7_40_0.9_3",
        "why",
        "1",
        "0,3",
        "k7",
    )
    everything = State(*given)
    assert tuple(encode(everything)) == NAMES
    assert (encode(everything)["layer"], encode(everything)["head"]) == ("1", "2")


@pytest.mark.parametrize(
    ("value", "meant"),
    [
        ("word", State(unit="word", by="word")),
        ("paragraph", State(unit="paragraph", by="paragraph")),
        ("segment", State(by="segment")),
        ("heads", State(part="heads")),
        ("contrast", State(part="contrast")),
        ("head", State(document="head")),
    ],
)
def test_links_of_earlier_versions_still_say_what_they_said(value, meant):
    assert parse({"view": value}) == (meant, ())
    assert "view" not in encode(meant)
    assert parse({"view": "word", "unit": "sentence"})[0].unit == "sentence"
    assert len(parse({"view": "nonsense"})[1]) == 1


def test_each_choice_of_a_page_is_declared():
    assert {*ablation.TITLES, *compare.PARTS, compare.FOUND, "sentences", "directions", "label"} == set(PARTS)
    assert set(allocation.TITLES) == set(GROUPS)
    assert DOCUMENTS == bertviz.VIEWS


def test_an_emptied_text_is_not_the_default_text():
    assert parse({"text": ""})[0].text == ""
    assert parse({})[0].text is None


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_texts_come_through_or_stay_out(text):
    state, notices = parse({"text": [text], "pair": [text]})
    assert notices == ()
    assert not any("\ud800" <= c <= "\udfff" for c in state.text)
    back = parse(encode(state))[0]
    assert back.text == (None if unlinked(state) else state.text)


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_words_fall_back_and_are_not_repeated(text):
    for name in (
        "kind",
        "unit",
        "part",
        "by",
        "document",
        "form",
        "quantity",
        "pool",
        "over",
        "hide",
        "keep",
        "method",
        "target",
    ):
        state, notices = parse({name: text})
        assert state == State()
        assert len(notices) == 1
        assert name in notices[0]
        assert text not in notices[0]


@pytest.mark.parametrize("value", ["-1", "1.5", "x", "9" * 40, "²", "1,x", "1;2", "0x1", "٣", "1e3", " 1"])
def test_a_head_that_is_no_number_falls_back(value):
    for name in ("layer", "head"):
        state, notices = parse({name: value})
        assert state.heads == ()
        assert notices == ("The layer or head in the link is not a whole number; the default head is shown.",)


@pytest.mark.parametrize("value", ["", "3", "q", "q-1", "z3", "q3,,k1", "q1.5", "q٣", "q1234567", "<b>"])
def test_held_tokens_that_cannot_be_are_left_out(value):
    state, notices = parse({"held": value})
    assert state == State()
    assert notices == ("The held tokens in the link cannot be used; none is held.",)


@pytest.mark.parametrize("value", ["", "3", "3.", "3.1.2", "-1.2", "x.1", "3,1,2", "9" * 40])
def test_an_opened_head_that_cannot_be_is_left_out(value):
    state, notices = parse({"open": value})
    assert state == State()
    assert notices == ("The opened head in the link cannot be used; none is opened.",)


def test_one_of_layer_and_head_is_enough():
    assert parse({"layer": "3"})[0].heads == ((3, 0),)
    assert parse({"head": "7"})[0].heads == ((0, 7),)


def test_lists_of_heads_are_cut_to_pairs_and_to_four():
    assert parse({"layer": "1,2", "head": "5"})[0].heads == ((1, 5),)
    assert parse({"layer": "1,1", "head": "5,5"})[0].heads == ((1, 5),)
    assert len(parse({"layer": "1,2,3,4,5,6", "head": "1,2,3,4,5,6"})[0].heads) == MAX_HEADS
    assert State().on(*[(0, head) for head in range(9)]).heads == ((0, 0), (0, 1), (0, 2), (0, 3))


@pytest.mark.parametrize("name", ["", "   ", "x" * 301, "a\x00b", "a\nb", "\u202eabc"])
def test_a_model_name_that_cannot_be_one_falls_back(name):
    assert parse({"model": name}) == (
        State(),
        ("The model name in the link cannot be used; the default model is shown.",),
    )


def test_repeated_parameters_count_once_and_strangers_are_ignored():
    assert parse({"head": ["1", "2"], "utm_source": ["x"], "layer": []})[0].heads == ((0, 2),)


def test_a_long_text_stays_out_of_the_address():
    assert fits("x" * MAX_LINK)
    assert not fits("x" * (MAX_LINK + 1))
    assert not fits("我" * (MAX_LINK // 9 + 1))
    assert "text" not in encode(State(text="x" * (MAX_LINK + 1)))


PROSE = "The cat sat on the mat, and nobody asked why. 我喜欢👩🏽‍🚀\n" * 400


def test_long_texts_travel_compressed():
    state = State(text=PROSE, pair=PROSE[::-1], target_text="short", heads=((1, 2),))
    params = encode(state)
    assert set(params) == {PACKED, "target_text", "layer", "head"}
    assert len(params[PACKED]) <= MAX_LINK < len(PROSE)
    assert params[PACKED].replace("-", "").replace("_", "").isalnum(), "nothing that an address would escape"
    assert parse(params) == (state, ())
    assert unlinked(state) == {}


def test_what_no_link_can_carry_is_named():
    noise = random.Random(0).randbytes(2 * MAX_LINK).hex()
    state = State(text=noise, pair="short")
    assert unlinked(state) == {"text": noise}
    assert encode(state) == {"pair": "short"}


def packed(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


BOMB = b'{"text": "' + b" " * (4 * MAX_UNPACKED) + b'"}'
NOT_PACKED = {
    "no letters": "",
    "other letters": "我&<b>",
    "not compressed": packed(b"hello"),
    "not JSON": packed(zlib.compress(b"hello")),
    "not texts": packed(zlib.compress(b'{"text": 7}')),
    "no object": packed(zlib.compress(b'["text"]')),
    "no Unicode": packed(zlib.compress(b'{"text": "\xff"}')),
    "deep": packed(zlib.compress(b"[" * 100_000)),
    "cut off": encode(State(text=PROSE))[PACKED][:-20],
    "too long": "A" * (MAX_LINK + 1),
    "a bomb": packed(zlib.compress(BOMB, 9)),
    "more behind it": packed(zlib.compress(b'{"text": "a"}') + b"x"),
}


@pytest.mark.parametrize("letters", NOT_PACKED.values(), ids=NOT_PACKED.keys())
def test_a_damaged_compressed_text_is_left_out_with_a_sentence(letters):
    state, notices = parse({PACKED: letters, "head": "3"})
    assert state == State(heads=((0, 3),))
    assert notices == ("The text in the link is damaged or was cut off; it is left out.",)


def test_a_bomb_is_never_unpacked_whole():
    letters = packed(zlib.compress(BOMB + b" ", 9))  # one that was not parsed before
    assert len(letters) < MAX_LINK, "short enough to be read at all"
    tracemalloc.start()
    parse({PACKED: letters})
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 3 * MAX_UNPACKED


def test_compressed_texts_hold_texts_only_and_give_way_to_plain_ones():
    letters = packed(zlib.compress(b'{"text": "a \\ud800", "pair": "b", "model": "c", "layer": "4"}'))
    assert parse({PACKED: letters, "pair": "plain"})[0] == State(text="a \ufffd", pair="plain")


def test_a_state_without_its_texts_tells_nothing_that_was_written():
    texts = dict.fromkeys(("text", "pair", "target_text", "reference", "changed"), "secret")
    kept = {
        "model": "minilm",
        "heads": ((2, 5),),
        "kind": "self",
        "off": "2.5",
        "unit": "word",
        "target": "label",
    }
    told = {"panes": "1.1~secret", "held": ((0, 3),), "options": (("label", "secret"),), "edits": "s3:secret"}
    assert without_texts(State(**texts, **kept, **told, forced="block.3.0")) == State(**kept, text="")
    assert encode(without_texts(State(**texts)))["text"] == ""

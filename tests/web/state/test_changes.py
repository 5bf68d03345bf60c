"""Fields that change: what depends on them follows, and two sides that change them at once end where one would."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from attnviz.web.state.address import DEFAULTS, FIELDS, READ, State, change
from attnviz.web.state.trail import REMEMBERED, Trail

FULL = State(
    model="m",
    text="t",
    pair="p",
    target_text="o",
    image="0" * 32,
    audio="1" * 32,
    reference="r",
    changed="c",
    heads=((1, 2),),
    opened=(3, 4),
    held=((0, 5),),
    kind="self",
    unit="word",
    part="rows",
    by="class",
    document="model",
    form="text",
    quantity="norm",
    pool="max",
    over="3.*",
    hide="first",
    keep="90",
    method="rollout",
    target="masked-token",
    options=(("labels", "a, b"), ("label", "a"), ("position", "3"), ("token", "x")),
    operator="delete",
    side="second",
    reading="chat",
    source_language="fr",
    target_language="de",
    first="taken",
    longer="cut",
    together="second",
    whole="512.900",
    gate="mean",
    panes="3.1,5.4",
    off="2.5",
    edits="h2",
    forced="block.1.2",
    prefix="5.6",
    links="0.1.2.3",
    scope="layer",
    beams="4",
    written="5.6",
    at="0.1",
    drawn="1_5__",
    closer="why",
    mode="chat",
    question="q",
    turns="[]",
    other="1",
    against="k3",
    covered="1,2",
)
# What another value of a field leaves of the rest, by what each stands for.
ITEMS = {"held", "forced", "prefix", "links", "against", "covered"}  # named by their places in what is read
TREE = {"written", "at", "other"}
FOLLOWING = {
    "text": {*ITEMS, *TREE, "changed", "edits", "whole"},
    "pair": {*ITEMS, "changed", "edits"},
    **dict.fromkeys(("target_text", "image", "audio"), ITEMS),
    "prefix": {"links"},
    "kind": {"held", "forced", "against"},
    "unit": {"held", "against"},
    "together": {"held", "against"},
    "changed": {"edits"},
    "written": {"at", "other"},
    **dict.fromkeys(("mode", "question", "turns"), TREE),
    "model": {
        *(
            *ITEMS,
            *TREE,
            "changed",
            "edits",
            "whole",
            "together",
            "turns",
            "heads",
            "opened",
            "kind",
            "over",
            "off",
        ),
        *("method", "target", "operator", "reading", "source_language", "target_language", "first", "longer"),
    },
    **{key: {*ITEMS, *TREE, "edits", "whole"} for key in ("reading", "source_language", "target_language")},
}
CHOICES = {
    "model": [None, "a", "b"],
    "text": [None, "", "x", "y"],
    "pair": [None, "x"],
    "heads": [(), ((1, 2),), ((0, 1), (3, 3))],
    "held": [(), ((0, 1),), ((1, 2),)],
    "kind": [None, "cross"],
    "unit": [None, "word"],
    "form": [None, "text", "lines"],
    "off": [None, "2.5", "3.*"],
    "edits": [None, "h2"],
    "changed": [None, "z"],
    "forced": [None, "uniform.*"],
    "method": [None, "rollout"],
    "options": [(), (("label", "a"),), (("position", "1"), ("labels", "a"))],
}


@pytest.mark.parametrize("name", sorted(set(FIELDS) - {"options", "heads", "held", "opened"}))
def test_what_depends_on_a_field_goes_with_it(name):
    assert all(getattr(FULL, each) != DEFAULTS[each] for each in FIELDS)
    new = change(FULL, **{name: "head" if name == "document" else "other"})
    gone = {each for each in FIELDS if getattr(new, each) == DEFAULTS[each]}
    assert gone == FOLLOWING.get(name, set())
    changed = {"model"} if name == "model" else {name} if name in READ else set()
    kept = {"labels", "label", "position", "token"}
    kept -= {"label", "position", "token"} if "model" in changed else {"position"} if changed else set()
    assert {option for option, _ in new.options} == kept


def test_what_is_changed_together_stays():
    new = change(FULL, model="other", heads=((0, 0),), held=((1, 1),), text="new")
    assert (new.heads, new.held, new.method) == (((0, 0),), ((1, 1),), None)
    assert change(FULL, text="t") == FULL, "the same text again is no other text"


@pytest.mark.parametrize("seed", range(200))
def test_two_sides_end_where_one_after_the_other_ends(seed):
    """A page and a figure change fields; each knows the address as it was some changes ago."""
    draw = random.Random(seed)
    address = sequential = State()
    trail, seen = Trail(), [State()]
    for _ in range(40):
        name = draw.choice(list(CHOICES))
        changes = {name: draw.choice(CHOICES[name])}
        if draw.random() < 0.2:
            other = draw.choice(list(CHOICES))
            changes[other] = draw.choice(CHOICES[other])
        sequential = change(sequential, **changes)
        known = seen[-draw.randint(1, min(len(seen), REMEMBERED // 2))]  # of one side, which lags behind
        address = change(trail.latest(known), **changes)
        trail = trail.then(known, address)
        seen.append(address)
        if draw.random() < 0.3:
            seen = seen[-1:]  # both sides have caught up; the page is drawn
            trail = trail.at(address)
        assert address == sequential


def test_who_went_back_is_believed():
    first, second = State(text="a"), State(text="a", form="text")
    trail = Trail().then(State(), first).then(first, second)
    assert trail.latest(first) == second, "reported from before the last change"
    assert trail.at(first) == Trail(), "the page was drawn there: the reader went back"
    assert trail.at(first).latest(first) == first
    assert trail.at(second) == trail
    assert replace(second, text="b") == trail.latest(replace(second, text="b")), "a link that was followed"

"""What visitors hold: bounded for one and for all, the oldest first; and how bytes are counted."""

import threading

import numpy as np

from attnviz.errors import AttnVizError
from attnviz.runtime import Query
from attnviz.runtime.engine.sizes import capture_parts, nbytes_of, parts_of
from attnviz.runtime.engine.store import Store
from attnviz.runtime.engine.visitors import Visitor, set_visitor


def held_by(name, work):
    """Run for a visitor, in a thread of its own."""
    errors = []

    def run():
        set_visitor(Visitor(name))
        try:
            work()
        except Exception as error:
            errors.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join(5)
    return errors[0] if errors else None


def test_a_value_is_found_by_its_key_until_it_is_dropped():
    store = Store(100, 50)
    store.put("book:1", "a book", 10)
    store.put("book:1", "the same book, longer", 20)
    assert (store.get("book:1"), store.nbytes) == ("the same book, longer", 20)
    store.drop("book:1")
    store.drop("book:1")
    assert (store.get("book:1"), store.nbytes) == (None, 0)


def test_one_visitor_displaces_only_what_is_her_own():
    store = Store(100, 30)
    held_by("other", lambda: store.put("file:other", "x", 20))
    for number in range(5):
        held_by("greedy", lambda number=number: store.put(f"file:{number}", "x", 15))
    assert store.get("file:other") == "x"
    assert [store.get(f"file:{number}") for number in range(5)] == [None, None, None, "x", "x"]
    assert store.nbytes == 50


def test_all_together_are_bounded_and_the_oldest_goes_first():
    store = Store(100, 40)
    for number in range(5):
        held_by(f"visitor {number}", lambda number=number: store.put(f"file:{number}", "x", 30))
        store.get("file:0")  # somebody looks at it all the time
    assert store.nbytes <= 100
    assert [store.get(f"file:{number}") for number in range(5)] == ["x", None, None, "x", "x"]


def test_what_is_held_elsewhere_counts_and_is_given_way_to():
    store = Store(100, 40)
    for number in range(3):
        held_by(f"visitor {number}", lambda number=number: store.put(f"book:{number}", "x", 30))
    store.give_way(50)
    assert [store.get(f"book:{number}") for number in range(3)] == [None, None, "x"]
    held_by("visitor 3", lambda: store.put("book:3", "x", 20))
    assert store.nbytes == 50
    store.give_way(100)
    held_by("visitor 4", lambda: store.put("book:4", "x", 40))
    assert store.nbytes == 40, "what was just put stays, alone"


def test_what_is_too_large_for_one_is_refused_and_nothing_is_lost():
    store = Store(100 << 20, 25 << 20)
    store.put("book:1", "x", 1)
    error = held_by("one", lambda: store.put("upload:1", "y", 26 << 20))
    assert isinstance(error, AttnVizError)
    assert error.message == "This takes 26.0 MB; one visitor may hold 25 MB on this server."
    assert store.get("book:1") == "x"


def test_a_kind_can_be_cleared():
    store = Store(100, 50)
    for key in ("file:1", "file:2", "book:1"):
        store.put(key, key, 1)
    store.clear("file")
    assert [store.get(key) for key in ("file:1", "file:2", "book:1")] == [None, None, "book:1"]


def test_bytes_are_those_of_storages_texts_and_tokens(runtime):
    base = np.zeros((10, 100), np.float32)
    assert nbytes_of([base[0], base[1:3], (base, {"again": base})]) >= 4000
    assert nbytes_of([base[0]]) == 4000, "a view keeps the whole array alive"
    text = "x" * 5000
    assert 5000 < nbytes_of((text, [text], {"a": text})) < 5200
    capture = runtime.capture(Query("minilm", "A text whose bytes are counted."))
    tokens = nbytes_of(capture.tokens)
    assert tokens > sum(map(len, capture.tokens.labels)) + 8 * 5 * len(capture.tokens)
    assert sum(capture_parts(capture).values()) >= capture.nbytes + tokens


def test_captures_of_one_model_share_what_is_made_of_its_weights(runtime, tiny_model):
    first, second = (runtime.capture(Query("minilm", text)) for text in ("One text.", "Another text."))
    shared = {part for part in parts_of(first).keys() & parts_of(second).keys() if part[0] == "cpu"}
    assert sum(parts_of(first)[part] for part in shared) == 6 * 12 * 32 * 32 * 4  # W_O^T W_O of every head
    assert (
        runtime.facts().capture_bytes < nbytes_of(first) + nbytes_of(second) + runtime.facts().capture_bytes
    )

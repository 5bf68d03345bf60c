"""Which models a name stands for: replaced directories, the operator's default, who may name directories."""

from __future__ import annotations

import json
import os
import shutil
import threading
from pathlib import Path

import numpy as np
import pytest

from attnviz import errors
from attnviz.runtime import LocalRuntime, Query, Settings, Visitor, set_visitor
from attnviz.runtime.engine import models, names
from attnviz.runtime.engine.engine import digest
from attnviz.runtime.engine.fingerprint import fingerprint


def as_visitor(visitor, work):
    """What `work()` returns or raises for a visitor."""
    found = []

    def run():
        set_visitor(visitor)
        try:
            found.append(work())
        except errors.AttnVizError as error:
            found.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join(60)
    return found[0]


AFAR, HOME = Visitor("afar"), Visitor("home", at_home=True)


def test_a_directory_whose_weights_were_replaced_is_not_answered_from_the_old_ones(tiny_model):
    runtime = LocalRuntime(Settings(device="cpu", max_models=3))
    name = tiny_model("replaced")
    query, weights = Query(name, "abc"), Path(name) / "model.safetensors"
    before, explained = (
        runtime.attention(query, 1),
        runtime.explain(Query(name, "abc", "abd"), method="attention"),
    )
    assert runtime.attention(query, 1) is before
    times = weights.stat()
    shutil.copyfile(Path(tiny_model("other", seed=1)) / "model.safetensors", weights)
    os.utime(weights, ns=(times.st_atime_ns, times.st_mtime_ns))  # the same size, and the same time
    assert weights.stat().st_size == times.st_size
    assert not runtime.ready(query)
    after = runtime.attention(query, 1)
    assert np.abs(after - before).max() > 1e-4
    other = runtime.explain(Query(name, "abc", "abd"), method="attention")
    assert other is not explained
    assert np.abs(other.scores - explained.scores).max() > 1e-6
    shutil.rmtree(name)
    with pytest.raises(errors.ModelNotFound):
        runtime.attention(query, 1)


def test_the_fingerprint_sees_files_of_the_model_only(tiny_model, tmp_path):
    name = Path(tiny_model("seen"))
    first = fingerprint(name)
    assert {Path(each[0]).name for each in first} >= {"config.json", "model.safetensors", "tokenizer.json"}
    (name / "training.log").write_text("grows")
    assert fingerprint(name) == first
    (name / "1_Pooling").mkdir()
    (name / "1_Pooling" / "config.json").write_text("{}")
    assert fingerprint(name) != first
    assert fingerprint(tmp_path) == fingerprint("\0") == fingerprint("~nobody/x") == ()


def test_an_adapter_and_its_base_are_seen_and_models_in_folders(tiny_model, tmp_path):
    base, adapter, folders = Path(tiny_model("base")), tmp_path / "adapter", tmp_path / "folders"
    adapter.mkdir()
    (adapter / "adapter_config.json").write_text(json.dumps({"base_model_name_or_path": str(base)}))
    (adapter / "adapter_model.safetensors").write_bytes(b"")
    first = fingerprint(adapter)
    assert {Path(each[0]).parent for each in first} == {base, adapter}
    (adapter / "adapter_model.safetensors").write_bytes(b"x")
    second = fingerprint(adapter)
    assert second != first
    os.utime(base / "model.safetensors", (1, 1))
    assert fingerprint(adapter) != second
    shutil.copytree(base, folders / "0_Transformer")
    (folders / "modules.json").write_text("[]")
    assert "model.safetensors" in {Path(each[0]).name for each in fingerprint(folders)}
    for damaged in (
        "[]",
        "{",
        '{"base_model_name_or_path": 7}',
        '{"base_model_name_or_path": "~nobody/\\u0000"}',
    ):
        (adapter / "adapter_config.json").write_text(damaged)
        assert {Path(each[0]).parent for each in fingerprint(adapter)} == {adapter}


def test_the_operators_directory_has_a_name_and_needs_no_leave(tiny_model, tmp_path):
    path = shutil.copytree(tiny_model("default"), tmp_path / "secret place" / "our model")
    runtime = LocalRuntime(Settings(device="cpu", model=str(path), hub=False, local="0"))
    assert runtime.default_model == "our-model"
    assert as_visitor(AFAR, lambda: runtime.capture(Query("our-model", "abc"))).card.name == "our-model"
    card = runtime.card("our-model")
    assert "secret" not in repr(card)
    assert runtime.facts().models == ("our-model",)
    refused = as_visitor(AFAR, lambda: runtime.capture(Query(str(path), "abc")))
    assert isinstance(refused, errors.ModelNotFound)
    shutil.rmtree(path)
    gone = as_visitor(AFAR, lambda: runtime.capture(Query("our-model", "abc")))
    assert isinstance(gone, errors.ModelNotFound)
    assert str(gone) == (
        "The model 'our-model', which this server offers first, cannot be loaded. "
        "Whoever runs the server finds the reason in its log."
    )
    named = LocalRuntime(Settings(model=str(tmp_path / "minilm")))
    assert named.default_model == "minilm-local"


def test_directories_are_for_browsers_on_this_machine(tiny_model):
    runtime, name = LocalRuntime(Settings(device="cpu", hub=False)), tiny_model("home")
    assert as_visitor(HOME, lambda: runtime.directories)
    assert not as_visitor(AFAR, lambda: runtime.directories)
    as_visitor(HOME, lambda: runtime.capture(Query(name, "abc")))
    # Also where it is loaded by now, and also what is known of it.
    refused = as_visitor(AFAR, lambda: runtime.capture(Query(name, "abc")))
    assert refused.message.endswith("this server does not load directories of this machine.")
    assert as_visitor(AFAR, lambda: runtime.card(name)) is None
    assert not as_visitor(AFAR, lambda: runtime.ready(Query(name, "abc")))
    assert as_visitor(HOME, lambda: runtime.ready(Query(name, "abc")))
    for setting, visitor, allowed in (("1", AFAR, True), ("0", HOME, False)):
        assert as_visitor(visitor, lambda s=setting: LocalRuntime(Settings(local=s)).directories) is allowed


def test_whether_a_directory_exists_does_not_show(tmp_path, monkeypatch, tiny_model):
    """The same answer for one that is there, one that is no model, and none."""
    shutil.copytree(tiny_model("there"), tmp_path / "model")
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path)
    runtime = LocalRuntime(Settings(device="cpu", hub=False, local="0"))
    messages = {
        as_visitor(AFAR, lambda name=name: runtime.capture(Query(name, "abc"))).message.replace(
            repr(name), "NAME"
        )
        for name in ("model", "empty", "nothing")
    }
    assert messages == {
        "There is no model NAME in the catalogue, and this server does not load models from the Hub."
    }
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    asked = LocalRuntime(Settings(device="cpu", local="0"))  # the Hub is asked, and not the disk
    answers = [
        as_visitor(AFAR, lambda name=name: asked.capture(Query(name, "a"))) for name in ("model", "nothing")
    ]
    assert {type(each) for each in answers} <= {errors.ModelNotFound, errors.HubUnreachable}
    assert answers[0].message.replace("model", "") == answers[1].message.replace("nothing", "").replace(
        "model", ""
    )


def test_who_may_not_name_directories_touches_none_and_gets_none(tmp_path, monkeypatch, tiny_model):
    """A name that may be one of the Hub's, too: at home it is the directory, from afar the disk is not looked at."""
    shutil.copytree(tiny_model("org"), tmp_path / "org" / "there")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    runtime, looked = LocalRuntime(Settings(device="cpu")), []
    query = Query("org/there", "abc")
    assert len(as_visitor(HOME, lambda: runtime.capture(query)).tokens) == 5
    monkeypatch.setattr(models, "fingerprint", looked.append)
    monkeypatch.setattr(names, "_exists", looked.append)
    assert not as_visitor(AFAR, lambda: runtime.ready(query))
    refused = as_visitor(AFAR, lambda: runtime.capture(query))
    assert isinstance(refused, errors.ModelNotFound | errors.HubUnreachable)
    assert looked == []


def test_cache_keys_hold_no_texts(runtime):
    secret = "a secret that nobody should find in a key"
    query = Query("minilm", secret, "another " + secret)
    runtime.statistics(query)
    runtime.explain(query, method="attention")
    runtime.without(query, {2: "delete"})
    keys = [*runtime.engine.captures.kept(), *runtime.engine.results.kept()]
    assert keys
    assert "secret" not in repr(keys)
    assert digest(("a", "b")) != digest(("a", "b", None)) != digest(("a', 'b",))

"""The short form of benchmarks/abuse.py: files from strangers are refused with one of our errors, or open right."""

import json
import random
import resource
import tracemalloc

import pytest

from benchmarks import damage, strangers
from tests.loading import tiny


@pytest.fixture(scope="module")
def captures(root):
    return [path.read_bytes() for path in sorted((root / "tests" / "data").glob("*.attnviz"))]


def test_mutated_captures_are_refused_or_open_right(captures):
    assert {strangers.opened_capture(data) for data in captures} == {strangers.OPENED}
    tracemalloc.start()
    verdicts = [strangers.opened_capture(data) for data in damage.mutated_captures(captures, 42, seed=1)]
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert set(verdicts) == {strangers.OPENED, strangers.REFUSED}
    assert peak < 100 << 20  # the files take 22 KB at most, the floods of JSON 4 MB


def test_mutated_directories_are_refused_or_load_right(tmp_path):
    base = tiny.save(tiny.build("BertModel", "BertConfig", **tiny.BERT), tmp_path / "base")
    verdicts = [strangers.loaded_directory(path) for path in [base, *damage.directories(base, 20, seed=1)]]
    assert verdicts[0] == strangers.OPENED
    assert set(verdicts) == {strangers.OPENED, strangers.REFUSED}


@pytest.mark.parametrize("kind", ["adapter", "sentence"])
def test_mutated_parts_of_models_are_refused_or_load_right(tmp_path, kind):
    base = strangers.small_model(tmp_path / "base")
    make = strangers.small_adapter if kind == "adapter" else strangers.small_sentence_model
    part = make(tmp_path / kind, base)
    verdicts = [strangers.loaded_directory(path) for path in [part, *damage.directories(part, 15, seed=2)]]
    assert verdicts[0] == strangers.OPENED
    assert set(verdicts) == {strangers.OPENED, strangers.REFUSED}


def test_an_adapter_whose_product_would_be_huge_is_refused_unmultiplied(tmp_path):
    """Two vectors of a few hundred kilobytes, whose product takes 40 GB."""
    import torch
    from safetensors.torch import save_file

    adapter = strangers.small_adapter(tmp_path / "adapter", strangers.small_model(tmp_path / "base"))
    place = "base_model.model.encoder.layer.0.attention.self.query"
    tensors = {f"{place}.lora_A.weight": torch.ones(1, 10**5), f"{place}.lora_B.weight": torch.ones(10**5, 1)}
    save_file(tensors, adapter / "adapter_model.safetensors")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert strangers.loaded_directory(adapter) == strangers.REFUSED
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200_000  # kilobytes


@pytest.mark.parametrize("config", damage.GREEDY_CONFIGS[:9], ids=lambda config: next(iter(config)))
def test_a_config_that_asks_for_more_than_there_is_builds_nothing(tmp_path, config):
    base = tiny.save(tiny.build("BertModel", "BertConfig", **tiny.BERT), tmp_path / "base")
    path = base / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | config))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert strangers.loaded_directory(base) == strangers.REFUSED
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200_000  # kilobytes


def test_every_way_to_damage_a_file_changes_it(captures):
    for change in damage.CAPTURE_CHANGES:
        assert any(change(captures[0], random.Random(seed)) != captures[0] for seed in range(5)), (
            change.__name__
        )

"""The short form of benchmarks/abuse.py: files from strangers are refused with one of our errors, or open right."""

import random
import tracemalloc

import pytest

from benchmarks import abuse
from tests.loading import tiny


@pytest.fixture(scope="module")
def captures(root):
    return [path.read_bytes() for path in sorted((root / "tests" / "data").glob("*.attnviz"))]


def test_mutated_captures_are_refused_or_open_right(captures):
    assert {abuse.opened_capture(data) for data in captures} == {abuse.OPENED}
    tracemalloc.start()
    verdicts = [abuse.opened_capture(data) for data in abuse.mutated_captures(captures, 42, seed=1)]
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert set(verdicts) == {abuse.OPENED, abuse.REFUSED}
    assert peak < 100 << 20  # the files take 22 KB at most, the floods of JSON 4 MB


def test_mutated_directories_are_refused_or_load_right(tmp_path):
    base = tiny.save(tiny.build("BertModel", "BertConfig", **tiny.BERT), tmp_path / "base")
    verdicts = [abuse.loaded_directory(path) for path in [base, *abuse.directories(base, 20, seed=1)]]
    assert verdicts[0] == abuse.OPENED
    assert set(verdicts) == {abuse.OPENED, abuse.REFUSED}


@pytest.mark.parametrize("config", abuse.GREEDY_CONFIGS[:9], ids=lambda config: next(iter(config)))
def test_a_config_that_asks_for_more_than_there_is_builds_nothing(tmp_path, config):
    import json
    import resource

    base = tiny.save(tiny.build("BertModel", "BertConfig", **tiny.BERT), tmp_path / "base")
    path = base / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | config))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert abuse.loaded_directory(base) == abuse.REFUSED
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200_000  # kilobytes


def test_every_way_to_damage_a_file_changes_it(captures):
    for change in abuse.CAPTURE_CHANGES:
        assert any(change(captures[0], random.Random(seed)) != captures[0] for seed in range(5)), (
            change.__name__
        )

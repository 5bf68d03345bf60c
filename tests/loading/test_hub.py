"""Hub ids, with the real huggingface_hub client against a server on this machine."""

import gc
import json
import os
import socket
import subprocess
import sys

import pytest
import torch

from attnviz.errors import AttnVizError, HubUnreachable, ModelNotFound, ModelTooLarge, ModelUnsupported
from attnviz.loading import Access, catalog, load
from attnviz.loading import hub as module
from attnviz.loading.estimate import estimate
from attnviz.loading.weights import read_weights
from attnviz.types import Estimate

from . import tiny
from .hub_server import COMMIT, OLDER, Hub, Repository
from .tiny import edit

NAMES = ", ".join(card.name for card in catalog())


@pytest.fixture
def client(monkeypatch, tmp_path):
    """Points the client at a server, with a cache of its own; returns the function that does."""
    from huggingface_hub import constants
    from huggingface_hub.utils import close_session

    def connect(url: str) -> None:
        close_session()
        monkeypatch.setattr(constants, "ENDPOINT", url)
        monkeypatch.setattr(
            constants, "HUGGINGFACE_CO_URL_TEMPLATE", url + "/{repo_id}/resolve/{revision}/{filename}"
        )
        monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
        monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
        monkeypatch.setattr(constants, "HF_TOKEN_PATH", str(tmp_path / "no-token"))

    for name in (
        "HTTP_PROXY",
        "HTTPS_PROXY",
        "ALL_PROXY",
        "http_proxy",
        "https_proxy",
        "all_proxy",
        "HF_TOKEN",
    ):
        monkeypatch.delenv(name, raising=False)
    yield connect
    close_session()


def offline(monkeypatch):
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)


@pytest.fixture
def repository(bert) -> Repository:
    """The tiny BERT with what such repositories also hold: pickles, code, other frameworks, folders."""
    (bert / "README.md").write_text("---\nlicense: mit\n---\n")
    for name in ("pytorch_model.bin", "tf_model.h5", "evil.py", "flax_model.msgpack", "onnx/model.onnx"):
        (bert / name).parent.mkdir(exist_ok=True)
        (bert / name).write_bytes(b"not for us")
    return Repository(bert)


def test_loads_and_fetches_only_what_it_needs(client, repository, saved_bert):
    with Hub({"org/tiny": repository}) as hub:
        client(hub.url)
        loaded = load("org/tiny", device="cpu")
        assert sorted(hub.fetched()) == [
            "README.md", "config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"
        ]  # fmt: skip
        assert {path for _, path in hub.asked if "harness" in path or "telemetry" in path} == set()
    card = loaded.card
    assert (card.name, card.source, card.revision, card.license) == ("org/tiny", "org/tiny", COMMIT, "mit")
    original = load(saved_bert, device="cpu")
    assert all(
        torch.equal(a, b)
        for a, b in zip(loaded.module.parameters(), original.module.parameters(), strict=True)
    )


def test_second_load_comes_from_the_cache(client, repository, monkeypatch):
    with Hub({"org/tiny": repository}) as hub:
        client(hub.url)
        load("org/tiny", device="cpu")
        hub.asked.clear()
        load("org/tiny", device="cpu")
        assert hub.fetched() == []
    assert load("org/tiny", device="cpu").card.revision == COMMIT  # the server is gone now
    offline(monkeypatch)
    assert load("org/tiny", device="cpu").card.revision == COMMIT
    assert load("org/tiny", device="cpu", revision=COMMIT).card.revision == COMMIT


def test_half_a_download_is_not_a_model(client, repository, tmp_path, monkeypatch):
    with Hub({"org/tiny": repository}) as hub:
        client(hub.url)
        load("org/tiny", device="cpu")
    (weights,) = (tmp_path / "cache").rglob("snapshots/*/model.safetensors")
    weights.unlink()
    offline(monkeypatch)
    with pytest.raises(HubUnreachable, match="There is no model 'org/tiny' on this machine"):
        load("org/tiny", device="cpu")


def test_name_without_an_organisation(client, repository):
    with Hub({"tiny": repository}) as hub:
        client(hub.url)
        assert load("tiny", device="cpu").card.source == "tiny"


def test_revision(client, repository):
    repository.revisions |= {"v1": OLDER, OLDER: OLDER}
    with Hub({"org/tiny": repository}) as hub:
        client(hub.url)
        assert load("org/tiny", device="cpu", revision="v1").card.revision == OLDER
        assert load("org/tiny", device="cpu", revision=COMMIT).card.revision == COMMIT
        with pytest.raises(
            ModelNotFound,
            match=r"The Hub model 'org/tiny' has no revision 'v9'\. Give a branch, a tag or a commit of it\.",
        ):
            load("org/tiny", revision="v9")
        with pytest.raises(ModelNotFound, match="has no revision"):
            load("org/tiny", revision="../../<b>\x00")


def test_not_found(client):
    with Hub({}) as hub:
        client(hub.url)
        with pytest.raises(ModelNotFound) as caught:
            load("org/no-such-model")
    assert type(caught.value) is ModelNotFound
    assert str(caught.value) == (
        "There is no model 'org/no-such-model': not in the catalogue, not a directory with a config.json, "
        f"not on the Hub. The catalogue has: {NAMES}."
    )


def test_gated(client, repository):
    repository.status, repository.error_code = 403, "GatedRepo"
    with Hub({"org/tiny": repository}) as hub:
        client(hub.url)
        with pytest.raises(
            ModelNotFound, match=r"open only to people whom its authors have let in\. Ask for access"
        ):
            load("org/tiny")


@pytest.mark.parametrize("status", [429, 500, 503])
def test_hub_in_trouble(client, repository, status, no_pause):
    repository.status = status
    with Hub({"org/tiny": repository}) as hub:
        client(hub.url)
        with pytest.raises(HubUnreachable, match="the Hub cannot be reached"):
            load("org/tiny")
        assert len(hub.asked) <= 2


def test_pickle_only_fetches_no_pickle(client, repository):
    (repository.directory / "model.safetensors").unlink()
    with Hub({"org/tiny": repository}) as hub:
        client(hub.url)
        with pytest.raises(ModelUnsupported, match=r"only as pickle files \(pytorch_model\.bin\)") as caught:
            load("org/tiny")
        assert caught.value.reason == "pickle-weights"
        assert hub.fetched() == ["config.json"]


@pytest.mark.parametrize(
    ("config", "reason"),
    [
        ({"model_type": "mamba"}, "no-attention"),
        ({"model_type": "own", "auto_map": {"AutoModel": "own.M"}}, "needs-remote-code"),
        ({"model_type": "telepathy"}, "unknown-architecture"),
    ],
)
def test_config_decides_before_weights_are_fetched(client, repository, config, reason):
    edit(repository.directory, **config)
    with Hub({"org/tiny": repository}) as hub:
        client(hub.url)
        with pytest.raises(ModelUnsupported) as caught:
            load("org/tiny")
        assert caught.value.reason == reason
        assert hub.fetched() == ["config.json"]


def test_no_config_and_broken_config(client, repository):
    config = repository.directory / "config.json"
    config.write_text("{")
    with Hub({"org/tiny": repository}) as hub:
        client(hub.url)
        with pytest.raises(ModelUnsupported, match=r"config\.json is not valid JSON") as caught:
            load("org/tiny")
        assert caught.value.reason == "damaged"
    config.unlink()
    with Hub({"org/other": repository}) as hub:
        client(hub.url)
        with pytest.raises(ModelUnsupported, match=r"it has no config\.json") as caught:
            load("org/other")
        assert caught.value.reason == "damaged"


@pytest.mark.parametrize(
    ("repository_says", "dtype", "needed"),
    [
        ({"counts": {"BF16": 10**15}}, "float32", 4 * 10**15),
        ({"counts": {"BF16": 10**15, "I64": 10}}, "bfloat16", 2 * 10**15 + 80),
        ({"declared": {"model.safetensors": 4 * 10**15}}, "float32", 4 * 10**15),
        ({"declared": {"model.safetensors": 4 * 10**15}}, "bfloat16", 2 * 10**15),
    ],
)
def test_too_large_before_weights_are_fetched(client, repository, repository_says, dtype, needed):
    for key, value in repository_says.items():
        setattr(repository, key, value)
    with Hub({"org/tiny": repository}) as hub:
        client(hub.url)
        with pytest.raises(ModelTooLarge) as caught:
            load("org/tiny", device="cpu", dtype=dtype)
        assert caught.value.needed == needed
        assert hub.fetched() == ["config.json"]


def test_sharded_repository(client, saved_bert, tmp_path):
    load(saved_bert, device="cpu").module.save_pretrained(tmp_path / "shards", max_shard_size="10KB")
    tiny.tokenizer().save_pretrained(tmp_path / "shards")
    with Hub({"org/shards": Repository(tmp_path / "shards")}) as hub:
        client(hub.url)
        assert load("org/shards", device="cpu").card.layers == 2
        assert "model.safetensors.index.json" in hub.fetched()


def test_nobody_listens(client, no_pause):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        client(f"http://127.0.0.1:{closed.getsockname()[1]}")
        with pytest.raises(HubUnreachable) as caught:
            load("org/tiny")
    assert str(caught.value) == (
        "There is no model 'org/tiny' on this machine, and the Hub cannot be reached. "
        f"The catalogue works without the Hub; it has: {NAMES}."
    )


def test_server_that_never_answers(client, repository, monkeypatch, no_pause):
    """It answers when this test is over: who waited for it would be stopped by the time limit of tests."""
    monkeypatch.setattr(module, "TIMEOUT", 0.5)
    with Hub({"org/tiny": repository}, silent=True) as hub:
        client(hub.url)
        with pytest.raises(HubUnreachable):
            load("org/tiny")
        assert hub.asked


def test_something_else_answers(client):
    """A login page of a hotel's network, say."""
    from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
    from threading import Thread

    class Portal(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Length", "12")
            self.end_headers()
            self.wfile.write(b"<html>log in")

        def log_message(self, *args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Portal)
    Thread(target=server.serve_forever, daemon=True).start()
    client(f"http://127.0.0.1:{server.server_address[1]}")
    try:
        with pytest.raises(HubUnreachable, match="the Hub cannot be reached"):
            load("org/tiny")
    finally:
        server.shutdown()
        server.server_close()


def test_offline_mode_asks_nobody(client, repository, monkeypatch):
    with Hub({"org/tiny": repository}) as hub:
        client(hub.url)
        offline(monkeypatch)
        with pytest.raises(HubUnreachable, match="the Hub may not be asked: HF_HUB_OFFLINE is set"):
            load("org/tiny")
        assert hub.asked == []


def test_cache_that_cannot_be_written(client, repository, tmp_path):
    (tmp_path / "cache").write_text("a file where the cache should be")
    with Hub({"org/tiny": repository}) as hub:
        client(hub.url)
        with pytest.raises(
            AttnVizError, match=r"The Hub model 'org/tiny' could not be stored: .* Free some disk space"
        ):
            load("org/tiny")


ANYBODY = Access(directories=False, token=False)


def test_the_machines_token_goes_out_only_where_it_may(client, repository, monkeypatch):
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    with Hub({"org/tiny": repository}) as hub:
        client(hub.url)
        load("org/tiny", device="cpu", access=ANYBODY)
        assert hub.tokens == set()
        load("org/tiny", device="cpu")
        assert hub.tokens == {"Bearer hf_secret"}


def test_what_was_fetched_with_the_token_is_not_given_to_anybody(client, repository, monkeypatch):
    """A private model in the machine's own cache, when the Hub does not answer."""
    with Hub({"org/tiny": repository}) as hub:
        client(hub.url)
        load("org/tiny", device="cpu")
        offline(monkeypatch)
        assert load("org/tiny", device="cpu").card.revision == COMMIT
        with pytest.raises(HubUnreachable):
            load("org/tiny", device="cpu", access=ANYBODY)


@pytest.mark.parametrize("beside", [False, True])
def test_all_files_count(client, repository, monkeypatch, beside):
    """Not the weights alone: a vocabulary of gigabytes is refused before any of it is fetched."""
    repository.declared["vocab.txt"] = 10**10
    access = Access(fetch_bytes=None if beside else 10**9)
    monkeypatch.setattr(module, "MAX_BESIDE", 10**9 if beside else 10**12)
    with Hub({"org/tiny": repository}) as hub:
        client(hub.url)
        with pytest.raises(
            ModelTooLarge,
            match=r"files of the model 'org/tiny' take 10\.0 GB or more; at most 1\.0 GB are fetched",
        ):
            load("org/tiny", device="cpu", access=access)
        assert hub.fetched() == ["config.json"]


@pytest.mark.parametrize("file", ["tokenizer.json", "model.safetensors", "config.json"])
def test_more_bytes_than_were_announced_are_not_taken(client, repository, tmp_path, monkeypatch, file):
    for path in repository.directory.iterdir():
        repository.declared[path.name] = 1000
    repository.declared[file] = 100
    with (repository.directory / file).open("ab") as stream:
        stream.write(b" " * (30 << 20))  # more than one chunk of the client's
    monkeypatch.setattr(module, "MAX_JSON", 1 << 20)
    with Hub({"org/tiny": repository}) as hub:
        client(hub.url)
        with pytest.raises(ModelTooLarge, match="or more; at most"):
            load("org/tiny", device="cpu", access=Access(cache_bytes=1 << 30))
    kept = sum(path.stat().st_size for path in (tmp_path / "cache").rglob("*") if path.is_file())
    assert kept < 1 << 20


def test_the_hub_must_say_how_large_files_are(client, repository):
    repository.declared["tokenizer.json"] = None
    with Hub({"org/tiny": repository}) as hub:
        client(hub.url)
        with pytest.raises(ModelUnsupported, match="does not say how large its files are"):
            load("org/tiny", device="cpu")


def test_the_cache_makes_room_for_what_comes(client, repository, tmp_path):
    """The revision used least recently goes, never one that is in use; where nothing can go, the new one is refused."""
    size = sum(repository.files()[file] for file in module.wanted_files(list(repository.files()), ""))
    names = ("org/one", "org/two", "org/three", "org/four")
    access = Access(cache_bytes=int(2.9 * size))

    def kept():
        return {path.parts[-3].split("--")[-1] for path in (tmp_path / "cache").glob("models--*/snapshots/*")}

    with Hub(dict.fromkeys(names, repository)) as hub:
        client(hub.url)
        held = load("org/one", device="cpu", access=access)
        load("org/two", device="cpu", access=access)
        assert kept() == {"one", "two"}
        three = load("org/three", device="cpu", access=access)
        assert kept() == {"one", "three"}
        with pytest.raises(ModelTooLarge, match="the models in use leave"):
            load("org/four", device="cpu", access=access)
        del held
        gc.collect()
        load("org/four", device="cpu", access=access)
        assert kept() == {"three", "four"}
        with pytest.raises(ModelTooLarge, match="all models that are fetched may take"):
            load("org/one", device="cpu", access=Access(cache_bytes=size // 2))
    assert three.card.revision == COMMIT


def test_directories_cannot_be_probed(client, saved_bert, tmp_path, monkeypatch):
    """Where a name may not be a directory's, one that is there answers as one that is not."""
    import shutil

    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    with Hub({}) as hub:
        client(hub.url)
        answers = []
        for there in (False, True):
            for name in ("org/there", str(tmp_path / "here" / "org"), "~", ".."):
                with pytest.raises(ModelNotFound) as caught:
                    load(name, access=ANYBODY)
                answers.append(str(caught.value))
            if not there:
                shutil.copytree(saved_bert, tmp_path / "here" / "org" / "there")
        assert answers[:4] == answers[4:]
        assert "not in the catalogue, not on the Hub." in answers[0]
    with pytest.raises(ModelNotFound, match=r"not in the catalogue\. The catalogue has: minilm"):
        load("org/there", access=Access(directories=False, hub=False))
    assert load("org/there", device="cpu").card.layers == 2


@pytest.mark.slow
def test_from_the_environment_in_a_fresh_process(repository, tmp_path):
    """As a user has it: HF_ENDPOINT and HF_HOME, nothing patched, and no request but those of the model."""
    code = (
        "import json, sys\nfrom attnviz.loading import load\nfrom attnviz.errors import AttnVizError\n"
        "out = []\n"
        "for name in ('org/tiny', 'org/none'):\n"
        "    try: out.append(load(name, device='cpu').card.revision)\n"
        "    except AttnVizError as error: out.append(type(error).__name__)\n"
        "print(json.dumps(out))"
    )
    names = ("PROXY", "HF_TOKEN", "HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE")
    clean = {key: value for key, value in os.environ.items() if not key.upper().endswith(names)}
    with Hub({"org/tiny": repository}) as hub:
        environment = {**clean, "HF_ENDPOINT": hub.url, "HF_HOME": str(tmp_path / "home")}
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=True
        )
        assert json.loads(done.stdout) == [COMMIT, "ModelNotFound"]
        assert all("org/" in path for _, path in hub.asked)
        assert not any(path.endswith((".bin", ".py", ".h5")) for _, path in hub.asked)
        hub.asked.clear()
        done = subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            text=True,
            env={**environment, "HF_HUB_OFFLINE": "1"},
            check=True,
        )
        assert json.loads(done.stdout) == [COMMIT, "HubUnreachable"]
        assert hub.asked == []
    assert not (tmp_path / "home" / ".agent_harnesses.json").exists()


def test_sizes_are_known_before_loading_and_the_hub_is_asked_only_by_request(client, repository, saved_bert):
    repository.counts = read_weights(saved_bert, "org/tiny").elements
    with Hub({"org/tiny": repository}) as hub:
        client(hub.url)
        assert estimate("org/tiny", Access()) == Estimate("hub")
        assert hub.asked == []
        asked = estimate("org/tiny", Access(), ask=True)
        assert hub.fetched() == []
        loaded = load("org/tiny", device="cpu")
        known = estimate("org/tiny", Access())
        with pytest.raises(ModelNotFound):
            estimate("org/nothing", Access(), ask=True)
    count = sum(weight.numel() for weight in loaded.module.parameters())
    assert (known.place, known.parameters, known.memory_bytes, known.license) == (
        "here",
        count,
        4 * count,
        "mit",
    )
    assert (asked.place, asked.parameters) == ("hub", count)
    files = repository.files()
    wanted = module.wanted_files(list(files), "org/tiny")
    assert asked.download_bytes == sum(files[file] for file in wanted)
    assert estimate(str(saved_bert), Access(), "bfloat16").memory_bytes == 2 * count
    assert estimate(str(saved_bert), Access(directories=False)) is None
    assert estimate("no model at all", Access()) is None

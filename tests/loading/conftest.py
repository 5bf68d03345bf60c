from pathlib import Path

import pytest

from . import tiny


@pytest.fixture(scope="session")
def saved_bert(tmp_path_factory) -> Path:
    """A directory with a tiny BertModel; copy it before changing it."""
    return tiny.save(tiny.build("BertModel", "BertConfig", **tiny.BERT), tmp_path_factory.mktemp("bert"))


@pytest.fixture
def bert(saved_bert, tmp_path) -> Path:
    """A copy of the tiny BertModel's directory, to be broken."""
    import shutil

    return Path(shutil.copytree(saved_bert, tmp_path / "bert"))


@pytest.fixture
def no_network(monkeypatch):
    """Any attempt to open a connection fails the test."""
    import socket

    def refuse(self, address):
        pytest.fail(f"a connection to {address} was tried")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", lambda *a, **k: pytest.fail(f"{a[0]} was looked up"))


@pytest.fixture
def no_pause(monkeypatch):
    """Who waits before trying again fails the test."""
    monkeypatch.setattr(
        "time.sleep", lambda seconds: pytest.fail(f"a wait of {seconds} s before another try")
    )

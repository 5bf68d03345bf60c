"""Uploads that do not fit beside those that are held are refused before they are read."""

import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from attnviz.web.serving import uploads

PATH = "/_stcore/upload_file/session/file"


@pytest.fixture
def client(monkeypatch):
    read = []

    async def take(request):
        read.append(await request.body())
        if request.headers.get("fail"):
            raise RuntimeError("the client is gone")
        return PlainTextResponse("kept")

    app = Starlette(routes=[Route("/{path:path}", take, methods=["PUT", "POST", "GET"])])
    app.add_middleware(uploads.BoundedUploads)
    monkeypatch.setattr(uploads, "limit", lambda: 100)
    monkeypatch.setattr(uploads, "share", lambda: 70)
    monkeypatch.setattr(uploads, "held", lambda: 40)
    monkeypatch.setattr(uploads, "held_by", lambda session: {"greedy": 40}.get(session, 0))
    monkeypatch.setattr(uploads, "give_way", lambda: client.given.append(True))
    client = TestClient(app, raise_server_exceptions=False)
    client.read, client.given = read, []
    return client


def test_what_fits_is_passed_on_again_and_again(client):
    for fail in ("", "yes", "", "yes", ""):
        client.put(PATH, content=b"x" * 60, headers={"fail": fail})
    assert len(client.read) == len(client.given) == 5


def test_what_does_not_fit_is_refused_unread(client):
    assert client.put(PATH, content=b"x" * 61).status_code == 413
    assert client.put(f"/folder{PATH}", content=b"x" * 61).status_code == 413
    assert client.read == []


def test_one_window_cannot_take_the_room_of_all(client):
    greedy = PATH.replace("session", "greedy")
    assert client.put(greedy, content=b"x" * 31).status_code == 413
    assert client.put(greedy, content=b"x" * 30).status_code == 200


def test_an_upload_without_a_length_is_refused(client):
    assert client.put(PATH, content=iter([b"x"])).status_code == 411
    assert client.put(PATH, content=b"", headers={"content-length": "-1"}).status_code == 411


def test_other_requests_pass(client):
    assert client.put("/elsewhere", content=b"x" * 1000).text == "kept"
    assert client.get(PATH).text == "kept"


def test_what_streamlit_holds_is_counted(monkeypatch):
    """Streamlit's own manager, asked as in a server."""
    from streamlit.runtime import Runtime
    from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
    from streamlit.runtime.uploaded_file_manager import UploadedFileRec

    manager = MemoryUploadedFileManager("/upload")
    server = type("Server", (), {"_uploaded_file_mgr": manager})()
    monkeypatch.setattr("streamlit.runtime.exists", lambda: True)
    monkeypatch.setattr("streamlit.runtime.get_instance", lambda: server)
    assert uploads.held() == 0
    for name, size in (("a", 1000), ("b", 500)):
        manager.add_file("session", UploadedFileRec(name, name, "text/plain", bytes(size)))
    assert uploads.held() == uploads.held_by("session") == 1500
    assert uploads.held_by("another") == 0
    manager.remove_session_files("session")
    assert uploads.held() == 0
    assert "_uploaded_file_mgr" in Runtime.__init__.__code__.co_names

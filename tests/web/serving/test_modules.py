"""Modules and style sheets come over HTTP under the digest of their content, and nothing else does."""

import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from attnviz.figures import COMPONENTS, component
from attnviz.web.serving import modules
from attnviz.web.serving.start import middleware

TYPES = {"js": "text/javascript; charset=utf-8", "css": "text/css; charset=utf-8", "json": "application/json"}


@pytest.fixture(scope="module")
def client():
    other = Route("/{path:path}", lambda request: PlainTextResponse("elsewhere"), methods=["GET", "POST"])
    return TestClient(Starlette(routes=[other], middleware=middleware()))


@pytest.mark.parametrize("folder", ["", "/lab/tools"])
def test_every_file_comes_with_its_type_and_may_be_kept_for_ever(client, folder):
    assert {f"{name}.{kind}" for name in (*COMPONENTS, *modules.OWN) for kind in ("js", "css")} < set(
        modules.sources()
    )
    for name, source in modules.sources().items():
        answer = client.get(f"{folder}/{modules.address(name)}")
        assert (answer.status_code, answer.content) == (200, source)
        assert answer.headers["content-type"] == TYPES[name.rpartition(".")[2]]
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert ("content-security-policy" in answer.headers) == (not name.endswith(".js"))


def test_only_these_files_under_this_digest_are_served(client):
    other = modules.digest()[::-1]
    for path in (
        f"/modules/{other}/heatmap.js",
        f"/modules/{modules.digest()}/other.js",
        f"/modules/{modules.digest()}/../load.js",
        f"/modules/{modules.digest()}/heatmap.py",
        f"/x-{modules.address('load.js')}",
    ):
        assert client.get(path).text == "elsewhere", path
    assert client.post(f"/{modules.address('load.js')}").text == "elsewhere"
    head = client.head(f"/{modules.address('load.js')}")
    assert int(head.headers["content-length"]) == len(modules.sources()["load.js"])
    assert head.content == b""


def test_the_digest_is_of_the_content(monkeypatch):
    changed = {**modules.sources(), "heatmap.css": b"changed"}
    before = modules.digest()
    monkeypatch.setattr(modules, "sources", lambda: changed)
    assert modules.digest.__wrapped__() != before


def test_what_travels_in_a_component_is_a_loader_of_one_line():
    loader = modules.loader("heatmap")
    assert len(loader) < 300 < len(component("heatmap").js)
    assert loader.count("\n") == 1, "a line break inside tells Streamlit that it is no path"
    assert f'"{modules.address("load.js")}"' in loader

"""Every answer tells the browser what it may do with it, and the document's policy names each script that it runs."""

import re
from pathlib import Path

import pytest
import streamlit
from starlette.applications import Starlette
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.testclient import TestClient

from attnviz.figures import bertviz
from attnviz.web.serving import document, headers
from attnviz.web.serving.start import middleware

INDEX = (Path(streamlit.__file__).parent / "static" / "index.html").read_text("utf-8")


@pytest.fixture(scope="module")
def client():
    routes = [
        Route("/text", lambda request: PlainTextResponse("a")),
        Route("/module.js", lambda request: Response("a", media_type="text/javascript")),
        Route("/saved.html", lambda request: HTMLResponse("<script>alert(1)</script>")),
        Route("/own", lambda request: PlainTextResponse("a", headers={"Referrer-Policy": "no-referrer"})),
        Route("/_stcore/host-config", lambda request: Response("{}", media_type="application/json")),
        Route("/{page:path}", lambda request: HTMLResponse(INDEX)),
    ]
    return TestClient(Starlette(routes=routes, middleware=middleware()), base_url="http://here:8501")


def rules(answer) -> dict[str, list[str]]:
    found = [rule.split() for rule in answer.headers["content-security-policy"].split(";")]
    return {name: values for name, *values in found}


@pytest.mark.parametrize("path", ["/", "/text", "/module.js", "/missing/page", "/_stcore/host-config"])
def test_every_answer_is_marked(client, path):
    answer = client.get(path, headers={"accept": "text/html"})
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "same-origin"
    assert len(answer.headers.get_list("content-security-policy")) == (path != "/module.js")


def test_what_an_answer_says_itself_is_kept(client):
    assert client.get("/own").headers.get_list("referrer-policy") == ["no-referrer"]


def test_a_saved_file_that_is_opened_in_place_runs_nothing(client):
    assert rules(client.get("/saved.html")) == {"default-src": ["'none'"], "frame-ancestors": ["'self'"]}


def test_the_document_runs_its_own_scripts_and_no_others(client):
    answer = client.get("/heads?text=a", headers={"accept": "text/html"})
    allowed = rules(answer)
    inline = [
        source
        for attributes, source in re.findall(r"<script([^>]*)>(.*?)</script>", answer.text, re.DOTALL)
        if "src=" not in attributes
    ]
    assert len(inline) == 2
    assert set(headers.digests(inline)) < set(allowed["script-src"])
    assert "'unsafe-inline'" not in allowed["script-src"]
    assert "'unsafe-eval'" not in allowed["script-src"]
    assert headers.digests(["alert(1)"])[0] not in allowed["script-src"]
    assert allowed["frame-ancestors"] == allowed["base-uri"] == ["'self'"]
    assert allowed["object-src"] == ["'none'"]
    assert {"ws://here:8501", "wss://here:8501"} < set(allowed["connect-src"])


def test_the_frames_of_bertviz_inherit_a_policy_that_lets_them_run(client):
    answer = client.get("/", headers={"accept": "text/html"})
    for view in bertviz.VIEWS:
        assert set(bertviz.digests(view)) < set(rules(answer)["script-src"])


def test_a_host_that_would_write_rules_is_left_out():
    evil = headers.policy(INDEX, "a; script-src *")
    assert "ws://" not in evil
    assert evil.count("script-src") == 1
    assert "ws://[::1]:8501" in headers.policy(INDEX, "[::1]:8501")


def test_the_policy_is_of_the_prepared_document():
    prepared = document.prepare(INDEX, {"allowedOrigins": []})
    assert headers.policy(prepared, "here") != headers.policy(INDEX, "here")

"""The document that a visit begins with names its server and the parts that pages need; all else passes unchanged."""

import asyncio
import re
from pathlib import Path

import pytest
import streamlit
from starlette.applications import Starlette
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from attnviz.web.serving import document, modules

STATIC = Path(streamlit.__file__).parent / "static"
PAGE = "<html><head><script>first()</script><link href=a></head><body>" + "x" * 2000 + "</body></html>"
HOST = {"allowedOrigins": ["https://a.example", "</script>"], "useExternalAuthToken": False}
HTML = {"accept": "text/html,*/*"}


def client(host=HOST, status=200):
    routes = [
        Route("/_stcore/host-config", lambda request: JSONResponse(host, status)),
        Route("/plain", lambda request: PlainTextResponse("<script></head>")),
        Route("/{page:path}", lambda request: HTMLResponse(PAGE)),
    ]
    app = Starlette(routes=routes)
    app.add_middleware(GZipMiddleware)
    app.add_middleware(document.PreparedDocument)
    return TestClient(app)


def test_the_document_names_its_server_before_the_first_script():
    answer = client().get("/heads?text=a", headers=HTML)
    assert answer.status_code == 200
    assert int(answer.headers["content-length"]) == len(answer.content)
    assert answer.text.index("window.__streamlit") < answer.text.index("first()")
    assert '"https://a.example"' in answer.text
    assert answer.text.count("</script>") == 2  # ours and the page's own; the host's is escaped
    assert re.search(r"x{100}<link [^>]*>\s*</body></html>$", answer.text)


def test_without_a_known_configuration_the_browser_asks_as_ever():
    assert client(status=404).get("/heads", headers=HTML).text == document.linked(PAGE, "/heads")


@pytest.mark.parametrize(
    ("path", "figure"),
    [("/", "heatmap"), ("/lab/heads", "heads"), ("/report/", None), ("/nowhere", "heatmap")],
)
def test_a_document_links_what_its_page_is_drawn_by_and_the_rules_of_the_page(path, figure):
    linked = re.findall(r'href="\./(modules/[^"]+)"', document.linked(PAGE, path))
    names = ["load.js", *([f"{figure}.js", f"{figure}.css"] if figure else []), "page.css"]
    assert linked == [modules.address(name) for name in names]


def test_other_answers_pass_unchanged():
    assert client().get("/plain", headers=HTML).text == "<script></head>"
    raw = client().get("/heads", headers={"accept": "*/*", "accept-encoding": "gzip"})
    assert raw.headers["content-encoding"] == "gzip"
    assert raw.text == PAGE


def test_streamlits_own_document_is_prepared():
    text = (STATIC / "index.html").read_text("utf-8")
    prepared = document.prepare(text, HOST)
    links = re.findall(r'href="\./static/js/([\w.-]+)"', prepared)
    assert len(links) == len(set(links)) > len(re.findall(r'href="\./static/js/', text))
    assert all((STATIC / "static" / "js" / name).is_file() for name in links)
    for part in document.PARTS:
        assert any(name.startswith(f"{part}.") for name in links), part


def test_the_server_is_found_beside_the_pages_and_behind_a_folder():
    """The expression that removes a page's name, read as Python's own."""
    expression = re.search(r"replace\(/(.+?)/, ", document.prepare("<script>", HOST)).group(1)
    base = lambda path: re.sub(expression.replace("\\/", "/"), "", path)  # noqa: E731
    assert base("/") == base("/heads") == base("/home") == base("/heads/") == ""
    assert base("/lab/tools/heads") == base("/lab/tools/") == "/lab/tools"
    assert base("/lab/overheads") == "/lab/overheads"


def test_a_request_that_is_no_document_is_not_held_back():
    async def app(scope, receive, send):
        await send(
            {"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/css")]}
        )
        await send({"type": "http.response.body", "body": b"a", "more_body": True})
        await send({"type": "http.response.body", "body": b"b"})

    sent = []

    async def send(message):
        sent.append(message)

    scope = {"type": "http", "method": "GET", "path": "/x", "headers": [(b"accept", b"text/html")]}
    asyncio.run(document.PreparedDocument(app)(scope, None, send))
    assert [each.get("body") for each in sent] == [None, b"a", b"b"]

"""The HTML document that every visit begins with, prepared so that the first picture comes early.

Streamlit's document knows neither where its server is nor which parts a page will need: the browser first asks
beside the page for a server (a 404 at each deep link), and fetches parts one after the other when the page names them.
Both are known here, and are written into the document. What the server says of itself is asked of Streamlit.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Awaitable, Callable, MutableMapping
from functools import cache
from pathlib import Path
from typing import Any

from attnviz.web.serving import modules
from attnviz.web.serving.headers import policy
from attnviz.web.shell import site
from attnviz.web.shell.site import DEFAULT, HOME, SITE

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Message, Receive, Send], Awaitable[None]]

# What pages draw before and with their picture: the link of a page, the rules of style, a button, a figure.
PARTS = ("BidiComponent", "PageLink", "Html", "Button")
_IMPORT = re.compile(r'(?:from|import)"\./([\w.-]+\.js)"')
# Where the server is: here, without the page's own name. Holds behind a proxy that serves the app in a folder, too.
_SCRIPT = """<script>
window.__streamlit = {{
  BACKEND_BASE_URL: location.origin + location.pathname.replace(/\\/(?:{pages})?\\/?$/, "") + "/",
  HOST_CONFIG: {host},
}};
</script>
"""


class PreparedDocument:
    """ASGI middleware: an HTML document of Streamlit's gets its server's address and the parts that pages need."""

    def __init__(self, app: App) -> None:
        self._app = app

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Pass on; what turns out to be an HTML document is held back until it is whole, and prepared."""
        if scope["type"] != "http" or scope["method"] != "GET" or not _asks_for_document(scope):
            await self._app(scope, receive, send)
            return
        # Without extensions, since a server may offer one to send a file in place of its bytes.
        scope = {**scope, "headers": _whole(scope), "extensions": {}}
        held: list[Message] = []

        async def passed(message: Message) -> None:
            if message["type"] == "http.response.start" and _is_document(message):
                held.append(message)
            elif not held:
                await send(message)
            elif message["type"] == "http.response.body":
                held.append(message)
                if not message.get("more_body"):
                    await self._finish(scope, held, send)

        await self._app(scope, receive, passed)

    async def _finish(self, scope: Message, held: list[Message], send: Send) -> None:
        start, *bodies = held
        document = b"".join(each.get("body", b"") for each in bodies)
        host = await self._host(scope)
        text = document.decode("utf-8")
        text = linked(text, scope["path"])
        if host is not None:
            text = prepare(text, host)
        document = text.encode("utf-8")
        kept = [pair for pair in start["headers"] if pair[0].lower() not in (b"content-length", b"etag")]
        named = next((value for name, value in scope["headers"] if name.lower() == b"host"), b"")
        new = [
            (b"content-length", b"%d" % len(document)),
            (b"content-security-policy", policy(text, named.decode("latin-1")).encode("latin-1")),
        ]
        await send({**start, "headers": [*kept, *new]})
        await send({"type": "http.response.body", "body": document})

    async def _host(self, scope: Message) -> dict[str, Any] | None:
        """What Streamlit tells a browser that asks for its configuration; None where it does not answer as known."""
        import streamlit as st

        base = (st.get_option("server.baseUrlPath") or "").strip("/")
        path = f"{scope.get('root_path', '')}/{base}/_stcore/host-config".replace("//", "/")
        answered: list[Message] = []

        async def receive() -> Message:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def collect(message: Message) -> None:
            answered.append(message)

        asked = {**scope, "path": path, "raw_path": path.encode(), "query_string": b""}
        try:
            await asyncio.wait_for(self._app(asked, receive, collect), timeout=5)
        except TimeoutError:
            return None
        if not answered or answered[0].get("status") != 200:
            return None
        return json.loads(b"".join(each.get("body", b"") for each in answered[1:]))


def prepare(document: str, host: dict[str, Any]) -> str:
    """Streamlit's document with the server's address before the first script and the parts after the last link."""
    pages = "|".join(re.escape(name) for name in (HOME, *(entry.name for entry in SITE)))
    settings = json.dumps(host).replace("<", "\\u003c")
    document = document.replace("<script", _SCRIPT.format(pages=pages, host=settings) + "<script", 1)
    links = "".join(
        f'<link rel="modulepreload" crossorigin href="./static/js/{name}">\n'
        for name in parts()
        if name not in document
    )
    return document.replace("</head>", links + "</head>", 1)


def linked(document: str, path: str) -> str:
    """The document with the rules of the whole page, and with what the figure of this page is drawn by.

    The rules come last in the body, since Streamlit puts its own, of the same weight, last into the head.
    """
    name = path.rstrip("/").rpartition("/")[2]
    figure = next((entry.figure for entry in SITE if entry.name == name), site.entry(DEFAULT).figure)
    files = [f"{modules.LOADER}.js", *([f"{figure}.js"] if figure else [])]
    links = "".join(f'<link rel="modulepreload" href="./{modules.address(file)}">\n' for file in files)
    if figure:
        style = modules.address(f"{figure}.css")
        links += f'<link rel="preload" as="fetch" crossorigin href="./{style}">\n'
    rules = f'<link rel="stylesheet" href="./{modules.address(f"{modules.STYLE}.css")}">\n'
    return document.replace("</head>", links + "</head>", 1).replace("</body>", rules + "</body>", 1)


@cache
def parts() -> tuple[str, ...]:
    """File names of Streamlit's modules that `PARTS` need, each once; empty if it names them otherwise."""
    import streamlit

    folder = Path(streamlit.__file__).parent / "static" / "static" / "js"
    found: dict[str, None] = {}
    ahead = [path.name for part in PARTS for path in sorted(folder.glob(f"{part}.*.js"))]
    while ahead:
        name = ahead.pop(0)
        if name not in found and not name.startswith("index."):  # the app itself: the document has it
            found[name] = None
            ahead += _IMPORT.findall((folder / name).read_text("utf-8"))
    return tuple(found)


def _asks_for_document(scope: Message) -> bool:
    return any(name.lower() == b"accept" and b"text/html" in value for name, value in scope["headers"])


def _is_document(start: Message) -> bool:
    headers = {name.lower(): value for name, value in start["headers"]}
    return start["status"] == 200 and headers.get(b"content-type", b"").startswith(b"text/html")


def _whole(scope: Message) -> list[tuple[bytes, bytes]]:
    """The request's headers without those that would have the answer compressed, partial or "not modified"."""
    drop = (b"accept-encoding", b"if-none-match", b"if-modified-since", b"range", b"if-range")
    return [pair for pair in scope["headers"] if pair[0].lower() not in drop]

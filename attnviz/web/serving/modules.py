"""The browser modules and style sheets of components, over HTTP under the digest of them all: a browser keeps them.

Streamlit would send a component's source again with every change of its data. What it is given instead is a loader of
one line. Files and notebooks, which have no server, hold the bundles themselves.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import asdict
from functools import cache
from importlib.resources import files
from typing import Any

from attnviz.web.glossary import TERMS

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Message, Receive, Send], Awaitable[None]]

# Components that are no figures: a module and a style sheet in a package of the app.
OWN = {
    "keys": "shell",
    "head": "shell",
    "count": "shell",
    "terms": "shell",
    "copy_link": "share",
    "keep": "share",
    "thumb": "share",
}
LOADER = "load"
FOLDER = "modules"
STYLE = "page"  # the style sheet of the whole page
GLOSSARY = "glossary.json"  # for terms.js
_TYPES = {
    "js": b"text/javascript; charset=utf-8",
    "css": b"text/css; charset=utf-8",
    "json": b"application/json",
}
_PATH = re.compile(rf"/{FOLDER}/([0-9a-f]+)/([a-z_]+\.(js|css|json))$")
# The line break tells Streamlit that this is a source and not a path. Where the server is, the document knows.
# It goes out with each figure in each run, so it is short.
_LOADER = """export default async m=>
(await import(new URL("{path}",window.__streamlit?.BACKEND_BASE_URL??document.baseURI))).load("{name}",m)"""


class ServedModules:
    """ASGI middleware: answers for the files of `sources` under their address, in whatever folder the app is served."""

    def __init__(self, app: App) -> None:
        self._app = app

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer, or pass on what is no such file."""
        asked = _PATH.search(scope["path"]) if scope["type"] == "http" else None
        source = sources().get(asked[2]) if asked and asked[1] == digest() else None
        if asked is None or source is None or scope["method"] not in ("GET", "HEAD"):
            await self._app(scope, receive, send)
            return
        headers = [
            (b"content-type", _TYPES[asked[3]]),
            (b"content-length", b"%d" % len(source)),
            (b"cache-control", b"public, max-age=31536000, immutable"),
        ]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": source if scope["method"] == "GET" else b""})


def loader(name: str) -> str:
    """The inline module of the component `name`, which loads the served one."""
    return _LOADER.format(path=address(f"{LOADER}.js"), name=name)


def address(file: str) -> str:
    """Where a file is, from where the app is."""
    return f"{FOLDER}/{digest()}/{file}"


@cache
def digest() -> str:
    """The digest of all files and their names."""
    found = hashlib.blake2b(digest_size=10)
    for name, source in sorted(sources().items()):
        found.update(b"%s %d\n" % (name.encode(), len(source)) + source)
    return found.hexdigest()


@cache
def sources() -> dict[str, bytes]:
    """Every file by its name."""
    from attnviz.figures.bundle import COMPONENTS, component, joined

    start = joined([f"../../web/serving/{LOADER}.js"])  # a path from where the figures' modules are
    texts = {f"{LOADER}.js": f"{start}\nexport {{ load, parts }};\n"}
    for name in COMPONENTS:
        part = component(name)
        texts |= {f"{name}.js": part.js, f"{name}.css": part.css}
    for name, package in OWN.items():
        for kind in ("js", "css"):
            path = files(f"attnviz.web.{package}").joinpath(f"{name}.{kind}")
            texts[f"{name}.{kind}"] = path.read_text("utf-8")
    texts[GLOSSARY] = json.dumps({name: asdict(term) for name, term in TERMS.items()})
    texts[f"{STYLE}.css"] = files("attnviz.web.shell").joinpath("page.css").read_text("utf-8")
    return {name: text.encode() for name, text in texts.items()}

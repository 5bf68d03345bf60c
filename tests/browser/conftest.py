"""A real server and a real Chromium, both watched; the same model in this process.

`server` is the app as `make app` starts it, `page` an empty page of a context without a memory. After each
test the page must have logged no error and asked no host but the app's own, unless the test set
`watch.strict = False`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page

from tests.browser.serve import Server

if TYPE_CHECKING:
    from attnviz.capture import Model
    from attnviz.runtime import Query

WIDE = {"width": 1440, "height": 900}


@dataclass
class Watch:
    """What a browser context did: errors logged, dialogs opened, addresses requested (websockets too)."""

    errors: list[str] = field(default_factory=list)
    dialogs: list[str] = field(default_factory=list)
    urls: list[str] = field(default_factory=list)
    strict: bool = True

    def attach(self, context: BrowserContext) -> Callable[[], None]:
        """Watch the context from now on, until what this returns is called."""
        handlers = {
            "console": self._console,
            "weberror": lambda error: self.errors.append(str(error.error)),
            "request": lambda request: self.urls.append(request.url),
            "dialog": self._dismiss,
            "page": lambda page: page.on("websocket", lambda socket: self.urls.append(socket.url)),
        }
        for event, handler in handlers.items():
            context.on(event, handler)  # type: ignore[call-overload]

        def detach() -> None:
            for event, handler in handlers.items():
                context.remove_listener(event, handler)

        return detach

    def _console(self, line: ConsoleMessage) -> None:
        if line.type == "error":
            self.errors.append(line.text)

    def _dismiss(self, dialog) -> None:
        self.dialogs.append(dialog.message)
        dialog.dismiss()

    @property
    def hosts(self) -> set[str]:
        return {urlsplit(url).netloc for url in self.urls if not url.startswith(("data:", "blob:"))}


@pytest.fixture(scope="session")
def fresh_server(root, tmp_path_factory) -> Iterator[Callable[..., Server]]:
    """`fresh_server(ATTNVIZ_MAX_TOKENS="64")` starts another process of the app, stopped at the end."""
    started: list[Server] = []

    def start(script: str = "app.py", **environment: str) -> Server:
        started.append(Server(root, tmp_path_factory.mktemp("server"), script, environment))
        return started[-1]

    yield start
    for server in started:
        server.stop()


@pytest.fixture(scope="session")
def server(fresh_server) -> Server:
    """The app, as `make app` starts it, one process for all tests that do not need their own."""
    return fresh_server()


@pytest.fixture
def watch() -> Watch:
    """What the test's page did; set `watch.strict = False` where errors are what the test is about."""
    return Watch()


@pytest.fixture(scope="module")
def context(browser: Browser, server: Server) -> Iterator[BrowserContext]:
    """One context for the tests of a file. A page that stays open keeps its process, and what that has compiled."""
    context = browser.new_context(viewport=WIDE, locale="en-US", base_url=server.url, accept_downloads=True)
    context.new_page().goto(server.health)
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext, watch: Watch) -> Iterator[Page]:
    """An empty page, 1440 x 900, of a visitor who was never here; checked at the end, as the module says."""
    (parked,) = context.pages
    parked.evaluate("localStorage.clear()")
    context.clear_cookies()
    context.clear_permissions()
    detach = watch.attach(context)
    page = context.new_page()
    page.set_default_timeout(120_000)
    yield page
    for each in context.pages:
        if each is not parked:
            each.close()
    detach()
    if watch.strict:
        assert watch.errors == []
        assert watch.dialogs == []
        assert {urlsplit(f"//{host}").hostname for host in watch.hosts} <= {"127.0.0.1"}, sorted(watch.urls)


@pytest.fixture(scope="session")
def model() -> Model:
    """The model of the app, in this process."""
    from attnviz.capture import load_model

    return load_model("minilm", device="cpu", dtype="float32")


@pytest.fixture(scope="session")
def pair() -> Query:
    """The two texts that the pages about two texts begin with."""
    from attnviz.runtime import get_runtime

    return get_runtime().default_pair_query

"""A real server and a real Chromium, both watched.

`server` is the app as `make app` starts it, `page` a fresh browser context that records what it does. After
each test the page must have logged no error and asked no host but the app's own, unless the test set
`watch.strict = False`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page

from tests.browser.serve import Server

WIDE = {"width": 1440, "height": 900}


@dataclass
class Watch:
    """What a browser context did: errors logged, dialogs opened, addresses requested (websockets too)."""

    errors: list[str] = field(default_factory=list)
    dialogs: list[str] = field(default_factory=list)
    urls: list[str] = field(default_factory=list)
    strict: bool = True

    def attach(self, context: BrowserContext) -> None:
        context.on("console", self._console)
        context.on("weberror", lambda error: self.errors.append(str(error.error)))
        context.on("request", lambda request: self.urls.append(request.url))
        context.on("dialog", self._dismiss)
        context.on("page", lambda page: page.on("websocket", lambda socket: self.urls.append(socket.url)))

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


@pytest.fixture
def page(browser: Browser, server: Server, watch: Watch) -> Iterator[Page]:
    """An empty page in its own context, 1440 x 900; checked at the end, as the module says."""
    context = browser.new_context(viewport=WIDE, locale="en-US", base_url=server.url, accept_downloads=True)
    watch.attach(context)
    page = context.new_page()
    page.set_default_timeout(120_000)
    yield page
    context.close()
    if watch.strict:
        assert watch.errors == []
        assert watch.dialogs == []
        assert {urlsplit(f"//{host}").hostname for host in watch.hosts} <= {"127.0.0.1"}, sorted(watch.urls)

"""What holds for every test: one torch thread per process, no telemetry, one Chromium, and the order of the files.

The environment is set before anything imports torch; processes that tests start (the app's server) inherit it.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
os.environ["TOKENIZERS_PARALLELISM"] = "false"

ROOT = Path(__file__).resolve().parent.parent
# The folders whose files take longest, first: workers that run side by side then end together.
LONGEST_FIRST = ("browser", "web", "explanation", "figures")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--quick",
        action="store_true",
        help="no browser, nothing slow, and each test with its first parameters",
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Put the folders in order, the order inside of a folder stays; with --quick, keep what is quick."""
    items.sort(key=_place)
    if config.getoption("quick"):
        first = {item.nodeid.partition("[")[0]: item for item in reversed(items)}
        kept = [item for item in first.values() if _quick(item)][::-1]
        config.hook.pytest_deselected(items=[item for item in items if item not in set(kept)])
        items[:] = kept


def _quick(item: pytest.Item) -> bool:
    return not (_drives(item) or item.get_closest_marker("slow"))


def _drives(item: pytest.Item) -> bool:
    """Whether the test drives a browser, by itself or through a fixture."""
    return "browser" in getattr(item, "fixturenames", ())


def _place(item: pytest.Item) -> int:
    folder = item.path.relative_to(ROOT / "tests").parts[0]
    return LONGEST_FIRST.index(folder) if folder in LONGEST_FIRST else len(LONGEST_FIRST)


@pytest.fixture(scope="session")
def root() -> Path:
    """The repository's root directory."""
    return ROOT


class Chromium:
    """One Chromium of this process: started for the first test that asks, ended before a file that does not.

    Playwright runs an event loop on the main thread as long as it lives, and a test with a loop of its own
    (`asyncio.run`) fails beside it.
    """

    def __init__(self) -> None:
        self.browser: Browser | None = None

    def start(self) -> Browser:
        if self.browser is None or not self.browser.is_connected():
            self.stop()
            from playwright.sync_api import expect, sync_playwright

            from tests.browser import chromium

            expect.set_options(timeout=60_000)  # the machine may be busy; what passes does not wait
            path = chromium.find()
            if path is None:
                pytest.fail(chromium.HELP)
            self._playwright = sync_playwright().start()
            # A page that opens beside another one of its context runs in the same process, which has compiled
            # the app's scripts before: half the work of a visit.
            args = [*chromium.ARGS, "--process-per-site"]
            self.browser = self._playwright.chromium.launch(executable_path=path, args=args)
        return self.browser

    def stop(self) -> None:
        if self.browser is not None:
            self.browser.close()
            self.browser = None
            self._playwright.stop()


CHROMIUM = pytest.StashKey[Chromium]()
DRIVING = pytest.StashKey[set[Path]]()


def pytest_configure(config: pytest.Config) -> None:
    config.stash[CHROMIUM] = Chromium()


def pytest_collection_finish(session: pytest.Session) -> None:
    session.config.stash[DRIVING] = {item.path for item in session.items if _drives(item)}


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    if item.path not in item.config.stash[DRIVING]:
        item.config.stash[CHROMIUM].stop()


def pytest_unconfigure(config: pytest.Config) -> None:
    config.stash[CHROMIUM].stop()


@pytest.fixture(scope="module")
def browser(pytestconfig: pytest.Config) -> Browser:
    """The Chromium of this process; contexts and pages are a test's own to close."""
    return pytestconfig.stash[CHROMIUM].start()

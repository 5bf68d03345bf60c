"""A plain HTML page that shows one figure: no Streamlit, no server, every request answered from memory.

A component's bundle and messages go in; a Playwright page comes out in which `show(n)` draws message n through
the bundle's default export, as a host does, and `events` lists what the figure reported.
"""

from __future__ import annotations

from typing import Any

from playwright.sync_api import BrowserContext, Page, Route

from attnviz.figures import component

ORIGIN = "http://figures.test"
THEMES = {
    "light": {"background-color": "#ffffff", "text-color": "#31333f", "primary-color": "#c2410c"},
    "dark": {"background-color": "#0e1117", "text-color": "#fafafa", "primary-color": "#ff9d52"},
}
PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1"><link rel="icon" href="data:,">
<style>%s</style><link rel="stylesheet" href="/figure.css"></head><body><main id="root"></main>
<script type="module">
import mount from "/figure.js";
const root = document.getElementById("root");
globalThis.events = [];
const heard = {};
let known = {};
globalThis.show = async (n, hears = true) => { // hears: whether the message was made after the host heard of it all
  const data = new Uint8Array(await (await fetch(`/data/${n}`)).arrayBuffer());
  const report = (name, { number, value }) => { heard[name] = number; events.push([name, value]); };
  const began = performance.now();
  if (hears) known = { ...heard };
  mount({ data, heard: known, parentElement: root, setStateValue: report, setTriggerValue: report });
  return performance.now() - began;
};
globalThis.ready = true;
</script></body></html>"""


def style_of(theme: str) -> str:
    """The variables that Streamlit sets, and a page around the figure."""
    variables = "".join(f"--st-{name}: {value};" for name, value in THEMES[theme].items())
    return (
        f":root {{{variables} --st-font: 'DejaVu Sans', 'Noto Sans', sans-serif; color-scheme: {theme}}}"
        "body { margin: 0; padding: 16px; background: var(--st-background-color) }"
    )


def blank_page(context: BrowserContext) -> Page:
    """A page that `draw` fills: page.answers are all that it can load, page.errors collects what went wrong."""
    page = context.new_page()
    errors: list[str] = []
    answers: dict[str, tuple[str, Any]] = {}
    page.on("console", lambda line: errors.append(line.text) if line.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("dialog", lambda dialog: errors.append(f"dialog: {dialog.message}"))

    def answer(route: Route) -> None:
        url = route.request.url
        path = url.removeprefix(ORIGIN)
        if not url.startswith(ORIGIN) or path not in answers:
            errors.append(f"asked for {url}")
            route.abort()
            return
        kind, body = answers[path]
        route.fulfill(status=200, content_type=kind, body=body)

    page.route("**/*", answer)
    page.errors, page.answers = errors, answers  # type: ignore[attr-defined]
    return page


def draw(page: Page, name: str, messages: list[bytes], theme: str = "light") -> None:
    """Loads a page anew with figure `name` drawing `messages[0]`."""
    part = component(name)
    page.answers.clear()  # type: ignore[attr-defined]
    page.answers.update(  # type: ignore[attr-defined]
        {
            "/": ("text/html; charset=utf-8", PAGE % style_of(theme)),
            "/figure.js": ("text/javascript; charset=utf-8", part.js),
            "/figure.css": ("text/css; charset=utf-8", part.css),
            **{f"/data/{n}": ("application/octet-stream", message) for n, message in enumerate(messages)},
        }
    )
    page.goto(ORIGIN + "/")
    page.wait_for_function("globalThis.ready")
    page.evaluate("show(0)")


def open_figure(context: BrowserContext, name: str, messages: list[bytes], theme: str = "light") -> Page:
    """A page of its own with figure `name` drawing `messages[0]`; page.errors collects what went wrong."""
    page = blank_page(context)
    draw(page, name, messages, theme)
    return page


def settled(page: Page) -> None:
    """Waits until what a scroll or a new size has led to is painted."""
    page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")

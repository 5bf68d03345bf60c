"""How far down the first picture of a page begins, what stands before it, and the clicks for ten tasks.

At the sizes of three screens. It
drives the real app in Chromium: a visit of its own for each page and size, measured when the page is at rest. A cell's
place is what the figure itself says of its matrix; a control is anything that takes the keyboard and is in sight.

    python benchmarks/first_screen.py [--pages attention heads compare] [--shots FOLDER] [--tasks] [--json]
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from playwright.sync_api import Browser, Page, sync_playwright  # noqa: E402

from tests.browser import chromium, tasks  # noqa: E402
from tests.browser.app import at_rest  # noqa: E402
from tests.browser.serve import Server  # noqa: E402

SIZES = {"laptop": (1280, 800), "desktop": (1440, 900), "phone": (390, 844)}
PAGES = ("attention", "heads", "compare")
MEASURE = """() => {
  const all = (root) => [...root.querySelectorAll("*")].flatMap((node) =>
    [node, ...(node.shadowRoot ? all(node.shadowRoot) : [])]);
  const nodes = all(document);
  const seen = (node) => node.checkVisibility({ visibilityProperty: true, opacityProperty: true });
  const box = (node) => node.getBoundingClientRect();
  const plot = nodes.find((node) => node.matches(".av-plot") && seen(node));
  const drawn = plot ?? nodes.find((node) => node.matches("canvas") && seen(node) && box(node).width > 8);
  if (!drawn) return null;
  const { top, left, bottom } = box(drawn);
  const y = top + Number(drawn.dataset.top ?? 0);
  const controls = "a[href], button, input, select, textarea, summary, [role=combobox], [tabindex='0']";
  const before = nodes.filter((node) => node.matches(controls) && !node.disabled && seen(node) && box(node).width > 1
    && box(node).right > 0 && box(node).bottom > 0 && box(node).bottom <= y && !node.closest(".av-plot"));
  const beside = before.filter((node) => node.closest("[data-testid=stSidebar]"));
  return { y, bottom, before: before.length - beside.length, sidebar: beside.length, height: innerHeight };
}"""


def measure(browser: Browser, url: str, size: tuple[int, int], shot: Path | None = None) -> dict[str, Any]:
    """One visit: pixels to the first cell and to the end of the picture, controls before it."""
    context = browser.new_context(viewport={"width": size[0], "height": size[1]}, locale="en-US")
    try:
        page: Page = context.new_page()
        page.set_default_timeout(120_000)
        page.goto(url)
        page.locator(".av canvas:visible").first.wait_for()
        page.get_by_role("button", name="Keys").wait_for(state="attached")  # the last that a visit brings
        at_rest(page)
        if shot is not None:
            page.screenshot(path=shot)
        return page.evaluate(MEASURE) or {}
    finally:
        context.close()


def walked(browser: Browser, url: str, size: tuple[int, int]) -> dict[str, int]:
    """The clicks of each of the ten tasks, in one visit."""
    context = browser.new_context(
        viewport={"width": size[0], "height": size[1]}, locale="en-US", accept_downloads=True
    )
    try:
        return tasks.walk(context.new_page(), url)
    finally:
        context.close()


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--pages", nargs="+", default=PAGES)
    parser.add_argument("--shots", type=Path, help="a folder for a picture of each first screen")
    parser.add_argument("--tasks", action="store_true", help="walk the ten tasks, too, on the wide screens")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    if options.shots:
        options.shots.mkdir(parents=True, exist_ok=True)
    rows = []
    with tempfile.TemporaryDirectory() as home, Server(ROOT, Path(home)) as server, sync_playwright() as play:
        browser = play.chromium.launch(executable_path=chromium.find(), args=chromium.ARGS)
        for name in options.pages:
            for screen, size in SIZES.items():
                shot = options.shots / f"{name}-{screen}.png" if options.shots else None
                rows.append(
                    {"page": name, "screen": screen, **measure(browser, f"{server.url}/{name}", size, shot)}
                )
        clicks = {}
        for screen in ("laptop", "desktop") if options.tasks else ():
            clicks[screen] = walked(browser, server.url, SIZES[screen])
        browser.close()
    if options.json:
        print(json.dumps({"rows": rows, "clicks": clicks} if clicks else rows))
        return
    line = "{:12} {:9} {:>14} {:>12} {:>16} {:>18}"
    print(
        line.format("page", "screen", "first cell, px", "its end, px", "controls before", "with the sidebar")
    )
    for row in rows:
        numbers = [f"{row[key]:.0f}" if key in row else "none" for key in ("y", "bottom", "before")]
        beside = str(row["before"] + row["sidebar"]) if "sidebar" in row else "none"
        print(line.format(row["page"], row["screen"], *numbers, beside))

    for screen, counted in clicks.items():
        print(f"\nclicks for ten tasks, {screen}: {sum(counted.values())} in all")
        for name, count in counted.items():
            print(f"  {name:28} {count}")


if __name__ == "__main__":
    main()

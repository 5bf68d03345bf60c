"""axe-core, run in a page that stands still: what it finds serious or critical, in words that name the place.

Shadow roots are searched like the rest. Frames are not: a frame without an origin is given on its own.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from playwright.sync_api import Frame, Page, expect

from tests.browser.app import at_rest, in_theme

SCRIPT = Path(__file__).parent.parent / "vendor" / "axe.min.js"
GRAVE = ("serious", "critical")


def violations(place: Page | Frame, exclude: tuple[str, ...] = ()) -> list[str]:
    """A line for each place where a rule is broken gravely: rule, selector, what axe says of it."""
    if not place.evaluate("'axe' in globalThis"):
        place.evaluate(_source())
    found = place.evaluate(
        """async (exclude) => {
          const { violations } = await axe.run({ exclude: exclude.map((each) => [each]) }, {
            iframes: false, resultTypes: ["violations"],
          });
          return violations.flatMap(({ id, impact, nodes }) =>
            nodes.map((node) => [impact, id, node.target.flat().join(" >> "), node.failureSummary]));
        }""",
        list(exclude),
    )
    return [
        f"{rule} at {target}: {' '.join(said.split())}"
        for impact, rule, target, said in found
        if impact in GRAVE
    ]


def check_light_and_dark(page: Page) -> None:
    """No rule is broken gravely in either theme, in the page or in the document that it frames."""
    for scheme in ("light", "dark"):
        in_theme(page, scheme)
        assert _lasting(page) == []
        frames = page.locator("iframe.av-document")
        if frames.count():
            expect(frames).to_have_attribute("name", scheme)  # it is made anew for another theme
            frame = frames.element_handle().content_frame()
            assert frame is not None
            frame.wait_for_selector("svg line", state="attached")
            assert violations(frame) == []


def _lasting(page: Page, searches: int = 4) -> list[str]:
    """What is found in each of some searches: a run of the script fades for a moment what it replaces."""
    found: list[str] = []
    for _ in range(searches):
        at_rest(page)
        # Colours that change slowly are not yet what a reader reads.
        page.wait_for_function("() => document.getAnimations().every((each) => each.playState !== 'running')")
        found = violations(page)
        if not found:
            break
    return found


@cache
def _source() -> str:
    return SCRIPT.read_text("utf-8")

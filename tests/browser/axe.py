"""axe-core, run in a page that stands still: what it finds serious or critical, in words that name the place.

Shadow roots are searched like the rest. Frames are not: a frame without an origin is given on its own.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from playwright.sync_api import Frame, Page

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


@cache
def _source() -> str:
    return SCRIPT.read_text("utf-8")

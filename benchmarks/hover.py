"""What one hover costs in the forms of the attention figure: ms of the main thread in a frame.

No server and no model: rows of random weights, twelve heads, in the figure alone. Each of 100 frames moves the
pointer to another token; timed is the frame from its first script to its last stroke, style and layout included.

    python benchmarks/hover.py [--tokens 128 512] [--forms heatmap text lines] [--signed]
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from playwright.sync_api import sync_playwright  # noqa: E402

from attnviz.figures import QUANTITIES, MapView  # noqa: E402
from attnviz.figures.messages.axes import Axes, labelled  # noqa: E402
from tests.browser import chromium  # noqa: E402
from tests.figures.stand import open_figure  # noqa: E402

HEADS = 12
FRAMES = 100
BUDGET = 8  # ms a frame, median, at 512 tokens
MEASURE = """async (form) => {
  const times = [];
  const tokens = [...document.querySelectorAll(".av-tok")];
  const stage = document.querySelector(form === "heatmap" ? ".av-plot" : "[data-testid=lines]");
  const box = stage.getBoundingClientRect();
  const row = Number(stage.dataset.row);
  const { left, top, cell } = stage.dataset;
  const channel = new MessageChannel();
  const move = (n) => {
    if (form === "text") {
      tokens[(n * 37) % tokens.length].dispatchEvent(new PointerEvent("pointerover", { bubbles: true }));
    } else if (form === "heatmap") {
      const [x, y] = [Number(left) + cell * ((n * 37) % TOKENS), Number(top) + cell * ((n * 61) % TOKENS)];
      const at = { clientX: box.left + x, clientY: box.top + y };
      stage.querySelector(".av-scroll").dispatchEvent(new PointerEvent("pointermove", { bubbles: true, ...at }));
    } else {
      const at = { clientX: box.left + 20, clientY: box.top + ((n * 37) % Math.floor(box.height / row) + 0.5) * row };
      stage.dispatchEvent(new PointerEvent("pointermove", { bubbles: true, ...at }));
    }
  };
  // A message that is sent while a frame is made arrives when it has been painted.
  for (let n = 0; n < FRAMES; n++)
    times.push(await new Promise((done) => requestAnimationFrame(() => {
      const began = performance.now();
      channel.port1.onmessage = () => done(performance.now() - began);
      move(n);
      channel.port2.postMessage(0);
    })));
  return times;
}""".replace("FRAMES", str(FRAMES))


def message(tokens: int, form: str, signed: bool) -> bytes:
    """Peaked random weights, so that a few dozen links hold most of a row; signed: half of them below 0."""
    weights = np.random.default_rng(0).random((HEADS, tokens, tokens)) ** 40
    weights /= weights.sum(-1, keepdims=True)
    if signed:
        weights *= np.random.default_rng(1).choice([-1, 1], weights.shape)
    labels = [f"word{n}" for n in range(tokens)]
    prose = [run for n, label in enumerate(labels) for run in ((label, n), (" ", -1))]
    heads = [(0, head) for head in range(HEADS)]
    items = labelled(labels)
    quantity = QUANTITIES["contribution" if signed else "attention"]
    axes = Axes(items, items, [prose])
    return MapView(weights.astype(np.float32), heads, axes, 1, HEADS, (0, 0), quantity, form=form).message()


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--tokens", type=int, nargs="*", default=[128, 512])
    parser.add_argument("--forms", nargs="*", default=["heatmap", "text", "lines"])
    parser.add_argument("--signed", action="store_true", help="values below 0, too, as contributions have")
    options = parser.parse_args()
    path = chromium.find()
    if path is None:
        raise SystemExit(chromium.HELP)
    print("| tokens | form | hover, ms a frame, median | 95th percentile | budget |\n|---|---|---|---|---|")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=chromium.ARGS)
        for tokens in options.tokens:
            for form in options.forms:
                context = browser.new_context(viewport={"width": 1280, "height": 900})
                page = open_figure(context, "heatmap", [message(tokens, form, options.signed)])
                page.wait_for_timeout(500)
                times = sorted(page.evaluate(MEASURE.replace("TOKENS", str(tokens)), form))
                median = statistics.median(times)
                budget = "" if tokens != 512 else f"{BUDGET} ms {'kept' if median < BUDGET else 'MISSED'}"
                print(
                    f"| {tokens} | {form} | {median:.1f} | {times[int(0.95 * len(times))]:.1f} | {budget} |"
                )
                context.close()
        browser.close()
    print(f"\n{os.cpu_count()} cores, load average {' '.join(f'{each:.2f}' for each in os.getloadavg())}")


if __name__ == "__main__":
    main()

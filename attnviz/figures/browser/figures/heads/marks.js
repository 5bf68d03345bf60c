// Heads that are marked for comparison: numbered in the grid, listed above it.

import { element } from "../../core/dom.js";
import { pairOf } from "./facts.js";

/** @import {HeadsState} from "./message.js" */

const MOST_CHOSEN = 4;

/**
 * Marks a head for comparison, or takes the mark off.
 * @param {HeadsState} state
 */
export function markHead(state, key) {
  const others = state.chosen.value.filter((pair) => pair.join() !== key);
  const adding = others.length === state.chosen.value.length;
  if (adding && others.length === MOST_CHOSEN) {
    state.marked.dataset.full = "";
    return showMarks(state);
  }
  state.chosen.set(adding ? [...others, pairOf(key)] : others);
  delete state.marked.dataset.full;
  showMarks(state);
  state.callbacks.chosen?.(state.chosen.value);
}

/** @param {HeadsState} state */
export function showMarks(state) {
  const chosen = state.chosen.value;
  const keys = chosen.map((pair) => pair.join());
  for (const [key, node] of state.nodes) {
    const number = keys.indexOf(key) + 1;
    node.setAttribute("aria-pressed", String(number > 0));
    node.dataset.number = number || "";
  }
  const chips = chosen.map(([layer, head]) =>
    element("button", {
      type: "button", class: "av-chip", "aria-label": `L${layer} H${head} ×: take the mark off layer ${layer}, head ${head}`,
      text: `L${layer} H${head} ×`, on: { click: () => markHead(state, `${layer},${head}`) },
    }),
  );
  const full = "full" in state.marked.dataset ? "Four heads at most: take one mark off first." : "";
  const hint = state.marking && !chosen.length ? "Click two to four heads to compare them." : "";
  const count = chosen.length ? `Marked to compare (${chosen.length} of ${MOST_CHOSEN} at most)` : "";
  state.marked.replaceChildren(...[count || hint].filter(Boolean), ...chips, ...[full].filter(Boolean));
  state.stage.classList.toggle("av-marking", state.marking);
}

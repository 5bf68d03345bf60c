// What a reader holds in the figure "heatmap": a cell, or in its other forms tokens; it survives hiding, and travels.

/** What is held as it travels: [[side, index]]. In the heatmap it is a cell, or a row or column of one. */
function heldPlaces({ forms, pinned }) {
  const cell = pinned ? [[0, pinned.row], [1, pinned.col]].filter(([, index]) => index !== null) : [];
  return forms.form === "heatmap" ? cell : forms.pins.map(({ side, index }) => [side, index]);
}

/**
 * Holds these instead, in the way of the form that is shown.
 * @param {import("./message.js").HeatmapState} state
 */
export function takeHeld(state, places) {
  const first = (side) => places.find((place) => place[0] === side)?.[1] ?? null;
  const asCell = state.forms.form === "heatmap" && places.length > 0;
  state.pinned = asCell ? { row: first(0), col: first(1) } : null;
  state.forms.pins = asCell ? [] : places.map(([side, index]) => ({ side, index }));
}

/**
 * The host says what is held.
 * @param {import("./message.js").HeatmapState} state
 */
export function offerHeld(state, places) {
  const known = JSON.stringify(state.held.value);
  state.held.offer(places ?? []);
  if (JSON.stringify(state.held.value) !== known) takeHeld(state, state.held.value);
}

/**
 * Tells the host what the reader holds, where that is news.
 * @param {import("./message.js").HeatmapState} state
 */
export function reportHeld(state) {
  const places = heldPlaces(state);
  if (JSON.stringify(places) === JSON.stringify(state.held.value)) return;
  state.held.set(places);
  state.tellHeld(places);
}

/** The cell that is held, in the map as it is shown; null where it is hidden. */
export function pinnedCell({ view, pinned }) {
  if (!pinned) return null;
  const i = pinned.row === null ? null : view.rows.indexOf(pinned.row);
  const j = pinned.col === null ? null : view.cols.indexOf(pinned.col);
  return i === -1 || j === -1 ? null : { i, j };
}

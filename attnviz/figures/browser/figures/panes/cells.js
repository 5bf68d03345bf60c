// One cell in many panes: where a pointed cell of one map, or of the difference, stands in all the others; and maps that
// scroll along with each other.

import { counterparts, shownOf } from "../../data/pairing.js";

const DIFFERENCE = -1; // stands for a pane where a cell of the difference is meant
const AXES = { rows: { at: "i", units: "queries", size: "q", of: "rowOf" }, cols: { at: "j", units: "keys", size: "k", of: "colOf" } };

/** The units from pane n to pane m. */
export const pairingOf = ({ header, pairings }, n, m) => pairings.of(header.panes[n].source, header.panes[m].source);

/**
 * A pointed cell {i, j} of plot n as {pane, i, j}: positions of tokens, or units where the plot is the difference.
 * @param {import("./message.js").PanesState} state
 */
export function positionsOf(state, n, { i, j }) {
  const { views, difference, header } = state;
  const last = n === header.panes.length;
  const [rows, cols] = last ? [difference.pairedRows.map(({ unit }) => unit), difference.pairedCols.map(({ unit }) => unit)] : [views[n].rows, views[n].cols];
  return { pane: last ? DIFFERENCE : n, i: i === null ? null : rows[i], j: j === null ? null : cols[j] };
}

/**
 * The rows (or cols) of pane n that stand for a cell: none without a counterpart, null where the cell has no such index.
 * @param {import("./message.js").PanesState} state
 */
export function standing(state, n, cell, axis) {
  const { at, units } = AXES[axis];
  const position = cell[at];
  if (position === null) return null;
  const shown = (positions) => shownOf(state.views[n], axis, positions);
  if (cell.pane === n) return shown([position]);
  if (cell.pane !== DIFFERENCE) return shown(counterparts(pairingOf(state, cell.pane, n)[units], position));
  const { members } = state.pairing[units];
  if (n === state.first) return shown(members[0][position]);
  if (n === state.second) return shown(members[1][position]);
  return shown(counterparts(pairingOf(state, state.first, n)[units], members[0][position][0]));
}

/**
 * The row (or column) of the difference that stands for a cell: -1 without one, null where the cell has no such index.
 * @param {import("./message.js").PanesState} state
 */
export function standingApart(state, cell, axis) {
  const { at, units, of } = AXES[axis];
  if (cell[at] === null) return null;
  let unit = cell[at];
  if (cell.pane !== DIFFERENCE) {
    const own = standing(state, state.first, cell, axis);
    unit = own.length ? state.pairing[units].of[0][state.views[state.first][axis][own[0]]] : -1;
  }
  return state.difference[of].get(unit) ?? -1;
}

/**
 * Scrolls the other maps to what stands for the corner of plot n, after the reader has scrolled it.
 * @param {import("./message.js").PanesState} state
 */
export function follow(state, n) {
  const { plot } = state.plots[n] ?? {};
  if (!plot?.scene || !state.views) return;
  const { scrollLeft, scrollTop } = plot.scroller;
  const answer = plot.expected === `${scrollLeft},${scrollTop}`;
  plot.expected = null;
  if (answer) return; // it was we who scrolled it
  const { x, y } = plot.scroll;
  state.plots.forEach(({ plot: other }, m) => {
    if (m === n || !other.scene || other.scroller.style.overflow !== "auto") return;
    other.scroller.scrollTo(targetOf(state, n, m, "cols", x) ?? other.scroll.x, targetOf(state, n, m, "rows", y) ?? other.scroll.y);
    other.expected = `${other.scroller.scrollLeft},${other.scroller.scrollTop}`;
  });
}

/**
 * How far plot m is scrolled when plot n is scrolled by `scroll`; null where nothing further on has a counterpart.
 * @param {import("./message.js").PanesState} state
 */
function targetOf(state, n, m, axis, scroll) {
  const [from, to] = [state.plots[n].plot, state.plots[m].plot];
  const cell = from.layout.cell;
  const { at, size } = AXES[axis];
  const apart = m === state.header.panes.length;
  for (let here = Math.floor(scroll / cell); here < from.scene.view[size]; here++) {
    const found = positionsOf(state, n, { i: null, j: null, [at]: here });
    const place = apart ? standingApart(state, found, axis) : standing(state, m, found, axis)[0];
    if (place >= 0) return (place + scroll / cell - here) * to.layout.cell;
  }
  return null;
}

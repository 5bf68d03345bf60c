// The cell under the pointer or the cursor: marked in the map, held by a click, said in words.

import { clamp } from "../../core/numbers.js";
import { pinnedCell, reportHeld } from "./held.js";
import { sayCell, sayLine } from "./readouts.js";

/** @import {HeatmapState} from "./message.js" */

/**
 * The pointer is on a cell, or has left.
 * @param {HeatmapState} state
 */
export function point(state, cell) {
  state.hovered = cell;
  state.readout.setAttribute("aria-live", "off");
  mark(state);
}

/**
 * A click or tap holds a cell; a second one lets it go. It is kept by token, so it survives hiding.
 * @param {HeatmapState} state
 */
export function pin(state, cell) {
  if (!cell || cell.i === null || cell.j === null) return;
  const pinned = { row: state.view.rows[cell.i], col: state.view.cols[cell.j] };
  const same = state.pinned?.row === pinned.row && state.pinned?.col === pinned.col;
  state.pinned = same ? null : pinned;
  mark(state);
  reportHeld(state);
}

/** The row of a word, or the column where it belongs to the text that is looked at. */
export function cellOf({ view }, place) {
  if (!place || !view) return null;
  const at = (place.side ? view.cols : view.rows).indexOf(place.index);
  return at < 0 ? null : place.side ? { i: null, j: at } : { i: at, j: null };
}

/**
 * A click on a word holds its row or column; a second one lets it go.
 * @param {HeatmapState} state
 */
export function pinWord(state, { side, index }) {
  const pinned = { row: side ? null : index, col: side ? index : null };
  const same = state.pinned?.row === pinned.row && state.pinned?.col === pinned.col;
  state.pinned = same ? null : pinned;
  state.hovered = null;
  mark(state);
  reportHeld(state);
}

/**
 * Nothing is held, and no cursor moves.
 * @param {HeatmapState} state
 */
export function release(state) {
  state.cursor = false;
  state.pinned = null;
  state.hovered = null;
  mark(state);
  reportHeld(state);
}

/** @param {HeatmapState} state */
export function mark(state) {
  if (!state.view) return;
  const { view, hovered } = state;
  const inside = hovered && (hovered.i ?? 0) < view.q && (hovered.j ?? 0) < view.k;
  const cell = inside ? hovered : pinnedCell(state);
  state.plot.mark(cell);
  state.sentence.mark(cell, state.pinned);
  state.panel.row(view, cell?.i ?? null, state.scale);
  say(state, cell);
}

/**
 * Says in the readout what the cell holds, to the digits that are exact.
 * @param {HeatmapState} state
 */
export function say(state, cell = null) {
  const { readout, view, header } = state;
  delete readout.dataset.value;
  if (state.stage.getAttribute("aria-busy") === "true") readout.textContent = state.loading.textContent;
  else if (!cell) readout.textContent = `Point at a cell to read its ${header.quantity}.`;
  else if (cell.j === null || cell.i === null) readout.textContent = sayLine(view, header, cell);
  else {
    if (cell.j < view.open[cell.i]) readout.dataset.value = String(view.values[cell.i * view.k + cell.j]);
    readout.textContent = sayCell(state, cell);
  }
}

/** @param {HeatmapState} state */
export function moveCursor(state, down, across) {
  if (!state.view) return;
  const { view } = state;
  const from = pinnedCell(state) ?? { i: -down, j: -across };
  const cell = { i: clamp(from.i + down, 0, view.q - 1), j: clamp(from.j + across, 0, view.k - 1) };
  state.pinned = { row: view.rows[cell.i], col: view.cols[cell.j] };
  state.hovered = null;
  state.plot.reveal(cell);
  state.readout.setAttribute("aria-live", "polite");
  mark(state);
  reportHeld(state);
}

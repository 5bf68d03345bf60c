// The message of the figure "errors", and what the figure keeps of it.

import { unpack } from "../../core/message.js";

/**
 * @typedef {object} ErrorTask
 * @property {string} title
 * @property {number} sentences
 * @property {number} diagonal the rate of linking the n-th word to the n-th
 *
 * @typedef {object} ErrorsHeader
 * @property {string} note
 * @property {string} model
 * @property {number} mean what a layer's mean is reported as
 * @property {[layer: number, head: number] | null} shown
 * @property {ErrorTask[]} tasks
 *
 * @typedef {import("../../core/figure.js").State & {header: ErrorsHeader, rates: Float32Array, layers: number, columns: number}} ErrorsState
 */

/** @type {(bytes: Uint8Array) => {header: ErrorsHeader, arrays: Record<string, any>}} */
export const errorsMessage = (bytes) => unpack(bytes);

/**
 * The rate of a head, or of the mean in the last column.
 * @param {ErrorsState} state
 */
export const rateAt = ({ rates, layers, columns }, task, layer, column) => rates[(task * layers + layer) * columns + column];

/**
 * The lowest rate of a task.
 * @param {ErrorsState} state
 */
export const lowestOf = (state, task) => Math.min(...state.rates.slice(task * state.layers * state.columns, (task + 1) * state.layers * state.columns));

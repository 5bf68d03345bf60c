// The message of the figure "results", and what the figure keeps of it.

import { unpack } from "../../core/message.js";

/**
 * @typedef {object} Curve
 * @property {string[]} names of the places
 * @property {string} title of the axis of values
 * @property {string} places what the other axis counts
 * @property {number} settled the place from which on the curve stays near its end
 *
 * @typedef {object} ResultsHeader
 * @property {import("../../core/results.js").Found} results
 * @property {Curve | null} curve
 * @property {string} model
 *
 * @typedef {import("../../core/figure.js").State & {header: ResultsHeader, values: Float32Array, theme: import("../../paint/theme.js").Theme}} ResultsState
 */

/** @type {(bytes: Uint8Array) => {header: ResultsHeader, arrays: Record<string, any>}} */
export const messageOf = (bytes) => unpack(bytes);

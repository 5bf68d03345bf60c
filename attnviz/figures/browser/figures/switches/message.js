// The message of the figure "switches", and what the figure keeps of it.

import { unpack } from "../../core/message.js";

/**
 * @typedef {object} SwitchesHeader
 * @property {number} layers
 * @property {number} heads
 * @property {[layer: number, head: number][]} off
 * @property {string} title
 * @property {string} name what the numbers are
 * @property {string} legend
 * @property {string} unit
 * @property {string} marked what a head is that was clicked
 * @property {string} help
 * @property {string} identity
 * @property {string} model
 * @property {string} target
 * @property {import("../../core/results.js").Found | null} results
 *
 * @typedef {import("../../core/figure.js").State & {header: SwitchesHeader, values: Float32Array, theme: import("../../paint/theme.js").Theme, scale: import("../../paint/scales.js").Scale, off: import("../../core/shared.js").Shared}} SwitchesState
 */

/** @type {(bytes: Uint8Array) => {header: SwitchesHeader, arrays: Record<string, any>}} */
export const messageOf = (bytes) => unpack(bytes);

// The message of the figure "allocation", and what the figure keeps of it.

import { unpack } from "../../core/message.js";

/**
 * @typedef {object} AllocationHeader
 * @property {number} layers
 * @property {number} heads
 * @property {string[]} titles of the groups of keys
 * @property {string[]} definitions
 * @property {string[]} rows the groups of queries
 * @property {number[] | null} hues a colour's number for each group
 * @property {number} chosen
 * @property {string} note
 * @property {string} model
 * @property {string} text
 *
 * @typedef {import("../../core/figure.js").State & {header: AllocationHeader, shares: Float32Array, even: Float32Array, theme: import("../../paint/theme.js").Theme, stacks: [name: string, shares: ArrayLike<number>][]}} AllocationState
 */

/** @type {(bytes: Uint8Array) => {header: AllocationHeader, arrays: Record<string, any>}} */
export const messageOf = (bytes) => unpack(bytes);

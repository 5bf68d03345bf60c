// The message of the figure "likeness", and what the figure keeps of it.

import { unpack } from "../../core/message.js";

/**
 * @typedef {object} LikenessHeader
 * @property {number} layers
 * @property {number} heads
 * @property {{title: string, definition: string}[]} kinds
 * @property {string[]} shares
 * @property {string} note
 * @property {string} model
 *
 * @typedef {import("../../core/figure.js").State & {header: LikenessHeader, order: Int32Array, kindOf: Int32Array | Uint8Array, distances: Float32Array, points: Float32Array, theme: import("../../paint/theme.js").Theme, count: number, most: number, side: number}} LikenessState
 */

/** @type {(bytes: Uint8Array) => {header: LikenessHeader, arrays: Record<string, any>}} */
export const messageOf = (bytes) => unpack(bytes);

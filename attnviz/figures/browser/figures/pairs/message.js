// The message of the figure "pairs", and what the figure keeps of it.

import { unpack } from "../../core/message.js";

/**
 * @typedef {object} PairsHeader
 * @property {string} title
 * @property {string} granularity
 * @property {string} model
 * @property {number} value
 * @property {number | null} residual
 * @property {boolean | null} sumHolds
 * @property {{title: string, text: string, granularities: Record<string, {labels: string[], special: number[]}>}[]} texts
 *
 * @typedef {{side: number, group: number}} Place a word of one of the texts
 *
 * @typedef {object} Word
 * @property {string} label
 * @property {boolean} special
 * @property {number} group
 * @property {number} value the sum of its pairs
 *
 * @typedef {import("../../core/figure.js").State & {header: PairsHeader, arrays: Record<string, any>, theme: import("../../paint/theme.js").Theme, scale: import("../../paint/scales.js").Scale, top: number, granularity: string, share: number, specials: boolean, held: Place | null, shown: Place | null, texts: Word[][], rows: Word[][], pairs: import("../../data/pairs.js").Pairs, sorted: import("../../data/pairs.js").Pair[]}} PairsState
 */

/** @type {(bytes: Uint8Array) => {header: PairsHeader, arrays: Record<string, any>}} */
export const messageOf = (bytes) => unpack(bytes);

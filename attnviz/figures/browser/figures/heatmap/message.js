// The message of the figure "heatmap", and what the figure keeps of it.

import { unpack } from "../../core/message.js";

/**
 * @typedef {object} HeatmapFields
 * @property {string} identity messages of one identity have interchangeable maps
 * @property {number} layers
 * @property {number} heads
 * @property {number} layer the head to show
 * @property {number} head
 * @property {[layer: number, head: number][]} at whose maps the message holds
 * @property {string} queryTitle
 * @property {string} keyTitle
 * @property {string} note
 * @property {string} model
 * @property {string} text
 * @property {string} form the form to show, "" for the heatmap alone
 * @property {Run[][]} proses
 * @property {any[]} [options] choices about the map; see options.js
 * @property {string[]} hide
 * @property {number | null} keep percent of a row's mass
 * @property {[side: number, index: number][]} held
 * @property {Vectors | null} qk
 *
 * @typedef {object} Vectors what the form "qk" shows of one query token
 * @property {number} layer
 * @property {number} head
 * @property {number} row
 * @property {string[]} queries
 * @property {string[]} keys
 * @property {string} problem why there are none
 * @property {number | null} scale
 * @property {number | null} softcap
 * @property {number | null} sink
 *
 * @import {Run} from "../../core/prose.js"
 * @typedef {import("../../data/view.js").MapHeader & HeatmapFields} HeatmapHeader
 * @typedef {import("../../core/figure.js").State & {header: HeatmapHeader, view: import("../../data/view.js").View, theme: import("../../paint/theme.js").Theme, scale: import("../../paint/scales.js").Scale, place: {layer: number, head: number}, forms: any, qk: any, pinned: {row: number | null, col: number | null} | null, cuts: Float32Array | null, share: number}} HeatmapState
 */

/** @type {(bytes: Uint8Array) => {header: HeatmapHeader, arrays: Record<string, any>}} */
export const messageOf = (bytes) => unpack(bytes);

// The message of the figure "panes", and what the figure keeps of it.

import { unpack } from "../../core/message.js";

/**
 * @typedef {object} SourceFields
 * @property {[layer: number, head: number][]} at whose maps the message holds
 * @property {number} layers
 * @property {number} heads
 * @property {string} identity
 *
 * @typedef {import("../../data/view.js").MapHeader & SourceFields} PaneSource
 *
 * @typedef {object} PanesHeader
 * @property {PaneSource[]} sources
 * @property {{name: string, title: string, source: number, layer: number, head: number}[]} panes
 * @property {import("../../data/pairing.js").Matching[]} matchings
 * @property {boolean} fixed
 * @property {string} unit
 * @property {string} note
 * @property {string} model
 *
 * @typedef {import("../../data/view.js").View} View
 * @typedef {import("../../core/figure.js").State & {header: PanesHeader, views: View[], pairings: import("../../data/pairing.js").Pairings, theme: import("../../paint/theme.js").Theme, difference: any, first: number, second: number}} PanesState
 */

/** @type {(bytes: Uint8Array) => {header: PanesHeader, arrays: Record<string, any>}} */
export const messageOf = (bytes) => unpack(bytes);

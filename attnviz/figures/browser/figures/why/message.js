// The message of the figure "why", and what the figure keeps of it.

import { unpack } from "../../core/message.js";

/**
 * @import {Band, Link, Part} from "../../data/streams.js"
 *
 * @typedef {object} Node one step of the traces: a head at a token, or what is not followed further
 * @property {number} parent its place, -1 of the first
 * @property {string} name
 * @property {string} link who looks at whom; "" for what is no head
 * @property {string} told its share, and the test of it
 * @property {string} end why it is not followed further; "" of what needs no word
 * @property {boolean} opens whether it is a head that one can go to
 * @property {number} value of the score of its parent
 * @property {number} share of it
 *
 * @typedef {object} WhyHeader
 * @property {string} title
 * @property {string} note
 * @property {string} model
 * @property {string} name of the head
 * @property {number} score
 * @property {string} reference what the score counts against
 * @property {{title: string, token: string, parts: Part[]}[]} streams query, key
 * @property {[name: string, value: number][]} extras what counts beside both streams
 * @property {Node[]} nodes
 * @property {Record<string, any> | null} graph for viewers of circuits
 *
 * @typedef {{side: number, part: number}} Place a part of one of the streams
 *
 * @typedef {import("../../core/figure.js").State & {header: WhyHeader, streams: [Part[], Part[]], values: [Float32Array, Float32Array], links: Link[], theme: import("../../paint/theme.js").Theme, scale: import("../../paint/scales.js").Scale, top: number, most: number, shown: [number[], number[]], bands: Band[], places: {tops: number[], middles: [Map<number, number>, Map<number, number>], height: number}, bars: {zero: number, unit: number}, held: Place | null, pointed: Place | null}} WhyState
 */

/** @type {(bytes: Uint8Array) => {header: WhyHeader, arrays: Record<string, any>}} */
export const messageOf = (bytes) => unpack(bytes);

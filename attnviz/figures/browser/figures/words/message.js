// The message of the figure "words", and what the figure keeps of it.

import { unpack } from "../../core/message.js";

/**
 * @typedef {object} WordsHeader
 * @property {boolean} beside whether each text stands there twice
 * @property {string} title
 * @property {string} towards
 * @property {string} away
 * @property {string} unit
 * @property {string} granularity
 * @property {string} method
 * @property {string} target
 * @property {string} methodTitle
 * @property {string} targetTitle
 * @property {boolean} signed
 * @property {number} value
 * @property {number | null} baselineValue
 * @property {number | null} residual
 * @property {boolean} sumHolds
 * @property {string} note
 * @property {string} model
 * @property {string} asked what a click on a word does, "" where it does nothing
 * @property {{title: string, text: string, granularities: Record<string, {labels: string[], special: number[], runs: import("../../core/prose.js").Run[]}>, marks: Mark[], choosable: number[], chosen: number}[]} texts
 *
 * @typedef {[first: number, end: number, name: string, probability: number]} Mark what the model calls a run of tokens
 *
 * @typedef {import("../../core/figure.js").State & {header: WordsHeader, arrays: Record<string, import("../../core/message.js").Section>, theme: import("../../paint/theme.js").Theme, scale: import("../../paint/scales.js").Scale, granularity: string, texts: any[]}} WordsState
 */

/** @type {(bytes: Uint8Array) => {header: WordsHeader, arrays: Record<string, any>}} */
export const messageOf = (bytes) => unpack(bytes);

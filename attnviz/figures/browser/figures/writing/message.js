// The message of the figure "writing", and what the figure keeps of it.

import { unpack } from "../../core/message.js";

/**
 * @typedef {[id: number, label: string, before: number, after: number, special: boolean]} Candidate
 * @typedef {{label: string, name: string, special: boolean, probability: number, after: number, entropy: number}} Token
 *
 * @typedef {{number: number, text: string, tokens: number, probability: number, log_probability: number, entropy: number}} Side
 *
 * @typedef {object} WritingHeader
 * @property {string} identity
 * @property {{runs: import("../../core/prose.js").Run[], labels: string[], special: number[]}} prompt
 * @property {Token[]} written
 * @property {number} step which token is looked at; their number for the one to come
 * @property {Candidate[]} candidates
 * @property {number | null} entropy
 * @property {number} chosen the id of the token of the step, or -1
 * @property {[layer: number, head: number] | null} head whose row is shown; null for the mean of all
 * @property {[layer: number, head: number, weight: number, position: number][]} heads
 * @property {[parent: number, at: number, text: string, probability: number | null][]} forks
 * @property {number} current
 * @property {{place: [number, number], links: [position: number, share: number, sure: boolean][], chance: number, note: string} | null} sources
 * @property {{at: number, sides: Side[], reads: [label: string, weights: (number | null)[]][]} | null} compared
 * @property {boolean} beside whether the row is over the prompt alone
 * @property {boolean} greedy
 * @property {boolean} ended
 * @property {string} model
 *
 * @typedef {import("../../core/figure.js").State & {header: WritingHeader, row: Float32Array, theme: import("../../paint/theme.js").Theme, withoutFirst: boolean, callbacks: Record<string, (value: any) => void>}} WritingState
 */

/** @type {(bytes: Uint8Array) => {header: WritingHeader, arrays: Record<string, any>}} */
export const messageOf = (bytes) => unpack(bytes);

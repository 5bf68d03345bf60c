// The message of the figure "beams", and what the figure keeps of it.

import { unpack } from "../../core/message.js";

/**
 * @typedef {object} BeamsHeader
 * @property {string[]} labels of the nodes
 * @property {[node: number, score: number][]} hypotheses the finished ones, best first
 * @property {string} prefix what all of them begin with
 * @property {string} note
 * @property {string} model
 *
 * @typedef {import("../../core/figure.js").State & {header: BeamsHeader, parents: Int32Array, fates: Uint8Array, logProbs: Float32Array, totals: Float32Array, children: Map<number, number[]>}} BeamsState
 */

export const FATES = ["given up", "kept", "finished"];
export const PRUNED = 0;

/** @type {(bytes: Uint8Array) => {header: BeamsHeader, arrays: Record<string, any>}} */
export const messageOf = (bytes) => unpack(bytes);

/**
 * The text from the beginning up to a node.
 * @param {BeamsState} state
 */
export function textTo(state, node) {
  const parts = [];
  for (let at = node; at >= 0; at = state.parents[at]) parts.push(state.header.labels[at]);
  return (state.header.prefix + parts.reverse().join("")).trim();
}

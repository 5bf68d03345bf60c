// The message of the figure "alignment", and what the figure keeps of it.

import { unpack } from "../../core/message.js";

/**
 * @typedef {object} Target a word of the translation
 * @property {string} label
 * @property {number} first the place of its first token
 * @property {number} logProb
 * @property {boolean} forced
 * @property {boolean} given
 * @property {[id: number, label: string, logProb: number][]} candidates
 *
 * @typedef {object} AlignmentHeader
 * @property {string} title
 * @property {string} note
 * @property {string} model
 * @property {string} unit
 * @property {string} form
 * @property {string} identity
 * @property {boolean} editable whether links can be moved and words chosen
 * @property {[layer: number, head: number][]} places
 * @property {number} shown
 * @property {number} chosen
 * @property {boolean} trained
 * @property {number} flat
 * @property {string[]} sources
 * @property {Target[]} targets
 * @property {{sure: [source: number, target: number][], possible: [source: number, target: number][]} | null} gold links that are known
 *
 * @typedef {{side: number, at: number}} Word side 0 of the source, 1 of the target
 *
 * @typedef {import("../../core/figure.js").State & {header: AlignmentHeader, maps: Float32Array, entropy: Float32Array, scores: Float32Array, errors: Float32Array, golden: boolean, place: number, held: Word | null, pointed: Word | null}} AlignmentState
 */

export const MEAN = -1;
/** Links below this share of a word's attention are not drawn: they would hide the others. */
export const FAINTEST = 0.04;

/** @type {(bytes: Uint8Array) => {header: AlignmentHeader, arrays: Record<string, any>}} */
export const messageOf = (bytes) => unpack(bytes);

/**
 * The share that target word t reads from source word s.
 * @param {AlignmentState} state
 */
export const weightAt = ({ header, maps, place }, t, s) => maps[(place * header.targets.length + t) * header.sources.length + s];

/**
 * Whether the row of a target word is too flat to name one source word.
 * @param {AlignmentState} state
 */
export const uncertain = ({ header, entropy, place }, t) => entropy[place * header.targets.length + t] > header.flat;

/**
 * What a word is linked to: [{at, weight}], the strongest first.
 * @param {AlignmentState} state
 * @param {Word} word
 */
export function partnersOf(state, { side, at }) {
  const count = side ? state.header.sources.length : state.header.targets.length;
  const all = Array.from({ length: count }, (_, other) => ({ at: other, weight: side ? weightAt(state, at, other) : weightAt(state, other, at) }));
  return all.sort((a, b) => b.weight - a.weight);
}

/** What gold says of the link of target word t to source word s: "sure", "possible" or "". */
export function goldOf({ header, golden }, t, s) {
  if (!header.gold || !golden) return "";
  const among = (/** @type {[number, number][]} */ links) => links.some(([source, target]) => source === s && target === t);
  return among(header.gold.sure) ? "sure" : among(header.gold.possible) ? "possible" : "";
}

/**
 * How a place is named.
 * @param {AlignmentState} state
 */
export function placeName({ header, scores }, n) {
  const [layer, head] = header.places[n];
  if (head === MEAN) return `layer ${layer}, mean of its heads`;
  const mark = n !== header.chosen ? "" : header.trained ? " · trained to align" : " · aligns best";
  return `layer ${layer}, head ${head}${mark} · ${scores[n].toFixed(2)}`;
}

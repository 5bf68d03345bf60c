// Prose whose words are elements: pieces of a text in reading order, those of a group as nodes of their own.

import { element } from "./dom.js";

/** @typedef {[piece: string, group: number]} Run */

/**
 * A paragraph of `runs` [piece, group or -1]; `nodeOf(piece, group)` makes the node of a group's piece, null leaves it out.
 * @param {Run[]} runs
 * @param {(piece: string, group: number) => Node | null} nodeOf
 */
export function proseOf(runs, nodeOf, attributes = {}) {
  const prose = element("p", { class: "av-prose", dir: "auto", role: "group", ...attributes });
  prose.append(...contentsOf(runs, nodeOf));
  return prose;
}

/**
 * What such a paragraph holds: text between groups, and the nodes.
 * @type {(runs: Run[], nodeOf: (piece: string, group: number) => Node | null) => (string | Node)[]}
 */
export const contentsOf = (runs, nodeOf) => runs.map(([piece, group]) => (group < 0 ? piece : nodeOf(piece, group))).filter((each) => each !== null);

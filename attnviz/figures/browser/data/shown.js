// What of a map is left out, and what that does to it, in words.

import { percent } from "../core/numbers.js";
import { quoted } from "../core/text.js";
import { queryOf } from "./view.js";

/**
 * @import {MapHeader, View} from "./view.js"
 * @typedef {{header: MapHeader, view: View, cuts?: Float32Array | null, share?: number}} Shown
 */

/**
 * What a map is of: one head, or many.
 * @type {(header: MapHeader, place: {layer: number, head: number}) => string}
 */
export const nameOfMap = ({ pool }, { layer, head }) => (pool ? pool.words.replace("{layer}", String(layer)) : `layer ${layer}, head ${head}`);

const NAMED = 3; // rows that are named where nothing is left of them

/**
 * What was hidden, and what that did to the rows; "" where nothing was.
 * @param {Shown} shown
 */
export function hiddenWords({ header, view }) {
  if (view.q === header.queries.length && view.k === header.keys.length) return "";
  const [special, first] = [view.hidden.includes("special"), view.hidden.includes("first")];
  const one = `first ${header.unit}`;
  const subject = special && first ? `Special tokens and the ${one} are hidden` : first ? `The ${one} is hidden` : "Special tokens are hidden";
  if (!header.rowsSumToOne) return `${subject}; the other values are unchanged.`;
  const lost = `What is hidden held ${percent(view.lost)} of these rows.`;
  return `${subject}, and each row is renormalised: what is left of it sums to 1. ${lost}${emptyWords(view)}`;
}

/** @param {View} view */
function emptyWords(view) {
  const count = view.empty.length;
  if (!count) return "";
  const names = view.empty.slice(0, NAMED).map((i) => quoted(queryOf(view, i).label)).join(", ");
  const more = count > NAMED ? ` and ${count - NAMED} more` : "";
  return ` Of ${names}${more} nothing is left: ${count > 1 ? "these rows are" : "this row is"} empty.`;
}

/**
 * Which cells are faded; "" where none are.
 * @type {(shown: Shown) => string}
 */
export const fadedWords = ({ header, cuts, share }) =>
  cuts ? ` Faded: outside the strongest links that together hold ${Math.round(100 * share)} % of a row’s ${header.quantity}.` : "";

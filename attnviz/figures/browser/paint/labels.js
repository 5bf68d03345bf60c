// Token labels on a canvas: measured, cut to a width, wrapped.

import { graphemes } from "../core/text.js";

/** @typedef {{measureText: (text: string) => {width: number}}} Ruler */

/**
 * The label, cut with an ellipsis to `width` pixels in the pen's font, between graphemes.
 * @param {Ruler} pen
 * @param {string} label
 * @param {number} width
 */
export function cut(pen, label, width) {
  // Measuring is what costs: a label of thousands of characters is cut roughly before it is measured.
  const short = label.length > 200 ? label.slice(0, 200) : label;
  if (short === label && pen.measureText(label).width <= width) return label;
  const parts = graphemes(short);
  let low = 0;
  let high = parts.length;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (pen.measureText(`${parts.slice(0, middle).join("")}…`).width <= width) low = middle;
    else high = middle - 1;
  }
  return `${parts.slice(0, low).join("")}…`;
}

/**
 * The text in lines of at most `width` pixels, parted at blanks; a word that is longer is cut.
 * @param {Ruler} pen
 * @param {string} text
 * @param {number} width
 */
export function wrapped(pen, text, width) {
  /** @type {string[]} */
  const lines = [];
  for (const word of text.split(" ")) {
    const longer = lines.length ? `${lines.at(-1)} ${word}` : word;
    if (lines.length && pen.measureText(longer).width <= width) lines[lines.length - 1] = longer;
    else lines.push(cut(pen, word, width));
  }
  return lines;
}

/** @type {Map<string, Map<string, {text: string, width: number}>>} by font and limit, by label */
const tables = new Map();

/**
 * Labels cut to `limit` pixels in the pen's font, with their widths. Measured once: steps through heads reuse it.
 * @param {Ruler} pen
 * @param {string[]} labels
 * @param {string} font
 * @param {number} limit
 */
export function measured(pen, labels, font, limit) {
  const key = `${font}|${limit}`;
  if (tables.size > 8) tables.clear();
  if (!tables.has(key) || tables.get(key).size > 20000) tables.set(key, new Map());
  const known = tables.get(key);
  return labels.map((label) => {
    if (!known.has(label)) {
      const text = cut(pen, label, limit);
      known.set(label, { text, width: pen.measureText(text).width });
    }
    return known.get(label);
  });
}

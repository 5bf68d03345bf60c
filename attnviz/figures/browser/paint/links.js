// Lines between two columns: as wide as their share of the strongest one, dashed below zero.

import { css } from "./colours.js";
import { colourOf } from "./scales.js";

const THICKEST = 12; // pixels of the strongest line
const TONE = 0.62; // of the scale, whose colour lines have: their width says how much, their colour only the sign
const FAINTEST = 0.35;

/**
 * Lines [place on the left, place on the right, value], the strongest last and so on top. `at(side, place)` is where one
 * stands, null where it does not.
 * @param {import("./pens.js").Pen} pen
 * @param {{scale: import("./scales.js").Scale, top: number}} sizes the scale, and the value of the widest line
 * @param {[number, number, number][]} links strongest first
 * @param {{left: number, right: number, at: (side: number, place: number) => number | null}} place
 */
export function paintLinks(pen, { scale, top }, links, { left, right, at }) {
  for (const [i, j, value] of [...links].reverse()) {
    const [from, to] = [at(0, i), at(1, j)];
    if (from === null || to === null) continue;
    pen.lines([[left, from, right, to]], linkColour(scale, value), linkStyle(value, top));
  }
}

/**
 * The colour of a line: that of its sign.
 * @param {import("./scales.js").Scale} scale
 * @param {number} value
 */
export const linkColour = (scale, value) => css(colourOf(scale, Math.sign(value) * TONE * scale.top));

/**
 * How a line of this value is drawn, beside one of `top`.
 * @param {number} value
 * @param {number} top
 */
export function linkStyle(value, top) {
  const size = top > 0 ? Math.min(1, Math.abs(value) / top) : 0;
  return { thickness: Math.max(1, THICKEST * size), opacity: FAINTEST + (1 - FAINTEST) * size, dash: value < 0 ? [6, 4] : [] };
}

// The map of heads, painted on screen and in pictures; matrix and map beside each other; the distances as a table.

import { csvText } from "../../core/csv.js";
import { shortest } from "../../core/numbers.js";
import { fileName } from "../../core/save.js";
import { css, mix } from "../../paint/colours.js";
import { SvgPen } from "../../paint/svg_pen.js";
import { distance, headName, hueOf, KIND_HUES, kindOf } from "./heads.js";

/** @import {LikenessState} from "./message.js" */

export const STRIP = 7; // pixels of an edge that shows what each head does
const LINE = 20; // pixels of a kind in the legend on paper

/** The map with a pen: every head a disc in the colour of its kind; shown heads with a ring and their names. */
export function paintMap(pen, state, shown) {
  const { theme, spots } = state;
  const r = state.count > 300 ? 3 : 5;
  pen.font(`12px ${theme.font}`);
  spots.forEach(([x, y], n) => {
    pen.rect(x - r, y - r, 2 * r, 2 * r, css(hueOf(state, n)));
    pen.frame(x - r, y - r, 2 * r, 2 * r, css(mix(theme.bg, theme.text, 0.6)));
  });
  for (const head of (shown ?? []).filter((each) => each !== null)) {
    const [x, y] = spots[head];
    pen.frame(x - r - 2, y - r - 2, 2 * r + 4, 2 * r + 4, css(theme.text), 2);
    const right = x > state.side - 110;
    pen.text(right ? x - r - 7 : x + r + 7, y, headName(state, head), { align: right ? "right" : "left", colour: css(theme.text) });
  }
}

/**
 * The distances in the order of the clusters, with the kind of each head.
 * @param {LikenessState} state
 */
export function tableText(state) {
  const { order } = state;
  const heads = Array.from(order);
  /** @type {import("../../core/csv.js").Cell[][]} */
  const rows = [["head", "kind", ...heads.map((head) => headName(state, head))]];
  for (const a of heads) rows.push([headName(state, a), kindOf(state, a).title, ...heads.map((b) => ({ numeric: shortest(distance(state, a, b)) }))]);
  return csvText(rows);
}

export const nameOf = ({ header }, extension) => fileName(["heads-alike", header.model], extension);

/**
 * The map as a picture.
 * @param {LikenessState} state
 */
export function mapSheet(state) {
  const paint = (/** @type {any} */ pen) => {
    paintMap(pen, state, state.pinned);
    return state.side;
  };
  return { width: state.side, theme: state.theme, title: `Map of ${state.count} heads: near heads are alike`, paint };
}

/**
 * Matrix and map beside each other, and what the colours of the heads mean: the figure on paper.
 * @param {LikenessState} state
 */
export function bothText(state) {
  const { side, count, order, image, theme, header } = state;
  const cell = (side - STRIP) / count;
  const pen = new SvgPen(2 * side + 24, side + 16 + LINE * header.kinds.length, theme);
  pen.image(image, [0, 0, count, count], STRIP, STRIP, side - STRIP, side - STRIP);
  order.forEach((head, n) => {
    pen.rect(STRIP + n * cell, 0, cell + 0.5, STRIP - 2, css(hueOf(state, head)));
    pen.rect(0, STRIP + n * cell, STRIP - 2, cell + 0.5, css(hueOf(state, head)));
  });
  pen.shift(side + 24, 0, () => paintMap(pen, state, state.pinned));
  header.kinds.forEach(({ title, definition }, n) => {
    const y = side + 24 + LINE * n;
    pen.rect(0, y - 5, 10, 10, css(KIND_HUES[n] ?? mix(theme.bg, theme.text, 0.12)));
    pen.text(18, y, `${title}: ${definition}`, { colour: css(theme.text) });
  });
  return pen.document(`How alike ${count} heads are: every head against every head, and as a map`);
}

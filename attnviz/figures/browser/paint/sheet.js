// Pictures that are painted from top to bottom: one painter for PNG and SVG. And what such pictures are made of: lines
// of words, prose with coloured words.

import { readLines } from "../core/made.js";
import { pictureCanvas } from "../core/save.js";
import { isolated } from "../core/text.js";
import { css } from "./colours.js";
import { wrapped } from "./labels.js";
import { CanvasPen } from "./pens.js";
import { SvgPen } from "./svg_pen.js";

export const SHEET_MARGIN = 24;
const PROSE_LINE = 30;
const TALLEST_SHARP = 4000;

/**
 * @typedef {object} Sheet
 * @property {number} width
 * @property {import("./theme.js").Theme} theme
 * @property {string} title
 * @property {(pen: any) => number} paint paints it, and returns the height
 */

/**
 * The sheet as a canvas, at two pixels a CSS pixel.
 * @param {Sheet} sheet
 */
export function sheetPng(sheet) {
  const height = paintWithRead(new CanvasPen(pictureCanvas(1, 1, 1, "white").pen), sheet);
  const { canvas, pen } = pictureCanvas(sheet.width, height, height > TALLEST_SHARP ? 1 : 2, css(sheet.theme.bg));
  paintWithRead(new CanvasPen(pen), sheet);
  return canvas;
}

/**
 * The sheet as the text of an SVG document.
 * @param {Sheet} sheet
 */
export function sheetSvg(sheet) {
  const pen = new SvgPen(sheet.width, 10, sheet.theme);
  pen.size.height = Math.ceil(paintWithRead(pen, sheet));
  return pen.document(sheet.title);
}

/** Paints it, and under it that of the text only the beginning was read; returns the height. */
function paintWithRead(pen, sheet) {
  const end = sheet.paint(pen);
  const lines = readLines();
  if (!lines.length) return end;
  pen.font(`12px ${sheet.theme.font}`);
  return paintWords(pen, lines, { y: end, width: sheet.width - 2 * SHEET_MARGIN, colour: sheet.theme.muted });
}

/**
 * Paragraphs from y on, each wrapped to `width`; returns where the next line would stand.
 * @param {import("./pens.js").Pen} pen
 * @param {string[]} paragraphs
 * @param {{x?: number, y: number, width: number, colour: import("./colours.js").Colour, leading?: number}} place
 */
export function paintWords(pen, paragraphs, { x = SHEET_MARGIN, y, width, colour, leading = 18 }) {
  for (const text of paragraphs)
    for (const line of wrapped(pen, text, width)) {
      pen.text(x, y, line, { colour: css(colour) });
      y += leading;
    }
  return y;
}

/**
 * @typedef {object} Prose
 * @property {import("./theme.js").Theme} theme
 * @property {import("../core/prose.js").Run[]} runs
 * @property {boolean} rtl
 * @property {(group: number, x: number, y: number, width: number, height: number) => import("./colours.js").Colour} ground
 * @property {(group: number) => boolean} [dotted] whether a word is underlined, as what the model does not know
 */

/**
 * Prose of runs [piece, group or -1], wrapped; right-to-left texts run from the right edge. `ground(group, x, y, width,
 * height)` paints what lies behind a word and returns the colour of its letters. Returns where the prose ends.
 * @param {import("./pens.js").Pen} pen
 * @param {Prose} prose
 * @param {number} top
 * @param {number} inner
 */
export function paintProse(pen, { theme, runs, rtl, ground, dotted = () => false }, top, inner) {
  pen.font(`15px ${theme.font}`);
  let [x, y] = [0, top];
  for (const [piece, group] of runs) {
    // Text between words has no colour and may break anywhere between its own words.
    for (const part of group < 0 ? piece.split(/(\s+)/).filter(Boolean) : [piece]) {
      if (group < 0 && !part.trim()) {
        if (part.includes("\n")) [x, y] = [0, y + PROSE_LINE];
        else x += 5;
        continue;
      }
      const shown = pen.cutTo(part, inner - 8);
      const width = pen.measureText(shown).width + (group < 0 ? 0 : 6);
      if (x > 0 && x + width > inner) [x, y] = [0, y + PROSE_LINE];
      const left = SHEET_MARGIN + (rtl ? inner - x - width : x);
      const ink = group < 0 ? theme.text : ground(group, left, y - 12, width, 24);
      pen.text(left + width / 2, y, isolated(shown), { align: "center", colour: css(ink), dotted: group >= 0 && dotted(group) });
      x += width + (group < 0 ? 0 : 1);
    }
  }
  return y + PROSE_LINE / 2;
}

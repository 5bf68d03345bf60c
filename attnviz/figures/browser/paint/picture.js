// Saves matrices as pictures and as a table: the layout of the screen, with room for every label that fits.

import { csvText } from "../core/csv.js";
import { shortest } from "../core/numbers.js";
import { readLines } from "../core/made.js";
import { pictureCanvas } from "../core/save.js";
import { keyOf, queryOf } from "../data/view.js";
import { css } from "./colours.js";
import { wrapped } from "./labels.js";
import { BAR_HEIGHT, paintBar } from "./legend.js";
import { layoutOf, paintMatrix } from "./matrix.js";
import { CanvasPen } from "./pens.js";
import { paintPixels } from "./pixels.js";
import { SvgPen } from "./svg_pen.js";

const MARGIN = 20;
const LONGEST = 2400;
const LINE_HEIGHT = 18;

/** Places one scene {view, scale, theme, titles, title, notes} for a picture of its own. */
function sheetOf(scene) {
  const image = document.createElement("canvas");
  paintPixels(image, scene);
  const ruler = new CanvasPen(pictureCanvas(1, 1, 1, "white").pen);
  // Wide enough for a label in every row, as long as the picture stays of a size that can be handled.
  const count = Math.max(scene.view.q, scene.view.k);
  const cell = Math.max(2, Math.min(Math.floor(LONGEST / count), Math.max(18, Math.min(34, Math.floor(1100 / count)))));
  const box = { width: 1e5, height: 1e5, zoom: 1, compact: false, dpr: 1, smallest: cell, largest: cell };
  const layout = layoutOf(ruler, scene, box);
  const width = Math.max(layout.width, 420) + 2 * MARGIN;
  const lines = (font, texts) => {
    ruler.font(font);
    return texts.flatMap((text) => wrapped(ruler, text, width - 2 * MARGIN));
  };
  const title = lines(titleFont(scene), [scene.title]);
  const notes = lines(noteFont(scene), [...readLines(), ...scene.notes]);
  const head = 12 + LINE_HEIGHT * title.length;
  const foot = BAR_HEIGHT + 12 + LINE_HEIGHT * notes.length;
  return { scene: { ...scene, image }, layout, width, title, notes, head, height: head + layout.height + foot + 2 * MARGIN };
}

const titleFont = ({ theme }) => `600 15px ${theme.font}`;
const noteFont = ({ theme }) => `12px ${theme.font}`;

function paintSheet(pen, sheet) {
  const { scene, layout, head, width, title, notes } = sheet;
  pen.font(titleFont(scene));
  title.forEach((line, i) => pen.text(0, 8 + LINE_HEIGHT * i, line, { colour: css(scene.theme.text) }));
  pen.shift(0, head, () => {
    paintMatrix(pen, scene, layout);
    pen.shift(0, layout.height + 12, () => {
      paintBar(pen, scene.scale, scene.theme, layout.left, 0, Math.min(320, width - layout.left - 2 * MARGIN));
      pen.font(noteFont(scene));
      notes.forEach((line, i) => pen.text(0, BAR_HEIGHT + 10 + LINE_HEIGHT * i, line, { colour: css(scene.theme.muted) }));
    });
  });
}

/** Paints sheets beside each other. */
function paintSheets(pen, sheets) {
  let x = MARGIN;
  for (const sheet of sheets) {
    pen.shift(x, MARGIN, () => paintSheet(pen, sheet));
    x += sheet.width;
  }
}

/** One or more scenes beside each other as a canvas, at two pixels a CSS pixel where memory allows. */
export function pngOf(scenes) {
  const sheets = scenes.map(sheetOf);
  const { width, height } = spread(sheets);
  const scale = width * height > 16e6 ? 1 : 2;
  const { canvas, pen } = pictureCanvas(width, height, scale, css(scenes[0].theme.bg));
  paintSheets(new CanvasPen(pen), sheets);
  return canvas;
}

/** The same as the text of an SVG document. */
export function svgOf(scenes, title) {
  const sheets = scenes.map(sheetOf);
  const { width, height } = spread(sheets);
  const pen = new SvgPen(width, height, scenes[0].theme);
  paintSheets(pen, sheets);
  return pen.document(title);
}

function spread(sheets) {
  return {
    width: sheets.reduce((sum, sheet) => sum + sheet.width, 0),
    height: Math.max(...sheets.map((sheet) => sheet.height)),
  };
}

/**
 * The matrix with its labels as CSV: keys in the first line, queries in the first column.
 * @param {import("../data/view.js").View} view
 */
export function tableOf(view) {
  const keys = Array.from(view.cols, (_, j) => keyOf(view, j).label);
  /** @type {import("../core/csv.js").Cell[][]} */
  const rows = [["query \\ key", ...keys]];
  for (let i = 0; i < view.q; i++) {
    const values = Array.from(view.values.subarray(i * view.k, (i + 1) * view.k), (value) => ({ numeric: shortest(value) }));
    rows.push([queryOf(view, i).label, ...values]);
  }
  return csvText(rows);
}

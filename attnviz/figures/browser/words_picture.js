// An attribution as a picture: prose with coloured words, then bars with numbers. One painter for PNG and SVG.

import { css, inkOn } from "./colors.js";
import { isolated } from "./labels.js";
import { BAR_HEIGHT, paintBar } from "./bar.js";
import { CanvasPen, SvgPen } from "./pens.js";
import { pictureCanvas } from "./save.js";
import { colourOf } from "./view.js";

const WIDTH = 760;
const SHEET_MARGIN = 24;
const LINE = 30;
const ROW = 22;
const MOST_BARS = 60;

/** The sheet as a canvas at two pixels a CSS pixel. */
export function sheetPng(sheet) {
  const height = paintSheetOf(new CanvasPen(pictureCanvas(1, 1, 1, "white").pen), sheet);
  const { canvas, pen } = pictureCanvas(WIDTH, height, height > 4000 ? 1 : 2, css(sheet.theme.bg));
  paintSheetOf(new CanvasPen(pen), sheet);
  return canvas;
}

/** The sheet as the text of an SVG document. */
export function sheetSvg(sheet) {
  const pen = new SvgPen(WIDTH, 10, sheet.theme);
  pen.size.height = Math.ceil(paintSheetOf(pen, sheet));
  return pen.document(sheet.title);
}

/** Paints everything from top to bottom and returns the height. */
function paintSheetOf(pen, sheet) {
  const { theme } = sheet;
  const text = css(theme.text);
  const muted = css(theme.muted);
  const inner = WIDTH - 2 * SHEET_MARGIN;
  let y = SHEET_MARGIN + 8;
  pen.font(`600 16px ${theme.font}`);
  for (const line of wrapped(pen, sheet.title, inner)) {
    pen.text(SHEET_MARGIN, y, line, { colour: text });
    y += 23;
  }
  paintBar(pen, sheet.scale, theme, SHEET_MARGIN, y, 260);
  pen.font(`12px ${theme.font}`);
  const words = wrapped(pen, sheet.legend, inner - 280);
  words.forEach((line, n) => pen.text(SHEET_MARGIN + 280, y + 6 + 17 * n, line, { colour: muted }));
  y += Math.max(BAR_HEIGHT, 17 * words.length) + 14;
  for (const part of sheet.texts) {
    pen.font(`600 13px ${theme.font}`);
    pen.text(SHEET_MARGIN, y, pen.cutTo(part.title, inner), { colour: text });
    y = paintProse(pen, sheet, part, y + 24, inner) + 14;
    y = paintBars(pen, sheet, part, y, inner) + 18;
  }
  pen.font(`12px ${theme.font}`);
  for (const note of sheet.notes)
    for (const line of wrapped(pen, note, inner)) {
      pen.text(SHEET_MARGIN, y, line, { colour: muted });
      y += 18;
    }
  return y + SHEET_MARGIN - 10;
}

/** Words on coloured ground, wrapped; right-to-left texts run from the right edge. */
function paintProse(pen, { scale, theme }, { runs, groups, rtl }, top, inner) {
  pen.font(`15px ${theme.font}`);
  let [x, y] = [0, top];
  for (const [piece, group] of runs) {
    // Text between words has no colour and may break anywhere between its own words.
    for (const part of group < 0 ? piece.split(/(\s+)/).filter(Boolean) : [piece]) {
      if (group < 0 && !part.trim()) {
        if (part.includes("\n")) [x, y] = [0, y + LINE];
        else x += 5;
        continue;
      }
      const shown = pen.cutTo(part, inner - 8);
      const width = pen.measureText(shown).width + (group < 0 ? 0 : 6);
      if (x > 0 && x + width > inner) [x, y] = [0, y + LINE];
      const left = SHEET_MARGIN + (rtl ? inner - x - width : x);
      const colour = group < 0 ? theme.bg : colourOf(scale, groups[group].value);
      if (group >= 0) pen.rect(left, y - 12, width, 24, css(colour));
      pen.text(left + width / 2, y, isolated(shown), { align: "center", colour: css(group < 0 ? theme.text : inkOn(colour)) });
      x += width + (group < 0 ? 0 : 1);
    }
  }
  return y + LINE / 2;
}

/** Label, bar around zero, number; the largest ones where there are many. */
function paintBars(pen, { scale, theme, signed, number, axis }, { bars }, top, inner) {
  const shown = bars.slice(0, MOST_BARS);
  const [from, width] = [SHEET_MARGIN + 170, inner - 170 - 90];
  pen.font(`12px ${theme.font}`);
  pen.text(from + width + 86, top, axis, { align: "right", colour: css(theme.muted) });
  let y = top + ROW;
  const zero = signed ? from + width / 2 : from;
  for (const { label, value } of shown) {
    const size = scale.top > 0 ? (Math.abs(value) / scale.top) * (signed ? width / 2 : width) : 0;
    const colour = colourOf(scale, Math.sign(value) * Math.max(Math.abs(value), 0.45 * scale.top));
    pen.text(from - 10, y, isolated(pen.cutTo(label, 155)), { align: "right", colour: css(theme.text) });
    pen.rect(value < 0 ? zero - size : zero, y - 6, size, 12, css(colour));
    pen.text(from + width + 86, y, number(value), { align: "right", colour: css(theme.text) });
    y += ROW;
  }
  pen.rect(zero - 0.5, top + ROW / 2, 1, shown.length * ROW, css(theme.muted));
  if (bars.length > shown.length) {
    pen.text(SHEET_MARGIN, y, `${bars.length - shown.length} more are in the table.`, { colour: css(theme.muted) });
    y += ROW;
  }
  return y;
}

function wrapped(pen, text, width) {
  const lines = [""];
  for (const word of text.split(" ")) {
    const longer = lines.at(-1) ? `${lines.at(-1)} ${word}` : word;
    if (pen.measureText(longer).width > width && lines.at(-1)) lines.push(pen.cutTo(word, width));
    else lines[lines.length - 1] = pen.cutTo(longer, width);
  }
  return lines;
}

// An attribution as a picture: prose with coloured words, then bars with numbers. One painter for PNG and SVG.

import { isolated } from "../../core/text.js";
import { css, inkOn } from "../../paint/colours.js";
import { wrapped } from "../../paint/labels.js";
import { BAR_HEIGHT, paintBar } from "../../paint/legend.js";
import { colourOf } from "../../paint/scales.js";
import { paintProse, paintWords, SHEET_MARGIN } from "../../paint/sheet.js";

const WIDTH = 760;
const ROW = 22;
const MOST_BARS = 60;
/** The share of the scale whose colour all bars have: their length says how much, their colour only the sign. */
export const BAR_TONE = 0.7;

/** The sheet (see sheet.js) of what figure.js shows. */
export const wordsSheet = (shown) => ({ width: WIDTH, theme: shown.theme, title: shown.title, paint: (pen) => paintSheetOf(pen, shown) });

/** Paints everything from top to bottom and returns the height. */
function paintSheetOf(pen, sheet) {
  const { theme } = sheet;
  const text = css(theme.text);
  const muted = css(theme.muted);
  const inner = WIDTH - 2 * SHEET_MARGIN;
  let y = SHEET_MARGIN + 8;
  pen.font(`600 16px ${theme.font}`);
  y = paintWords(pen, [sheet.title], { y, width: inner, colour: theme.text, leading: 23 });
  paintBar(pen, sheet.scale, theme, SHEET_MARGIN, y, 260);
  pen.font(`12px ${theme.font}`);
  const words = wrapped(pen, sheet.legend, inner - 280);
  words.forEach((line, n) => pen.text(SHEET_MARGIN + 280, y + 6 + 17 * n, line, { colour: muted }));
  y += Math.max(BAR_HEIGHT, 17 * words.length) + 14;
  for (const part of sheet.texts) {
    pen.font(`600 13px ${theme.font}`);
    pen.text(SHEET_MARGIN, y, pen.cutTo(part.title, inner), { colour: text });
    y = paintProse(pen, { theme, runs: part.runs, rtl: part.rtl, ground: groundOf(pen, sheet, part) }, y + 24, inner) + 14;
    y = paintBars(pen, sheet, part, y, inner) + 18;
  }
  pen.font(`12px ${theme.font}`);
  y = paintWords(pen, sheet.notes, { y, width: inner, colour: theme.muted });
  return y + SHEET_MARGIN - 10;
}

/** A word's ground has the colour of its score. */
const groundOf = (pen, { scale }, { groups }) => (group, x, y, width, height) => {
  const colour = colourOf(scale, groups[group].value);
  pen.rect(x, y, width, height, css(colour));
  return inkOn(colour);
};

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
    const colour = colourOf(scale, (value < 0 ? -1 : 1) * BAR_TONE * scale.top);
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

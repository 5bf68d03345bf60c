// The form "text" to take away: its prose with shades, the strongest links as bars, and the numbers as a table.

import { csvText } from "../../../core/csv.js";
import { decimals, shortest } from "../../../core/numbers.js";
import { isolated } from "../../../core/text.js";
import { css } from "../../../paint/colours.js";
import { tableOf } from "../../../paint/picture.js";
import { paintProse, paintWords, SHEET_MARGIN } from "../../../paint/sheet.js";
import { largest, listTitles } from "./strongest.js";
import { rampsOf, shadeWords } from "./view.js";

const TEXT_WIDTH = 760;
const BAR_LINE = 22;
const STRONGEST_IN_PICTURE = 5;

/** The sheet (see sheet.js) of what a TextView holds. */
export function textSheet(view) {
  const { theme, title } = view.scene;
  return { width: TEXT_WIDTH, theme, title, paint: (pen) => paintText(pen, view) };
}

function paintText(pen, view) {
  const { header, theme, pins, title, remarks } = view.scene;
  const shares = view.gather(pins);
  const inner = TEXT_WIDTH - 2 * SHEET_MARGIN;
  pen.font(`600 15px ${theme.font}`);
  let y = paintWords(pen, [title], { y: SHEET_MARGIN + 8, width: inner, colour: theme.text, leading: 22 });
  pen.font(`13px ${theme.font}`);
  if (pins.length) y = paintWords(pen, [view.sentence(shares)], { y: y + 2, width: inner, colour: theme.text });
  view.runs.forEach((runs, side) => {
    const kept = side ? view.colAt : view.rowAt;
    const words = runs.filter(([, index]) => index < 0 || kept[index] >= 0);
    const unknown = side ? header.keyUnknown : header.queryUnknown;
    const prose = { theme, runs: words, rtl: view.isRtl(side), ground: groundIn(pen, view, shares, side), dotted: (index) => Boolean(unknown?.[index]) };
    y = paintProse(pen, prose, y + 20, inner) + 8;
  });
  if (pins.length) {
    const half = inner / 2 - 12;
    const bottoms = ["from", "to"].map((way, n) => paintStrongest(pen, view, { shares, way, labels: way === "from" ? header.keys : header.queries, x: SHEET_MARGIN + n * (half + 24), y: y + 8, width: half }));
    y = Math.max(...bottoms) + 6;
  }
  rampsOf(header).forEach(([way, legend], n) => {
    const x = SHEET_MARGIN + n * (inner / 2);
    view.inks[way].filter((_, i) => i % 4 === 0).forEach((ink, i) => pen.rect(x + 5 * i, y + 4, 5, 11, ink));
    pen.font(`12px ${theme.font}`);
    pen.text(x + 88, y + 10, pen.cutTo(legend, inner / 2 - 96), { colour: css(theme.muted) });
  });
  y = paintWords(pen, [shadeWords(view.scene), ...remarks], { y: y + 32, width: inner, colour: theme.muted });
  return y + SHEET_MARGIN - 10;
}

/** The halves of a token in their shades, framed where it is held. */
const groundIn = (pen, view, { from, to, rows, cols }, side) => (index, x, y, width, height) => {
  const { theme, pins } = view.scene;
  if (rows.length && (view.one || side === 1)) pen.rect(x, y, width, height / 2, view.inkOf("from", from[index]));
  if (cols.length && (view.one || side === 0)) pen.rect(x, y + height / 2, width, height / 2, view.inkOf("to", to[index]));
  if (view.holding({ side, index }, pins)) pen.frame(x + 1, y + 1, width - 2, height - 2, css(theme.text), 2);
  return theme.text;
};

function paintStrongest(pen, view, { shares, way, labels, x, y, width }) {
  const { header, theme, scale } = view.scene;
  const best = largest(shares[way], STRONGEST_IN_PICTURE);
  pen.font(`600 13px ${theme.font}`);
  if (best.length) pen.text(x, y, listTitles(header)[way], { colour: css(theme.text) });
  pen.font(`12px ${theme.font}`);
  best.forEach(({ index, value, size }, n) => {
    const at = y + (n + 1) * BAR_LINE;
    const room = width - 100 - 60;
    pen.text(x + 92, at, isolated(pen.cutTo(labels[index], 90)), { align: "right", colour: css(theme.text) });
    pen.rect(x + 100, at - 5, (room * size) / Math.max(scale.top, best[0].size), 10, view.inks[value < 0 ? "minus" : way].at(-1));
    pen.text(x + width, at, decimals(value), { align: "right", colour: css(theme.text) });
  });
  return y + (best.length ? best.length + 1 : 0) * BAR_LINE;
}

/** Of held tokens, the attention from and to them, token by token; where none is held, the whole map. */
export function textTable(view) {
  const { header, view: map, pins } = view.scene;
  if (!pins.length) return tableOf(map);
  const { from, to, rows, cols } = view.gather(pins);
  const number = (known, value) => (known ? { numeric: shortest(Math.fround(value)) } : "");
  const line = (side, index) => [
    (side ? header.keys : header.queries)[index], index,
    number(rows.length && (view.one || side === 1), from[index]), number(cols.length && (view.one || side === 0), to[index]),
  ];
  const lines = [["token", "position", "attention from the held tokens", "attention to the held tokens"]];
  for (const index of map.rows) lines.push(line(0, index));
  if (!view.one) for (const index of map.cols) lines.push(line(1, index));
  return csvText(lines);
}

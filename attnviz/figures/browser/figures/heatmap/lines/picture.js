// The form "lines" to take away: the lines of the heads that are shown as a drawing, and as a table.

import { csvText } from "../../../core/csv.js";
import { shortest } from "../../../core/numbers.js";
import { isolated } from "../../../core/text.js";
import { keyOf, queryOf } from "../../../data/view.js";
import { css } from "../../../paint/colours.js";
import { headColour } from "../../../paint/palette.js";
import { paintWords, SHEET_MARGIN } from "../../../paint/sheet.js";
import { collect, LEVELS, sumsOf } from "./paint.js";

const LINES_WIDTH = 760;
const LINES_LABEL = 180;
const MOST_LINES = 20000; // in a picture; the table holds all
const SWATCH = 44;

/** The sheet (see sheet.js) of what a LinesView shows. */
export function linesSheet(view) {
  const { theme, title } = view.scene;
  return { width: LINES_WIDTH, theme, title, paint: (pen) => paintLines(pen, view) };
}

function paintLines(pen, view) {
  const { scene, layers } = view;
  const { theme, view: map, remarks } = scene;
  const row = Math.max(map.q, map.k) <= 60 ? 22 : 15;
  const inner = LINES_WIDTH - 2 * SHEET_MARGIN;
  const [left, right] = [SHEET_MARGIN + LINES_LABEL, LINES_WIDTH - SHEET_MARGIN - LINES_LABEL];
  pen.font(`600 15px ${theme.font}`);
  let y = paintWords(pen, [scene.linesTitle], { y: SHEET_MARGIN + 8, width: inner, colour: theme.text, leading: 22 });
  pen.font(`12px ${theme.font}`);
  const inLine = Math.floor(inner / SWATCH);
  layers.forEach(({ head }, n) => {
    const [x, at] = [SHEET_MARGIN + (n % inLine) * SWATCH, y + 20 * Math.floor(n / inLine)];
    pen.rect(x, at - 5, 12, 12, css(headColour(theme, head)));
    pen.text(x + 17, at + 1, String(head), { colour: css(theme.text) });
  });
  y += 20 * Math.ceil(layers.length / inLine) + 4;
  const held = heldRows(view);
  const lost = layers.reduce((sum, layer, place) => sum + paintHead(pen, view, { layer, place, held, left, right, top: y, row }), 0);
  const { queryUnknown, keyUnknown } = map.header;
  const label = ({ label: text, position }, unknown, x, at, align) => pen.text(x, y + (at + 0.5) * row - (held.length ? 2 : 0), isolated(pen.cutTo(text, LINES_LABEL - 14)), { align, colour: css(theme.text), dotted: Boolean(unknown?.[position]) });
  pen.font(`${row > 20 ? 13 : 11.5}px ${theme.font}`);
  for (let i = 0; i < map.q; i++) label(queryOf(map, i), queryUnknown, left - 8, i, "right");
  for (let j = 0; j < map.k; j++) label(keyOf(map, j), keyUnknown, right + 8, j, "left");
  for (const { side, at } of held) pen.frame(side ? right + 3 : SHEET_MARGIN, y + at * row + 1, LINES_LABEL - 3, row - 2, css(theme.text), 1.5);
  pen.font(`12px ${theme.font}`);
  const missing = lost ? [`${lost.toLocaleString("en")} of the faintest lines are left out of this picture.`] : [];
  y = paintWords(pen, [view.words.textContent, ...missing, ...remarks], { y: y + Math.max(map.q, map.k) * row + 18, width: inner, colour: theme.muted });
  return y + SHEET_MARGIN - 10;
}

const heldRows = ({ scene: { pins, view } }) =>
  pins.map(({ side, index }) => ({ side, at: (side ? view.cols : view.rows).indexOf(index) })).filter(({ at }) => at >= 0);

/** The lines of one head that the form shows: [i, j] in buckets of opacity, those below 0 after those above. */
function bucketsOf(view, layer, held) {
  const buckets = Array.from({ length: 2 * LEVELS }, () => []);
  if (!held.length) collect(view, buckets, layer, 0, layer.view.q);
  for (const { side, at } of held) {
    if (side) collect(view, buckets, layer, 0, layer.view.q, at);
    else collect(view, buckets, layer, at, at + 1);
  }
  return buckets.map((pairs) => Array.from({ length: pairs.length / 2 }, (_, n) => [pairs[2 * n], pairs[2 * n + 1]]));
}

/** One head's lines, the strongest first in line where there are too many, and its cells under the held tokens' partners. */
function paintHead(pen, view, { layer, place, held, left, right, top, row }) {
  const count = view.layers.length;
  const colour = css(headColour(view.scene.theme, layer.head));
  const shift = row / 2 + (place - (count - 1) / 2) * Math.min(1.5, (0.6 * row) / count);
  const buckets = bucketsOf(view, layer, held);
  let room = Math.floor(MOST_LINES / count);
  let lost = 0;
  for (let level = LEVELS - 1; level >= 0; level--)
    for (const below of [false, true]) {
      const bucket = buckets[below ? level + LEVELS : level];
      const lines = bucket.slice(0, room).map(([i, j]) => [left, top + i * row + shift, right, top + j * row + shift]);
      room -= lines.length;
      lost += bucket.length - lines.length;
      const opacity = (level + 1) / LEVELS;
      if (lines.length) pen.lines(lines, colour, { thickness: 0.6 + 1.6 * opacity, opacity, dash: below ? [5, 4] : [] });
    }
  if (held.length) paintCells(pen, view, { layer, place, held, left, right, top, row, colour });
  return lost;
}

function paintCells(pen, view, { layer, place, held, left, right, top, row, colour }) {
  const cell = Math.min(10, (LINES_LABEL - 12) / view.layers.length);
  const band = Math.max(3, Math.round(row * 0.2));
  sumsOf(layer, held).forEach((values, side) => {
    const x = side ? right + 8 + place * cell : left - 8 - (view.layers.length - place) * cell;
    values.forEach((value, at) => {
      const strength = Math.min(1, Math.sqrt(Math.abs(value) / view.top));
      // Below 0: only the lower half of the cell.
      if (value) pen.rect(x, top + (at + 1) * row - 1 - (value > 0 ? band : band / 2), cell - 1, value > 0 ? band : band / 2, colour, strength);
    });
  });
}

/** Every line that the form shows, head by head. */
export function linesTable(view) {
  const held = heldRows(view);
  const lines = [["head", "query", "query position", "key", "key position", view.scene.header.quantity]];
  for (const layer of view.layers) {
    const { view: map, head } = layer;
    const pairs = bucketsOf(view, layer, held).flat().sort((a, b) => a[0] - b[0] || a[1] - b[1]);
    for (const [i, j] of pairs) {
      const [query, key] = [queryOf(map, i), keyOf(map, j)];
      lines.push([head, query.label, query.position, key.label, key.position, { numeric: shortest(map.values[i * map.k + j]) }]);
    }
  }
  return csvText(lines);
}

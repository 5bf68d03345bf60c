// The form "qk" to take away: the vectors and steps of one query token as a drawing, and all its numbers as a table.

import { csvText } from "../../../core/csv.js";
import { decimals, shortest } from "../../../core/numbers.js";
import { isolated } from "../../../core/text.js";
import { css } from "../../../paint/colours.js";
import { colourOf } from "../../../paint/scales.js";
import { paintWords, SHEET_MARGIN } from "../../../paint/sheet.js";

const PRODUCTS_WIDTH = 1000;
const PRODUCTS_ROW = 24;
const KEY_LABEL = 120;
const STRIP_WIDTH = 230;
const VECTOR_NUMBERS = 16384; // that are drawn as rectangles; more become pictures

/** The sheet (see sheet.js) of what a ProductsView shows. */
export function productsSheet(view) {
  const { theme, qk, header } = view.scene;
  const title = `q·k · layer ${qk.layer}, head ${qk.head}${header.model ? ` · ${header.model}` : ""}`;
  return { width: PRODUCTS_WIDTH, theme, title, paint: (pen) => paintProducts(pen, view, title) };
}

function paintProducts(pen, view, title) {
  const { theme, qk } = view.scene;
  const inner = PRODUCTS_WIDTH - 2 * SHEET_MARGIN;
  pen.font(`600 15px ${theme.font}`);
  let y = paintWords(pen, [title], { y: SHEET_MARGIN + 8, width: inner, colour: theme.text, leading: 22 });
  pen.font(`12px ${theme.font}`);
  const colours = `Colour: orange is negative, blue positive, by the square root; q and k up to ±${decimals(view.vectors.top, 2)}, q ∘ k up to ±${decimals(view.produced.top, 2)}.`;
  const steps = Array.from(view.steps.children, (step, n) => `${n + 1}. ${step.textContent}`);
  y = paintWords(pen, [...steps, colours], { y: y + 2, width: inner, colour: theme.muted }) + 10;
  const places = view.shownKeys();
  const { titles, numbersOf } = view.columns();
  const vector = places.length * 2 * view.size <= VECTOR_NUMBERS;
  const xs = [SHEET_MARGIN + KEY_LABEL + 10, SHEET_MARGIN + KEY_LABEL + STRIP_WIDTH + 22];
  const first = xs[1] + STRIP_WIDTH;
  const each = (SHEET_MARGIN + inner - first) / titles.length;
  const right = (n) => first + (n + 1) * each;
  pen.text(xs[0], y, "k", { colour: css(theme.muted) });
  pen.text(xs[1], y, "q ∘ k", { colour: css(theme.muted) });
  titles.forEach(([text], n) => pen.text(right(n), y, text, { align: "right", colour: css(theme.muted) }));
  const line = (at, label, dotted, strips, numbers) => {
    pen.text(SHEET_MARGIN + KEY_LABEL, at, isolated(pen.cutTo(label, KEY_LABEL)), { align: "right", colour: css(theme.text), dotted });
    strips.forEach(([data, row, scale], n) => paintStrip(pen, view, { data, row, scale, x: xs[n], y: at - 8, vector }));
    numbers.forEach((value, n) => pen.text(right(n), at, value === -Infinity ? "−∞" : decimals(value), { align: "right", colour: css(theme.text) }));
  };
  const { qkQuery, qkKeys } = qk.arrays;
  line(y + PRODUCTS_ROW, `q of ${qk.queries[qk.row]}`, Boolean(qk.queryUnknown?.[qk.row]), [[qkQuery.data, 0, view.vectors]], []);
  places.forEach((j, n) => line(y + (n + 2) * PRODUCTS_ROW, qk.keys[j], Boolean(qk.keyUnknown?.[j]), [[qkKeys.data, j, view.vectors], [view.products, j, view.produced]], numbersOf(j)));
  y += (places.length + 2) * PRODUCTS_ROW + 14;
  const rest = qk.keys.length - places.length;
  y = paintWords(pen, rest ? [`${rest} more keys are in the table.`] : [], { y, width: inner, colour: theme.muted });
  return y + SHEET_MARGIN - 10;
}

/** One vector: a rectangle for each number, or a picture. */
function paintStrip(pen, view, { data, row, scale, x, y, vector }) {
  const { size, scene } = view;
  const step = STRIP_WIDTH / size;
  if (vector) for (let d = 0; d < size; d++) pen.rect(x + d * step, y, step + 0.2, 16, css(colourOf(scale, data[row * size + d])));
  else pen.image(view.strip(data, row, scale, ""), [0, 0, size, 1], x, y, STRIP_WIDTH, 16);
  pen.frame(x, y, STRIP_WIDTH, 16, css(scene.theme.line));
}

/** All keys in text order: every step, then the vector; the query's own vector in the first line. */
export function productsTable(view) {
  const { qk } = view.scene;
  const { qkQuery, qkKeys } = qk.arrays;
  const { titles, numbersOf } = view.columns();
  const dimensions = Array.from({ length: view.size }, (_, d) => d);
  const vector = (data, row) => dimensions.map((d) => ({ numeric: shortest(data[row * view.size + d]) }));
  const number = (value) => ({ numeric: value === -Infinity ? "-inf" : shortest(Math.fround(value)) });
  const lines = [["token", "position", ...titles.map(([text]) => text), ...dimensions.map((d) => `dimension ${d}`)]];
  lines.push([`query: ${qk.queries[qk.row]}`, qk.row, ...titles.map(() => ""), ...vector(qkQuery.data, 0)]);
  qk.keys.forEach((label, j) => lines.push([label, j, ...numbersOf(j).map(number), ...vector(qkKeys.data, j)]));
  return csvText(lines);
}

// Figure "results": what was found, in a sentence and tables, and where there is one a curve over named places.

import { csvText } from "../../core/csv.js";
import { element } from "../../core/dom.js";
import { figureState } from "../../core/figure.js";
import { decimals, shortest } from "../../core/numbers.js";
import { Results } from "../../core/results.js";
import { fileName } from "../../core/save.js";
import { css } from "../../paint/colours.js";
import { downloads } from "../../paint/download.js";
import { CanvasPen } from "../../paint/pens.js";
import { sheetSvg } from "../../paint/sheet.js";
import { themeOf } from "../../paint/theme.js";
import { messageOf } from "./message.js";

/** @import {ResultsState} from "./message.js" */

const BOX = { width: 760, height: 280, left: 64, right: 18, top: 16, bottom: 44 };
const LINE = "#2c74c4";
const RING = "#d97706";
const MANY = 16; // places; above, not every one has its name on the axis

/** Draws the figure in `root`; it reports nothing. */
export function draw(root, bytes) {
  const state = /** @type {ResultsState} */ (figureState(root, "results", build));
  const { header, arrays } = messageOf(bytes);
  Object.assign(state, { header, values: arrays.curve?.data ?? [] });
  state.results.show(header.results);
  state.chart.hidden = state.download.hidden = !header.curve;
  if (header.curve) state.chart.setAttribute("aria-label", labelOf(state));
  refresh(state);
}

/** @param {ResultsState} state */
function build(state) {
  state.results = new Results();
  state.chart = element("canvas", { role: "img" });
  state.download = downloads({
    sheet: () => sheetOf(state), table: () => tableText(state), name: (extension) => fileName(["results", state.header.model], extension),
    titles: ["PNG picture", "SVG drawing", "CSV of the curve"],
  });
  state.resize = () => refresh(state);
  state.recolour = () => refresh(state);
  state.drawing = () => (state.header.curve ? sheetSvg(sheetOf(state)) : "");
  state.host.append(state.results.sentence, state.chart, element("div", { class: "av-tools" }, [state.download]), state.results.tables);
}

/** @param {ResultsState} state */
function refresh(state) {
  state.theme = themeOf(state.host);
  if (!state.header?.curve) return;
  const dpr = globalThis.devicePixelRatio || 1;
  const width = Math.max(280, Math.min(BOX.width, state.host.clientWidth));
  Object.assign(state.chart, { width: Math.round(width * dpr), height: Math.round(BOX.height * dpr) });
  Object.assign(state.chart.style, { width: `${width}px`, height: `${BOX.height}px` });
  const context = state.chart.getContext("2d");
  context.scale(dpr, dpr);
  paint(new CanvasPen(context), state, width);
}

const labelOf = ({ header, values }) =>
  `${header.curve.title}: ${header.curve.names.map((name, n) => `${name} ${decimals(values[n], 3)}`).join(", ")}`;

/** The curve, a ring around the place from which it stays, a dotted line at its end, and the axes. */
function paint(pen, { header, values, theme }, width) {
  const { names, title, places, settled } = header.curve;
  const low = Math.min(...values);
  const span = Math.max(...values) - low || 1;
  const across = (n) => BOX.left + ((width - BOX.left - BOX.right) * n) / Math.max(1, values.length - 1);
  const down = (value) => BOX.top + (BOX.height - BOX.top - BOX.bottom) * (1 - (value - low) / span);
  const last = values.length - 1;
  const muted = css(theme.muted);
  pen.font(`12px ${theme.font}`);
  for (const share of [0, 0.5, 1]) {
    const value = low + share * span;
    pen.lines([[BOX.left, down(value), width - BOX.right, down(value)]], css(theme.line));
    pen.text(BOX.left - 8, down(value), decimals(value, 3), { align: "right", colour: muted });
  }
  pen.text(14, BOX.top + (BOX.height - BOX.top - BOX.bottom) / 2, title, { align: "center", colour: muted, angle: -Math.PI / 2 });
  pen.text(BOX.left + (width - BOX.left - BOX.right) / 2, BOX.height - 8, places, { align: "center", colour: muted });
  const step = 1 + Math.floor(values.length / MANY);
  names.forEach((name, n) => n % step || pen.text(across(n), BOX.height - 28, shortOf(name), { align: "center", colour: muted }));
  pen.lines([[BOX.left, down(values[last]), width - BOX.right, down(values[last])]], muted, { dash: [2, 4] });
  const points = Array.from(values, (value, n) => [across(n), down(value)]);
  pen.lines(points.slice(1).map((point, n) => [...points[n], ...point]), LINE, { thickness: 2.5 });
  for (const [x, y] of points) pen.rect(x - 4, y - 4, 8, 8, LINE);
  pen.lines(ring(...points[settled], 10), RING, { thickness: 3 });
}

/** The number in a name, else its first word: what has room under an axis. */
const shortOf = (name) => (name.startsWith("before") ? "none" : (name.match(/\d+/)?.[0] ?? name.split(" ")[0]));

/** A circle as short lines, which both pens draw. */
function ring(x, y, radius, sides = 24) {
  const at = (n) => [x + radius * Math.cos((2 * Math.PI * n) / sides), y + radius * Math.sin((2 * Math.PI * n) / sides)];
  return Array.from({ length: sides }, (_, n) => [...at(n), ...at(n + 1)]);
}

const tableText = ({ header, values }) =>
  csvText([["place", header.curve.title], ...header.curve.names.map((name, n) => [name, { numeric: shortest(values[n]) }])]);

/**
 * The curve as a picture.
 * @param {ResultsState} state
 */
function sheetOf(state) {
  const draws = (/** @type {any} */ pen) => {
    paint(pen, state, BOX.width);
    return BOX.height;
  };
  return { width: BOX.width, theme: state.theme, title: state.header.curve.title, paint: draws };
}

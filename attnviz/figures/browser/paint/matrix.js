// Layout and painting of a labelled matrix. The same code draws on screen, into a PNG and into an SVG: it uses a
// pen (see pens.js) and knows neither the DOM nor the reader's pointer.

import { clamp } from "../core/numbers.js";
import { isolated } from "../core/text.js";
import { css, mix } from "./colours.js";
import { measured } from "./labels.js";
import { stride } from "./ticks.js";

/**
 * @typedef {object} Scene a map with all that it is painted with
 * @property {import("../data/view.js").View} view
 * @property {import("./theme.js").Theme} theme
 * @property {import("./scales.js").Scale} scale
 * @property {{query: string, key: string}} titles of the axes
 * @property {string} [label] for screen readers
 * @property {string} [title] of a picture
 * @property {string[]} [notes] under a picture
 * @property {Float32Array | null} [cuts] the smallest size that is not faded, row by row
 * @property {HTMLCanvasElement} [image] one pixel a cell
 */

/**
 * @typedef {object} Room sizes in CSS pixels
 * @property {number} width
 * @property {number} height
 * @property {number} [zoom]
 * @property {boolean} [compact] for phones
 * @property {number} [dpr] pixels of the screen to a CSS pixel
 * @property {number} [smallest] side of a cell
 * @property {number} [largest]
 */

const SLANT = -Math.PI / 4;

/**
 * Places a q x k matrix in a box.
 * @param {import("./pens.js").Pen} pen measures text; its font is set here
 * @param {Scene} scene
 * @param {Room} box
 */
export function layoutOf(pen, scene, box) {
  const { view } = scene;
  const size = box.compact ? 11 : 12.5;
  const font = `${size}px ${scene.theme.font}`;
  pen.font(font);
  const rowLabels = axisLabels(pen, view.rows, view.header.queries, font, roomFor(view, box));
  const colLabels = axisLabels(pen, view.cols, view.header.keys, font, box.compact ? 60 : 110);
  const left = 20 + rowLabels.widest + 8;
  const pitch = Math.round(size * (box.compact ? 1.2 : 1.3));
  const cellIn = (width, height) => {
    const fit = Math.min(width / view.k, height / view.q, box.largest);
    const cell = Math.max(box.smallest, fit) * box.zoom;
    return Math.max(1, Math.floor(Math.min(cell, box.largest) * box.dpr)) / box.dpr;
  };
  let cell = cellIn(box.width - left - 4, box.height);
  const angle = colLabels.widest + 8 <= cell ? 0 : box.compact ? -Math.PI / 2 : SLANT;
  let right = 2;
  if (angle === SLANT) {
    const overshoot = (at) => colLabels.widths[at] * Math.cos(SLANT) - (view.k - at - 0.5) * cell + 6;
    right = Math.max(2, ...Array.from(colLabels.widths, (_, at) => overshoot(at)));
    cell = cellIn(box.width - left - right, box.height);
  }
  const labelHeight = angle === 0 ? pitch + 4 : angle === SLANT ? colLabels.widest * Math.sin(-SLANT) + pitch : colLabels.widest + 8;
  const top = Math.ceil(20 + labelHeight);
  const plotWidth = Math.min(view.k * cell, Math.max(cell, Math.floor((box.width - left - right) * box.dpr) / box.dpr));
  const plotHeight = Math.min(view.q * cell, box.zoom > 1 ? Math.max(box.height, 200) : Infinity);
  return {
    font, size, pitch, cell, angle, top, left: Math.ceil(left), right, plotWidth, plotHeight, rowLabels, colLabels,
    width: Math.ceil(left) + plotWidth + right,
    height: top + plotHeight + 2,
    rowStep: stride(cell, pitch),
    colStep: angle === 0 ? 1 : stride(cell, pitch * (angle === SLANT ? 1.15 : 1)),
    overflowX: view.k * cell - plotWidth,
    overflowY: view.q * cell - plotHeight,
  };
}

/** The width of a row's label: a sentence needs more of it than a word. */
const roomFor = ({ header }, { compact = false }) => (compact ? 66 : 130) * (["sentence", "paragraph"].includes(header.unit) ? 2 : 1);

/** The shown labels of an axis, cut to `limit` pixels, and how wide they are. */
function axisLabels(pen, kept, labels, font, limit) {
  const parts = measured(pen, Array.from(kept, (at) => labels[at]), font, limit);
  const widths = parts.map((part) => part.width);
  const widest = Math.ceil(widths.reduce((most, width) => Math.max(most, width), 12));
  return { texts: parts.map((part) => part.text), widths, widest };
}

/**
 * The rows (or columns) that a viewport of `size` shows from `scroll` on: [first, last).
 * @type {(scroll: number, size: number, cell: number, count: number) => [first: number, last: number]}
 */
export const visibleRange = (scroll, size, cell, count) => [
  clamp(Math.floor(scroll / cell), 0, count),
  clamp(Math.ceil((scroll + size) / cell), 0, count),
];

/**
 * Paints the scene at a layout, scrolled by {x, y}.
 * @param {import("./pens.js").Pen} pen
 * @param {Scene} scene
 * @param {any} layout
 */
export function paintMatrix(pen, scene, layout, scroll = { x: 0, y: 0 }) {
  const { view, theme } = scene;
  const { left, top, cell, plotWidth, plotHeight } = layout;
  const x = left - scroll.x;
  const y = top - scroll.y;
  const range = {
    rows: visibleRange(scroll.y, plotHeight, cell, view.q),
    cols: visibleRange(scroll.x, plotWidth, cell, view.k),
  };
  pen.font(layout.font);
  pen.clip(left, top, plotWidth, plotHeight, () => {
    paintHatch(pen, scene, layout, x, y, range);
    pen.matrix(scene, x, y, cell, range);
    if (cell >= 9) paintGrid(pen, scene, layout, x, y, range);
  });
  pen.frame(left, top, plotWidth, plotHeight, css(theme.line));
  paintRowLabels(pen, scene, layout, y, range.rows);
  paintColumnLabels(pen, scene, layout, x, range.cols);
  paintTitles(pen, scene, layout);
}

/** "Cannot look ahead" is hatched: it is not a weight of zero. */
function paintHatch(pen, { view, theme }, { cell }, x, y, { rows, cols }) {
  /** @type {import("./pens.js").Box[]} */
  const boxes = [];
  for (let i = rows[0]; i < rows[1]; i++) {
    const from = Math.max(view.open[i], cols[0]);
    if (from < cols[1]) boxes.push([x + from * cell, y + i * cell, (cols[1] - from) * cell, cell]);
  }
  if (boxes.length) pen.hatch(boxes, css(mix(theme.bg, theme.text, 0.2)), css(mix(theme.bg, theme.text, 0.035)));
}

function paintGrid(pen, { theme, view }, { cell }, x, y, { rows, cols }) {
  /** @type {import("./pens.js").Line[]} */
  const lines = [];
  const width = (cols[1] - cols[0]) * cell;
  for (let i = rows[0] + 1; i < rows[1]; i++) {
    const open = Math.min(view.open[i - 1], cols[1]);
    lines.push([x + cols[0] * cell, y + i * cell, x + (view.header.causal ? open * cell : cols[0] * cell + width), y + i * cell]);
  }
  for (let j = cols[0] + 1; j < cols[1]; j++) {
    let first = rows[0];
    while (first < rows[1] && view.open[first] < j) first++;
    if (first < rows[1]) lines.push([x + j * cell, y + first * cell, x + j * cell, y + rows[1] * cell]);
  }
  pen.lines(lines, css(theme.bg));
}

const flagged = (flags, kept, at) => Boolean(flags?.[kept[at]]);

function paintRowLabels(pen, { view, theme }, layout, y, [first, last]) {
  const { left, top, cell, plotHeight, rowStep } = layout;
  pen.clip(0, top - layout.pitch / 2, left, plotHeight + layout.pitch, () => {
    for (let i = Math.ceil(first / rowStep) * rowStep; i < last; i += rowStep) {
      const colour = flagged(view.header.querySpecial, view.rows, i) ? theme.muted : theme.text;
      const dotted = flagged(view.header.queryUnknown, view.rows, i);
      pen.text(left - 7, y + (i + 0.5) * cell, isolated(layout.rowLabels.texts[i]), { align: "right", colour: css(colour), dotted });
    }
  });
}

function paintColumnLabels(pen, { view, theme }, layout, x, [first, last]) {
  const { left, top, cell, angle, plotWidth, right, colStep } = layout;
  pen.clip(left - layout.pitch / 2, 0, plotWidth + right + layout.pitch, top, () => {
    for (let j = Math.ceil(first / colStep) * colStep; j < last; j += colStep) {
      const colour = css(flagged(view.header.keySpecial, view.cols, j) ? theme.muted : theme.text);
      const dotted = flagged(view.header.keyUnknown, view.cols, j);
      const text = isolated(layout.colLabels.texts[j]);
      const at = x + (j + 0.5) * cell;
      if (angle === 0) pen.text(at, top - layout.pitch / 2 - 3, text, { align: "center", colour, dotted });
      else pen.text(at + (angle === SLANT ? 1 : 0), top - 6, text, { align: "left", colour, angle, dotted });
    }
  });
}

function paintTitles(pen, { titles, theme }, layout) {
  const colour = css(theme.muted);
  const key = pen.cutTo(titles.key, layout.width - layout.left);
  pen.text(layout.left, 9, key, { align: "left", colour });
  const query = pen.cutTo(titles.query, Math.max(layout.plotHeight, 130) );
  pen.text(9, layout.top + layout.plotHeight / 2, query, { align: "center", colour, angle: -Math.PI / 2 });
}

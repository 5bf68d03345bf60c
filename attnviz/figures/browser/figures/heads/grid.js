// Where each head's thumbnail stands, and how all of them are painted on one canvas.

import { decimals } from "../../core/numbers.js";
import { css, inkOn } from "../../paint/colours.js";

const GAP = 6;
const LEFT = 58;
const TOP = 22;
const INSET = 2;
/** Models with more layers than FOLDS show them in groups of GROUP, each of which can be folded. */
const FOLDS = 12;
const GROUP = 10;
const FOLD = 30; // pixels

/**
 * Places the heads in `width` pixels: a grid of layers by heads where the columns are wide enough, else as many
 * as fit in a line, under a heading for each layer; in an order by a statistic always the latter, without headings.
 * `folded`: numbers of groups of layers that are not shown.
 * @returns {any} {cells: [{layer, head, x, y}], headings: [{text, x, y, align}], folds: [{number, first, last, folded, y}],
 * thumb: {width, height}, caption, height}
 */
export function gridOf({ width, layers, heads, order, shape, captions, compact, folded = new Set() }) {
  const space = width - 2 * INSET;
  const ratio = Math.min(1.5, Math.max(0.4, shape[0] / shape[1]));
  const column = (space - LEFT - (heads - 1) * GAP) / heads;
  const wide = !order && column >= 36;
  const caption = 15 * (captions + (wide ? 0 : 1)) + (captions ? 8 : 0);
  const best = compact ? 58 : 74;
  const columns = wide ? heads : Math.max(1, Math.floor((space + GAP) / (best + GAP)));
  const many = !order && layers > FOLDS;
  const size = Math.floor(wide ? Math.min(column, many ? 72 : 104) : (space - (columns - 1) * GAP) / columns);
  const thumb = { width: size, height: Math.round(size * ratio) };
  const line = thumb.height + caption + GAP + (caption ? 2 : 0);
  const grid = { cells: [], headings: [], folds: [], thumb, caption, columns, labelled: !wide, height: 0, gap: GAP };
  let y = wide ? TOP : 0;
  if (wide)
    for (let head = 0; head < heads; head++)
      grid.headings.push({ text: `${head === 0 || size > 52 ? "head " : ""}${head}`, x: LEFT + head * (size + GAP) + size / 2, y: 9, align: "center" });
  const groups = order ? [order] : Array.from({ length: layers }, (_, layer) => Array.from({ length: heads }, (__, head) => [layer, head]));
  groups.forEach((group, number) => {
    const part = Math.floor(number / GROUP);
    if (many && number % GROUP === 0) {
      grid.folds.push({ number: part, first: number, last: Math.min(number + GROUP, layers) - 1, folded: folded.has(part), y });
      y += FOLD;
    }
    if (many && folded.has(part)) return;
    if (!order && !wide) {
      grid.headings.push({ text: `layer ${number}`, x: 0, y: y + 9, align: "left" });
      y += TOP;
    }
    if (wide) grid.headings.push({ text: `layer ${number}`, x: LEFT - 9, y: y + thumb.height / 2, align: "right" });
    group.forEach(([layer, head], at) => {
      const x = (wide ? LEFT : INSET) + (at % columns) * (size + GAP);
      grid.cells.push({ layer, head, x, y: y + Math.floor(at / columns) * line });
    });
    y += Math.ceil(group.length / columns) * line + (order || wide ? 0 : 6);
  });
  grid.height = y;
  return grid;
}

/** Makes room of `height` pixels below the row of thumbnails at `row`. */
export function gapped(grid, row, height) {
  const below = row + grid.thumb.height;
  for (const each of [...grid.cells, ...grid.headings, ...grid.folds]) if (each.y > below) each.y += height;
  grid.height += height;
}

/**
 * All thumbnails in one image, one pixel a value. `same`: one scale for all heads instead of each its own. `hide`: the
 * first column is left out, and what is left shown up to its own maximum.
 */
export function atlasOf(canvas, { header, thumbs, scales }, pixels, faint, { same, hide }) {
  const [layers, heads, q, k] = thumbs.shape;
  Object.assign(canvas, { width: heads * k, height: layers * q });
  const pen = canvas.getContext("2d");
  const image = pen.createImageData(canvas.width, canvas.height);
  const words = new Uint32Array(image.data.buffer);
  const largest = scales.data.map((scale, at) => scale * (hide ? (mostWithoutFirst(thumbs.data, at * q * k, q, k) / 255) ** 2 : 1));
  const top = largest.reduce((most, scale) => Math.max(most, scale), 0);
  const ahead = header.causal && header.queries === header.keys;
  const shades = new Uint32Array(256);
  for (let layer = 0, from = 0; layer < layers; layer++)
    for (let head = 0; head < heads; head++) {
      const factor = factorOf(scales.data[layer * heads + head], same ? top : largest[layer * heads + head]);
      for (let value = 0; value < 256; value++) shades[value] = pixels[Math.min(255, Math.round(value * factor))];
      for (let i = 0; i < q; i++) {
        let at = (layer * q + i) * canvas.width + head * k;
        for (let j = 0; j < k; j++) {
          const value = hide && j === 0 ? 0 : thumbs.data[from];
          from++;
          words[at++] = ahead && value === 0 && j * q >= (i + 1) * k ? faint : shades[value];
        }
      }
    }
  pen.putImageData(image, 0, 0);
  return canvas;
}

/** By what the bytes of a head, square roots of shares of its maximum, are multiplied where colours go up to `top`. */
const factorOf = (scale, top) => (top > 0 ? Math.sqrt(scale / top) : 0);

/** The largest byte of a head outside the first column. */
function mostWithoutFirst(bytes, from, q, k) {
  let most = 0;
  for (let at = 0; at < q * k; at++) if (at % k) most = Math.max(most, bytes[from + at]);
  return most;
}

/** Paints the grid: `spec` holds grid, atlas, shape, theme, `tint(layer, head)` -> {colour, share, signed, text} or null. */
export function paintGridOf(pen, { grid, atlas, shape, theme, tint, asValues, dpr }) {
  const [, , q, k] = shape;
  const { thumb } = grid;
  pen.font(`12px ${theme.font}`);
  for (const { text, x, y, align } of grid.headings) pen.text(x, y, text, { align, colour: css(theme.muted) });
  pen.font(`11px ${theme.font}`);
  for (const { layer, head, x, y } of grid.cells) {
    const value = tint?.(layer, head);
    if (asValues && value) paintValue(pen, value, x, y, thumb);
    else pen.image(atlas, [head * k, layer * q, k, q], x, y, thumb.width, thumb.height, thumb.width * dpr < k);
    pen.frame(x, y, thumb.width, thumb.height, css(theme.line));
    let below = y + thumb.height + 10;
    if (grid.labelled) {
      pen.text(x, below, `L${layer} H${head}`, { colour: css(theme.text) });
      below += 15;
    }
    if (value && !asValues) paintBarUnder(pen, value, x, below, thumb, theme);
  }
}

function paintValue(pen, value, x, y, thumb) {
  pen.rect(x, y, thumb.width, thumb.height, css(value.colour));
  pen.text(x + thumb.width / 2, y + thumb.height / 2, value.text, { align: "center", colour: css(inkOn(value.colour)) });
}

function paintBarUnder(pen, value, x, y, thumb, theme) {
  pen.rect(x, y - 4, thumb.width, 5, css(theme.faint));
  const [zero, room] = value.signed ? [x + thumb.width / 2, thumb.width / 2] : [x, thumb.width];
  const length = Math.abs(value.share) * room;
  pen.rect(value.share < 0 ? zero - length : zero, y - 4, length, 5, css(theme.bar));
  if (value.signed) pen.rect(zero - 0.5, y - 5, 1, 7, css(theme.muted));
  pen.text(x, y + 10, value.text, { colour: css(theme.muted) });
}

/** Heads in the order of a statistic, those without a value last. */
export function ordered(values, layers, heads, descending) {
  const places = Array.from({ length: layers * heads }, (_, at) => at);
  const rank = (at) => (Number.isNaN(values[at]) ? -Infinity : descending ? values[at] : -values[at]);
  return places.sort((a, b) => rank(b) - rank(a) || a - b).map((at) => [Math.floor(at / heads), at % heads]);
}

/** A statistic as it is read: with its unit. */
export const statistic = (value, unit) => `${decimals(value, 3)}${unit && !Number.isNaN(value) ? ` ${unit}` : ""}`;

// A picture with values over its patches, painted on screen, on the tiles of the wall, and in saved pictures.

import { css, divergingScale, mix, pixelsOf, sequentialScale } from "../../paint/colours.js";
import { paintBar } from "../../paint/legend.js";
import { colourOf, plainScale, rootScale, sizeOn } from "../../paint/scales.js";
import { paintWords, SHEET_MARGIN } from "../../paint/sheet.js";

/** @import {PatchesState, PatchPlace} from "./message.js" */

const SHEET_WIDTH = 620;
const SMALL = 64; // pixels of a picture that is shown with its pixels, not smoothed
// Weak patches are dark and strong ones light, whatever the theme: a light ground would wash the picture out.
const OVER_PICTURE = { bg: [10, 16, 26], dark: true };
const GLOW = [255, 214, 64]; // of "opacity" over a photograph, which has all other colours itself

/**
 * The scale of a row: by its largest value over the grid, since what [CLS] and registers get stands beside it in words.
 * @param {PatchesState} state
 * @param {Float32Array} row
 */
export function patchScale({ header }, row) {
  const { signed, top, name } = header.view;
  const grid = row.subarray(header.leading.length);
  const largest = top ?? grid.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const colours = signed ? divergingScale(OVER_PICTURE) : sequentialScale(OVER_PICTURE);
  return name === "features" || signed ? plainScale(colours, largest, signed) : rootScale(colours, pixelsOf(colours), largest);
}

/**
 * Where a picture of the header's shape stands in a box, and its grid in it.
 * @param {PatchesState} state
 * @returns {PatchPlace}
 */
export function patchPlace({ header }, left, top, widest, highest) {
  const size = Math.min(widest / header.width, highest / header.height);
  const [width, height] = [Math.max(1, Math.round(header.width * size)), Math.max(1, Math.round(header.height * size))];
  const [x0, y0, x1, y1] = header.box ?? [0, 0, header.width, header.height];
  return { left, top, width, height, grid: [left + x0 * size, top + y0 * size, left + x1 * size, top + y1 * size] };
}

/**
 * The box of a cell.
 * @param {PatchesState} state
 * @param {PatchPlace} place
 * @returns {import("../../paint/pens.js").Box}
 */
export function cellBox({ header }, { grid: [x0, y0, x1, y1] }, cell) {
  const [row, column] = [Math.floor(cell / header.columns), cell % header.columns];
  const at = (from, to, part, count) => Math.round(from + ((to - from) * part) / count);
  const [left, top] = [at(x0, x1, column, header.columns), at(y0, y1, row, header.rows)];
  return [left, top, at(x0, x1, column + 1, header.columns) - left, at(y0, y1, row + 1, header.rows) - top];
}

/**
 * Paints picture and values at a place; `withPhoto` false leaves a plain ground for the picture.
 * @param {any} pen
 * @param {PatchesState} state
 * @param {Float32Array} row
 * @param {import("../../paint/scales.js").Scale} scale
 * @param {PatchPlace} place
 */
export function paintPatches(pen, state, row, scale, place, withPhoto = true) {
  const { header, photo, theme } = state;
  const { left, top, width, height } = place;
  pen.rect(left, top, width, height, css(theme.faint));
  if (photo && withPhoto) pen.image(photo, [0, 0, photo.width, photo.height], left, top, width, height, photo.width >= SMALL);
  for (let cell = 0; cell < header.rows * header.columns; cell++) {
    const [x, y, wide, high] = cellBox(state, place, cell);
    const shade = cellShade(state, scale, row[header.leading.length + cell]);
    if (shade.opacity > 0.004) pen.rect(x, y, wide, high, css(shade.colour), shade.opacity);
  }
  const covered = header.covered.map((cell) => cellBox(state, place, cell));
  if (covered.length) pen.hatch(covered, css(mix(theme.bg, theme.text, 0.5)), css(theme.bg));
}

/** The colour and the opacity of a value over the picture. */
function cellShade({ form, strength }, scale, value) {
  const size = sizeOn(scale, value);
  if (form === "spotlight") return { colour: [0, 0, 0], opacity: Math.min(1, strength * 1.25) * (1 - size) };
  if (form === "opacity") return { colour: scale.signed ? colourOf(scale, Math.sign(value) * 0.8 * scale.top) : GLOW, opacity: strength * size };
  return { colour: scale.top > 0 ? colourOf(scale, value) : OVER_PICTURE.bg, opacity: strength };
}

/**
 * A frame that is seen on any picture: light within dark.
 * @param {any} pen
 * @param {import("../../paint/pens.js").Box} box
 */
export function paintRing(pen, [x, y, width, height], colour = "rgb(255, 255, 255)") {
  pen.frame(x, y, width, height, "rgb(0, 0, 0)", 4);
  pen.frame(x, y, width, height, colour, 2);
}

/**
 * The sheet (see sheet.js) of what the figure shows.
 * @param {PatchesState} state
 * @param {{title: string, legend: string, notes: string[]}} told
 */
export function patchesSheet(state, { title, legend, notes }) {
  const inner = SHEET_WIDTH - 2 * SHEET_MARGIN;
  const paint = (/** @type {any} */ pen) => {
    const { theme, header, row, scale } = state;
    pen.font(`600 16px ${theme.font}`);
    let y = paintWords(pen, [title], { y: SHEET_MARGIN + 8, width: inner, colour: theme.text, leading: 23 });
    paintBar(pen, scale, theme, SHEET_MARGIN, y, 220);
    pen.font(`12px ${theme.font}`);
    paintWords(pen, [legend], { x: SHEET_MARGIN + 240, y: y + 6, width: inner - 240, colour: theme.muted });
    y += 52;
    const place = patchPlace(state, SHEET_MARGIN, y, inner, inner);
    paintPatches(pen, state, row, scale, place, header.agreed);
    const cell = (header.item ?? -1) - header.leading.length;
    if (cell >= 0) paintRing(pen, cellBox(state, place, cell));
    pen.font(`12px ${theme.font}`);
    return paintWords(pen, notes, { y: y + place.height + 20, width: inner, colour: theme.muted }) + SHEET_MARGIN - 10;
  };
  return { width: SHEET_WIDTH, theme: state.theme, title, paint };
}

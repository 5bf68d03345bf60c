// The message of the figure "patches", and what the figure keeps of it.

import { unpack } from "../../core/message.js";

/**
 * @typedef {object} PatchesHeader
 * @property {number} rows
 * @property {number} columns
 * @property {number} width of the picture, in its own pixels
 * @property {number} height
 * @property {[number, number, number, number] | null} box left, top, right, bottom of the grid in these pixels
 * @property {string[]} leading names of the items before the grid
 * @property {number | null} item whose row it is
 * @property {number} layers
 * @property {number} heads
 * @property {number} layer
 * @property {number[]} chosen heads whose mean is shown
 * @property {{name: string, title: string, unit: string, signed: boolean, top: number | null, places: string[]}} view
 * @property {number[]} covered cells
 * @property {string} form "colour", "opacity" or "spotlight"
 * @property {string} title
 * @property {string} note
 * @property {string} model
 * @property {boolean} agreed whether files may hold the picture
 *
 * @typedef {{left: number, top: number, width: number, height: number, grid: [number, number, number, number]}} PatchPlace of a picture on a pen, and of its grid
 *
 * @typedef {import("../../core/figure.js").State & {header: PatchesHeader, values: Float32Array, photo: HTMLCanvasElement | null, theme: import("../../paint/theme.js").Theme, callbacks: Record<string, (value: any) => void>, layer: number, chosen: number[], several: boolean, form: string, strength: number, cursor: number | null, row: Float32Array, scale: import("../../paint/scales.js").Scale, place: PatchPlace}} PatchesState
 */

/** @type {(bytes: Uint8Array) => {header: PatchesHeader, arrays: Record<string, any>}} */
export const messageOf = (bytes) => unpack(bytes);

/**
 * The mean of some heads' rows in a layer.
 * @param {{header: PatchesHeader, values: Float32Array}} state
 * @param {number} layer
 * @param {number[]} heads
 */
export function meanRow({ header, values }, layer, heads) {
  const count = header.leading.length + header.rows * header.columns;
  const mean = new Float32Array(count);
  for (const head of heads) {
    const from = (layer * header.heads + head) * count;
    for (let key = 0; key < count; key++) mean[key] += values[from + key] / heads.length;
  }
  return mean;
}

/** An item in words: "row 3, column 5" from 1, or the name of one before the grid. */
export function patchName({ header }, item) {
  const cell = item - header.leading.length;
  if (cell < 0) return header.leading[item];
  return `row ${Math.floor(cell / header.columns) + 1}, column ${(cell % header.columns) + 1}`;
}

// The message of the figure "heads", and what the figure keeps of it.

import { unpack } from "../../core/message.js";

/**
 * @typedef {object} HeadsHeader
 * @property {number} layers
 * @property {number} heads
 * @property {number} queries how many there are
 * @property {number} keys
 * @property {{name: string, unit: string, description: string}[]} metrics
 * @property {[layer: number, head: number][]} chosen marked to compare
 * @property {Detailed | null} detail
 * @property {string} orderBy
 * @property {string} colourBy
 * @property {boolean} causal
 * @property {string} pooled how the thumbnails were made smaller
 * @property {string} note
 * @property {string} model
 * @property {string} text
 *
 * @typedef {object} DetailFields
 * @property {string} identity
 * @property {[layer: number, head: number] | null} opened
 * @property {[layer: number, head: number][]} at whose maps the message holds
 *
 * @typedef {import("../../data/view.js").MapHeader & DetailFields} Detailed
 * @typedef {import("../../core/message.js").Section} Section
 * @typedef {import("../../core/figure.js").State & {header: HeadsHeader, thumbs: Section, scales: Section, table: Section, theme: import("../../paint/theme.js").Theme, colours: Colour[], diverging: Colour[]}} HeadsState
 * @typedef {import("../../paint/colours.js").Colour} Colour
 */

/** @type {(bytes: Uint8Array) => {header: HeadsHeader, arrays: Record<string, any>}} */
export function messageOf(bytes) {
  const message = unpack(bytes);
  const { thumbs } = message.arrays;
  if (thumbs.shape.length === 3) message.arrays.thumbs = squareOf(thumbs);
  return message;
}

/**
 * Thumbnails that came without the half above their diagonals, with zeros in it.
 * @param {Section} section
 * @returns {Section}
 */
export function squareOf({ data, shape }) {
  const [layers, heads, cells] = shape;
  const side = Math.round((Math.sqrt(8 * cells + 1) - 1) / 2);
  const whole = new Uint8Array(layers * heads * side * side);
  let from = 0;
  for (let row = 0; row < layers * heads * side; row++) {
    const count = (row % side) + 1;
    whole.set(data.subarray(from, from + count), row * side);
    from += count;
  }
  return { data: whole, shape: [layers, heads, side, side] };
}

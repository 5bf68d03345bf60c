// Colour scales: where a value stands between the ends of a scale, and which colour it has.

/**
 * @import {Colour} from "./colours.js"
 * @import {View} from "../data/view.js"
 * @typedef {object} Scale
 * @property {Colour[]} colours from its lower to its upper end
 * @property {Uint32Array | null} [pixels] the same as RGBA words
 * @property {number} top the largest value
 * @property {boolean} signed whether it runs from -top to top
 * @property {number} power of value / top that is in proportion to the place
 * @property {{colours: Colour[], pixels: Uint32Array}} [faded] for cells outside what is kept
 */

/**
 * A colour scale from 0 to `top` by the square root: small weights stay visible.
 * @type {(colours: Colour[], pixels: Uint32Array | null, top: number) => Scale}
 */
export const rootScale = (colours, pixels, top) => ({ colours, pixels, top, signed: false, power: 0.5 });

/**
 * A scale from -top to top around 0, by the signed square root.
 * @type {(colours: Colour[], pixels: Uint32Array | null, top: number) => Scale}
 */
export const signedScale = (colours, pixels, top) => ({ colours, pixels, top, signed: true, power: 0.5 });

/**
 * A scale in proportion to the value, for few and large things such as words.
 * @type {(colours: Colour[], top: number, signed: boolean) => Scale}
 */
export const plainScale = (colours, top, signed) => ({ colours, top, signed, power: 1 });

/**
 * Where a value stands on the scale, 0 to 1.
 * @param {Scale} scale
 * @param {number} value
 */
export function placeOn(scale, value) {
  if (!(scale.top > 0)) return scale.signed ? 0.5 : 0;
  const root = Math.min(1, Math.abs(value) / scale.top) ** scale.power;
  return scale.signed ? 0.5 + 0.5 * Math.sign(value) * root : root;
}

/**
 * How large a value is on the scale, 0 to 1, whatever its sign.
 * @type {(scale: Scale, value: number) => number}
 */
export const sizeOn = (scale, value) => (scale.top > 0 ? Math.min(1, Math.abs(value) / scale.top) ** scale.power : 0);

/** @type {(scale: Scale, value: number) => Colour} */
export const colourOf = (scale, value) => scale.colours[Math.round(placeOn(scale, value) * (scale.colours.length - 1))];

/**
 * The colour of cell (i, j) of a scene: faded where it is smaller than what its row keeps.
 * @param {{view: View, scale: Scale, cuts?: Float32Array | null}} scene
 * @param {number} i
 * @param {number} j
 */
export function shadeOf({ view, scale, cuts }, i, j) {
  const value = view.values[i * view.k + j];
  return colourOf(cuts && Math.abs(value) < cuts[i] ? { ...scale, colours: scale.faded.colours } : scale, value);
}

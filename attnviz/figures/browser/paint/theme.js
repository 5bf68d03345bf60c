// The colours and the font that the host gives to a figure.

import { luminance, mix } from "./colours.js";

/**
 * @import {Colour} from "./colours.js"
 * @typedef {object} Theme
 * @property {Colour} bg
 * @property {Colour} text
 * @property {Colour} muted
 * @property {Colour} line
 * @property {Colour} faint
 * @property {boolean} dark
 * @property {string} font
 * @property {Colour} [bar] of bars under thumbnails
 */

/** How far from the ground to the text the colour of labels is. */
export const MUTED = 0.76;

/**
 * The colours in effect on `host`, and its font.
 * @param {HTMLElement} host
 * @returns {Theme}
 */
export function themeOf(host) {
  const style = getComputedStyle(host);
  const text = rgbOf(style.color);
  const bg = rgbOf(style.backgroundColor);
  const dark = luminance(bg) < 0.25;
  // The browser's own controls (boxes, scroll bars) follow the theme that is in effect.
  host.dataset.dark = String(dark);
  return {
    bg,
    text,
    dark,
    muted: mix(bg, text, MUTED),
    line: mix(bg, text, 0.22),
    faint: mix(bg, text, 0.1),
    font: style.fontFamily,
  };
}

/** @type {OffscreenCanvasRenderingContext2D | undefined} */
let converter;

/**
 * Any CSS colour as [r, g, b]: the browser itself does the conversion.
 * @param {string} colour
 */
function rgbOf(colour) {
  converter ??= new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
  converter.clearRect(0, 0, 1, 1);
  converter.fillStyle = colour;
  converter.fillRect(0, 0, 1, 1);
  return [...converter.getImageData(0, 0, 1, 1).data.slice(0, 3)];
}

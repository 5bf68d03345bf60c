// Shades behind words: a hue for each direction or sign, mixed into the background so little that words stay legible.

import { css, mix } from "./colours.js";

const SHADES = 64;
const DEEPEST = 0.62; // the largest share of the hue
const SHADE_HUES = {
  light: { blue: [44, 116, 196], orange: [226, 120, 22] },
  dark: { blue: [58, 136, 222], orange: [216, 118, 30] },
};

/**
 * Blue and orange as 64 CSS colours each, from the background to the deepest.
 * @param {import("./theme.js").Theme} theme
 */
export function inksOf(theme) {
  const hues = SHADE_HUES[theme.dark ? "dark" : "light"];
  const of = (/** @type {number[]} */ hue) => Array.from({ length: SHADES }, (_, i) => css(mix(theme.bg, hue, (DEEPEST * i) / (SHADES - 1))));
  return { blue: of(hues.blue), orange: of(hues.orange) };
}

/**
 * The shades of a value: of plain ones blue, of signed ones one hue for each sign.
 * @param {import("./theme.js").Theme} theme
 */
export function shadesOf(theme) {
  const { blue, orange } = inksOf(theme);
  return { plus: blue, minus: orange };
}

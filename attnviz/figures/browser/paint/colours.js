// Colours as [r, g, b], and the ramps of the scales, legible on light and on dark. Sequential ramps run from the
// background to one blue, signed ones to blue and orange, which readers with any of the usual colour deficiencies tell
// apart; interpolated in OKLab, so that equal steps look equal.

/** @typedef {number[]} Colour red, green, blue: 0 to 255 */

/** @type {(colour: Colour) => string} */
export const css = ([r, g, b]) => `rgb(${Math.round(r)}, ${Math.round(g)}, ${Math.round(b)})`;

/**
 * `share` of the way from one colour to another.
 * @type {(from: Colour, to: Colour, share: number) => Colour}
 */
export const mix = (from, to, share) => from.map((value, i) => value + (to[i] - value) * share);

const toLinear = (/** @type {number} */ value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4);
const toGamma = (/** @type {number} */ value) => (value <= 0.0031308 ? 12.92 * value : 1.055 * value ** (1 / 2.4) - 0.055);

/** @param {Colour} rgb */
export function luminance(rgb) {
  const [r, g, b] = rgb.map((value) => toLinear(value / 255));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

/**
 * Black or white, whichever reads better on `rgb`: a contrast of 4.5 at least, whatever the colour.
 * @type {(rgb: Colour) => Colour}
 */
export const inkOn = (rgb) => (luminance(rgb) > 0.179 ? [0, 0, 0] : [255, 255, 255]);

/** @param {Colour} rgb */
function toLab(rgb) {
  const [r, g, b] = rgb.map((value) => toLinear(value / 255));
  const l = Math.cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b);
  const m = Math.cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b);
  const s = Math.cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b);
  return [
    0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s,
    1.9779984951 * l - 2.428592205 * m + 0.4505937099 * s,
    0.0259040371 * l + 0.7827717662 * m - 0.808675766 * s,
  ];
}

/** @param {number[]} lab */
function fromLab([L, a, b]) {
  const l = (L + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const m = (L - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const s = (L - 0.0894841775 * a - 1.291485548 * b) ** 3;
  return [
    4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s,
    -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
    -0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s,
  ].map((value) => Math.round(255 * toGamma(Math.min(1, Math.max(0, value)))));
}

/**
 * `size` colours through the stops, evenly spaced.
 * @param {Colour[]} stops
 * @param {number} size
 */
function ramp(stops, size) {
  const labs = stops.map(toLab);
  return Array.from({ length: size }, (_, i) => {
    const at = (i / (size - 1)) * (labs.length - 1);
    const k = Math.min(labs.length - 2, Math.floor(at));
    return fromLab(mix(labs[k], labs[k + 1], at - k));
  });
}

const BLUES = {
  light: [[166, 206, 238], [70, 142, 205], [22, 84, 160], [8, 34, 84]],
  dark: [[24, 58, 104], [36, 108, 178], [92, 172, 232], [214, 240, 255]],
};
const SIGNED = {
  light: { plus: [[158, 198, 236], [44, 116, 196], [10, 58, 128]], minus: [[250, 200, 150], [226, 120, 22], [140, 62, 0]] },
  dark: { plus: [[26, 64, 116], [44, 122, 208], [150, 208, 255]], minus: [[98, 54, 14], [208, 112, 28], [255, 196, 128]] },
};

/**
 * 256 colours for 0 to 1.
 * @param {{bg: Colour, dark: boolean}} theme
 */
export function sequentialScale(theme) {
  return ramp([theme.bg, ...BLUES[theme.dark ? "dark" : "light"]], 256);
}

/**
 * 255 colours for -1 to 1; index 127 is the background. Both halves are equally light: no sign looks like more.
 * @param {{bg: Colour, dark: boolean}} theme
 */
export function divergingScale(theme) {
  const { plus, minus } = SIGNED[theme.dark ? "dark" : "light"];
  const levels = plus.map((colour, n) => (lightness(colour) + lightness(minus[n])) / 2);
  const [above, below] = [plus, minus].map((stops) => ramp([theme.bg, ...stops.map((colour, n) => atLightness(colour, levels[n]))], 128));
  return [...below.reverse(), ...above.slice(1)];
}

/**
 * How light a colour is in OKLab, 0 to 1.
 * @param {Colour} rgb
 */
export const lightness = (rgb) => toLab(rgb)[0];

/** @type {(rgb: Colour, level: number) => Colour} */
const atLightness = (rgb, level) => fromLab([level, ...toLab(rgb).slice(1)]);

/**
 * The colours as little-endian RGBA words, to be written straight into image data.
 * @param {Colour[]} colours
 */
export function pixelsOf(colours) {
  return Uint32Array.from(colours, ([r, g, b]) => ((255 << 24) | (b << 16) | (g << 8) | r) >>> 0);
}

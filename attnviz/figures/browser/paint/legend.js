// The legend of a scale: a bar of its colours with ticks at round values, and what they mean in words.

import { element } from "../core/dom.js";
import { css } from "./colours.js";
import { CanvasPen } from "./pens.js";
import { placeOn } from "./scales.js";
import { barTicks, tickText } from "./ticks.js";

export const BAR_HEIGHT = 34;

/**
 * @import {Theme} from "./theme.js"
 * @import {Scale} from "./scales.js"
 * @import {Pen} from "./pens.js"
 */

/**
 * Paints a bar of `width` at (x, y): colours from the scale's lower to its upper end, ticks below.
 * @param {Pen} pen
 * @param {Scale} scale
 * @param {Theme} theme
 * @param {number} x
 * @param {number} y
 * @param {number} width
 */
export function paintBar(pen, scale, theme, x, y, width) {
  const steps = Math.min(128, Math.round(width));
  const last = scale.colours.length - 1;
  for (let i = 0; i < steps; i++) {
    const from = Math.floor((i * width) / steps);
    const to = Math.floor(((i + 1) * width) / steps);
    pen.rect(x + from, y, to - from, 10, css(scale.colours[Math.round((i / (steps - 1)) * last)]));
  }
  pen.frame(x, y, width, 10, css(theme.line));
  pen.font(`11px ${theme.font}`);
  for (const value of ticksOf(scale, width)) {
    const at = x + placeOn(scale, value) * width;
    pen.rect(Math.round(at) - 0.5, y + 11, 1, 4, css(theme.muted));
    const align = at < x + 8 ? "left" : at > x + width - 12 ? "right" : "center";
    pen.text(align === "left" ? x : align === "right" ? x + width : at, y + 23, tickText(value), { align, colour: css(theme.muted) });
  }
}

/**
 * @param {Scale} scale
 * @param {number} width
 */
function ticksOf(scale, width) {
  if (!scale.signed) return barTicks(scale.top, (value) => placeOn(scale, value) * width, 34);
  const half = barTicks(scale.top, (value) => (placeOn(scale, value) - 0.5) * width, 34);
  return [...half.slice(1).map((value) => -value), ...half];
}

/**
 * A legend on screen: `node`, and show(scale, theme, room, words), which paints the bar into at most `room` pixels and at
 * most `widest`. `more`: elements behind it.
 * @param {{widest?: number, more?: Node[]}} options
 */
export function legend({ widest = 300, more = [] } = {}) {
  const bar = element("canvas", { class: "av-legend-bar", "aria-hidden": "true" });
  const text = element("p", { class: "av-legend-text" });
  /** @type {(scale: Scale, theme: Theme, room: number, words: string) => void} */
  const show = (scale, theme, room, words) => {
    const width = Math.min(widest, room - 20);
    const dpr = globalThis.devicePixelRatio || 1;
    Object.assign(bar, { width: Math.round((width + 8) * dpr), height: Math.round(BAR_HEIGHT * dpr) });
    Object.assign(bar.style, { width: `${width + 8}px`, height: `${BAR_HEIGHT}px` });
    const context = bar.getContext("2d");
    context.scale(dpr, dpr);
    paintBar(new CanvasPen(context), scale, theme, 2, 2, width);
    text.textContent = words;
  };
  return { node: element("div", { class: "av-legend" }, [bar, text, ...more]), show };
}

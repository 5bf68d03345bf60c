// The colour bar: what a colour means, with ticks at round values and the scale said in words.

import { css } from "./colors.js";
import { barTicks, tickText } from "./labels.js";
import { placeOn } from "../data/view.js";

export const BAR_HEIGHT = 34;

/** Paints a bar of `width` at (x, y): colours from the scale's lower to its upper end, ticks below. */
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

function ticksOf(scale, width) {
  if (!scale.signed) return barTicks(scale.top, (value) => placeOn(scale, value) * width, 34);
  const half = barTicks(scale.top, (value) => (placeOn(scale, value) - 0.5) * width, 34);
  return [...half.slice(1).map((value) => -value), ...half];
}

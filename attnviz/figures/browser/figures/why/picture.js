// The figure "why" as a picture: both streams with their bars and lines, and the traces below.

import { isolated } from "../../core/text.js";
import { treePlaces } from "../../data/tree.js";
import { css } from "../../paint/colours.js";
import { paintLinks } from "../../paint/links.js";
import { colourOf } from "../../paint/scales.js";
import { paintWords, SHEET_MARGIN } from "../../paint/sheet.js";
import { paintBranches, STEP } from "./tree.js";
import { bandName, signedPart } from "./words.js";

/** @import {WhyState} from "./message.js" */

export const PART = 30; // pixels of a part: a target for a finger
export const BAND = 22; // pixels of the line that names a layer
const WIDTH = 860;
const NAME = 130;
const VALUE = 56;
const BARS = 110;
const TONE_OF_BARS = 0.62; // their length says how much, their colour only the sign

/**
 * Where the bar of a value begins, and how long it is, of `width`.
 * @param {{zero: number, unit: number}} bars
 * @param {number} value
 * @param {number} width
 */
export function barBox({ zero, unit }, value, width) {
  const length = Math.abs(value) * unit * width;
  return [zero * width - (value < 0 ? length : 0), length];
}

/** @param {WhyState} state */
export const partHue = ({ scale }, value) => colourOf(scale, Math.sign(value) * TONE_OF_BARS * scale.top);

/**
 * The sheet (see sheet.js) of what the figure shows.
 * @param {WhyState} state
 * @param {{title: string, notes: string[], lines: import("../../data/streams.js").Link[]}} told
 */
export function whySheet(state, told) {
  const { width } = treePlaces(state.header.nodes.map(({ parent }) => parent), STEP);
  return { width: Math.max(WIDTH, width + 2 * SHEET_MARGIN), theme: state.theme, title: told.title, paint: (/** @type {any} */ pen) => paintSheet(pen, state, told) };
}

/** Paints everything from top to bottom and returns the height. */
function paintSheet(pen, state, { title, notes, lines }) {
  const { theme, header, places } = state;
  const inner = WIDTH - 2 * SHEET_MARGIN;
  let y = SHEET_MARGIN + 8;
  pen.font(`600 16px ${theme.font}`);
  y = paintWords(pen, [title], { y, width: inner, colour: theme.text, leading: 23 }) + 8;
  pen.font(`600 13px ${theme.font}`);
  header.streams.forEach((stream, side) => {
    const shown = isolated(pen.cutTo(stream.title, inner / 2 - 20));
    pen.text(side ? WIDTH - SHEET_MARGIN : SHEET_MARGIN, y, shown, { align: side ? "right" : "left", colour: css(theme.text) });
  });
  const top = y + 16;
  paintStreams(pen, state, lines, top);
  y = top + places.height + 24;
  pen.font(`12px ${theme.font}`);
  y = paintWords(pen, notes, { y, width: inner, colour: theme.muted });
  return (header.nodes.length > 1 ? paintTree(pen, state, y + 14) : y) + SHEET_MARGIN - 8;
}

/** @param {WhyState} state */
function paintStreams(pen, state, lines, top) {
  const { theme, places, bands, shown } = state;
  pen.font(`12px ${theme.font}`);
  bands.forEach(({ layer }, n) => {
    pen.rect(SHEET_MARGIN, top + places.tops[n], WIDTH - 2 * SHEET_MARGIN, 1, css(theme.line));
    pen.text(SHEET_MARGIN, top + places.tops[n] + BAND / 2, bandName(layer), { colour: css(theme.muted) });
  });
  const left = SHEET_MARGIN + NAME + VALUE + BARS + 4;
  const right = WIDTH - left;
  pen.shift(0, top, () => paintLinks(pen, state, lines, { left, right, at: (side, part) => places.middles[side].get(part) ?? null }));
  pen.font(`13px ${theme.font}`);
  shown.forEach((parts, side) => parts.forEach((part) => paintPart(pen, state, side, part, top + places.middles[side].get(part))));
}

/** @param {WhyState} state */
function paintPart(pen, state, side, part, y) {
  const { theme, bars, values, streams } = state;
  const value = values[side][part];
  const colour = css(theme.text);
  const from = side ? WIDTH - SHEET_MARGIN - NAME - VALUE - BARS : SHEET_MARGIN + NAME + VALUE;
  const [start, length] = barBox(bars, value, BARS);
  pen.rect(from + start, y - 7, Math.max(1, length), 14, css(partHue(state, value)));
  pen.rect(from + bars.zero * BARS - 0.5, y - 11, 1, 22, css(theme.muted));
  const name = pen.cutTo(streams[side][part].name, NAME - 8);
  if (side) {
    pen.text(WIDTH - SHEET_MARGIN, y, name, { align: "right", colour });
    pen.text(from + BARS + 8, y, signedPart(value), { colour });
  } else {
    pen.text(SHEET_MARGIN, y, name, { colour });
    pen.text(from - 8, y, signedPart(value), { align: "right", colour });
  }
}

/** @param {WhyState} state */
function paintTree(pen, state, top) {
  const { theme, header } = state;
  const { spots, height } = treePlaces(header.nodes.map(({ parent }) => parent), STEP);
  pen.shift(SHEET_MARGIN, top, () => {
    paintBranches(pen, state, spots);
    header.nodes.forEach((node, n) => {
      const { x, y } = spots[n];
      const lines = [node.name, node.link, node.told, node.end].filter(Boolean);
      pen.rect(x, y - STEP.height / 2, STEP.width, STEP.height, css(theme.bg));
      pen.frame(x, y - STEP.height / 2, STEP.width, STEP.height, css(theme.muted));
      lines.forEach((line, k) => {
        pen.font(`${k ? "" : "600 "}${k > 1 ? 11 : 13}px ${theme.font}`);
        pen.text(x + 8, y + 19 * (k - (lines.length - 1) / 2), isolated(pen.cutTo(line, STEP.width - 16)), { colour: css(k > 1 ? theme.muted : theme.text) });
      });
    });
  });
  return top + height + 8;
}

// Two texts facing each other with lines between their words, as a picture.

import { isolated } from "../../core/text.js";
import { css, inkOn } from "../../paint/colours.js";
import { paintBar } from "../../paint/legend.js";
import { paintLinks } from "../../paint/links.js";
import { colourOf } from "../../paint/scales.js";
import { paintWords, SHEET_MARGIN } from "../../paint/sheet.js";

/** @import {PairsState, Word} from "./message.js" */

export const ROW = 32; // pixels of a word
const WIDTH = 760;
const COLUMN = 210;

/**
 * The sheet (see sheet.js) of what the figure shows.
 * @param {PairsState} state
 * @param {{title: string, legend: string, notes: string[], lines: import("../../data/pairs.js").Pair[]}} told
 */
export function pairsSheet(state, told) {
  return { width: WIDTH, theme: state.theme, title: told.title, paint: (/** @type {any} */ pen) => paintSheet(pen, state, told) };
}

/** Paints everything from top to bottom and returns the height. */
function paintSheet(pen, state, { title, legend, notes, lines }) {
  const { theme, rows, scale, header } = state;
  const inner = WIDTH - 2 * SHEET_MARGIN;
  let y = SHEET_MARGIN + 8;
  pen.font(`600 16px ${theme.font}`);
  y = paintWords(pen, [title], { y, width: inner, colour: theme.text, leading: 23 });
  paintBar(pen, scale, theme, SHEET_MARGIN, y, 260);
  pen.font(`12px ${theme.font}`);
  paintWords(pen, [legend], { x: SHEET_MARGIN + 280, y: y + 6, width: inner - 280, colour: theme.muted });
  y += 58;
  pen.font(`600 13px ${theme.font}`);
  pen.text(SHEET_MARGIN + COLUMN, y, header.texts[0].title, { align: "right", colour: css(theme.text) });
  pen.text(WIDTH - SHEET_MARGIN - COLUMN, y, header.texts[1].title, { colour: css(theme.text) });
  const first = y + ROW;
  const places = rows.map((words) => new Map(words.map(({ group }, n) => [group, first + n * ROW])));
  paintLinks(pen, state, lines, {
    left: SHEET_MARGIN + COLUMN + 4, right: WIDTH - SHEET_MARGIN - COLUMN - 4, at: (side, group) => places[side].get(group) ?? null,
  });
  pen.font(`14px ${theme.font}`);
  rows.forEach((words, side) => words.forEach((word, n) => paintWord(pen, state, word, side, first + n * ROW)));
  y = first + ROW * Math.max(rows[0].length, rows[1].length) + 6;
  pen.font(`12px ${theme.font}`);
  return paintWords(pen, notes, { y, width: inner, colour: theme.muted }) + SHEET_MARGIN - 10;
}

/**
 * A word on a ground in the colour of its sum.
 * @param {any} pen
 * @param {PairsState} state
 * @param {Word} word
 * @param {number} side
 * @param {number} y
 */
function paintWord(pen, { scale }, { label, value }, side, y) {
  const shown = pen.cutTo(label, COLUMN - 14);
  const width = pen.measureText(shown).width + 10;
  const colour = colourOf(scale, value);
  const left = side ? WIDTH - SHEET_MARGIN - COLUMN : SHEET_MARGIN + COLUMN - width;
  pen.rect(left, y - 11, width, 22, css(colour));
  pen.text(left + width / 2, y, isolated(shown), { align: "center", colour: css(inkOn(colour)) });
}

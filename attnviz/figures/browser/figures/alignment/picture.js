// An alignment as a picture and as a table: source words on the left, target words on the right, lines between them.

import { csvText } from "../../core/csv.js";
import { shortest } from "../../core/numbers.js";
import { fileName } from "../../core/save.js";
import { isolated } from "../../core/text.js";
import { css, mix } from "../../paint/colours.js";
import { paintWords, SHEET_MARGIN } from "../../paint/sheet.js";
import { FAINTEST, goldOf, placeName, uncertain, weightAt } from "./message.js";

/** @import {AlignmentState} from "./message.js" */

const WIDTH = 620;
const LINE = 30;
const SIDE = 190; // pixels of a word

export const GOLD_HELP = "Gold links are broad bands, in the matrix frames: whole where they are sure, dotted where one may also link so.";

/** @param {AlignmentState} state */
export const alignmentSheet = (state) => ({
  width: WIDTH, theme: state.theme, title: `${state.header.title || "Word alignment"} · ${placeName(state, state.place)}`,
  paint: (/** @type {any} */ pen) => paintAlignment(pen, state),
});

/** Paints everything from top to bottom and returns the height. */
function paintAlignment(pen, state) {
  const { header, theme } = state;
  pen.font(`600 15px ${theme.font}`);
  let y = paintWords(pen, [`${header.title || "Word alignment"} · ${placeName(state, state.place)}`], { y: SHEET_MARGIN + 6, width: WIDTH - 2 * SHEET_MARGIN, colour: theme.text, leading: 22 });
  const [left, right] = [SHEET_MARGIN + SIDE, WIDTH - SHEET_MARGIN - SIDE];
  const rows = Math.max(header.sources.length, header.targets.length);
  const yOf = (n, count) => y + 20 + (n + (rows - count) / 2) * LINE;
  const line = (s, t) => [[left + 8, yOf(s, header.sources.length), right - 8, yOf(t, header.targets.length)]];
  header.targets.forEach((_, t) => {
    header.sources.forEach((__, s) => {
      const gold = goldOf(state, t, s);
      if (gold) pen.lines(line(s, t), css(goldColour(theme)), { thickness: 10, opacity: 0.75, dash: gold === "sure" ? [] : [3, 9] });
    });
  });
  header.targets.forEach((_, t) => {
    header.sources.forEach((__, s) => {
      const weight = weightAt(state, t, s);
      if (weight < FAINTEST) return;
      pen.lines(line(s, t), css(lineColour(theme)), {
        thickness: 1 + 3.5 * weight, opacity: Math.min(1, 0.15 + 0.85 * weight), dash: uncertain(state, t) ? [5, 4] : [],
      });
    });
  });
  pen.font(`15px ${theme.font}`);
  header.sources.forEach((label, s) => pen.text(left, yOf(s, header.sources.length), isolated(pen.cutTo(label, SIDE)), { align: "right", colour: css(theme.text) }));
  header.targets.forEach(({ label }, t) => pen.text(right, yOf(t, header.targets.length), isolated(pen.cutTo(label + (uncertain(state, t) ? " ?" : ""), SIDE)), { colour: css(theme.text) }));
  y += 20 + rows * LINE;
  pen.font(`12px ${theme.font}`);
  return paintWords(pen, ["Thicker: more of the word’s attention. Dashed, with a question mark: the attention is too spread out to name a word.", ...(header.gold && state.golden ? [GOLD_HELP] : []), header.note].filter(Boolean), { y, width: WIDTH - 2 * SHEET_MARGIN, colour: theme.muted }) + 8;
}

/** @param {import("../../paint/theme.js").Theme} theme */
export const lineColour = (theme) => mix(theme.dark ? [120, 190, 245] : [24, 100, 176], theme.bg, 0.05);

/** @param {import("../../paint/theme.js").Theme} theme */
export const goldColour = (theme) => mix(theme.dark ? [214, 150, 40] : [240, 178, 60], theme.bg, 0.25);

/** @param {AlignmentState} state */
export function tableText(state) {
  const { header } = state;
  /** @type {import("../../core/csv.js").Cell[][]} */
  const rows = [["target", "log probability", "uncertain", ...header.sources]];
  header.targets.forEach(({ label, logProb }, t) => {
    rows.push([label, { numeric: String(logProb) }, uncertain(state, t) ? "yes" : "no", ...header.sources.map((_, s) => ({ numeric: shortest(weightAt(state, t, s)) }))]);
  });
  return csvText(rows);
}

/** @param {AlignmentState} state */
export const nameOf = (state, extension) => fileName(["alignment", state.header.model, placeName(state, state.place).split(" · ")[0]], extension);

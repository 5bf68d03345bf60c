// Figure "pairs": two texts facing each other, a line for each pair of words as wide as its share of their similarity.

import { choice, toggle } from "../../core/controls.js";
import { csvText } from "../../core/csv.js";
import { element } from "../../core/dom.js";
import { figureState } from "../../core/figure.js";
import { modified, rove, taken } from "../../core/keyboard.js";
import { clamp, decimals, percent } from "../../core/numbers.js";
import { fileName } from "../../core/save.js";
import { quoted } from "../../core/text.js";
import { pairsOf, pairsThatHold, strongestPairs, sumsOf } from "../../data/pairs.js";
import { css, divergingScale, inkOn } from "../../paint/colours.js";
import { downloads } from "../../paint/download.js";
import { legend } from "../../paint/legend.js";
import { paintLinks } from "../../paint/links.js";
import { CanvasPen } from "../../paint/pens.js";
import { colourOf, plainScale } from "../../paint/scales.js";
import { sheetSvg } from "../../paint/sheet.js";
import { themeOf } from "../../paint/theme.js";
import { messageOf } from "./message.js";
import { pairsSheet, ROW } from "./picture.js";

/** @import {PairsState, Place, Word} from "./message.js" */

const MOST_WORDS = 40; // of a text that stand there before the reader asks for all
const TABLE_ROWS = 12;
const NAMED = 3; // partners of a word that are read out
const LEGEND = "Wider line: a larger share of the similarity. Blue: makes the texts more similar. Orange, dashed: less.";

/**
 * Draws the figure in `root`. callbacks.granularity("token" | "word" | "sentence" | "paragraph") is told what is shown.
 */
export function draw(root, bytes, callbacks = {}) {
  const state = /** @type {PairsState} */ (figureState(root, "pairs", build));
  const { header, arrays } = messageOf(bytes);
  const texts = header.texts.map(({ text }) => text).join("\n");
  if (!state.header) state.granularity = header.granularity;
  if (state.about !== texts) Object.assign(state, { about: texts, held: null, all: false });
  Object.assign(state, { header, arrays, callbacks });
  refresh(state);
}

/** @param {PairsState} state */
function build(state) {
  Object.assign(state, { share: 0.25, specials: false, held: null, shown: null, all: false });
  const change = (changes) => {
    Object.assign(state, changes);
    refresh(state);
  };
  state.resize = () => refresh(state);
  state.recolour = () => change({ theme: null });
  state.unitChoice = choice("Add up by", [["token", "token"], ["word", "word"], ["sentence", "sentence"], ["paragraph", "paragraph"]], (value) => {
    change({ granularity: value, held: null, all: false });
    state.callbacks.granularity?.(value);
  });
  state.shareChoice = choice("Lines", [["0.25", "that hold 25 %"], ["0.5", "that hold 50 %"], ["0.8", "that hold 80 %"], ["1", "all"]], (value) => change({ share: Number(value) }));
  state.specialToggle = toggle("Special tokens", (checked) => change({ specials: checked, held: null }));
  const download = downloads({
    sheet: () => sheetOf(state), table: () => tableText(state),
    name: (extension) => fileName(["pairs", state.header.model, state.granularity], extension),
    titles: ["PNG picture", "SVG drawing", "CSV table"],
  });
  state.drawing = () => sheetSvg(sheetOf(state));
  state.toolbar = element("div", { class: "av-toolbar" }, [
    state.unitChoice.node, state.shareChoice.node, state.specialToggle.node, element("div", { class: "av-tools" }, [download]),
  ]);
  state.heading = element("h3", { class: "av-headline" });
  state.legend = legend();
  state.readout = element("p", { class: "av-readout", "data-testid": "readout", "aria-live": "polite" });
  state.canvas = element("canvas", { class: "av-pairlines", "aria-hidden": "true" });
  state.columns = [0, 1].map(() => element("div", { class: "av-column", role: "group" }));
  state.stage = element("div", { class: "av-facing", "data-testid": "pairs" }, [state.columns[0], state.canvas, state.columns[1]]);
  state.more = element("button", { type: "button", class: "av-button", on: { click: () => change({ all: !state.all }) } });
  state.help = element("p", { class: "av-help", text: "Point at a word for its pairs; click it, or press Enter, to hold them. Arrow keys walk, Escape lets go." });
  state.check = element("p", { class: "av-total", "data-testid": "sum" });
  state.table = element("details", { class: "av-pairtable" });
  state.host.append(state.heading, state.toolbar, state.legend.node, state.readout, state.stage, state.more, state.check, state.help, state.table);
  listen(state);
}

/** @param {PairsState} state */
function listen(state) {
  const { stage } = state;
  const at = (event) => placeOf(event.target.closest?.("[data-group]"));
  stage.addEventListener("pointerover", (event) => show(state, at(event)));
  stage.addEventListener("pointerleave", () => show(state, null));
  stage.addEventListener("focusin", (event) => show(state, at(event)));
  stage.addEventListener("focusout", () => show(state, null));
  stage.addEventListener("click", (event) => hold(state, at(event)));
  stage.addEventListener("keydown", (event) => {
    if (modified(event)) return;
    if (event.key === "Escape" && state.held) return taken(event), hold(state, null);
    const place = at(event);
    const words = place && [...state.columns[place.side].children];
    if (!words) return;
    const from = words.indexOf(event.target);
    const other = { ArrowLeft: 0, ArrowRight: 1 }[event.key];
    const to = { ArrowUp: from - 1, ArrowDown: from + 1, Home: 0, End: words.length - 1 }[event.key];
    if (other === undefined && to === undefined) return;
    taken(event);
    const line = other === undefined ? words : [...state.columns[other].children];
    const next = line[clamp(to ?? from, 0, line.length - 1)];
    rove(state.columns.flatMap((column) => [...column.children]), next);
    next.focus();
  });
}

/** @type {(node: HTMLElement | null | undefined) => Place | null} */
const placeOf = (node) => (node ? { side: Number(node.dataset.side), group: Number(node.dataset.group) } : null);

const same = (/** @type {Place | null} */ a, /** @type {Place | null} */ b) => a?.side === b?.side && a?.group === b?.group;

/**
 * Holds a word's pairs, lets go of the one that is held, or of any.
 * @param {PairsState} state
 */
function hold(state, place) {
  state.held = place && !same(place, state.held) ? place : null;
  show(state, state.held ? null : place);
}

/** @param {PairsState} state */
function refresh(state) {
  const { header, host, arrays, granularity } = state;
  if (!header || host.clientWidth === 0) return;
  state.theme ??= themeOf(host);
  host.classList.toggle("av-compact", host.clientWidth < 560);
  const [first, second] = header.texts.map(({ granularities }) => granularities[granularity]);
  state.pairs = pairsOf(arrays.pairs.data, arrays[`${granularity}0`].data, arrays[`${granularity}1`].data, first.labels.length, second.labels.length);
  state.texts = [first, second].map(({ labels, special }, side) => {
    const sums = sumsOf(state.pairs, side);
    return labels.map((label, group) => ({ label, special: Boolean(special[group]), group, value: sums[group] }));
  });
  const open = (side, group) => state.specials || !state.texts[side][group].special;
  state.sorted = strongestPairs(state.pairs, open);
  state.top = Math.abs(state.sorted[0]?.[2] ?? 0);
  const words = state.texts.map((text, side) => text.filter(({ group }) => open(side, group)));
  state.rows = words.map((each) => (state.all ? each : largest(each)));
  const top = words.flat().reduce((most, { value }) => Math.max(most, Math.abs(value)), 0);
  state.scale = plainScale(divergingScale(state.theme), top, true);
  state.heading.textContent = header.title;
  state.heading.hidden = !header.title;
  state.unitChoice.set(granularity);
  state.shareChoice.set(String(state.share));
  state.specialToggle.set(state.specials, !state.texts.flat().some(({ special }) => special));
  state.legend.show(state.scale, state.theme, host.clientWidth, LEGEND);
  state.columns.forEach((column, side) => fill(state, column, side));
  const left = words.flat().length - state.rows.flat().length;
  state.more.hidden = !left && !state.all;
  state.more.textContent = state.all ? `Show the ${MOST_WORDS} largest` : `Show ${left} more ${granularity}s`;
  state.check.textContent = sumText(state);
  fillTable(state);
  show(state, null);
}

/**
 * The words with the largest sums, in the order of the text.
 * @param {Word[]} words
 */
function largest(words) {
  const kept = [...words].sort((a, b) => Math.abs(b.value) - Math.abs(a.value)).slice(0, MOST_WORDS);
  return kept.sort((a, b) => a.group - b.group);
}

/** @param {PairsState} state */
function fill(state, column, side) {
  column.setAttribute("aria-label", `${state.header.texts[side].title}: ${state.granularity}s`);
  const words = state.rows[side].map(({ label, value, special, group }) => {
    const colour = colourOf(state.scale, value);
    return element("button", {
      type: "button", class: special ? "av-face av-special" : "av-face", "data-side": side, "data-group": group, tabindex: "-1", dir: special ? "ltr" : "auto",
      "aria-pressed": "false", "aria-label": `${label}: ${signed(value)}`, text: label, style: `background-color:${css(colour)};color:${css(inkOn(colour))}`,
    });
  });
  column.replaceChildren(...words);
  if (side === 0) words[0]?.setAttribute("tabindex", "0");
}

const signed = (/** @type {number} */ value) => (value > 0 ? "+" : "") + decimals(value);

/**
 * The lines that are drawn: those of the word that is shown or held, else the strongest.
 * @param {PairsState} state
 */
function linesOf(state) {
  const place = state.shown ?? state.held;
  if (place) return state.sorted.filter((pair) => pair[place.side] === place.group);
  return pairsThatHold(state.sorted, state.share);
}

/**
 * Paints what belongs to a word, and reads it out; of none, to the one that is held.
 * @param {PairsState} state
 * @param {Place | null} place
 */
function show(state, place) {
  state.shown = place;
  const active = place ?? state.held;
  const lines = linesOf(state);
  const partners = new Map(active ? lines.map((pair) => [pair[1 - active.side], pair[2]]) : []);
  for (const node of /** @type {Iterable<any>} */ (state.stage.querySelectorAll("[data-group]"))) {
    const here = placeOf(node);
    node.classList.toggle("av-on", same(here, active));
    node.setAttribute("aria-pressed", String(same(here, state.held)));
    node.classList.toggle("av-aside", Boolean(active) && here.side !== active.side && Math.abs(partners.get(here.group) ?? 0) < 0.1 * state.top);
  }
  paint(state, lines);
  state.readout.textContent = active ? wordText(state, active, lines) : linesText(state, lines);
  state.readout.dataset.value = active ? String(state.texts[active.side][active.group].value) : "";
  state.readout.dataset.lines = String(lines.length);
}

/** @param {PairsState} state */
function paint(state, lines) {
  const { canvas, columns, rows } = state;
  const height = ROW * Math.max(rows[0].length, rows[1].length, 1);
  const width = Math.max(60, Math.floor(state.stage.clientWidth - columns[0].offsetWidth - columns[1].offsetWidth));
  const dpr = globalThis.devicePixelRatio || 1;
  Object.assign(canvas, { width: Math.round(width * dpr), height: Math.round(height * dpr) });
  Object.assign(canvas.style, { width: `${width}px`, height: `${height}px` });
  const context = canvas.getContext("2d");
  context.scale(dpr, dpr);
  const places = rows.map((words) => new Map(words.map(({ group }, n) => [group, (n + 0.5) * ROW])));
  paintLinks(new CanvasPen(context), state, lines, { left: 3, right: width - 3, at: (side, group) => places[side].get(group) ?? null });
}

const ofTotal = ({ header }, value) => (header.value ? ` (${percent(Math.abs(value / header.value))} of the similarity)` : "");

/** @param {PairsState} state */
function wordText(state, { side, group }, lines) {
  const { label, value } = state.texts[side][group];
  const named = lines.slice(0, NAMED).map((pair) => `${quoted(state.texts[1 - side][pair[1 - side]].label)} ${signed(pair[2])}`);
  return `${quoted(label)}: ${signed(value)}${ofTotal(state, value)}${named.length ? ` · most with ${named.join(", ")}` : ""}`;
}

/** @param {PairsState} state */
function linesText(state, lines) {
  const { sorted, texts } = state;
  if (!sorted.length) return "No pair has a share.";
  const [i, j, value] = sorted[0];
  const all = sorted.length === 1 ? "pair" : "pairs";
  return `${lines.length} of ${sorted.length} ${all} · the largest: ${quoted(texts[0][i].label)} – ${quoted(texts[1][j].label)} ${signed(value)}${ofTotal(state, value)}`;
}

/**
 * What all pairs add up to, and what of it is shown.
 * @param {PairsState} state
 */
function sumText({ header, pairs, sorted, specials }) {
  const total = pairs.values.reduce((sum, value) => sum + value, 0);
  const shown = sorted.reduce((sum, [, , value]) => sum + value, 0);
  const parts = specials || Math.abs(total - shown) < 1e-9 ? "" : `: ${decimals(shown)} between words, ${decimals(total - shown)} with special tokens`;
  const verdict = header.sumHolds === false ? `. That is not the similarity, ${decimals(header.value)}: read these pairs with care.` : `, the similarity${parts}.`;
  return `All pairs add up to ${decimals(total)}${verdict}`;
}

/**
 * The strongest pairs as a table: what stands for the lines where there is no pointer.
 * @param {PairsState} state
 */
function fillTable(state) {
  const { sorted, texts, header } = state;
  const head = ["text", "second text", "score", "of the similarity"].map((text) => element("th", { scope: "col", text }));
  const lines = sorted.slice(0, TABLE_ROWS).map(([i, j, value]) =>
    element("tr", {}, [
      element("th", { scope: "row", dir: "auto", text: texts[0][i].label }),
      element("td", { dir: "auto", text: texts[1][j].label }),
      element("td", { class: "av-number", text: signed(value) }),
      element("td", { class: "av-number", text: header.value ? percent(Math.abs(value / header.value)) : "–" }),
    ]),
  );
  const title = sorted.length > TABLE_ROWS ? `The ${TABLE_ROWS} strongest of ${sorted.length} pairs as a table` : "The pairs as a table";
  const table = element("table", { class: "av-links", "data-testid": "pairtable" }, [element("thead", {}, [element("tr", {}, head)]), element("tbody", {}, lines)]);
  state.table.replaceChildren(element("summary", { text: title }), element("div", { class: "av-headbox" }, [table]));
}

/** @param {PairsState} state */
function sheetOf(state) {
  const { header } = state;
  const lines = linesOf({ ...state, shown: null });
  const words = state.held ? wordText(state, state.held, lines) : linesText(state, lines);
  return pairsSheet(state, { title: header.title || `Pairs of ${state.granularity}s: similarity ${decimals(header.value)}`, legend: LEGEND, lines, notes: [words, sumText(state)] });
}

/** @param {PairsState} state */
function tableText({ texts, pairs, granularity }) {
  /** @type {import("../../core/csv.js").Cell[][]} */
  const rows = [["position", granularity, "position in the second text", `${granularity} of the second text`, "score (cosine)"]];
  for (const first of texts[0])
    for (const second of texts[1])
      rows.push([first.group, first.label, second.group, second.label, { numeric: String(pairs.values[first.group * pairs.m + second.group]) }]);
  return csvText(rows);
}

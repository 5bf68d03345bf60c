// Figure "why": one attention score in the parts that wrote its query and its key, the pairs that make it, and the traces
// of the strongest part back to the tokens.

import { choice } from "../../core/controls.js";
import { element } from "../../core/dom.js";
import { figureState } from "../../core/figure.js";
import { modified, rove, taken } from "../../core/keyboard.js";
import { madeText } from "../../core/made.js";
import { clamp, decimals } from "../../core/numbers.js";
import { fileName, saveText } from "../../core/save.js";
import { quoted } from "../../core/text.js";
import { bandsOf, barScale, largestParts, linksShown, placesOfBands } from "../../data/streams.js";
import { css, divergingScale } from "../../paint/colours.js";
import { downloads } from "../../paint/download.js";
import { paintLinks } from "../../paint/links.js";
import { CanvasPen } from "../../paint/pens.js";
import { plainScale } from "../../paint/scales.js";
import { sheetSvg } from "../../paint/sheet.js";
import { themeOf } from "../../paint/theme.js";
import { messageOf } from "./message.js";
import { BAND, barBox, partHue, PART, whySheet } from "./picture.js";
import { TreeView } from "./tree.js";
import { bandName, partsCsv, partText, restText, signedPart, tablesOf } from "./words.js";

/** @import {Place, WhyState} from "./message.js" */

const LINES = 12; // links that are drawn while no part is pointed at
const BAR = 100; // percent
const HELP = "Point at a part for its pairs, click a head to ask the same of it at that token. ↑ ↓ walk, ← → go to the other stream, Esc lets go.";
const LEGEND = "Blue adds to the score, orange takes away; wider line: a larger pair.";

/**
 * Draws the figure in `root`. callbacks.open({side, part}): the reader goes to a head at the token of a stream, or with
 * {step} to a step of the traces.
 */
export function draw(root, bytes, callbacks = {}) {
  const state = /** @type {WhyState} */ (figureState(root, "why", build));
  const { header, arrays } = messageOf(bytes);
  const pairs = arrays.links.data;
  Object.assign(state, {
    header, callbacks, held: null, pointed: null,
    streams: header.streams.map(({ parts }) => parts),
    values: [arrays.query.data, arrays.key.data],
    links: Array.from(arrays.linkValues.data, (value, n) => [pairs[2 * n], pairs[2 * n + 1], value]),
  });
  state.host.classList.toggle("av-live", Boolean(callbacks.open));
  refresh(state);
}

/** @param {WhyState} state */
function build(state) {
  const change = (changes) => {
    Object.assign(state, changes);
    refresh(state);
  };
  Object.assign(state, { most: 8 });
  state.resize = () => refresh(state);
  state.recolour = () => change({ theme: null });
  state.mostChoice = choice("Parts", [["8", "the 8 largest a stream"], ["16", "the 16 largest"], ["32", "the 32 largest"], ["9999", "all"]], (value) => change({ most: Number(value), held: null }));
  const download = downloads({
    sheet: () => sheetOf(state), table: () => partsCsv(state),
    name: (extension) => fileName(["why", state.header.model, state.header.name], extension),
    titles: ["PNG picture", "SVG drawing", "CSV table"],
    more: [["JSON graph", () => saveGraph(state)]],
  });
  state.drawing = () => sheetSvg(sheetOf(state));
  state.heading = element("h3", { class: "av-headline", dir: "auto" });
  state.toolbar = element("div", { class: "av-toolbar" }, [state.mostChoice.node, element("div", { class: "av-tools" }, [download])]);
  state.readout = element("p", { class: "av-readout", "data-testid": "readout", "aria-live": "polite" });
  state.titles = element("div", { class: "av-whytitles", "aria-hidden": "true" });
  state.canvas = element("canvas", { class: "av-whylines", "aria-hidden": "true" });
  state.columns = [0, 1].map((side) => element("div", { class: `av-whycolumn av-whyside${side}`, role: "group" }));
  state.marks = element("div", { class: "av-whymarks", "aria-hidden": "true" });
  state.stage = element("div", { class: "av-whystage", "data-testid": "streams" }, [state.marks, state.columns[0], state.canvas, state.columns[1]]);
  state.legend = element("p", { class: "av-note", text: LEGEND });
  state.rest = element("p", { class: "av-note", "data-testid": "rest" });
  state.note = element("p", { class: "av-note" });
  state.tree = new TreeView((step) => state.callbacks.open?.(step));
  state.help = element("p", { class: "av-help", text: HELP });
  state.table = element("details", { class: "av-whytables" });
  state.host.append(state.heading, state.toolbar, state.readout, state.titles, state.stage, state.legend, state.rest, state.help, state.tree.node, state.note, state.table);
  listen(state);
}

/** @param {WhyState} state */
function listen(state) {
  const { stage } = state;
  const at = (event) => placeAt(event.target.closest?.("[data-part]"));
  stage.addEventListener("pointerover", (event) => point(state, at(event)));
  stage.addEventListener("pointerleave", () => point(state, null));
  stage.addEventListener("focusin", (event) => point(state, at(event)));
  stage.addEventListener("focusout", () => point(state, null));
  stage.addEventListener("click", (event) => pick(state, at(event)));
  stage.addEventListener("keydown", (event) => walk(state, event, at(event)));
}

/** @param {WhyState} state */
function walk(state, event, place) {
  if (modified(event)) return;
  if (event.key === "Escape" && state.held) {
    taken(event);
    state.held = null;
    return point(state, place);
  }
  if (!place) return;
  const lists = state.columns.map((column) => /** @type {HTMLElement[]} */ ([...column.children]));
  const from = lists[place.side].indexOf(event.target);
  const over = { ArrowLeft: 0, ArrowRight: 1 }[event.key];
  const to = { ArrowUp: from - 1, ArrowDown: from + 1, Home: 0, End: lists[place.side].length - 1 }[event.key];
  if (over === undefined && to === undefined) return;
  taken(event);
  const line = over === undefined ? lists[place.side] : lists[over];
  const next = line[clamp(to ?? from, 0, line.length - 1)];
  if (!next) return;
  rove(lists.flat(), next);
  next.focus();
}

/** @type {(node: HTMLElement | null | undefined) => Place | null} */
const placeAt = (node) => (node ? { side: Number(node.dataset.side), part: Number(node.dataset.part) } : null);

const samePlace = (/** @type {Place | null} */ a, /** @type {Place | null} */ b) => a?.side === b?.side && a?.part === b?.part;

/**
 * A head is gone to, at the token of its stream; the pairs of any other part are held.
 * @param {WhyState} state
 */
function pick(state, place) {
  if (!place) return;
  if (state.streams[place.side][place.part].head >= 0 && state.callbacks.open) return state.callbacks.open(place);
  state.held = samePlace(place, state.held) ? null : place;
  point(state, place);
}

/** @param {WhyState} state */
function refresh(state) {
  const { header, host } = state;
  if (!header || host.clientWidth === 0) return;
  if (!state.theme) {
    state.theme = themeOf(host);
    state.colours = divergingScale(state.theme);
  }
  host.classList.toggle("av-compact", host.clientWidth < 560);
  state.shown = /** @type {[number[], number[]]} */ (state.values.map((values) => largestParts(values, state.most)));
  state.bands = bandsOf(state.streams, state.shown);
  state.places = placesOfBands(state.bands, BAND, PART);
  const sizes = state.shown.flatMap((places, side) => places.map((part) => state.values[side][part]));
  state.bars = barScale(sizes);
  state.scale = plainScale(state.colours, Math.max(1e-9, ...sizes.map(Math.abs)), true);
  state.top = Math.abs(state.links[0]?.[2] ?? 0);
  state.mostChoice.set(String(state.most));
  state.heading.textContent = header.title;
  state.heading.hidden = !header.title;
  state.titles.replaceChildren(...header.streams.map(({ title }) => element("span", { dir: "auto", text: title })));
  state.columns.forEach((column, side) => fillColumn(state, column, side));
  state.marks.replaceChildren(...state.bands.map(({ layer }, n) => element("span", { class: "av-whyband", style: `top:${state.places.tops[n]}px`, text: bandName(layer) })));
  rove(state.columns.flatMap((column) => [...column.children]), state.columns[1].firstElementChild ?? state.columns[0].firstElementChild);
  state.rest.textContent = restText(state);
  state.note.textContent = header.note;
  state.tree.show(state);
  state.table.replaceChildren(element("summary", { text: "All of this as tables" }), ...tablesOf(state));
  point(state, null);
}

/** @param {WhyState} state */
function fillColumn(state, column, side) {
  const { header, places } = state;
  column.setAttribute("aria-label", header.streams[side].title);
  column.style.height = `${places.height}px`;
  column.replaceChildren(...state.shown[side].map((part) => partNode(state, side, part)));
}

/** @param {WhyState} state */
function partNode(state, side, part) {
  const { name, layer, head } = state.streams[side][part];
  const value = state.values[side][part];
  const [from, width] = barBox(state.bars, value, BAR);
  const bar = element("span", { class: "av-whybar", style: `--av-zero:${(BAR * state.bars.zero).toFixed(2)}%` }, [
    element("i", { style: `left:${from.toFixed(2)}%;width:${width.toFixed(2)}%;background:${css(partHue(state, value))}` }),
  ]);
  const goes = head >= 0 && state.callbacks.open ? ": ask why it looks where it looks" : "";
  return element("button", {
    type: "button", class: "av-whypart", "data-side": side, "data-part": part, "data-value": value, tabindex: "-1", "aria-pressed": goes ? null : "false",
    style: `top:${state.places.middles[side].get(part) - PART / 2}px`, "aria-label": `${bandName(layer)}, ${name}, ${signedPart(value)}${goes}`,
  }, [element("span", { class: "av-whyname", text: name }), element("span", { class: "av-whyvalue", text: signedPart(value) }), bar]);
}

/**
 * Shows the pairs of a part and reads it out; of none, of the one that is held, else the strongest of all.
 * @param {WhyState} state
 * @param {Place | null} place
 */
function point(state, place) {
  state.pointed = place;
  const active = place ?? state.held;
  const lines = activeLines(state);
  const partners = new Set(active ? lines.map((link) => link[1 - active.side]) : []);
  for (const node of /** @type {Iterable<any>} */ (state.stage.querySelectorAll("[data-part]"))) {
    const here = placeAt(node);
    node.classList.toggle("av-on", samePlace(here, active));
    if (node.hasAttribute("aria-pressed")) node.setAttribute("aria-pressed", String(samePlace(here, state.held)));
    node.classList.toggle("av-aside", Boolean(active) && here.side !== active.side && !partners.has(here.part));
  }
  paintStage(state, lines);
  state.readout.textContent = active ? partText(state, active, lines) : wholeText(state, lines);
  state.readout.dataset.value = active ? String(state.values[active.side][active.part]) : "";
  state.readout.dataset.lines = String(lines.length);
}

/** @param {WhyState} state */
const activeLines = (state) => linksShown(state.links, state.places.middles, state.pointed ?? state.held, LINES);

/** @param {WhyState} state */
function wholeText({ header, links, streams }, lines) {
  if (!lines.length) return `Score ${decimals(header.score, 2)} ${header.reference}.`;
  const [query, key, value] = links[0];
  return `Score ${decimals(header.score, 2)} ${header.reference} · the largest pair: ${streams[0][query].name} at ${quoted(header.streams[0].token)} with ${streams[1][key].name} at ${quoted(header.streams[1].token)} ${signedPart(value)}`;
}

/** @param {WhyState} state */
function paintStage(state, lines) {
  const { canvas, columns, places, stage } = state;
  const width = Math.max(36, Math.floor(stage.clientWidth - columns[0].offsetWidth - columns[1].offsetWidth));
  const dpr = globalThis.devicePixelRatio || 1;
  Object.assign(canvas, { width: Math.round(width * dpr), height: Math.round(Math.max(1, places.height) * dpr) });
  Object.assign(canvas.style, { width: `${width}px`, height: `${places.height}px` });
  const context = canvas.getContext("2d");
  context.scale(dpr, dpr);
  paintLinks(new CanvasPen(context), state, lines, { left: 3, right: width - 3, at: (side, part) => places.middles[side].get(part) ?? null });
}

/** @param {WhyState} state */
function sheetOf(state) {
  const lines = linksShown(state.links, state.places.middles, state.held, LINES);
  const words = state.held ? partText(state, state.held, lines) : wholeText(state, lines);
  return whySheet(state, { title: state.header.title || `Why ${state.header.name} looks there`, lines, notes: [words, restText(state), state.header.note].filter(Boolean) });
}

/** @param {WhyState} state */
function saveGraph({ header }) {
  const made = madeText();
  const graph = made ? { ...header.graph, metadata: { ...header.graph.metadata, provenance: made } } : header.graph;
  saveText(JSON.stringify(graph, null, 1), "application/json", fileName(["why", header.model, header.name], "json"));
}

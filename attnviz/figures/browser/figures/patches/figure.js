// Figure "patches": a picture with values over its patches: where one of them looks, head by head, or what made a label.

import { button, segments, stepper, toggle } from "../../core/controls.js";
import { element } from "../../core/dom.js";
import { figureState } from "../../core/figure.js";
import { modified, placeAfter, taken } from "../../core/keyboard.js";
import { clamp } from "../../core/numbers.js";
import { fileName } from "../../core/save.js";
import { Shared } from "../../core/shared.js";
import { downloads } from "../../paint/download.js";
import { legend } from "../../paint/legend.js";
import { CanvasPen } from "../../paint/pens.js";
import { sheetSvg } from "../../paint/sheet.js";
import { themeOf } from "../../paint/theme.js";
import { meanRow, messageOf, patchName } from "./message.js";
import { cellBox, paintPatches, paintRing, patchesSheet, patchPlace, patchScale } from "./picture.js";
import { patchCsv, patchNumber, patchTable } from "./table.js";
import { patchWall } from "./wall.js";

/** @import {PatchesState} from "./message.js" */

const PATCH_STAGE = 560; // CSS pixels of the longer side, at most
const SMALL_STAGE = 400; // the same of a picture of a few pixels
const PATCHES_NAMED = 3;
const PATCH_HELP = "Click a patch, or move with the arrow keys and press Enter, to look from there. Page Up and Page Down turn to other layers; on the wall, ↑ and ↓ do.";
const COVER_HELP = "Click a patch, or move with the arrow keys and press Enter, to cover it, and again to uncover it.";

/**
 * Draws the figure in `root`. callbacks: position(item) is asked about, of an explanation the cell that is clicked;
 * chosen([[layer, head], ...]) are shown; form("colour" | "opacity" | "spotlight").
 */
export function draw(root, bytes, callbacks = {}) {
  const state = /** @type {PatchesState} */ (figureState(root, "patches", build));
  const { header, arrays } = messageOf(bytes);
  state.header ??= header;
  const before = state.header;
  if (before.rows !== header.rows || before.columns !== header.columns) state.cursor = null;
  if (arrays.picture) state.photo = photoOf(arrays.picture);
  else state.photo = null;
  Object.assign(state, { header, callbacks, values: arrays.values.data });
  state.shown.offer({ layer: header.layer, heads: header.chosen });
  state.formShared.offer(header.form);
  if (header.chosen.length > 1 && header.chosen.length < header.heads) state.several = true;
  refresh(state);
}

/** The pixels of a section as a canvas. */
function photoOf({ data, shape: [height, width] }) {
  const canvas = element("canvas", { width, height });
  const pen = canvas.getContext("2d");
  const image = pen.createImageData(width, height);
  for (let at = 0; at < width * height; at++) image.data.set([data[3 * at], data[3 * at + 1], data[3 * at + 2], 255], 4 * at);
  pen.putImageData(image, 0, 0);
  return canvas;
}

/** @param {PatchesState} state */
function build(state) {
  Object.assign(state, { shown: new Shared("chosen"), formShared: new Shared("form"), several: false, strength: 0.65, cursor: null });
  state.resize = () => refresh(state);
  state.recolour = () => {
    state.theme = null;
    refresh(state);
  };
  state.drawing = () => sheetSvg(sheetOf(state));
  state.layerStepper = stepper("Layer", (layer) => look(state, { layer }));
  state.formChoice = segments("How it is shown", [["colour", "Colour"], ["opacity", "Opacity"], ["spotlight", "Spotlight"]], (form) => {
    state.callbacks.form?.(form);
    state.formShared.set(form);
    refresh(state);
  });
  state.slider = element("input", { type: "range", min: "0", max: "1", step: "0.05", "aria-label": "Strength over the picture", class: "av-strength", on: { input: () => {
    state.strength = Number(state.slider.value);
    refresh(state);
  } } });
  state.severalToggle = toggle("Choose several heads", (several) => {
    state.several = several;
    refresh(state);
  });
  state.allButton = button("Mean of all heads", "Mean of all heads of the layer", () => look(state, { heads: Array.from({ length: state.header.heads }, (_, head) => head) }));
  const download = downloads({
    sheet: () => sheetOf(state), table: () => patchCsv(state),
    name: (extension) => fileName(["picture", state.header.model, state.header.view.name, `layer-${state.layer}`], extension),
    titles: ["PNG picture", "SVG drawing", "CSV table"],
  });
  state.heading = element("h3", { class: "av-headline" });
  state.headTools = element("div", { class: "av-field av-headtools" }, [state.severalToggle.node, state.allButton]);
  state.toolbar = element("div", { class: "av-toolbar" }, [
    state.layerStepper.node, state.formChoice.node, element("div", { class: "av-field" }, [element("span", { class: "av-name", text: "Strength", "aria-hidden": "true" }), state.slider]),
    element("div", { class: "av-tools" }, [download]),
  ]);
  state.legend = legend();
  state.chips = element("div", { class: "av-leading", role: "group", "aria-label": "Items of the model’s own, which are no part of the picture" });
  state.readout = element("p", { class: "av-readout", "data-testid": "readout", "aria-live": "polite" });
  state.canvas = element("canvas", { "aria-hidden": "true" });
  state.stage = element("div", { class: "av-stage av-photo", tabindex: "0", role: "application", "aria-roledescription": "picture with patches", "data-testid": "stage" }, [state.canvas]);
  state.caption = element("p", { class: "av-caption", "data-testid": "caption" });
  state.wall = patchWall((head) => pick(state, head), (by) => look(state, { layer: clamp(state.layer + by, 0, state.header.layers - 1) }));
  state.wallSide = element("section", { class: "av-wallside" }, [element("h4", { class: "av-panel-title", text: "All heads of the layer" }), state.headTools, state.wall.node]);
  state.note = element("p", { class: "av-note" });
  state.help = element("p", { class: "av-help" });
  state.table = element("details", { class: "av-numbers", on: { toggle: () => fillTable(state) } }, [element("summary", { text: "The numbers as a table" })]);
  state.host.append(state.heading, state.toolbar, state.legend.node, state.chips, state.readout,
    element("div", { class: "av-photos" }, [state.stage, state.wallSide]), state.caption, state.note, state.help, state.table);
  listen(state);
}

/** @param {PatchesState} state */
function listen(state) {
  const { stage, chips } = state;
  const at = (event) => cellAt(state, event.offsetX, event.offsetY);
  state.canvas.addEventListener("pointermove", (event) => point(state, at(event)));
  state.canvas.addEventListener("pointerleave", () => point(state, null));
  state.canvas.addEventListener("click", (event) => {
    const cell = at(event);
    if (cell !== null) ask(state, cell + state.header.leading.length);
  });
  stage.addEventListener("keydown", (event) => {
    if (modified(event)) return;
    const { header } = state;
    const cells = header.rows * header.columns;
    if (event.key === "PageUp" || event.key === "PageDown") {
      if (header.layers < 2) return;
      return taken(event), look(state, { layer: clamp(state.layer + (event.key === "PageUp" ? -1 : 1), 0, header.layers - 1) });
    }
    if (event.key === "Escape" && state.cursor !== null) return taken(event), point(state, null);
    const from = state.cursor ?? Math.max(0, (header.item ?? 0) - header.leading.length);
    if (event.key === "Enter" || event.key === " ") return taken(event), ask(state, from + header.leading.length);
    const next = placeAfter(event.key, from, cells, { columns: header.columns, apart: true });
    if (next === null) return;
    taken(event);
    point(state, state.cursor === null ? from : next);
  });
  chips.addEventListener("click", (event) => {
    const chip = /** @type {HTMLElement | null} */ (/** @type {Element} */ (event.target).closest("[data-item]"));
    if (chip) ask(state, Number(chip.dataset.item));
  });
}

/** The reader asks about an item: of an explanation, which has none before the grid, about a cell. */
const ask = (/** @type {PatchesState} */ state, item) => state.callbacks.position?.(item);

/** Another head, or one more or less of those whose mean is shown. */
function pick(state, head) {
  const { several, chosen } = state;
  if (!several) return look(state, { heads: [head] });
  const heads = chosen.includes(head) ? chosen.filter((each) => each !== head) : [...chosen, head].sort((a, b) => a - b);
  if (heads.length) look(state, { heads });
}

/** Shows other heads or another layer, and says so. */
function look(state, { layer = state.layer, heads = state.chosen }) {
  state.callbacks.chosen?.(heads.map((head) => [layer, head]));
  state.shown.set({ layer, heads });
  refresh(state);
}

/** The cell at a place of the canvas, or null. */
function cellAt(state, x, y) {
  const { header, place } = state;
  const [x0, y0, x1, y1] = place.grid;
  const column = Math.floor(((x - x0) / (x1 - x0)) * header.columns);
  const row = Math.floor(((y - y0) / (y1 - y0)) * header.rows);
  return column >= 0 && row >= 0 && column < header.columns && row < header.rows ? row * header.columns + column : null;
}

/** @param {PatchesState} state */
function refresh(state) {
  const { header, host } = state;
  if (!header || host.clientWidth === 0) return;
  state.theme ??= themeOf(host);
  host.classList.toggle("av-compact", host.clientWidth < 560);
  const { layer, heads } = state.shown.value;
  state.layer = clamp(layer, 0, header.layers - 1);
  state.chosen = heads.filter((head) => head < header.heads);
  if (!state.chosen.length) state.chosen = header.chosen;
  state.form = state.formShared.value;
  state.row = meanRow(state, state.layer, state.chosen);
  state.scale = patchScale(state, state.row);
  state.heading.textContent = header.title;
  state.heading.hidden = !header.title;
  state.layerStepper.node.hidden = header.layers < 2;
  state.layerStepper.set(state.layer, header.layers);
  state.formChoice.set(state.form);
  state.slider.value = String(state.strength);
  state.severalToggle.set(state.several);
  state.wallSide.hidden = header.heads < 2;
  state.legend.show(state.scale, state.theme, host.clientWidth, legendText(state));
  state.chips.hidden = !header.leading.length;
  state.chips.replaceChildren(...header.leading.map((name, item) => chipOf(state, name, item)));
  state.caption.textContent = captionText(state);
  state.stage.setAttribute("aria-label", captionText(state));
  state.note.textContent = header.note;
  state.help.textContent = header.item === null ? COVER_HELP : PATCH_HELP;
  state.help.hidden = !state.callbacks.position;
  state.wall.show(state);
  fillTable(state);
  point(state, state.cursor);
}

function chipOf(state, name, item) {
  const number = patchNumber(state, state.row[item]);
  const live = Boolean(state.callbacks.position);
  return element("button", { type: "button", class: "av-chip", "data-item": item, "aria-pressed": String(state.header.item === item), "aria-label": `${name} ${number}${live ? ": look from here" : ""}`, disabled: !live, text: `${name} ${number}` });
}

/** @param {PatchesState} state */
function point(state, cell) {
  state.cursor = cell;
  paintStage(state);
  state.readout.textContent = cell === null ? fromText(state) : cellText(state, cell);
  state.readout.dataset.cell = cell === null ? "" : String(cell);
  state.readout.dataset.value = cell === null ? "" : String(state.row[state.header.leading.length + cell]);
}

/** @param {PatchesState} state */
function paintStage(state) {
  const { canvas, header, host } = state;
  const few = Math.max(header.width, header.height) < 64;
  const room = Math.min(few ? SMALL_STAGE : PATCH_STAGE, host.clientWidth - 4);
  state.place = patchPlace(state, 0, 0, room, Math.min(room, Math.max(280, globalThis.innerHeight - 220)));
  const dpr = globalThis.devicePixelRatio || 1;
  const { width, height } = state.place;
  Object.assign(canvas, { width: Math.round(width * dpr), height: Math.round(height * dpr) });
  Object.assign(canvas.style, { width: `${width}px`, height: `${height}px` });
  const context = canvas.getContext("2d");
  context.scale(dpr, dpr);
  const pen = new CanvasPen(context);
  paintPatches(pen, state, state.row, state.scale, state.place);
  const own = (header.item ?? -1) - header.leading.length;
  if (own >= 0) paintRing(pen, cellBox(state, state.place, own));
  if (state.cursor !== null) paintRing(pen, cellBox(state, state.place, state.cursor), "rgb(255, 196, 64)");
}

/** Which row is shown, in words. */
function fromText(state) {
  const { header, layer, chosen } = state;
  if (header.item === null) return header.view.title;
  const heads = header.heads < 2 ? "" : chosen.length === 1 ? `, head ${chosen[0]}` : `, mean of ${chosen.length === header.heads ? "all " : ""}${chosen.length} heads`;
  return `From ${patchName(state, header.item)}: ${header.view.title.toLowerCase()}, ${header.view.places[layer]}${heads}`;
}

/** @param {PatchesState} state */
function cellText(state, cell) {
  const { header, row } = state;
  const value = row[header.leading.length + cell];
  const grid = row.subarray(header.leading.length);
  const rank = grid.reduce((before, each) => before + (each > value ? 1 : 0), 1);
  const away = header.covered.includes(cell) ? ", covered" : "";
  return `${patchName(state, header.leading.length + cell)}: ${patchNumber(state, value)} · number ${rank} of ${grid.length}${away}`;
}

/** What is to be seen, for those who do not see it. */
function captionText(state) {
  const { header, row } = state;
  const lead = header.leading.length;
  const order = Array.from(row.subarray(lead).keys()).filter((cell) => cell + lead !== header.item).sort((a, b) => row[lead + b] - row[lead + a]);
  const most = order.slice(0, PATCHES_NAMED).map((cell) => `${patchName(state, lead + cell)} (${patchNumber(state, row[lead + cell])})`);
  const inside = row.subarray(lead).reduce((sum, value) => sum + value, 0);
  const shares = header.view.unit === "share" && lead ? ` ${patchNumber(state, inside)} of it on the picture, the rest on ${header.leading.join(", ")}.` : "";
  const away = header.covered.length ? ` Covered: ${header.covered.length} of ${header.rows * header.columns} patches.` : "";
  return `${fromText(state)}. Most at ${most.join("; ")}.${shares}${away}`;
}

function legendText({ header }) {
  if (header.view.signed && header.view.name !== "features") return "Blue: speaks for the label. Orange: against it.";
  if (header.view.signed) return "Blue: alike. Orange: opposite.";
  return header.view.unit === "share" ? "Share of the attention; the scale ends at the largest over the picture." : "The scale ends at the largest over the picture.";
}

/** @param {PatchesState} state */
function fillTable(state) {
  const { table } = state;
  table.replaceChildren(table.firstElementChild, ...(table.open && state.row ? patchTable(state) : []));
}

/** @param {PatchesState} state */
function sheetOf(state) {
  const { header } = state;
  const left = header.agreed || !state.photo ? [] : ["The picture itself is left out."];
  return patchesSheet(state, { title: header.title || fromText(state), legend: legendText(state), notes: [captionText(state), header.note, ...left].filter(Boolean) });
}
